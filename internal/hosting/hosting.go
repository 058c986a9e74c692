// Package hosting knows which modules of a configuration a receiver or broker hosts at a time: it starts and ends them as
// generations come into force, and leaves those alone that are as they were.
package hosting

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// adoptAgain is the pause after which the modules of a configuration are read again that could not be read.
const adoptAgain = 5 * time.Second

// Options says for whom modules are hosted.
type Options struct {
	Bus bus.Conn
	// Daemon is the name of the receiver or broker.
	Daemon string
	// Besides gives the modules to host where the configuration asks for some; nil for just those.
	Besides func([]monitor.Module) []monitor.Module
	// Host works with a module until ctx ends; it returns at once for modules of others.
	Host func(ctx context.Context, m *monitor.Module)
	// Adopted is called when the modules of a generation are hosted, and others not any more; nil for nobody.
	Adopted func(generation uint64)
	Log     *slog.Logger
}

// Run hosts the modules of the configuration in force until ctx ends, and waits for their end.
func Run(ctx context.Context, o Options) {
	h := host{o: o, running: map[string]*hosted{}}
	defer h.keep(nil)
	newest := make(chan []byte, 1)
	var watching sync.WaitGroup
	defer watching.Wait()
	watching.Go(func() { watch(ctx, o, newest) })
	var current []byte
	var again <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case current = <-newest:
		case <-again:
		}
		if again = nil; h.adopt(ctx, current) != nil {
			again = time.After(adoptAgain)
		}
	}
}

// watch keeps the newest pointer to a configuration in a channel with room for one.
func watch(ctx context.Context, o Options, newest chan []byte) {
	for ctx.Err() == nil {
		err := o.Bus.Watch(ctx, bus.CFG, "current", func(e bus.Entry) {
			select {
			case <-newest:
			default:
			}
			newest <- e.Value
		})
		if ctx.Err() == nil {
			o.Log.Warn("the watch for modules ended and begins again", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
}

// Complain logs what is wrong with a definition, a line each.
func Complain(log *slog.Logger, what string, err error) {
	log.Error(what)
	for line := range strings.Lines(err.Error()) {
		log.Error(strings.TrimSuffix(line, "\n"))
	}
}

// host is the modules of a daemon; only the watch uses it.
type host struct {
	o       Options
	running map[string]*hosted // by what they are
}

type hosted struct {
	end context.CancelFunc
	wg  sync.WaitGroup
}

// adopt hosts the modules of a configuration. Its error is that they cannot be read.
func (h *host) adopt(ctx context.Context, current []byte) error {
	all, err := Load(ctx, h.o.Bus, current)
	if err != nil {
		if ctx.Err() == nil {
			h.o.Log.Error("the modules of the new configuration are not in use; they are read again in 5 s", "error", err)
		}
		return err
	}
	mine := all.For(h.o.Daemon)
	if h.o.Besides != nil {
		mine = h.o.Besides(mine)
	}
	wanted := map[string]*monitor.Module{}
	for i := range mine {
		wanted[Identity(mine[i])] = &mine[i]
	}
	h.keep(wanted)
	for id, m := range wanted {
		if h.running[id] == nil {
			h.start(ctx, id, m)
		}
	}
	h.adopted(current)
	return nil
}

// adopted tells that the modules of a configuration are hosted.
func (h *host) adopted(current []byte) {
	var g wire.Generation
	if h.o.Adopted != nil && wire.Unmarshal(current, &g) == nil {
		h.o.Adopted(g.Number)
	}
}

// Load gives the modules of a configuration; current is the value of the pointer to it.
func Load(ctx context.Context, c bus.Conn, current []byte) (all monitor.Modules, err error) {
	var g wire.Generation
	if err := wire.Unmarshal(current, &g); err != nil {
		return all, fmt.Errorf("pointer to the current configuration: %w", err)
	}
	data, err := c.Blob(ctx, bus.CFG, wire.ModulesName(g.Number))
	if errors.Is(err, bus.ErrNotFound) { // an older arbiter stored it
		return all, nil
	}
	if err != nil {
		return all, err
	}
	return all, wire.Unmarshal(data, &all)
}

// keep ends all modules but those wanted, and waits until their ports are free.
func (h *host) keep(wanted map[string]*monitor.Module) {
	for id, r := range h.running {
		if wanted[id] == nil {
			r.end()
		}
	}
	for id, r := range h.running {
		if wanted[id] == nil {
			r.wg.Wait()
			delete(h.running, id)
		}
	}
}

func (h *host) start(ctx context.Context, id string, m *monitor.Module) {
	ctx, end := context.WithCancel(ctx)
	r := &hosted{end: end}
	h.running[id] = r
	r.wg.Go(func() { h.o.Host(ctx, m) })
}

// Identity is the same for definitions that say the same, wherever they stand.
func Identity(m monitor.Module) string {
	m.File, m.Line, m.Daemons = "", 0, nil
	settings := make([]monitor.Setting, len(m.Settings))
	for i, s := range m.Settings {
		settings[i] = monitor.Setting{Name: s.Name, Value: s.Value}
	}
	m.Settings = settings
	return string(wire.Marshal(m))
}
