package app

import (
	"context"
	"maps"
	"time"

	"github.com/onbu/onbu/internal/nodes"
)

// lookWithin bounds how long somebody who is to be told waits for how the bus is at that moment.
const lookWithin = time.Second

// withBus adds to the load of an arbiter, also of one that rests, how many servers of the bus are missing, so that whoever orders something
// sees it; and whether that of this process is one of them.
func (a *App) withBus(role string, load map[string]int64) map[string]int64 {
	if role != "arbiter" || a.busState == nil {
		return load
	}
	out := map[string]int64{}
	maps.Copy(out, load)
	out[nodes.BusServersAway], out[nodes.BusServerBehind] = a.busState.missing()
	if a.ending.Load() && a.o.Serve.Cluster != "" {
		out[nodes.BusServersAway]++ // soon
	}
	return out
}

// lookAtBus gives how many servers of the bus are missing at this moment, as far as this process may ask.
func (a *App) lookAtBus(ctx context.Context) (n int64) {
	if a.busState == nil {
		return 0
	}
	a.busState.look(ctx, a.bus.(standing))
	n, _ = a.busState.missing()
	return n
}

// busNews fires when another number of servers is missing.
func (r *running) busNews() <-chan struct{} {
	if r.role.name != "arbiter" || r.app.busState == nil {
		return nil
	}
	return r.app.busState.news
}

// missing counts the servers that are away or have not everything, and those of them that a daemon is connected with: its own.
func (s *busState) missing() (all, own int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.lagging[s.now.Server]; t != nil && t.counts || s.now.Cluster && s.now.Leader == "" {
		own = 1
	}
	return s.count(), own
}

// count is missing with the lock held. While nobody leads, one at least is not as it should be.
func (s *busState) count() (n int64) {
	if s.now.Cluster && !s.mute.since.IsZero() {
		n = 1
	}
	behind := int64(0)
	for _, t := range s.lagging {
		if t.counts {
			behind++
		}
	}
	return max(n, behind)
}

// look asks the bus how it is at this moment.
func (s *busState) look(ctx context.Context, b standing) {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	is := b.Standing(ctx)
	s.note(is, time.Now())
}
