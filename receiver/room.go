package receiver

import (
	"context"
	"strings"
	"sync"
)

const (
	// roomBytes is how much may wait to be stored, roomShare how much of it may be from one source.
	roomBytes = 64 << 20
	roomShare = 16 << 20
)

// room bounds what waits to be stored, in bytes. Any goroutine may use it.
type room struct {
	mu    sync.Mutex
	used  int
	of    map[string]int // by source
	freed chan struct{}  // closed when something leaves; nil while nobody waits
}

// enter waits until there is room. What takes more than the whole room enters alone.
func (r *room) enter(ctx context.Context, source string, bytes int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.used > 0 && r.used+bytes > roomBytes || r.of[source] > 0 && r.of[source]+bytes > roomShare {
		if r.freed == nil {
			r.freed = make(chan struct{})
		}
		freed := r.freed
		r.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
		}
		r.mu.Lock()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	if r.of == nil {
		r.of = map[string]int{}
	}
	r.used += bytes
	if _, there := r.of[source]; !there {
		source = strings.Clone(source)
	}
	r.of[source] += bytes
	return nil
}

func (r *room) leave(source string, bytes int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.used -= bytes
	if left := r.of[source] - bytes; left > 0 {
		r.of[source] = left
	} else {
		delete(r.of, source)
	}
	if r.freed != nil {
		close(r.freed)
		r.freed = nil
	}
}
