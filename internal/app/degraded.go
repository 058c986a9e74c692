package app

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/nodes"
)

// gapsFor is how long one look for work that nobody does serves all who ask for the process's health.
const gapsFor = 2 * time.Second

// degraded is what is not done in the whole engine though this process is well. Any goroutine may ask.
type degraded struct {
	mu    sync.Mutex // guards what follows
	lines []string
	at    time.Time
}

// degraded says a line for each piece of work that nobody does. Only processes with a broker, which answer for the whole engine, say so. What
// cannot be found out is left out: then the bus is ill, which is said.
func (s *httpServer) degraded(ctx context.Context) []string {
	if !slices.Contains(s.app.o.Roles, "broker") {
		return nil
	}
	d := &s.missed
	d.mu.Lock()
	defer d.mu.Unlock()
	if time.Since(d.at) < gapsFor {
		return d.lines
	}
	gaps, err := nodes.Gaps(ctx, s.app.bus)
	if err != nil {
		return nil
	}
	d.lines, d.at = nil, time.Now()
	for i := range gaps {
		d.lines = append(d.lines, gaps[i].What()+": "+gaps[i].Text())
	}
	return d.lines
}
