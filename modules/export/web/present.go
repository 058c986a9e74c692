package web

import (
	"sync"
	"time"

	"github.com/onbu/onbu/broker/view"
)

// presentAge is how old the present may be that several pages share: each snapshot makes the broker copy what changes after it.
const presentAge = 250 * time.Millisecond

// present is what pages of hosts and services look at, made once for all of them. Any goroutine may use it.
type present struct {
	view func() *view.Snapshot

	mu    sync.Mutex // guards everything that follows
	now   *view.Snapshot
	taken time.Time
}

// snapshot gives the present, or what it was a moment ago.
func (p *present) snapshot() *view.Snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); p.now == nil || now.Sub(p.taken) > presentAge {
		p.now, p.taken = p.view(), now
		time.AfterFunc(2*presentAge, p.drop) // it keeps alive what has changed since
	}
	return p.now
}

// drop forgets a snapshot that nobody asked for lately.
func (p *present) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.taken) > presentAge {
		p.now = nil
	}
}
