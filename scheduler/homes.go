package scheduler

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// homesKept is how long a directory is kept that nobody asks any more: it is large, and wanted after a reload only.
const homesKept = time.Minute

// homes says in which shard a host lives in the configuration that is in force. Any goroutine may use it.
type homes struct {
	bus bus.Conn

	mu     sync.Mutex
	last   *monitor.Directory
	forget *time.Timer
}

// now gives the directory of the configuration that is in force at this moment, which may be newer than what any shard has. It is
// not to be changed.
func (h *homes) now(ctx context.Context) (*monitor.Directory, error) {
	e, err := h.bus.Get(ctx, bus.CFG, "current")
	if err != nil {
		return nil, fmt.Errorf("which configuration is in force: %w", err)
	}
	var g wire.Generation
	if err := wire.Unmarshal(e.Value, &g); err != nil {
		return nil, fmt.Errorf("pointer to the current configuration: %w", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last == nil || h.last.Generation != g.Number {
		if h.last, err = h.load(ctx, g.Number); err != nil {
			return nil, err
		}
	}
	h.keep()
	return h.last, nil
}

func (h *homes) load(ctx context.Context, generation uint64) (*monitor.Directory, error) {
	d := &monitor.Directory{}
	data, err := h.bus.Blob(ctx, bus.CFG, wire.DirectoryName(generation))
	if err == nil {
		err = wire.Unmarshal(data, d)
	}
	if err != nil && !errors.Is(err, bus.ErrNotFound) { // without one nobody has any host
		return nil, fmt.Errorf("directory of generation %d: %w", generation, err)
	}
	d.Generation = generation
	return d, nil
}

// keep forgets the directory later. The lock is held.
func (h *homes) keep() {
	if h.forget != nil {
		h.forget.Stop()
	}
	h.forget = time.AfterFunc(homesKept, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.last = nil
	})
}
