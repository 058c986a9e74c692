package core_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
	"github.com/onbu/onbu/scheduler/core"
)

// fleet gives an inventory of hosts with ten services each; half have an interval of 60 s, half of five minutes.
func fleet(hosts int) *monitor.Inventory {
	w := newWorld()
	inv := w.inventory()
	for _, interval := range []time.Duration{5 * time.Minute, time.Minute} {
		inv.Policies = append(inv.Policies, monitor.Policy{
			MaxAttempts: 3, CheckInterval: interval, RetryInterval: 10 * time.Second, CheckPeriod: monitor.None,
			NotificationPeriod: monitor.None, Switches: everything | monitor.FlapDetection, InitialState: monitor.Pending,
			EventHandler: monitor.Call{Command: monitor.None}, Snapshot: monitor.Call{Command: monitor.None},
			MaintenancePeriod: monitor.None, SnapshotPeriod: monitor.None, FlapOptions: ^monitor.Option(0),
		})
	}
	inv.Args = [][]string{nil, {"-w 5 -c 10"}}
	for h := range hosts {
		inv.Hosts = append(inv.Hosts, monitor.Host{Name: fmt.Sprintf("host%06d", h), Address: "127.0.0.1"})
		for s := range 10 {
			inv.Services = append(inv.Services, monitor.Service{
				Host: monitor.ID(h), Description: serviceNames[s], Policy: uint32(s % 2), Check: monitor.Call{Args: 1},
			})
		}
	}
	return inv
}

var serviceNames = [...]string{"cpu", "disk", "http", "load", "memory", "ntp", "ping", "ssh", "swap", "users"}

func started(t testing.TB, inv *monitor.Inventory) *core.Core {
	t.Helper()
	c, err := core.New(inv, 7, core.Seed{Start: t0})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func answer(j *monitor.Job, now monitor.Time, state monitor.State) monitor.Result {
	return monitor.Result{
		Shard: j.Shard, Epoch: j.Epoch, Object: j.Object, Seq: j.Seq, Started: now, Finished: now,
		Module: "test", Poller: "p1", Outcome: monitor.Outcome{State: state, Output: "fine"},
	}
}

func TestNoBurstAfterARestartWithAnOldSnapshot(t *testing.T) {
	inv := fleet(10_000)
	s := started(t, inv).Snapshot()
	for i := range s.Statuses { // checked a day ago, and due since then
		s.Statuses[i].State, s.Statuses[i].LastCheck, s.Statuses[i].NextCheck = 0, t0.Add(-25*time.Hour), t0.Add(-24*time.Hour)
	}
	c := started(t, inv)
	c.Restore(s)
	c.Begin(t0)
	perSecond := make(map[monitor.Time]int)
	for id := range monitor.ID(inv.Objects()) {
		next := c.Status(id).NextCheck
		if next <= t0 {
			t.Fatalf("%s is due in the past", inv.Ref(id))
		}
		perSecond[next/1e9]++
	}
	// 5 services of a host every 60 s, 5 and the host itself every 300 s.
	average := 10_000*5/60.0 + 10_000*6/300.0
	for second, n := range perSecond {
		if float64(n) > 1.4*average {
			t.Errorf("%d checks are due in second %d, more than 1.4 x %.0f", n, second-t0/1e9, average)
		}
	}
}

func TestPhasesSurviveARestart(t *testing.T) {
	inv := fleet(100)
	s := started(t, inv).Snapshot()
	for i := range s.Statuses {
		s.Statuses[i].LastCheck = t0
	}
	a, b := started(t, inv), started(t, inv)
	a.Restore(s)
	b.Restore(s)
	a.Begin(t0)
	b.Begin(t0.Add(7 * time.Hour))
	for id := range monitor.ID(inv.Objects()) {
		interval := inv.Policy(id).CheckInterval
		shift := b.Status(id).NextCheck.Sub(a.Status(id).NextCheck)
		if shift%interval != 0 {
			t.Fatalf("%s moved by %v in its interval of %v", inv.Ref(id), shift%interval, interval)
		}
	}
}

func TestASmallSiteIsLookedAtWithinSeconds(t *testing.T) {
	inv := fleet(5)
	c := started(t, inv)
	c.Begin(t0)
	var d core.Decisions
	c.Tick(t0.Add(2*time.Second), &d)
	if len(d.Jobs) != inv.Objects() {
		t.Errorf("%d checks in the first two seconds, want %d", len(d.Jobs), inv.Objects())
	}
}

func TestResultsThatNobodyWaitsForAreDropped(t *testing.T) {
	c := started(t, fleet(1))
	c.Begin(t0)
	var d core.Decisions
	c.Tick(t0.Add(2*time.Second), &d)
	good := answer(&d.Jobs[0], t0.Add(3*time.Second), monitor.OK)
	for _, tt := range []struct {
		name   string
		change func(*monitor.Result)
		want   int
	}{
		{"another epoch", func(r *monitor.Result) { r.Epoch++ }, 0},
		{"another shard", func(r *monitor.Result) { r.Shard++ }, 0},
		{"an old sequence number", func(r *monitor.Result) { r.Seq-- }, 0},
		{"no such object", func(r *monitor.Result) { r.Object = 99 }, 0},
		{"no object at all", func(r *monitor.Result) { r.Object = monitor.NoID }, 0},
		{"the right one", func(*monitor.Result) {}, 1},
		{"the right one again", func(*monitor.Result) {}, 0},
	} {
		d.Reset()
		r := good
		tt.change(&r)
		c.Observe(t0.Add(3*time.Second), []monitor.Result{r}, &d)
		if applied := len(d.Checks); applied != tt.want || d.Dropped != 1-tt.want {
			t.Errorf("%s: %d applied and %d dropped, want %d and %d", tt.name, applied, d.Dropped, tt.want, 1-tt.want)
		}
	}
}

func TestEveryCheckIsMadeOnTimeAndOnce(t *testing.T) {
	inv := fleet(20)
	c := started(t, inv)
	c.Begin(t0)
	var d core.Decisions
	count := make([]int, inv.Objects())
	for now := t0; now < t0.Add(time.Hour); now = d.Wake {
		d.Reset()
		c.Tick(now, &d)
		results := make([]monitor.Result, 0, len(d.Jobs))
		for i := range d.Jobs {
			if late := now.Sub(d.Jobs[i].Due); late > 0 {
				t.Fatalf("%s is %v late although the core was called when it wanted", d.Jobs[i].Host, late)
			}
			count[d.Jobs[i].Object]++
			results = append(results, answer(&d.Jobs[i], now, monitor.OK))
		}
		c.Observe(now, results, &d)
	}
	for id, n := range count {
		want := int(time.Hour / inv.Policy(monitor.ID(id)).CheckInterval)
		if n < want || n > want+1 {
			t.Errorf("%s was checked %d times in an hour, want %d, or one more at the beginning", inv.Ref(monitor.ID(id)), n, want)
		}
	}
}

func TestAdoptKeepsWhatIsKnownByName(t *testing.T) {
	before := newWorld()
	for _, line := range []string{
		"host a interval=1m", "host b interval=1m attempts=1", "service b/http interval=1m", "service a/http interval=1m",
	} {
		before.define(t, line)
	}
	c := started(t, before.inventory())
	c.Begin(t0)
	var d core.Decisions
	now := t0.Add(2 * time.Second)
	c.Tick(now, &d)
	jobs := append([]monitor.Job(nil), d.Jobs...)
	for i := range jobs {
		if jobs[i].Host == "b" {
			c.Observe(now, []monitor.Result{answer(&jobs[i], now, monitor.Critical)}, &d)
		}
	}
	for _, line := range []string{
		"SCHEDULE_HOST_DOWNTIME;b;1767571200;1767674800;1;0;0;bob;works", "ADD_HOST_COMMENT;a;1;bob;gone soon", "DISABLE_SVC_CHECK;b;http",
	} {
		req, err := command.Parse(line, now)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Obey(now, req, &d); err != nil {
			t.Fatal(err)
		}
	}

	after := newWorld()
	for _, line := range []string{"host new interval=1m", "host b interval=1m attempts=1", "service b/http interval=1m attempts=5"} {
		after.define(t, line)
	}
	d.Reset()
	if err := c.Adopt(now, after.inventory(), &d); err != nil {
		t.Fatal(err)
	}
	host, service := c.Status(1), c.Status(2)
	if host.State != monitor.Down || host.Type != monitor.Hard || host.DowntimeDepth != 1 {
		t.Errorf("host b is %s %s in %d downtimes, want DOWN HARD in 1", host.StateName(), host.Type, host.DowntimeDepth)
	}
	if service.State != monitor.Critical || service.MaxAttempts != 5 || service.Switches&monitor.ActiveChecks != 0 {
		t.Errorf("b/http is %s of %d attempts with switches %b, want CRITICAL of 5, active checks off",
			service.StateName(), service.MaxAttempts, service.Switches)
	}
	if len(d.Broks) == 0 || d.Broks[0].Kind != monitor.BrokCommentGone || d.Broks[0].Comment.Ref.Host != "a" {
		t.Errorf("broks %v, want that the comment on host a is gone", d.Broks)
	}
	// Answers to jobs of the old configuration must not be taken for those of objects that have their IDs now.
	d.Reset()
	for i := range jobs {
		if jobs[i].Host == "a" {
			c.Observe(now, []monitor.Result{answer(&jobs[i], now, monitor.Critical)}, &d)
		}
	}
	if len(d.Broks) != 0 || d.Dropped == 0 {
		t.Errorf("%d broks and %d dropped, want that answers for host a are dropped", len(d.Broks), d.Dropped)
	}
	d.Reset()
	c.Tick(now.Add(time.Minute), &d)
	if len(d.Jobs) == 0 {
		t.Error("nothing is checked after the reload")
	}
}

func TestAReloadThatChangesNothingLosesNoCheck(t *testing.T) {
	c := started(t, fleet(2))
	c.Begin(t0)
	var d core.Decisions
	now := t0.Add(2 * time.Second)
	c.Tick(now, &d)
	jobs := append([]monitor.Job(nil), d.Jobs...)
	before := c.Status(5)
	if err := c.Adopt(now, fleet(2), &d); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, c.Status(5)); diff != "" {
		t.Errorf("the status changed:\n%s", diff)
	}
	d.Reset()
	for i := range jobs {
		c.Observe(now, []monitor.Result{answer(&jobs[i], now, monitor.OK)}, &d)
	}
	if d.Dropped != 0 || len(jobs) != 22 {
		t.Errorf("%d of %d answers dropped, want none of 22", d.Dropped, len(jobs))
	}
}

func TestAdoptRefusesABrokenInventoryAndKeepsTheOldOne(t *testing.T) {
	inv := fleet(2)
	c := started(t, inv)
	c.Begin(t0)
	bad := *inv
	bad.Timeperiods = []monitor.Timeperiod{{Name: "odd", Ranges: []string{"someday 25:00"}}}
	var d core.Decisions
	if err := c.Adopt(t0, &bad, &d); err == nil || c.Inventory() != inv {
		t.Errorf("err %v, inventory changed %v; want an error and the old inventory", err, c.Inventory() != inv)
	}
	moved := *inv
	moved.Shard++
	if err := c.Adopt(t0, &moved, &d); err == nil {
		t.Error("the inventory of another shard was adopted")
	}
}

func TestAProblemThatLastsForMonthsIsNotRememberedWithoutEnd(t *testing.T) {
	w := newWorld()
	for _, line := range []string{
		"contact ada", "contact bob options=c,r", "host web1", "service web1/http attempts=1 contacts=ada,bob volatile=1",
	} {
		w.define(t, line)
	}
	c := started(t, w.inventory())
	c.Begin(t0)
	var d core.Decisions
	submit := func(i int, state monitor.State) {
		d.Reset()
		c.Submit(t0.Add(time.Duration(i)*time.Hour), []monitor.Submission{{
			Ref: monitor.Ref{Host: "web1", Service: "http"}, Outcome: monitor.Outcome{State: state},
		}}, &d)
	}
	submit(1, monitor.Critical)
	for i := range 500 {
		submit(2+i, monitor.Warning)
	}
	if n := len(c.Snapshot().Told); n > 100 {
		t.Errorf("%d notifications are remembered, want at most 100", n)
	}
	submit(600, monitor.OK)
	told := map[string]string{}
	for _, b := range d.Broks {
		if b.Action != nil {
			told[b.Action.Contact] = b.NotificationType
		}
	}
	if told["bob"] != "RECOVERY" {
		t.Errorf("told %v, want that bob, who was told once and long ago, hears of the end", told)
	}
}
