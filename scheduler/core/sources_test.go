package core_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// usable is how old a payload may be in an estate.
const usable = 90 * time.Second

// estate is some shards with their pollers and couriers: an agent that can be asked delivers payloads for all guests that it
// has, and a check of a guest is good as long as its newest payload is usable.
type estate struct {
	t      *testing.T
	now    monitor.Time
	cores  []*core.Core
	d      core.Decisions
	guests map[string][]string             // of each source, at present
	dead   func(host, service string) bool // what cannot be reached
	newest map[string]monitor.Time         // payload for each guest
	seq    uint64
	told   []string
	posted []monitor.Arrival
	inbox  [][]any // for each shard, what others sent
}

func newEstate(t *testing.T, invs ...*monitor.Inventory) *estate {
	e := &estate{
		t: t, now: t0, guests: map[string][]string{}, newest: map[string]monitor.Time{}, inbox: make([][]any, len(invs)),
		dead: func(string, string) bool { return false },
	}
	for i, inv := range invs {
		inv.Shard, inv.Shards = monitor.Shard(i), len(invs)
		c, err := core.New(inv, 7, core.Seed{Start: t0})
		if err != nil {
			t.Fatal(err)
		}
		c.Begin(t0)
		e.cores = append(e.cores, c)
	}
	return e
}

// inventoryOf builds an inventory from lines as scripts have them.
func inventoryOf(t *testing.T, lines ...string) *monitor.Inventory {
	t.Helper()
	w := newWorld()
	for _, line := range append([]string{
		"option parent_wait=1m", "option enable_problem_impacts_states_change", "contact ada options=d,u,r,w,c,n",
		"command agent $USER1$/onbu-agent -H $HOSTADDRESS$",
		"command guest $USER1$/onbu-agent -H $HOSTADDRESS$ --piggyback-only -s $SERVICEDESC$",
		"command alive $USER1$/onbu-agent -H $HOSTADDRESS$ --piggyback-only",
	}, lines...) {
		if !w.define(t, line) {
			t.Fatalf("not understood: %s", line)
		}
	}
	return w.inventory()
}

// run lets time pass, in steps of a quarter of a second: a check takes one step, and so does a message between shards.
func (e *estate) run(d time.Duration) {
	for end := e.now.Add(d); e.now < end; {
		e.now = e.now.Add(250 * time.Millisecond)
		posted := e.posted
		e.posted = nil
		for i, c := range e.cores {
			mail := e.inbox[i]
			e.inbox[i] = nil
			for _, m := range mail {
				switch m := m.(type) {
				case monitor.SourceInquiry:
					c.Inquire(e.now, []monitor.SourceInquiry{m}, &e.d)
				case core.Telling:
					c.Told(e.now, []monitor.SourceState{m.SourceState}, &e.d)
				case []monitor.Result:
					c.Observe(e.now, m, &e.d)
				}
				e.take(i)
			}
			c.Arrive(e.now, posted, &e.d)
			c.Tick(e.now, &e.d)
			e.take(i)
		}
	}
}

// take does what a shard wants done.
func (e *estate) take(shard int) {
	var results []monitor.Result
	for i := range e.d.Jobs {
		results = append(results, e.check(&e.d.Jobs[i]))
	}
	if len(results) > 0 {
		e.inbox[shard] = append(e.inbox[shard], results)
	}
	for i := range e.cores {
		if i != shard {
			for _, q := range e.d.Inquiries {
				e.inbox[i] = append(e.inbox[i], q)
			}
		}
	}
	for _, tell := range e.d.Tellings {
		e.inbox[tell.To] = append(e.inbox[tell.To], tell)
	}
	for i := range e.d.Broks {
		if b := &e.d.Broks[i]; b.Kind == monitor.BrokNotification {
			e.told = append(e.told, b.NotificationType+" "+b.Action.Ref.String())
		}
	}
	e.d.Reset()
}

// check answers a job.
func (e *estate) check(j *monitor.Job) monitor.Result {
	r := answer(j, e.now, monitor.OK)
	line := string(j.Line)
	switch {
	case strings.Contains(line, "--piggyback-only"):
		if at := e.newest[j.Host]; e.now.Sub(at) > usable {
			r.State, r.Output = monitor.Unknown, "no data"
		}
	case e.dead(j.Host, j.Service):
		r.State, r.Output = monitor.Critical, "no answer"
	case strings.Contains(line, "onbu-agent"):
		for _, guest := range e.guests[j.Host] {
			e.seq++
			e.newest[guest] = e.now
			e.posted = append(e.posted, monitor.Arrival{Host: guest, Source: j.Host, At: e.now, Seq: e.seq})
		}
	}
	return r
}

// tell gives who was told of what since it was last asked.
func (e *estate) tell() []string {
	told := e.told
	e.told = nil
	return told
}

func (e *estate) want(when string, want ...string) {
	e.t.Helper()
	if got := e.tell(); !slices.Equal(got, want) {
		e.t.Errorf("%s people are told of %q, want %q", when, first5(got), want)
	}
}

func first5(all []string) []string {
	if len(all) > 5 {
		return append(slices.Clone(all[:5]), fmt.Sprint("and ", len(all)-5, " more"))
	}
	return all
}

// source and guestsOf are the lines of a source and of hosts that lean on it.
func sourceLines(name string) []string {
	return []string{
		"host " + name + " attempts=2 retry=20s contacts=ada interval=1m",
		"service " + name + "/Check_MK command=agent attempts=2 retry=20s contacts=ada interval=1m",
	}
}

func guestLines(n, attempts int) (lines, names []string) {
	for i := range n {
		name := fmt.Sprintf("vm%03d", i)
		check := "none"
		if i%2 == 0 {
			check = "alive"
		}
		names = append(names, name)
		lines = append(lines, fmt.Sprintf("host %s command=%s attempts=%d retry=30s contacts=ada interval=1m", name, check, attempts))
		for _, s := range []string{"cpu", "disk"} {
			lines = append(lines, fmt.Sprintf("service %s/%s command=guest attempts=%d retry=30s contacts=ada interval=1m", name, s, attempts))
		}
	}
	return lines, names
}

// The promise: 500 hosts have all their data from one source. It dies, and people hear of one problem; it comes back, and
// they hear of one recovery.
func TestASourceThatDiesIsOneProblemAndOneRecovery(t *testing.T) {
	agent := func(_, service string) bool { return service == "Check_MK" }
	all := func(string, string) bool { return true }
	for _, tt := range []struct {
		name     string
		dead     func(host, service string) bool
		attempts int
		apart    bool // the targets are in another shard than the source
		want     string
	}{
		{"its agent", agent, 3, false, "esx1/Check_MK"},
		{"its agent, and the targets have one attempt", agent, 1, false, "esx1/Check_MK"},
		{"the host", all, 3, false, "esx1"},
		{"the host, and the targets have one attempt", all, 1, false, "esx1"},
		{"its agent, in another shard", agent, 3, true, "esx1/Check_MK"},
		{"its agent, in another shard, and the targets have one attempt", agent, 1, true, "esx1/Check_MK"},
		{"the host, in another shard, and the targets have one attempt", all, 1, true, "esx1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			guests, names := guestLines(500, tt.attempts)
			invs := []*monitor.Inventory{inventoryOf(t, append(sourceLines("esx1"), guests...)...)}
			if tt.apart {
				invs = []*monitor.Inventory{inventoryOf(t, sourceLines("esx1")...), inventoryOf(t, guests...)}
			}
			e := newEstate(t, invs...)
			e.guests["esx1"] = names
			e.run(5 * time.Minute)
			e.want("at first")
			e.dead = tt.dead
			e.run(20 * time.Minute)
			e.want("when it dies", "PROBLEM "+tt.want)
			last := e.cores[len(e.cores)-1]
			if x, _ := last.Explain(e.now, monitor.Ref{Host: "vm000", Service: "cpu"}); x.Status.State != monitor.Unknown || !x.Status.Impact ||
				len(x.Status.Sources) != 1 || x.Status.Sources[0].String() != tt.want {
				t.Errorf("vm000/cpu is %v, impact %t of %v: %q", x.Status.State, x.Status.Impact, x.Status.Sources, x.Why)
			}
			e.dead = func(string, string) bool { return false }
			e.run(10 * time.Minute)
			e.want("when it is back", "RECOVERY "+tt.want)
			for id := range monitor.ID(last.Inventory().Objects()) {
				if st := last.Status(id); st.State != monitor.OK || st.Impact {
					t.Fatalf("in the end %s is %s, impact %t: %s", st.Ref, st.StateName(), st.Impact, st.Output)
				}
			}
		})
	}
}

// What a source does not mention any more while it is well is that target's own problem.
func TestATargetThatItsSourceForgetsIsAProblemOfItsOwn(t *testing.T) {
	for _, apart := range []bool{false, true} {
		guests, names := guestLines(3, 1)
		invs := []*monitor.Inventory{inventoryOf(t, append(sourceLines("esx1"), guests...)...)}
		if apart {
			invs = []*monitor.Inventory{inventoryOf(t, sourceLines("esx1")...), inventoryOf(t, guests...)}
		}
		e := newEstate(t, invs...)
		e.guests["esx1"] = names
		e.run(5 * time.Minute)
		e.guests["esx1"] = names[:2]
		e.run(10 * time.Minute)
		e.want(fmt.Sprintf("apart %t:", apart), "PROBLEM vm002")
	}
}

// A guest that was moved has its data from its new source: the old one's trouble is none of it, the new one's is.
func TestAGuestLeansOnTheSourceThatSpeaksForItNow(t *testing.T) {
	guests, names := guestLines(4, 1)
	e := newEstate(t, inventoryOf(t, slices.Concat(sourceLines("esx1"), sourceLines("esx2"), guests)...))
	e.guests["esx1"] = names
	e.run(5 * time.Minute)
	e.guests["esx1"], e.guests["esx2"] = nil, names
	e.run(5 * time.Minute)
	e.want("after the move")
	e.dead = func(host, service string) bool { return host == "esx2" && service == "Check_MK" }
	e.run(10 * time.Minute)
	e.want("when the new one dies", "PROBLEM esx2/Check_MK")
	e.dead = func(host, service string) bool { return host == "esx1" && service == "Check_MK" }
	e.run(10 * time.Minute)
	e.want("when the old one dies and the new one is back", "RECOVERY esx2/Check_MK", "PROBLEM esx1/Check_MK")
}

func TestAGuestWithTwoSourcesNeedsOneOfThem(t *testing.T) {
	guests, names := guestLines(4, 1)
	e := newEstate(t, inventoryOf(t, slices.Concat(sourceLines("esx1"), sourceLines("esx2"), guests)...))
	e.guests["esx1"], e.guests["esx2"] = names, names
	e.run(5 * time.Minute)
	e.dead = func(host, service string) bool { return host == "esx1" }
	e.run(10 * time.Minute)
	e.want("when one dies", "PROBLEM esx1")
	e.dead = func(host, service string) bool { return strings.HasPrefix(host, "esx") }
	e.run(10 * time.Minute)
	e.want("when both are dead", "PROBLEM esx2")
}

// Before anything was delivered nobody can know who speaks for whom; after a while people hear of it.
func TestAfterAStartTheFirstPayloadsAreWaitedFor(t *testing.T) {
	guests, names := guestLines(3, 1)
	e := newEstate(t, inventoryOf(t, append(sourceLines("esx1"), guests...)...))
	e.guests["esx1"] = names[:2]
	e.run(4 * time.Minute)
	e.want("at first")
	e.run(2 * time.Minute)
	e.want("later", "PROBLEM vm002")
	if st := e.cores[0].Status(e.id("vm002", "")); !st.Problem {
		t.Errorf("vm002 is no root problem: %+v", st)
	}
}

func (e *estate) id(host, service string) monitor.ID {
	e.t.Helper()
	for _, c := range e.cores {
		if id, ok := c.Object(monitor.Ref{Host: host, Service: service}); ok {
			return id
		}
	}
	e.t.Fatalf("no %s/%s", host, service)
	return 0
}

// Two hosts that speak for each other and have no data of their own must not hide each other's trouble.
func TestHostsThatLeanOnEachOtherAreBothHeardOf(t *testing.T) {
	e := newEstate(t, inventoryOf(t,
		"host a command=alive attempts=1 contacts=ada interval=1m", "service a/cpu command=guest attempts=1 contacts=ada interval=1m",
		"host b command=alive attempts=1 contacts=ada interval=1m", "service b/cpu command=guest attempts=1 contacts=ada interval=1m",
	))
	for range 6 {
		for _, host := range []string{"a", "b"} {
			e.newest[host] = e.now
			e.posted = append(e.posted, monitor.Arrival{Host: host, Source: map[string]string{"a": "b", "b": "a"}[host], At: e.now, Seq: uint64(e.now)})
		}
		e.run(time.Minute)
	}
	e.want("while payloads come")
	e.run(10 * time.Minute)
	e.want("when they end", "PROBLEM a", "PROBLEM b")
}

// A guest that is the way to its own source: the source is unreachable because of it, and not the other way round as well.
func TestAGuestInFrontOfItsSourceIsTheRoot(t *testing.T) {
	e := newEstate(t, inventoryOf(t,
		"host router command=alive attempts=2 retry=20s contacts=ada interval=1m", "service router/cpu command=guest attempts=2 retry=20s contacts=ada interval=1m",
		"host esx1 parents=router attempts=2 retry=20s contacts=ada interval=1m", "service esx1/Check_MK command=agent attempts=2 retry=20s contacts=ada interval=1m",
	))
	e.guests["esx1"] = []string{"router"}
	e.run(5 * time.Minute)
	e.dead = func(host, _ string) bool { return host == "esx1" }
	e.run(20 * time.Minute)
	told := e.tell()
	if len(told) == 0 || len(told) > 2 {
		t.Errorf("people are told of %q, want one problem, or that of the host and then of what is in front", told)
	}
	e.dead = func(string, string) bool { return false }
	e.run(10 * time.Minute)
	if st := e.cores[0].Status(e.id("router", "")); st.State != monitor.Up {
		t.Errorf("in the end the router is %s: %s", st.StateName(), st.Output)
	}
}

// Word of a source holds for a minute: who hears nothing of it any more hides nothing because of it.
func TestASourceThatNobodyTellsOfKeepsNothingBack(t *testing.T) {
	guests, names := guestLines(2, 1)
	e := newEstate(t, inventoryOf(t, sourceLines("esx1")...), inventoryOf(t, guests...))
	e.guests["esx1"] = names
	e.run(5 * time.Minute)
	e.dead = func(host, _ string) bool { return host == "esx1" }
	e.run(10 * time.Minute)
	e.want("when it dies", "PROBLEM esx1")
	e.cores = e.cores[1:] // its owner, and nobody takes over
	e.inbox = [][]any{nil, nil}
	e.lone(55 * time.Second)
	e.want("for a minute")
	e.lone(3 * time.Minute)
	if told := e.tell(); len(told) != 3 { // vm000 is DOWN, and the services of vm001, which has no check of its own, are UNKNOWN
		t.Errorf("later people are told of %q", told)
	}
}

// lone runs shard 1 alone, which lies at 0 since.
func (e *estate) lone(d time.Duration) {
	for end := e.now.Add(d); e.now < end; {
		e.now = e.now.Add(250 * time.Millisecond)
		mail := e.inbox[0]
		e.inbox[0] = nil
		for _, m := range mail {
			if results, ok := m.([]monitor.Result); ok {
				e.cores[0].Observe(e.now, results, &e.d)
			}
		}
		e.take(0)
		e.cores[0].Tick(e.now, &e.d)
		e.take(0)
	}
}

// What is known of sources lasts over a restart, a takeover, a reload and a move.
func TestWhoLeansOnWhomLasts(t *testing.T) {
	guests, names := guestLines(20, 1)
	lines := append(sourceLines("esx1"), guests...)
	more := append(append([]string{}, "host aaa", "service aaa/x"), lines...)
	for _, tt := range []struct {
		name   string
		before bool // it happens before the source dies
		change func(e *estate)
	}{
		{"a restart while it is dead", false, func(e *estate) { e.restart(inventoryOf(t, lines...)) }},
		{"a restart before it dies", true, func(e *estate) { e.restart(inventoryOf(t, lines...)) }},
		{"a reload while it is dead", false, func(e *estate) { e.adopt(inventoryOf(t, more...)) }},
		{"a reload before it dies", true, func(e *estate) { e.adopt(inventoryOf(t, more...)) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newEstate(t, inventoryOf(t, lines...))
			e.guests["esx1"] = names
			e.run(5 * time.Minute)
			if tt.before {
				tt.change(e)
			}
			e.dead = func(host, _ string) bool { return host == "esx1" }
			e.run(10 * time.Minute)
			e.want("when it dies", "PROBLEM esx1")
			if !tt.before {
				tt.change(e)
			}
			e.run(30 * time.Minute)
			e.want("later")
			e.dead = func(string, string) bool { return false }
			e.run(10 * time.Minute)
			e.want("when it is back", "RECOVERY esx1")
		})
	}
}

func (e *estate) restart(inv *monitor.Inventory) {
	inv.Shard, inv.Shards = 0, 1
	s := e.cores[0].Snapshot()
	e.cores[0] = started(e.t, inv)
	e.cores[0].Restore(s)
	e.cores[0].Begin(e.now)
	e.inbox[0] = nil
}

func (e *estate) adopt(inv *monitor.Inventory) {
	e.t.Helper()
	inv.Shard, inv.Shards, inv.Generation = 0, 1, 2
	if err := e.cores[0].Adopt(e.now, inv, &e.d); err != nil {
		e.t.Fatal(err)
	}
	e.take(0)
}
