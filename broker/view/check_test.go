package view_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

var http = monitor.Ref{Host: "web", Service: "http"}

func made(at monitor.Time, state monitor.State, output string) *monitor.Check {
	return &monitor.Check{
		Ref: http, Object: 7, Time: at, State: state, OwnState: state, Started: at - 1, Next: at + 60, Output: output,
		Module: "icmp", Latency: 5, Execution: 6, Attempt: 1, Type: monitor.Hard,
	}
}

func whole(state monitor.State, problem uint64) *monitor.Status {
	return &monitor.Status{Ref: http, State: state, OwnState: state, ProblemID: problem, Output: "whole", MaxAttempts: 3}
}

func TestACheckChangesWhatACheckCanChange(t *testing.T) {
	v := view.New()
	v.Fill([]monitor.Status{*whole(monitor.OK, 0)}, 10)
	v.Check(made(20, monitor.Warning, "slow"))
	want := monitor.Status{
		Ref: http, State: monitor.Warning, OwnState: monitor.Warning, MaxAttempts: 3, Attempt: 1, Type: monitor.Hard,
		LastCheck: 19, NextCheck: 80, LastUpdate: 20, LastTimeWarning: 19, Latency: 5, Execution: 6, Module: "icmp", Output: "slow",
	}
	if diff := cmp.Diff([]monitor.Status{want}, services(v)); diff != "" {
		t.Error(diff)
	}
	v.Check(made(15, monitor.Critical, "late"))
	if got := services(v)[0]; got.Output != "slow" {
		t.Errorf("an older check won: %q", got.Output)
	}
	v.Retain(func(monitor.Ref) bool { return false })
	if diff := cmp.Diff(api.Tally{Hosts: map[string]int{}, Services: map[string]int{}}, v.Snapshot().Tally()); diff != "" {
		t.Errorf("after all was forgotten: %s", diff)
	}
	v.Check(made(30, monitor.OK, "again"))
	if got := services(v); len(got) != 0 {
		t.Errorf("a service that was forgotten is shown: %+v", got)
	}
}

// The journal may be behind PERF: what it says as a whole counts, but for what a later check has told since.
func TestALateStatusKeepsWhatALaterCheckSaid(t *testing.T) {
	v := view.New()
	v.Fill([]monitor.Status{*whole(monitor.OK, 0)}, 10)
	v.Check(made(20, monitor.Critical, "down"))
	v.Check(made(30, monitor.OK, "up again"))
	v.Apply(&monitor.Brok{Kind: monitor.BrokAlert, Time: 21, Status: whole(monitor.Critical, 4)})
	got := services(v)[0]
	if got.ProblemID != 4 || got.State != monitor.OK || got.Output != "up again" || got.LastCheck != 29 {
		t.Errorf("got %+v, want problem 4 of the journal and the rest of the check", got)
	}
	v.Apply(&monitor.Brok{Kind: monitor.BrokAlert, Time: 31, Status: whole(monitor.OK, 0)})
	if got := services(v)[0]; got.ProblemID != 0 || got.Output != "whole" {
		t.Errorf("got %+v, want all of the newest", got)
	}
	if diff := cmp.Diff(map[string]int{"OK": 1}, v.Snapshot().Tally().Services); diff != "" {
		t.Error(diff)
	}
}

// Until the owner of a shard has told all of a service, most of its status would be made up.
func TestAServiceIsShownOnceItIsKnownAsAWhole(t *testing.T) {
	v := view.New()
	v.Check(made(20, monitor.Critical, "down"))
	if got, tally := services(v), v.Snapshot().Tally().Services; len(got) != 0 || len(tally) != 0 {
		t.Errorf("shown: %+v, %v", got, tally)
	}
	v.Fill([]monitor.Status{*whole(monitor.OK, 0)}, 10)
	if got := services(v)[0]; got.State != monitor.Critical || got.Output != "down" || got.MaxAttempts != 3 {
		t.Errorf("got %+v, want the check on top of the older status", got)
	}
}

func TestObjectsMayGetOtherNumbers(t *testing.T) {
	v := view.New()
	other := monitor.Ref{Host: "db", Service: "sql"}
	v.Fill([]monitor.Status{*whole(monitor.OK, 0), {Ref: other}}, 10)
	v.Check(made(20, monitor.OK, "web"))
	moved := made(30, monitor.OK, "db")
	moved.Ref = other
	v.Check(moved)
	huge := made(40, monitor.OK, "huge")
	huge.Object = monitor.NoID
	v.Check(huge)
	var got []string
	for _, s := range services(v) {
		got = append(got, s.Ref.String()+" "+s.Output)
	}
	if diff := cmp.Diff([]string{"db/sql db", "web/http huge"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheViewKeepsNothingOfTheMessage(t *testing.T) {
	v := view.New()
	v.Fill([]monitor.Status{*whole(monitor.OK, 0)}, 10)
	c := made(20, monitor.OK, strings.Repeat("long output ", 10))
	if n := testing.AllocsPerRun(100, func() { c.Time++; v.Check(c) }); n != 0 {
		t.Errorf("%v allocations for a check that says the same", n)
	}
}

// What a root problem has shown as UNKNOWN is so since then, whatever its own last result said; a check that shows it otherwise ends that,
// in either order.
func TestWhatSuffersIsShownSoSinceItsRootProblem(t *testing.T) {
	suffering := *whole(monitor.Unknown, 0)
	suffering.OwnState, suffering.Overlaid, suffering.Impact = monitor.OK, true, true
	suffering.LastChange, suffering.LastHardChange, suffering.ShownSince = 5, 5, 40
	v := view.New()
	since := func() [2]monitor.Time {
		s := v.Snapshot()
		i, _ := s.Find(http.Host)
		_, o := s.Host(i).Service(0)
		return [2]monitor.Time{o.LastChange(), o.LastHardChange()}
	}
	v.Fill([]monitor.Status{suffering}, 40)
	if got, want := since(), [2]monitor.Time{40, 40}; got != want {
		t.Errorf("it changed at %v, want %v", got, want)
	}
	if got := api.ObjectOf(&services(v)[0]).LastChange; got != monitor.Time(40).Unix() {
		t.Errorf("the API has it changed at %v", got)
	}
	v.Check(made(50, monitor.OK, "fine"))
	if got := since(); got[0] != 5 {
		t.Errorf("after a check that was fine it changed at %v, want 5", got)
	}
	v.Fill([]monitor.Status{suffering}, 45)
	if got := since(); got[0] != 5 {
		t.Errorf("after an older status it changed at %v, want 5", got)
	}
}
