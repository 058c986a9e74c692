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
	hang   time.Duration // how long what is dead does not answer
	late   []lateResult
	lost   bool    // what is dead never answers: its poller is gone
	inbox  [][]any // for each shard, what others sent
}

// lateResult is an answer that takes its time.
type lateResult struct {
	at    monitor.Time
	shard int
	monitor.Result
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
		e.answerLate()
		for i, c := range e.cores {
			mail := e.inbox[i]
			e.inbox[i] = nil
			c.Arrive(e.now, posted, &e.d) // before the answers of checks that did not see it yet
			for _, m := range mail {
				switch m := m.(type) {
				case monitor.SourceInquiry:
					c.Inquire(e.now, []monitor.SourceInquiry{m}, &e.d)
				case core.Telling:
					c.Told(e.now, []monitor.SourceState{m.What}, &e.d)
				case []monitor.Result:
					c.Observe(e.now, m, &e.d)
				}
				e.take(i)
			}
			c.Tick(e.now, &e.d)
			e.take(i)
		}
	}
}

// answerLate gives the answers that have taken long enough.
func (e *estate) answerLate() {
	e.late = slices.DeleteFunc(e.late, func(r lateResult) bool {
		due := r.at <= e.now
		if due {
			r.Finished = e.now
			e.inbox[r.shard] = append(e.inbox[r.shard], []monitor.Result{r.Result})
		}
		return due
	})
}

// take does what a shard wants done.
func (e *estate) take(shard int) {
	var results []monitor.Result
	for i := range e.d.Jobs {
		r := e.check(&e.d.Jobs[i])
		if e.lost && r.State == monitor.Critical {
			continue
		}
		if e.hang > 0 && r.State == monitor.Critical {
			e.late = append(e.late, lateResult{e.now.Add(min(e.hang, e.d.Jobs[i].Timeout-time.Second)), shard, r})
			continue
		}
		results = append(results, r)
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
		hang     time.Duration
	}{
		{"its agent", agent, 3, false, "esx1/Check_MK", 0},
		{"its agent, and the targets have one attempt", agent, 1, false, "esx1/Check_MK", 0},
		{"the host", all, 3, false, "esx1", 0},
		{"the host, and the targets have one attempt", all, 1, false, "esx1", 0},
		{"its agent, in another shard", agent, 3, true, "esx1/Check_MK", 0},
		{"its agent, in another shard, and the targets have one attempt", agent, 1, true, "esx1/Check_MK", 0},
		{"the host, in another shard, and the targets have one attempt", all, 1, true, "esx1", 0},
		{"its agent hangs", agent, 1, false, "esx1/Check_MK", 25 * time.Second},
		{"the host hangs", all, 1, false, "esx1", 25 * time.Second},
		{"its agent hangs, in another shard", agent, 1, true, "esx1/Check_MK", 25 * time.Second},
		{"the host hangs, in another shard", all, 1, true, "esx1", 25 * time.Second},
		{"its agent hangs for longer than anybody waits", agent, 1, false, "esx1/Check_MK", 59 * time.Second},
		{"its agent hangs for longer than anybody waits, in another shard", agent, 1, true, "esx1/Check_MK", 59 * time.Second},
		{"the host hangs for longer than anybody waits", all, 1, false, "esx1", 59 * time.Second},
		{"the host hangs for longer than anybody waits, in another shard", all, 1, true, "esx1", 59 * time.Second},
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
			e.dead, e.hang = tt.dead, tt.hang
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

// The poller of the source is gone for some minutes: nobody asks it, and that is not its targets' problem.
func TestWhatNobodyAnswersForIsInDoubt(t *testing.T) {
	for _, apart := range []bool{false, true} {
		guests, names := guestLines(50, 1)
		invs := []*monitor.Inventory{inventoryOf(t, append(sourceLines("esx1"), guests...)...)}
		if apart {
			invs = []*monitor.Inventory{inventoryOf(t, sourceLines("esx1")...), inventoryOf(t, guests...)}
		}
		e := newEstate(t, invs...)
		e.guests["esx1"] = names
		e.run(5 * time.Minute)
		e.dead, e.lost = func(host, _ string) bool { return host == "esx1" }, true
		e.run(4 * time.Minute)
		e.dead = func(string, string) bool { return false }
		e.run(10 * time.Minute)
		e.want(fmt.Sprintf("apart %t:", apart))
		for _, c := range e.cores {
			for id := range monitor.ID(c.Inventory().Objects()) {
				if st := c.Status(id); st.State != monitor.OK {
					t.Errorf("in the end %s is %s", st.Ref, st.StateName())
				}
			}
		}
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
		e.run(2 * time.Minute)
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
	e.want("when the source is lost, and then the guest's data", "PROBLEM esx1", "PROBLEM router")
	if st := e.cores[0].Status(e.id("router", "")); !st.Problem || st.State != monitor.Down {
		t.Errorf("the router is %s, root problem: %t", st.StateName(), st.Problem)
	}
	if st := e.cores[0].Status(e.id("esx1", "")); !st.Impact || st.State != monitor.Unreachable {
		t.Errorf("esx1 is %s, impact: %t", st.StateName(), st.Impact)
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

// After a long pause all payloads are too old, and nobody has asked the sources yet: that is nobody's problem.
func TestAfterALongPauseTheSourcesAreWaitedFor(t *testing.T) {
	guests, names := guestLines(20, 1)
	lines := append(sourceLines("esx1"), guests...)
	e := newEstate(t, inventoryOf(t, lines...))
	e.guests["esx1"] = names
	e.run(5 * time.Minute)
	e.now = e.now.Add(time.Hour)
	e.restart(inventoryOf(t, lines...))
	e.run(10 * time.Minute)
	e.want("after the pause")
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

// A target whose payloads stay away has its source looked at, in whatever shard that is, and waits for the answer no longer
// than it takes.
func TestAFailureWaitsUntilTheSourceElsewhereWasLookedAt(t *testing.T) {
	c := started(t, inventoryOf(t, "host vm1 command=none", "service vm1/cpu command=guest attempts=1 contacts=ada interval=1m"))
	var d core.Decisions
	c.Begin(t0)
	c.Arrive(t0, []monitor.Arrival{{Host: "vm1", Source: "esx1", At: t0, Seq: 1}}, &d)
	c.Tick(t0, &d)
	if len(d.Inquiries) != 1 || d.Inquiries[0] != (monitor.SourceInquiry{Host: "esx1", Shard: 3, Targets: 1}) {
		t.Fatalf("asked %+v", d.Inquiries)
	}
	fine := monitor.SourceState{Host: "esx1", Fine: t0, Looked: t0, Interval: time.Minute}
	c.Told(t0, []monitor.SourceState{fine, {Host: "nobody asked", Trouble: true}}, &d)
	d.Reset()
	now := t0
	for len(d.Jobs) == 0 || now < t0.Add(80*time.Second) {
		d.Reset()
		now = now.Add(time.Second)
		c.Tick(now, &d)
	}
	c.Told(now, []monitor.SourceState{fine}, &d)
	c.Observe(now, []monitor.Result{answer(&d.Jobs[0], now, monitor.Unknown)}, &d)
	if n := len(d.Inquiries); n == 0 || !d.Inquiries[n-1].Look {
		t.Errorf("asked %+v, want that somebody looks", d.Inquiries)
	}
	id, _ := c.Object(monitor.Ref{Host: "vm1", Service: "cpu"})
	if st := c.Status(id); st.Held == nil {
		t.Errorf("%s %s is not held", st.Ref, st.StateName())
	}
	now = now.Add(time.Second)
	fine.Fine, fine.Looked = now, now
	c.Told(now, []monitor.SourceState{fine}, &d)
	if st := c.Status(id); st.Held != nil || st.State != monitor.Unknown || st.HostProblem {
		t.Errorf("%s is %s, held: %t, because of others: %t", st.Ref, st.StateName(), st.Held != nil, st.HostProblem)
	}
}

// Owners answer for hosts that are theirs and fetch their own data, and tell who asked of changes, for a minute.
func TestTheOwnerOfASourceTellsThoseWhoAsked(t *testing.T) {
	c := started(t, inventoryOf(t, "host esx1 command=none", "service esx1/Check_MK command=agent attempts=1 interval=1m", "host vm1 command=alive"))
	var d core.Decisions
	c.Begin(t0)
	ask := func(host string, shard monitor.Shard, look bool) monitor.SourceInquiry {
		return monitor.SourceInquiry{Host: host, Shard: shard, Look: look}
	}
	c.Inquire(t0, []monitor.SourceInquiry{ask("esx1", 5, false), ask("esx1", 6, true), ask("vm1", 5, false), ask("gone", 5, false), ask("esx1", 3, false)}, &d)
	told := func() string {
		text := ""
		for _, w := range d.Tellings {
			text += fmt.Sprintf("%d %s %t/%t;", w.To, w.What.Host, w.What.Trouble, w.What.Root)
		}
		return text
	}
	if got, want := told(), "5 esx1 false/false;6 esx1 false/false;"; got != want {
		t.Errorf("told %s, want %s", got, want)
	}
	if len(d.Jobs) != 1 {
		t.Fatalf("%d checks of the agent, want one", len(d.Jobs))
	}
	job := d.Jobs[0]
	d.Reset()
	now := t0.Add(time.Second)
	c.Observe(now, []monitor.Result{answer(&job, now, monitor.Critical)}, &d)
	if got, want := told(), "5 esx1 true/true;6 esx1 true/true;"; got != want {
		t.Errorf("after a look told %s, want %s", got, want)
	}
	if len(d.Tellings) > 0 && d.Tellings[0].What.Text != "esx1/Check_MK CRITICAL" {
		t.Errorf("told %+v", d.Tellings[0])
	}
	d.Reset()
	for now < t0.Add(3*time.Minute) {
		now = now.Add(time.Second)
		c.Tick(now, &d)
		jobs := slices.Clone(d.Jobs)
		d.Reset()
		for i := range jobs {
			state := monitor.OK
			if now > t0.Add(100*time.Second) {
				state = monitor.Critical
			}
			c.Observe(now, []monitor.Result{answer(&jobs[i], now, state)}, &d)
			if now > t0.Add(62*time.Second) && len(d.Tellings) > 0 {
				t.Errorf("told %s after %v, though nobody asked again", told(), now.Sub(t0))
			}
		}
	}
}

// What a host has besides payloads, or says, ends that its sources are its parents.
func TestOnlyWhatNothingElseLooksAtLeansOnItsSources(t *testing.T) {
	const source = "host esx1 attempts=1 contacts=ada"
	guest := []string{"host vm1 command=none", "service vm1/cpu command=guest attempts=1 contacts=ada"}
	vars := func(value string) func(*monitor.Inventory) {
		return func(inv *monitor.Inventory) {
			inv.Hosts[1].Vars = []monitor.Var{{Name: "IMPLICIT_PARENT", Value: value}}
		}
	}
	for _, tt := range []struct {
		name  string
		lines []string
		edit  func(*monitor.Inventory)
		want  bool
	}{
		{"payloads alone", guest, nil, true},
		{"a passive service besides", append(slices.Clone(guest), "service vm1/backup active=0"), nil, true},
		{"a host check that looks at nothing", []string{"command nothing $USER1$/check_dummy 0", "host vm1 command=nothing", guest[1]}, nil, true},
		{"an agent of its own", append(slices.Clone(guest), "service vm1/Check_MK command=agent"), nil, false},
		{"a host check", []string{"host vm1", guest[1]}, nil, false},
		{"parents", []string{"host vm1 command=none parents=esx1", guest[1]}, nil, false},
		{"it says so", guest, vars("off"), false},
		{"it says the contrary", guest, vars("on"), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inv := inventoryOf(t, append([]string{source}, tt.lines...)...)
			if tt.edit != nil {
				tt.edit(inv)
			}
			c := started(t, inv)
			c.Begin(t0)
			var d core.Decisions
			c.Arrive(t0, []monitor.Arrival{{Host: "vm1", Source: "esx1", At: t0, Seq: 1}}, &d)
			e, _ := c.Explain(t0, monitor.Ref{Host: "vm1"})
			if got := strings.Contains(strings.Join(e.Why, "\n"), "its sources are its parents"); got != tt.want {
				t.Errorf("it leans on its source: %t, want %t: %q", got, tt.want, e.Why)
			}
		})
	}
}
