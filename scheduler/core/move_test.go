package core_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
	"github.com/onbu/onbu/scheduler/core"
)

// elsewhere gives the inventory of another shard, made of these lines.
func elsewhere(t *testing.T, lines ...string) *monitor.Inventory {
	t.Helper()
	w := newWorld()
	w.inv.Shard = 5
	for _, line := range lines {
		if !w.define(t, line) {
			t.Fatalf("not understood: %s", line)
		}
	}
	return w.inventory()
}

// webs are the hosts that move in these tests.
func webs(host string) bool { return strings.HasPrefix(host, "web") }

// newHome is where the webs of newPlayer move to.
func newHome(t *testing.T) *monitor.Inventory {
	t.Helper()
	return elsewhere(t,
		"period office monday 09:00-17:00", "period noon monday 08:30-08:50,09:30-09:50", "contact ada", "contact bob options=c,d", "contact eve period=office",
		"host gateway interval=1m", "host web2 parents=gateway attempts=4 contacts=ada interval=0",
		"host web1 parents=gateway,web2 attempts=1 contacts=bob interval=1m",
		"service web1/http attempts=3 flap=10-15 options=w,n,c,r,f contacts=ada,bob,eve interval=30s retry=5s renotify=2m",
		"service web1/volatile attempts=1 flap=5-20 contacts=ada volatile=1", "service web2/backup maintenance=noon attempts=2 contacts=ada active=0 fresh=2m delay=1m",
		"service web2/http attempts=2 contacts=ada interval=30s renotify=0", "service gateway/http interval=30s")
}

func TestWhatMovedIsTheSameInItsNewShardAndInItsJournal(t *testing.T) {
	downtimes, comments, told := 0, 0, 0
	for seed := range uint64(40) {
		p := newPlayer(t, seed)
		for range 800 {
			p.step()
		}
		obey(t, p.core, p.now, &p.d, fmt.Sprintf("SCHEDULE_SVC_DOWNTIME;web1;http;%d;%d;1;0;0;bob;works", p.now/1e9, p.now/1e9+3600))
		was := p.core.Snapshot().Only(webs)
		live, inv := started(t, newHome(t)), newHome(t)
		var d core.Decisions
		if n := live.Import(p.now, was, &d); n != 2 {
			t.Fatalf("seed %d: %d hosts came, want 2", seed, n)
		}
		is := live.Snapshot().Only(webs)
		if diff := cmp.Diff(was, is, cmpopts.IgnoreFields(core.Snapshot{}, "Time"), byName,
			cmpopts.IgnoreFields(monitor.Status{}, "LastUpdate", "NextCheck"),
			// These follow from what the objects stand on, which is another there; OwnState does not.
			cmpopts.IgnoreFields(monitor.Status{}, "State", "ShownSince", "Overlaid", "Problem", "Impact", "Sources", "BusinessImpact"),
			cmpopts.IgnoreFields(monitor.Downtime{}, "ID", "Trigger"), cmpopts.IgnoreFields(monitor.Comment{}, "ID", "Downtime"),
		); diff != "" {
			t.Fatalf("seed %d: what came is not what left (-left +came):\n%s", seed, diff)
		}
		numbered(t, &is, inv)
		downtimes, comments, told = downtimes+len(is.Downtimes), comments+len(is.Comments), told+len(is.Told)

		replayed := started(t, inv)
		for i := range d.Broks {
			if !d.Broks[i].Durable() {
				t.Errorf("seed %d: a brok that does not last: %+v", seed, d.Broks[i])
			}
			replayed.Replay(&d.Broks[i])
		}
		if diff := cmp.Diff(lasting(live), lasting(replayed)); diff != "" {
			t.Fatalf("seed %d: live and replayed differ (-live +replayed):\n%s", seed, diff)
		}
		for name, c := range map[string]*core.Core{"the same core": live, "one that replayed": replayed} {
			d.Reset()
			if n := c.Import(p.now.Add(time.Second), was, &d); n != 0 || len(d.Broks) != 0 {
				t.Errorf("seed %d: given again to %s, %d hosts came with %d broks", seed, name, n, len(d.Broks))
			}
		}
	}
	if downtimes < 10 || comments < 10 || told < 10 {
		t.Errorf("only %d downtimes, %d comments and %d notifications moved: the runs are too quiet to show anything", downtimes, comments, told)
	}
}

// byName makes the order in which shards number their objects not count.
var byName = cmp.Options{
	cmpopts.SortSlices(func(a, b monitor.Status) bool { return a.Ref.String() < b.Ref.String() }),
	cmpopts.SortSlices(func(a, b core.Told) bool {
		return fmt.Sprint(a.Ref, a.Number, a.Time, a.Contact, a.Command) < fmt.Sprint(b.Ref, b.Number, b.Time, b.Contact, b.Command)
	}),
}

// numbered checks that downtimes and comments have numbers of the shard, and that comments name their downtimes.
func numbered(t *testing.T, s *core.Snapshot, inv *monitor.Inventory) {
	t.Helper()
	known := map[uint64]bool{0: true}
	own := func(id uint64) bool { return id%uint64(inv.Shards) == uint64(inv.Shard) && !known[id] }
	for _, d := range s.Downtimes {
		if !own(d.ID) {
			t.Errorf("downtime %d in shard %d of %d", d.ID, inv.Shard, inv.Shards)
		}
		known[d.ID] = true
	}
	for _, c := range s.Comments {
		if !own(c.ID) || !known[c.Downtime] {
			t.Errorf("comment %d of downtime %d in shard %d of %d", c.ID, c.Downtime, inv.Shard, inv.Shards)
		}
	}
}

// left gives a core with web1 DOWN, told, and in a downtime until a minute after t0, and web1/http at its second attempt.
func left(t *testing.T) *core.Core {
	t.Helper()
	c := started(t, elsewhere(t, "contact ada", "host web1 attempts=1 contacts=ada interval=5m", "service web1/http attempts=3 interval=5m retry=20s"))
	c.Begin(t0)
	var d core.Decisions
	down := monitor.Outcome{State: monitor.Critical, Output: "gone"}
	c.Submit(t0.Add(time.Second), []monitor.Submission{{Ref: monitor.Ref{Host: "web1", Service: "http"}, Outcome: down}}, &d)
	c.Submit(t0.Add(2*time.Second), []monitor.Submission{{Ref: monitor.Ref{Host: "web1"}, Outcome: monitor.Outcome{State: monitor.Down}}}, &d)
	obey(t, c, t0.Add(3*time.Second), &d, fmt.Sprintf("SCHEDULE_HOST_DOWNTIME;web1;%d;%d;1;0;0;bob;works", t0/1e9, t0/1e9+60))
	return c
}

func obey(t *testing.T, c *core.Core, now monitor.Time, d *core.Decisions, line string) {
	t.Helper()
	req, err := command.Parse(line, now)
	if err == nil {
		err = c.Obey(now, req, d)
	}
	if err != nil {
		t.Errorf("%s: %v", line, err)
	}
}

func TestWhatMovedLivesOn(t *testing.T) {
	inv := elsewhere(t, "contact ada", "host gateway interval=1m", "host web1 parents=gateway attempts=1 contacts=ada interval=5m")
	c := started(t, elsewhere(t, "host gateway interval=1m"))
	c.Begin(t0)
	now := t0.Add(4 * time.Second)
	var d core.Decisions
	if err := c.Adopt(now, inv, &d); err != nil {
		t.Fatal(err)
	}
	c.Import(now, left(t).Snapshot(), &d)
	web := func() monitor.Status { return c.Status(1) }
	if s := web(); s.State != monitor.Down || s.DowntimeDepth != 1 {
		t.Errorf("web1 came as %s in %d downtimes", s.StateName(), s.DowntimeDepth)
	}
	d.Reset()
	c.Tick(t0.Add(61*time.Second), &d)
	if s := web(); s.DowntimeDepth != 0 || len(c.Snapshot().Comments) != 0 {
		t.Errorf("after the downtime's end web1 is in %d, with %d comments", s.DowntimeDepth, len(c.Snapshot().Comments))
	}
	d.Reset()
	c.Submit(t0.Add(62*time.Second), []monitor.Submission{{Ref: monitor.Ref{Host: "web1"}}}, &d)
	told := 0
	for _, b := range d.Broks {
		if b.Action != nil && b.NotificationType == "RECOVERY" {
			told++
		}
	}
	if told != 1 {
		t.Errorf("%d contacts were told of the end of a problem that began in another shard, want 1", told)
	}
}

func TestADowntimeThatMovedIsCancelledByItsNewNumber(t *testing.T) {
	c := started(t, elsewhere(t, "host gateway", "host web1"))
	var d core.Decisions
	c.Import(t0.Add(4*time.Second), left(t).Snapshot(), &d)
	c.Begin(t0.Add(5 * time.Second))
	all := c.Snapshot().Downtimes
	if len(all) != 1 {
		t.Fatalf("downtimes %+v, want one", all)
	}
	obey(t, c, t0.Add(6*time.Second), &d, fmt.Sprintf("DEL_HOST_DOWNTIME;%d", all[0].ID))
	if s := c.Snapshot(); len(s.Downtimes)+len(s.Comments) != 0 || c.Status(1).DowntimeDepth != 0 {
		t.Errorf("left of the downtime: %+v, %+v", s.Downtimes, s.Comments)
	}
}

func TestAMoveKeepsNextChecksAndMakesNoBurst(t *testing.T) {
	inv := fleet(600)
	was := started(t, inv).Snapshot()
	was.Time = t0
	for i := range was.Statuses {
		s := &was.Statuses[i]
		s.LastCheck, s.State = t0.Add(-time.Minute), monitor.OK
		s.NextCheck = t0.Add(time.Duration(i%40-20) * time.Second) // half of them passed while it moved
	}
	c := started(t, inv)
	c.Begin(t0)
	var d core.Decisions
	now := t0.Add(500 * time.Millisecond)
	c.Import(now, was, &d)
	passed := map[monitor.Time]int{}
	for id := range monitor.ID(inv.Objects()) {
		planned, next := was.Statuses[id].NextCheck, c.Status(id).NextCheck
		switch {
		case planned > now && next != planned:
			t.Fatalf("%s was to be checked at %v, is now at %v", inv.Ref(id), planned.Std(), next.Std())
		case planned <= now && (next <= now || next > now.Add(inv.Policy(id).CheckInterval)):
			t.Fatalf("%s is due at %v", inv.Ref(id), next.Std())
		case planned <= now:
			passed[next/1e9]++
		}
	}
	for second, n := range passed {
		if n > 80 { // 3300 objects, half of them at a minute, half at five: 33 a second on average
			t.Errorf("%d of those that passed are due in second %d", n, second-t0/1e9)
		}
	}
}

func TestWhatIsKnownHereFromAnEarlierStayGivesWay(t *testing.T) {
	old := left(t).Snapshot()
	newer := left(t).Snapshot()
	newer.Time = newer.Time.Add(time.Hour)
	newer.Statuses[0].State, newer.Statuses[0].DowntimeDepth = monitor.Up, 0
	newer.Downtimes, newer.Comments, newer.Told = nil, nil, nil
	inv := elsewhere(t, "host web1")
	c := started(t, inv)
	c.Restore(old)
	var d core.Decisions
	if n := c.Import(t0.Add(time.Hour), newer, &d); n != 1 {
		t.Fatalf("%d hosts came, want 1", n)
	}
	s := c.Snapshot()
	if s.Statuses[0].State != monitor.Up || s.Statuses[0].DowntimeDepth != 0 || len(s.Downtimes)+len(s.Comments)+len(s.Told) != 0 {
		t.Errorf("after its return web1 is %+v", s)
	}
	replayed := started(t, inv)
	replayed.Restore(old)
	for i := range d.Broks {
		replayed.Replay(&d.Broks[i])
	}
	if diff := cmp.Diff(lasting(c), lasting(replayed)); diff != "" {
		t.Errorf("live and replayed differ (-live +replayed):\n%s", diff)
	}
}

// What the old owner tells after the arbiter has read what goes along, the new one decides once more. Of one name, it is done once.
func TestANotificationDecidedOnBothSidesOfAMoveHasOneName(t *testing.T) {
	lines := []string{"command handle /bin/true", "contact ada", "host web1 interval=5m", "service web1/http attempts=2 contacts=ada interval=5m handler=handle"}
	there, here := elsewhere(t, lines...), elsewhere(t, lines...)
	here.Shard = 3
	before, after := started(t, there), started(t, here)
	before.Begin(t0)
	var d core.Decisions
	down := []monitor.Submission{{Ref: monitor.Ref{Host: "web1", Service: "http"}, Outcome: monitor.Outcome{State: monitor.Critical}}}
	before.Submit(t0.Add(time.Second), down, &d)
	after.Import(t0.Add(2*time.Second), before.Snapshot(), &d)
	after.Begin(t0.Add(2 * time.Second))
	var names [2][]string
	for i, c := range []*core.Core{before, after} {
		d.Reset()
		c.Submit(t0.Add(3*time.Second), down, &d)
		for _, b := range d.Broks {
			if b.Action != nil {
				names[i] = append(names[i], b.Action.ID)
			}
		}
	}
	if diff := cmp.Diff(names[0], names[1]); len(names[0]) == 0 || diff != "" {
		t.Errorf("old owner and new one decide %d and %d: %s", len(names[0]), len(names[1]), diff)
	}
}
