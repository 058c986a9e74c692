// Package feed knows how an export module gets what happens: from a place of its own in each stream, in order, one batch after
// the other, again and again until it took it. The places are kept on the bus; of several brokers that host a module of one
// name one is at work, and the next one goes on where it was.
package feed

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// Options is what a Feeder needs.
type Options struct {
	Bus bus.Conn
	// Broker is the daemon's name. Boot differs after each start.
	Broker, Boot string
	// Defined gives the names of the modules that the configuration asks for.
	Defined func(ctx context.Context) (map[string]bool, error)
	// Decode reads the broks of a message.
	Decode  func(d *wire.Decoder, m bus.Msg) ([]monitor.Brok, error)
	Log     *slog.Logger
	Metrics *metrics.Set
}

// Feeder feeds the export modules of a broker. Any goroutine may use it.
type Feeder struct {
	o Options

	heirs  sync.Mutex // one place at a time takes over another
	mu     sync.Mutex // guards everything that follows
	hosted map[string]*module
	places map[string]entry // what FEED holds, by key
}

// entry is a Standing as it is stored.
type entry struct {
	Standing
	revision uint64
}

// New builds a feeder.
func New(o Options) *Feeder {
	return &Feeder{o: o, hosted: map[string]*module{}, places: map[string]entry{}}
}

// Asked says on whose behalf a module is hosted.
type Asked struct {
	// Of is the name of its definition; empty for a module that is hosted whatever the configuration says.
	Of string
	// Parts are the names of all modules that are hosted for this definition. A new one goes on where one was that is not among
	// them any more.
	Parts []string
	// Start is where a new place begins otherwise.
	Start modules.Start
}

// Host feeds a module until ctx ends, whenever it is this broker's turn.
func (f *Feeder) Host(ctx context.Context, m modules.Exporter, asked Asked) {
	h := f.newModule(m, asked)
	f.mu.Lock()
	f.hosted[h.key] = h
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.hosted[h.key] == h {
			delete(f.hosted, h.key)
		}
	}()
	for ctx.Err() == nil {
		l := lease{bus: f.o.Bus, key: h.key, mine: wire.Lease{Owner: f.o.Broker, Boot: f.o.Boot}, log: h.log}
		if !l.take(ctx) {
			return
		}
		h.active.Set(1)
		working, stop := context.WithCancelCause(ctx)
		var wg sync.WaitGroup
		wg.Go(func() { l.keep(working, stop) })
		h.work(working, stop)
		stop(nil)
		wg.Wait()
		h.active.Set(0)
		l.release()
		if ctx.Err() == nil {
			h.log.Info("an export module rests here", "because", context.Cause(working))
			pause(ctx, time.Second)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
