package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

const (
	// standingEvery is how often the bus is asked how it is.
	standingEvery = time.Second
	// awayFor is how long a server has to be away before no other is to be stopped: a connection between two may be made anew.
	awayFor = 2 * time.Second
	// electionTakes is how long a cluster may be without a leader when one of its servers is lost; longer is worth an alarm.
	electionTakes = 10 * time.Second
)

// standing is a bus that can say how it is.
type standing interface {
	Standing(ctx context.Context) bus.Standing
}

// busState is what is known of the bus. Any goroutine may ask it.
type busState struct {
	tell monitor.Chronicle
	// news holds a token when another number of servers is missing.
	news chan struct{}

	mu      sync.Mutex // guards what follows
	now     bus.Standing
	mute    trouble             // nobody leads: nothing is stored
	lagging map[string]*trouble // by server, that it has not everything
}

// trouble lasts since a time, and zero is none. What is over before a leader could be elected is not worth telling.
type trouble struct {
	since time.Time
	told  bool
	// counts is that no other server is to be stopped; until it has everything again.
	counts bool
}

// lasts says for how long there has been trouble that is worth telling; 0 for none.
func (t *trouble) lasts(now time.Time) time.Duration {
	if t.since.IsZero() || now.Sub(t.since) < electionTakes {
		return 0
	}
	return now.Sub(t.since).Round(time.Second)
}

// watchBus asks the bus how it is until ctx ends, where this process may.
func (a *App) watchBus(ctx context.Context) {
	b, ok := a.bus.(standing)
	if !ok || !slices.Contains(a.o.Roles, "arbiter") {
		return
	}
	a.busState = newBusState(a.deeds.For(""), a.metrics)
	go a.busState.watch(ctx, b)
}

func newBusState(tell monitor.Chronicle, set *metrics.Set) *busState {
	s := &busState{tell: tell, news: make(chan struct{}, 1), lagging: map[string]*trouble{}}
	set.NewGauge("onbu_bus_up", s.up)
	set.NewGauge("onbu_bus_servers_behind", s.behind)
	return s
}

func (s *busState) watch(ctx context.Context, b standing) {
	ticker := time.NewTicker(standingEvery)
	defer ticker.Stop()
	for {
		s.note(b.Standing(ctx), time.Now())
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// note takes in how the bus is, and tells of what has changed.
func (s *busState) note(is bus.Standing, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.count()
	s.take(is, now)
	if s.count() != was {
		signal(s.news)
	}
}

// take is note with the lock held.
func (s *busState) take(is bus.Standing, now time.Time) {
	if is.Leader == "" {
		s.now.Server, s.now.Cluster, s.now.Bare, s.now.Unjoined = is.Server, is.Cluster, is.Bare, is.Unjoined // of the rest nobody said anything
		s.begins(&s.mute, "bus", s.why(), now)
		return
	}
	if _, lasts, short := is.Short(); short {
		s.now = is
		s.noteServers(now)
		if s.mute.since.IsZero() {
			s.mute.since = now.Add(-lasts)
		}
		s.begins(&s.mute, "bus", s.why(), now)
		return
	}
	s.ends(&s.mute, "bus", "it stores again, led by "+is.Leader, now)
	if was := s.now.Leader; was != "" && was != is.Leader {
		s.tell.Tell(monitor.LeadTaken, "journal", fmt.Sprintf("%s leads it among the servers of the bus, and %s no more", is.Leader, was))
	}
	s.now = is
	s.noteServers(now)
}

func (s *busState) noteServers(now time.Time) {
	behind := map[string]bool{}
	for _, r := range s.now.Behind {
		behind[r.Server] = true
		t := s.lagging[r.Server]
		if t == nil {
			t = &trouble{}
			s.lagging[r.Server] = t
		}
		s.begins(t, "bus server "+r.Server, lacks(r), now)
		t.counts = t.counts || r.Left || r.Begins || r.Away && now.Sub(t.since) >= awayFor || t.lasts(now) > 0
	}
	for server, t := range s.lagging {
		if !behind[server] {
			s.ends(t, "bus server "+server, "it has everything again", now)
			delete(s.lagging, server)
		}
	}
}

func (s *busState) begins(t *trouble, about, why string, now time.Time) {
	if t.since.IsZero() {
		t.since = now
	}
	if t.lasts(now) > 0 && !t.told {
		t.told = true
		s.tell.Tell(monitor.BusLost, about, why)
	}
}

func (s *busState) ends(t *trouble, about, why string, now time.Time) {
	if t.told {
		s.tell.Tell(monitor.BusBack, about, fmt.Sprintf("%s, after %s", why, t.lasts(now)))
	}
	*t = trouble{}
}

// lacks says what is wrong with a server.
func lacks(r bus.Replica) string {
	switch {
	case r.Away && r.Seen < time.Second:
		return "it is away"
	case r.Away:
		return fmt.Sprintf("it is away, last seen %s ago", r.Seen.Round(time.Second))
	case r.Begins:
		return "it has begun, and has not everything yet"
	}
	return fmt.Sprintf("it lacks %d changes", r.Lag)
}

// why says what is wrong while nothing is stored. Called with the lock held.
func (s *busState) why() string {
	if s.now.Unjoined != "" {
		return s.cause() + "; not there: " + s.now.Unjoined
	}
	return s.cause()
}

func (s *busState) cause() string {
	switch {
	case s.now.Bare && s.now.Unjoined != "":
		return "no arbiter has prepared it yet, which the first time takes all servers that keep a copy"
	case s.now.Bare:
		return "no arbiter has prepared it yet"
	case s.now.Server == "":
		return "there is no connection to it"
	case s.now.Cluster:
		if there, _, short := s.now.Short(); short {
			return fmt.Sprintf("%d of the %d servers of its cluster answers, and more than half have to: start %s, or mend the way there", there, len(s.now.Servers), s.away())
		}
		all := "them"
		if len(s.now.Servers) > 0 {
			all = strings.Join(s.now.Servers, ", ")
		}
		return "no server of its cluster leads: more than half of " + all + " must be there and reach each other"
	}
	return "it does not answer"
}

// away names the servers that are not there. Called with the lock held.
func (s *busState) away() string {
	var names []string
	for _, r := range s.now.Behind {
		if r.Away {
			names = append(names, r.Server)
		}
	}
	slices.Sort(names)
	return strings.Join(names, " or ")
}

// silence says since when nothing is stored. Called with the lock held.
func (s *busState) silence(now time.Time) error {
	return fmt.Errorf("nothing is stored for %s: %s", now.Sub(s.mute.since).Round(time.Second), s.why())
}

// silent says since when nothing is stored, be that only for a moment; nil while something is, as far as is known.
func (s *busState) silent(now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mute.since.IsZero() {
		return nil
	}
	return s.silence(now)
}

// health says what is wrong with the bus, and what is not as it should be though it works.
func (s *busState) health(now time.Time) (note string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mute.lasts(now) > 0 {
		return "", s.silence(now)
	}
	var notes []string
	if !s.mute.since.IsZero() {
		notes = append(notes, s.silence(now).Error())
	}
	for _, r := range s.now.Behind {
		if t := s.lagging[r.Server]; t.counts {
			notes = append(notes, fmt.Sprintf("server %s for %s: %s", r.Server, now.Sub(t.since).Round(time.Second), lacks(r)))
		}
	}
	return strings.Join(notes, "; "), nil
}

// up is 1 while somebody leads.
func (s *busState) up() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mute.since.IsZero() {
		return 1
	}
	return 0
}

func (s *busState) behind() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return float64(len(s.now.Behind))
}

func (s *busState) answer(now time.Time) api.Bus {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := api.Bus{Known: true, Server: s.now.Server, Cluster: s.now.Cluster, Leader: s.now.Leader, Servers: append([]string{}, s.now.Servers...), Behind: []api.BusServer{}}
	if !s.mute.since.IsZero() {
		a.Leader, a.Mute, a.Why = "", monitor.At(s.mute.since).Unix(), s.why()
	}
	for _, r := range s.now.Behind {
		one := api.BusServer{Server: r.Server, Since: monitor.At(now).Unix(), Why: lacks(r)}
		if t := s.lagging[r.Server]; t != nil {
			one.Since = monitor.At(t.since).Unix()
		}
		a.Behind = append(a.Behind, one)
	}
	return a
}
