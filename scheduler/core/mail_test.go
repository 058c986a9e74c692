package core_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// guests gives hosts whose checks are none, and of which all data come in payloads, each with some
// services that read them, and behind them the host esx1, from which those come.
func guests(hosts, services int) *monitor.Inventory {
	w := newWorld()
	inv := w.inventory()
	agent := w.command("agent", "$USER1$/onbu-agent -H $HOSTADDRESS$ --piggyback-only -s $SERVICEDESC$")
	inv.Commands = w.inv.Commands
	for _, interval := range []time.Duration{0, 5 * time.Minute} { // of hosts and of services
		inv.Policies = append(inv.Policies, monitor.Policy{
			MaxAttempts: 3, CheckInterval: interval, RetryInterval: time.Minute, CheckPeriod: monitor.None,
			NotificationPeriod: monitor.None, Switches: everything, InitialState: monitor.Pending,
			EventHandler: monitor.Call{Command: monitor.None}, Snapshot: monitor.Call{Command: monitor.None},
			MaintenancePeriod: monitor.None, SnapshotPeriod: monitor.None,
		})
	}
	for h := range hosts {
		inv.Hosts = append(inv.Hosts, monitor.Host{Name: fmt.Sprintf("vm%06d", h), Address: "127.0.0.1", Check: monitor.Call{Command: monitor.None}})
		for s := range services {
			inv.Services = append(inv.Services, monitor.Service{
				Host: monitor.ID(h), Description: serviceNames[s], Policy: 1, Check: monitor.Call{Command: agent},
			})
		}
	}
	inv.Hosts = append(inv.Hosts, monitor.Host{Name: "esx1", Address: "127.0.0.1", Check: monitor.Call{Command: monitor.None}})
	return inv
}

// letters gives one arrival for each host of an inventory but the last.
func letters(inv *monitor.Inventory, at monitor.Time, seq uint64) []monitor.Arrival {
	var all []monitor.Arrival
	for i := range inv.Hosts[:len(inv.Hosts)-1] {
		all = append(all, monitor.Arrival{Host: inv.Hosts[i].Name, Source: "esx1", At: at, Seq: seq + uint64(i)})
	}
	return all
}

// BenchmarkArrive is 10,000 payloads in one call, each for another host with five services, and the jobs that follow.
func BenchmarkArrive(b *testing.B) {
	inv := guests(10_000, 5)
	s := &steady{core: started(b, inv), now: t0}
	s.core.Begin(t0)
	all, n := letters(inv, t0, 1), monitor.Time(0)
	var arriving time.Duration
	b.ReportAllocs()
	for b.Loop() {
		n++
		for i := range all {
			all[i].At, all[i].Seq = s.now, uint64(n)*100_000+uint64(i)
		}
		before := cpu(b)
		s.core.Arrive(s.now, all, &s.d)
		arriving += cpu(b) - before
		s.turn()
		s.now = s.now.Add(time.Minute)
	}
	b.ReportMetric(float64(arriving)/float64(len(all))/float64(n), "cpu-ns/arrival")
}

func TestArrivalsAllocateNothing(t *testing.T) {
	const hosts, services = 20, 5
	inv := guests(hosts, services)
	s := &steady{core: started(t, inv), now: t0}
	s.core.Begin(t0)
	all, seq := letters(inv, t0, 1), uint64(0)
	checks := 0
	round := func() {
		for i := range all {
			seq++
			all[i].At, all[i].Seq = s.now, seq
		}
		s.core.Arrive(s.now, all, &s.d)
		checks += s.turn()
		s.now = s.now.Add(time.Minute)
	}
	for range 2000 {
		round()
	}
	checks = 0
	if allocations := testing.AllocsPerRun(1000, round); allocations != 0 || checks != 1001*hosts*services {
		t.Errorf("%v allocations for %d arrivals and %d checks; want none and %d", allocations, hosts, checks, 1001*hosts*services)
	}
}

// A person who asks for a check wants nothing that was kept from an earlier one; the engine, when it misses a result, may be
// content with that.
func TestAJobSaysWhetherAPersonAskedForIt(t *testing.T) {
	inv := inventoryOf(t, "host web1 command=none", "service web1/http interval=5m fresh=10m", "service web1/old active=0 fresh=2m", "service web1/off active=0")
	c := started(t, inv)
	c.Begin(t0)
	var d core.Decisions
	jobs := func(now monitor.Time) map[string]bool {
		c.Tick(now, &d)
		forced := map[string]bool{}
		for _, j := range d.Jobs {
			forced[j.Service] = j.Reasons.Has(monitor.Forced)
			c.Observe(now, []monitor.Result{answer(&j, now, monitor.OK)}, &d)
		}
		d.Reset()
		return forced
	}
	now := t0.Add(10 * time.Second)
	for _, tt := range []struct {
		when    string
		command string
		wait    time.Duration
		want    map[string]bool
	}{
		{"at first", "", 0, map[string]bool{"http": false}},
		{"demanded", fmt.Sprintf("SCHEDULE_SVC_CHECK;web1;http;%d", now/1e9), time.Second, map[string]bool{"http": false}},
		{"forced", fmt.Sprintf("SCHEDULE_FORCED_SVC_CHECK;web1;off;%d", now/1e9), time.Second, map[string]bool{"off": true}},
		{"stale", "", 4 * time.Minute, map[string]bool{"old": false, "http": false}},
	} {
		if now = now.Add(tt.wait); tt.command != "" {
			obey(t, c, now, &d, tt.command)
		}
		got := jobs(now)
		for service, forced := range tt.want {
			if is, made := got[service]; !made || is != forced {
				t.Errorf("%s: jobs are %v, want %v among them", tt.when, got, tt.want)
			}
		}
	}
}

// BenchmarkSourceDies is 10,000 hosts with five services each that have all data from one source: it dies, all of them fail
// and are tied to it; and it comes back.
func BenchmarkSourceDies(b *testing.B) {
	inv := guests(10_000, 5)
	s := &steady{core: started(b, inv), now: t0}
	s.core.Begin(t0)
	s.core.Arrive(s.now, letters(inv, t0, 1), &s.d)
	source := monitor.Ref{Host: "esx1"}
	say := func(state monitor.State) {
		s.d.Reset()
		s.now = s.now.Add(10 * time.Second)
		s.core.Submit(s.now, []monitor.Submission{{Ref: source, Outcome: monitor.Outcome{State: state}}}, &s.d)
	}
	say(monitor.Up)
	for b.Loop() {
		say(monitor.Down)
		s.d.Reset()
		s.core.Arrive(s.now, letters(inv, t0, uint64(s.now)), &s.d)
		s.core.Tick(s.now, &s.d)
		var results []monitor.Result
		for i := range s.d.Jobs {
			results = append(results, answer(&s.d.Jobs[i], s.now, monitor.Unknown))
		}
		s.core.Observe(s.now, results, &s.d)
		b.ReportMetric(float64(len(results)), "failures/op")
		say(monitor.Up)
		b.ReportMetric(float64(len(s.d.Broks)), "broks/op")
	}
}
