package view_test

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/monitor"
)

// said gives what a snapshot says, in copies.
func said(s *view.Snapshot) []string {
	var all []string
	add := func(name string, o view.Object) {
		problem := uint64(0)
		if seldom := o.Seldom(); seldom != nil {
			problem = seldom.ProblemID
		}
		all = append(all, fmt.Sprint(name, " ", o.State(), " ", o.Output(), "|", o.Perfdata(), " ", o.LastCheck(), " ", o.Module(), " ", problem))
	}
	for i := range s.Hosts() {
		h := s.Host(i)
		add(h.Name(), h.Object())
		for j := range h.Services() {
			name, o := h.Service(j)
			add(h.Name()+"/"+name, o)
		}
		for c := range h.Comments {
			all = append(all, h.Name()+" "+c.Text)
		}
		for d := range h.Downtimes {
			all = append(all, h.Name()+" "+d.Comment)
		}
	}
	return all
}

// Each of these changes something that a snapshot before it shares with the view.
func TestASnapshotNeverChanges(t *testing.T) {
	v := view.New()
	v.Fill([]monitor.Status{*whole(monitor.OK, 0), *whole(monitor.Critical, 3)}, 10)
	v.Fill([]monitor.Status{{Ref: monitor.Ref{Host: "db"}}}, 10)
	note := monitor.Comment{ID: 1, Ref: http, Text: "first"}
	downtime := monitor.Downtime{ID: 2, Ref: http, Comment: "first"}
	steps := []func(){
		func() { v.Check(made(20, monitor.OK, "one")) },
		func() { v.Check(made(21, monitor.OK, "two")) },
		func() { v.Check(made(22, monitor.OK, "two")) },
		func() { v.Check(made(23, monitor.Critical, "bad")) },
		func() { v.Check(made(24, monitor.Critical, "worse")) },
		func() { v.Apply(&monitor.Brok{Kind: monitor.BrokAlert, Time: 25, Status: whole(monitor.Critical, 4)}) },
		func() { v.Apply(&monitor.Brok{Kind: monitor.BrokAlert, Time: 26, Status: whole(monitor.OK, 0)}) },
		func() { v.Apply(&monitor.Brok{Kind: monitor.BrokComment, Comment: &note}) },
		func() { note.Text = "second"; v.Apply(&monitor.Brok{Kind: monitor.BrokComment, Comment: &note}) },
		func() { v.Apply(&monitor.Brok{Kind: monitor.BrokDowntime, Downtime: &downtime}) },
		func() { v.Apply(&monitor.Brok{Kind: monitor.BrokCommentGone, Comment: &note}) },
		func() { v.Apply(brok(30, "web", "a-new-one", monitor.OK)) },
		func() { v.Apply(brok(30, "app", "", monitor.Down)) },
		func() { v.Notes(0, nil, nil, nil) },
		func() { v.Retain(func(r monitor.Ref) bool { return r.Service != "http" }) },
		func() { v.Retain(func(r monitor.Ref) bool { return r.Host != "web" }) },
	}
	var snapshots []*view.Snapshot
	var want [][]string
	for i, change := range steps {
		snapshots = append(snapshots, v.Snapshot())
		want = append(want, said(snapshots[i]))
		change()
		if now := said(v.Snapshot()); reflect.DeepEqual(now, want[i]) && i != 2 {
			t.Errorf("step %d changed nothing: %q", i, now)
		}
	}
	for i, s := range snapshots {
		if diff := cmp.Diff(want[i], said(s)); diff != "" {
			t.Errorf("the snapshot before step %d: %s", i, diff)
		}
	}
}

func TestASnapshotIsSortedAndSearched(t *testing.T) {
	v := view.New()
	for _, name := range []string{"m", "z", "a", "k"} {
		v.Apply(brok(1, name, "", monitor.OK))
	}
	s := v.Snapshot()
	var got []string
	for i := range s.Hosts() {
		got = append(got, s.Host(i).Name())
	}
	if diff := cmp.Diff([]string{"a", "k", "m", "z"}, got); diff != "" {
		t.Error(diff)
	}
	if i, ok := s.Find("m"); !ok || i != 2 {
		t.Errorf("m is number %d, %v", i, ok)
	}
	if i, ok := s.Find("n"); ok || i != 3 {
		t.Errorf("the first after n is number %d, %v", i, ok)
	}
	c := made(20, monitor.Critical, "after the sort")
	c.Ref.Host = "z"
	v.Check(c)
	v.Apply(&monitor.Brok{Kind: monitor.BrokState, Time: 20, Status: &monitor.Status{Ref: c.Ref, State: monitor.Critical, Output: "after the sort"}})
	if _, o := v.Snapshot().Host(3).Service(0); o.Output() != "after the sort" {
		t.Errorf("got %q", o.Output())
	}
}

// A reader asks for what is new since its last question by the clock of the broker, not by that of who sent it.
func TestAnObjectIsNewWhenItChangesHere(t *testing.T) {
	const second = monitor.Time(1e9)
	v := view.New()
	v.Clock(1000 * second)
	v.Fill([]monitor.Status{*whole(monitor.OK, 0), {Ref: monitor.Ref{Host: http.Host}}}, 10)
	v.Check(made(15, monitor.OK, "the first one"))
	v.Clock(1010 * second)
	v.Check(made(20, monitor.OK, "the same state"))
	h := v.Snapshot().Host(0)
	if _, s := h.Service(0); s.Seen() != 1010*second || h.Object().Seen() != 1000*second {
		t.Errorf("service seen %d, host %d; want 1010 s and 1000 s", s.Seen(), h.Object().Seen())
	}
	v.Clock(1020*second + 1)
	v.Check(made(30, monitor.Critical, "another state"))
	h = v.Snapshot().Host(0)
	if _, s := h.Service(0); s.Seen() < 1020*second+1 || s.Seen() > 1020*second+second/10 || h.Object().Seen() != s.Seen() {
		t.Errorf("service seen %d, host %d; want both at 1020 s or up to 100 ms later", s.Seen(), h.Object().Seen())
	}
}

// BenchmarkCheckBetweenSnapshots makes a snapshot after each 500 checks, as 5,000 checks a second with a query at all times do.
func BenchmarkCheckBetweenSnapshots(b *testing.B) {
	v, checks := filled(10_000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%500 == 0 {
			v.Snapshot()
		}
		c := &checks[i*7919%len(checks)]
		c.Time++
		v.Check(c)
	}
}

func BenchmarkSnapshot(b *testing.B) {
	v, _ := filled(10_000)
	b.ReportAllocs()
	for b.Loop() {
		v.Snapshot()
	}
}

// The race detector sees what a snapshot shares with the view and should not.
func TestSnapshotsAreReadWhileTheViewGoesOn(t *testing.T) {
	v, checks := filled(50)
	statuses := make([]monitor.Status, len(checks))
	for i := range checks {
		statuses[i] = monitor.Status{Ref: checks[i].Ref, Output: "filled"}
	}
	v.Fill(statuses, 2)
	var readers sync.WaitGroup
	for round := range 20 {
		s := v.Snapshot()
		readers.Go(func() {
			if first, again := said(s), said(s); !reflect.DeepEqual(first, again) {
				t.Error("a snapshot changed while it was read")
			}
		})
		for i := range checks {
			c := &checks[(i*7+round)%len(checks)]
			c.Time += 10
			c.Output = fmt.Sprint("round ", round, strings.Repeat("x", i%40))
			c.OwnState = monitor.State(round % 3)
			v.Check(c)
		}
		v.Apply(&monitor.Brok{Kind: monitor.BrokComment, Comment: &monitor.Comment{ID: uint64(round), Ref: checks[round].Ref, Text: "text"}})
		v.Apply(brok(checks[0].Time+monitor.Time(round), checks[round].Host, "new", monitor.Warning))
	}
	readers.Wait()
}
