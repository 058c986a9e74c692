package app

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/VictoriaMetrics/metrics"
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
	if n, own := s.missing(); n != 1 || own != 0 {
		t.Errorf("%d servers are missing, %d of them our own, want 1 and 0", n, own)
	}
	for second := 32; second <= 44; second += 2 {
		s.note(mute, at(second))
	}
	if err := s.silent(at(34)); err == nil || !strings.Contains(err.Error(), "nothing is stored for 2s: no server of its cluster leads") {
		t.Errorf("while it does not answer either: %v", err)
	}
	if _, err := s.health(at(44)); err == nil || !strings.Contains(err.Error(), "for 12s") || !strings.Contains(err.Error(), "more than half") || s.up() != 0 {
		t.Errorf("got %v", err)
	}
	if a := s.answer(at(44)); !a.Known || a.Leader != "" || a.Mute != 1e9+32 || !strings.Contains(a.Why, "more than half") || len(a.Behind) != 1 || a.Behind[0].Since != 1e9+18 {
		t.Errorf("the API says %+v", a)
	}
	s.note(well, at(46))
	if note, err := s.health(at(46)); s.silent(at(46)) != nil || note != "" || err != nil || s.up() != 1 || s.behind() != 0 {
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

// deaf is a bus that does not answer.
type deaf struct{ bus.Conn }

func (deaf) Ready(ctx context.Context) error {
	<-ctx.Done()
	return fmt.Errorf("the bus does not answer: %w", ctx.Err())
}

func TestHealthSaysSinceWhenNothingIsStoredThoughTheBusDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &App{bus: deaf{}, busState: newBusState(func(string, string, string) {}, metrics.NewSet())}
		s := &httpServer{app: a}
		says := func(want string) {
			t.Helper()
			w := httptest.NewRecorder()
			s.health(w, httptest.NewRequest(http.MethodGet, "/healthz", nil))
			if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), `"bus":"`+want) {
				t.Errorf("%d %s, want %s", w.Code, w.Body, want)
			}
		}
		says("the bus does not answer: context deadline exceeded")
		a.busState.note(bus.Standing{Server: "n1", Cluster: true}, time.Now())
		time.Sleep(11 * time.Second)
		says("nothing is stored for 12s: no server of its cluster leads: more than half of them must be there and reach each other")
	})
}

// A leader that has lost the others goes on to say for some seconds that it leads.
func TestALeaderWithoutTheOthersStoresNothing(t *testing.T) {
	var told []string
	s := newBusState(func(kind, about, why string) { told = append(told, kind+" "+about+": "+why) }, metrics.NewSet())
	start := time.Unix(1e9, 0)
	at := func(second int) time.Time { return start.Add(time.Duration(second) * time.Second) }
	s.note(bus.Standing{Server: "n1", Cluster: true, Leader: "n1", Servers: []string{"n1", "n2", "n3"}}, at(0))
	alone := bus.Standing{Server: "n1", Cluster: true, Leader: "n1", Servers: []string{"n1", "n2", "n3"}, Behind: []bus.Replica{{Server: "n2", Away: true}, {Server: "n3", Away: true, Seen: 6 * time.Second}}}
	s.note(alone, at(10))
	s.note(bus.Standing{Server: "n1", Cluster: true}, at(16)) // it gave up
	want := "nothing is stored for 12s: 1 of the 3 servers of its cluster answers, and more than half have to: start n2 or n3, or mend the way there"
	if _, err := s.health(at(16)); err == nil || err.Error() != want {
		t.Errorf("it says %v", err)
	}
	s.note(bus.Standing{Server: "n1", Cluster: true, Leader: "n3", Servers: []string{"n1", "n2", "n3"}}, at(20))
	if _, err := s.health(at(20)); err != nil || s.up() != 1 {
		t.Errorf("afterwards: %v", err)
	}
	all := []string{
		"bus-lost bus: 1 of the 3 servers of its cluster answers, and more than half have to: start n2 or n3, or mend the way there",
		"bus-back bus: it stores again, led by n3, after 16s",
		"lead-taken journal: n3 leads it among the servers of the bus, and n1 no more",
	}
	if diff := cmp.Diff(all, told); diff != "" {
		t.Error(diff)
	}
}

// One of three that lost a leader never counted the others itself: which they are is known all the same.
func TestWithoutALeaderTheServersAreNamed(t *testing.T) {
	s := newBusState(nil, metrics.NewSet())
	at := time.Unix(1e9, 0)
	s.note(bus.Standing{Server: "n1", Cluster: true, Leader: "n2", Servers: []string{"n1", "n2", "n3"}}, at)
	s.note(bus.Standing{Server: "n1", Cluster: true}, at)
	want := "nothing is stored for 21s: no server of its cluster leads: more than half of n1, n2, n3 must be there and reach each other"
	if err := s.silent(at.Add(21 * time.Second)); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}
