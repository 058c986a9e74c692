package app

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
)

func TestTheBusIsUnwellOnceNobodyLeadsItForLongerThanAnElection(t *testing.T) {
	var told []string
	s := &busState{lagging: map[string]*trouble{}, tell: func(kind, about, why string) { told = append(told, kind+" "+about+": "+why) }}
	start := time.Unix(1e9, 0)
	at := func(second int) time.Time { return start.Add(time.Duration(second) * time.Second) }
	well := bus.Standing{Server: "n1", Cluster: true, Leader: "n1"}
	behind := bus.Standing{Server: "n1", Cluster: true, Leader: "n2", Behind: []bus.Replica{{Server: "n3", Away: true, Seen: 3 * time.Second}}}
	mute := bus.Standing{Server: "n1", Cluster: true}

	for second := 0; second < 10; second += 2 {
		s.note(well, at(second))
	}
	for second := 10; second < 18; second += 2 { // an election
		s.note(mute, at(second))
		if _, err := s.health(at(second)); err != nil {
			t.Errorf("at %d s: %v", second, err)
		}
	}
	for second := 18; second <= 30; second += 2 {
		s.note(behind, at(second))
	}
	if note, err := s.health(at(30)); err != nil || note != "server n3 for 12s: it is away, last seen 3s ago" {
		t.Errorf("%q, %v", note, err)
	}
	if n := s.missing(at(30)); n != 1 {
		t.Errorf("%d servers are missing, want 1", n)
	}
	for second := 32; second <= 44; second += 2 {
		s.note(mute, at(second))
	}
	if _, err := s.health(at(44)); err == nil || !strings.Contains(err.Error(), "for 12s") || !strings.Contains(err.Error(), "more than half") || s.up() != 0 {
		t.Errorf("got %v", err)
	}
	if a := s.answer(at(44)); !a.Known || a.Leader != "" || a.Mute != 1e9+32 || !strings.Contains(a.Why, "more than half") || len(a.Behind) != 1 || a.Behind[0].Since != 1e9+18 {
		t.Errorf("the API says %+v", a)
	}
	s.note(well, at(46))
	if note, err := s.health(at(46)); note != "" || err != nil || s.up() != 1 || s.behind() != 0 {
		t.Errorf("%q, %v", note, err)
	}
	want := []string{
		"lead-taken journal: n2 leads it among the servers of the bus, and n1 no more",
		"bus-lost bus server n3: it is away, last seen 3s ago",
		"bus-lost bus: no server of its cluster leads: more than half of them must be there and reach each other",
		"bus-back bus: it stores again, led by n1, after 14s",
		"lead-taken journal: n1 leads it among the servers of the bus, and n2 no more",
		"bus-back bus server n3: it has everything again, after 28s",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
}

// A server that was killed while it led was never seen by the one that leads since.
func TestAServerThatWasNeverSeenIsAwayAndNotSeenJustNow(t *testing.T) {
	if got := lacks(bus.Replica{Server: "n3", Away: true, Lag: 173}); got != "it is away" {
		t.Errorf("got %q", got)
	}
}
