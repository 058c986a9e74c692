package web

import (
	"sync"
	"time"
)

// gap is since when the history takes nothing, and why. Any goroutine may use it.
type gap struct {
	mu    sync.Mutex
	since time.Time // zero while it takes everything
	why   string
}

// note keeps what became of storing something.
func (g *gap) note(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case err == nil:
		g.since, g.why = time.Time{}, ""
		return
	case g.since.IsZero():
		g.since = time.Now()
	}
	g.why = err.Error()
}

// now gives since when, in Unix seconds, and why; 0 and nothing while all is stored.
func (g *gap) now() (since float64, why string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.since.IsZero() {
		return 0, ""
	}
	return float64(g.since.UnixMilli()) / 1e3, g.why
}
