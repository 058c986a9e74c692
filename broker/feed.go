package broker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/onbu/onbu/broker/feed"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/hosting"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

const (
	// serveAgain is the pause after which a module that gave up serving serves again.
	serveAgain = 15 * time.Second
	// steady is how long it must be at it to be called well: one that cannot have its port fails at once.
	steady = time.Second
)

// errOver is why a module that ended without a reason does not serve.
var errOver = errors.New("it ended by itself")

// hostDefined hosts an export module that the configuration asks for, if it is one.
func (b *Broker) hostDefined(ctx context.Context, m *monitor.Module) {
	e, start, err := b.o.Build(m, b.outlook())
	switch {
	case errors.Is(err, modules.ErrNotMine):
	case err != nil:
		hosting.Complain(b.o.Log, "an export module is not started until its definition is mended", err)
		b.down.Set(m.Name, err)
		<-ctx.Done()
		b.down.Set(m.Name, nil)
	default:
		b.hostParts(ctx, e, feed.Asked{Of: m.Name, Start: start})
	}
}

// hostParts hosts a module, or each of its parts.
func (b *Broker) hostParts(ctx context.Context, m modules.Exporter, asked feed.Asked) {
	several, ok := m.(modules.Several)
	if !ok {
		asked.Parts = []string{m.Name()}
		b.host(ctx, m, asked)
		return
	}
	parts := several.Parts()
	for _, part := range parts {
		asked.Parts = append(asked.Parts, part.Name())
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, part := range parts {
		wg.Go(func() { b.host(ctx, part, asked) })
	}
}

// host feeds an export module, and lets it do what it does besides, until ctx ends.
func (b *Broker) host(ctx context.Context, m modules.Exporter, asked feed.Asked) {
	if to, ok := m.(modules.Bound); ok {
		b.o.Log.Info("exports to "+to.To(), "module", m.Name())
	}
	if c, ok := m.(modules.Closer); ok {
		defer c.Close()
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	if s, ok := m.(modules.Serving); ok {
		wg.Go(func() { b.serve(ctx, m.Name(), s) })
	}
	if p, ok := m.(modules.Paged); ok {
		defer b.paged.show(p.Pages())()
	}
	b.feeder.Host(ctx, m, asked)
}

// serve has a module serve, and again after a pause if it gives up.
func (b *Broker) serve(ctx context.Context, name string, s modules.Serving) {
	defer b.down.Set(name, nil)
	for ctx.Err() == nil {
		serves := time.AfterFunc(steady, func() { b.down.Set(name, nil) })
		err := serveOnce(ctx, s)
		serves.Stop()
		if ctx.Err() == nil {
			b.down.Set(name, cmp.Or(err, errOver))
			b.o.Log.Error("a module gave up serving and is started again", "module", name, "error", err)
			pause(ctx, serveAgain)
		}
	}
}

// idle says that a module does not work.
func idle(name string, why error) error { return fmt.Errorf("module %s does not work: %w", name, why) }

// Troubles are the modules that do not work, with the reasons. Any goroutine may call it.
func (b *Broker) Troubles() []string {
	return append(b.down.Lines(idle), b.outage.lines(time.Now())...)
}

// serveOnce keeps a module's panic from being the broker's.
func serveOnce(ctx context.Context, s modules.Serving) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the module has a bug, please report it: %v\n%s", r, debug.Stack())
		}
	}()
	return s.Serve(ctx)
}

// defined gives the names of the modules of the configuration in force.
func (b *Broker) defined(ctx context.Context) (map[string]bool, error) {
	current, err := b.o.Bus.Get(ctx, bus.CFG, "current")
	if err != nil {
		return nil, err
	}
	all, err := hosting.Load(ctx, b.o.Bus, current.Value)
	if err != nil {
		return nil, err
	}
	list := all.List
	if b.o.Besides != nil {
		list = b.o.Besides(list)
	}
	names := make(map[string]bool, len(list))
	for i := range list {
		names[list[i].Name] = true
	}
	return names, nil
}

// exportsWithin is how long the bus may take to say how export modules are.
const exportsWithin = 8 * time.Second

// busTrouble says why the bus did not answer: what the process knows of it, else what can be said of the error.
func (b *Broker) busTrouble(err error) string {
	err = bus.Plain(b.o.Bus, err)
	if _, away := errors.AsType[*bus.Away](err); away && b.o.Mute != nil {
		_, why := b.o.Mute()
		err = cmp.Or(why, err)
	}
	return err.Error()
}

// handleExports adds the list of export modules to the API.
func (b *Broker) handleExports(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/exports", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), exportsWithin)
		defer cancel()
		all, err := b.feeder.Exports(ctx)
		if err != nil {
			refuse(w, http.StatusServiceUnavailable, b.busTrouble(err))
			return
		}
		answer(w, all)
	})
}
