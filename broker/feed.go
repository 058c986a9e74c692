package broker

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/hosting"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// serveAgain is the pause after which a module that gave up serving serves again.
const serveAgain = 15 * time.Second

// hostDefined hosts an export module that the configuration asks for, if it is one.
func (b *Broker) hostDefined(ctx context.Context, m *monitor.Module) {
	e, err := b.o.Build(m, b.outlook())
	switch {
	case errors.Is(err, modules.ErrNotMine):
	case err != nil:
		hosting.Complain(b.o.Log, "an export module is not started until its definition is mended", err)
	default:
		b.hostParts(ctx, e)
	}
}

// hostParts hosts a module, or each of its parts.
func (b *Broker) hostParts(ctx context.Context, m modules.Exporter) {
	several, ok := m.(modules.Several)
	if !ok {
		b.host(ctx, m)
		return
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, part := range several.Parts() {
		wg.Go(func() { b.host(ctx, part) })
	}
}

// host feeds an export module, and lets it do what it does besides, until ctx ends.
func (b *Broker) host(ctx context.Context, m modules.Exporter) {
	var wg sync.WaitGroup
	defer wg.Wait()
	if s, ok := m.(modules.Serving); ok {
		wg.Go(func() { b.serve(ctx, m.Name(), s) })
	}
	if c, ok := m.(modules.Closer); ok {
		defer c.Close()
	}
	b.feed(ctx, m)
}

// serve has a module serve, and again after a pause if it gives up.
func (b *Broker) serve(ctx context.Context, name string, s modules.Serving) {
	for ctx.Err() == nil {
		err := s.Serve(ctx)
		if ctx.Err() == nil {
			b.o.Log.Error("a module gave up serving and is started again", "module", name, "error", err)
			pause(ctx, serveAgain)
		}
	}
}

// feed reads for an export module until ctx ends. A module that fails gets the same broks again; its place in the streams
// outlives this process.
func (b *Broker) feed(ctx context.Context, m modules.Exporter) {
	var one sync.Mutex // the module gets one call at a time
	read := func(stream bus.Stream, filter bus.Subject, what string) {
		cursor := bus.Cursor{Stream: stream, Filter: filter, Durable: "export-" + bus.Token(m.Name()) + "-" + what, Ack: 15 * time.Second}
		for ctx.Err() == nil {
			var d wire.Decoder
			err := b.o.Bus.Read(ctx, cursor, func(msgs []bus.Msg) error {
				one.Lock()
				defer one.Unlock()
				return b.export(ctx, &d, m, msgs)
			})
			if ctx.Err() == nil {
				b.o.Log.Warn("an export module pauses", "module", m.Name(), "error", err)
				pause(ctx, time.Second)
			}
		}
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	if m.Wants().Events {
		wg.Go(func() { read(bus.EV, bus.AllEvents(), "events") })
		wg.Go(func() { read(bus.DONE, "", "done") })
	}
	if m.Wants().Checks {
		wg.Go(func() { read(bus.PERF, bus.AllPerf(), "perf") })
	}
}

func (b *Broker) export(ctx context.Context, d *wire.Decoder, module modules.Exporter, msgs []bus.Msg) error {
	var broks []monitor.Brok
	for _, m := range msgs {
		some, err := decode(d, m)
		if err != nil {
			b.unreadable.Inc()
			b.o.Log.Error("unreadable broks are passed over", "module", module.Name(), "subject", m.Subject, "seq", m.Seq, "error", err)
			continue
		}
		broks = append(broks, some...)
	}
	if len(broks) == 0 {
		return nil
	}
	err := give(ctx, module, broks)
	if err != nil && ctx.Err() == nil {
		b.o.Log.Warn("an export module did not take broks; they come again", "module", module.Name(), "broks", len(broks), "error", err)
	}
	return err
}

// give keeps a module's panic from being the broker's.
func give(ctx context.Context, m modules.Exporter, broks []monitor.Brok) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the module has a bug, please report it: %v\n%s", r, debug.Stack())
		}
	}()
	return m.Export(ctx, broks)
}
