package broker

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// feed starts the readers of an export module. A module that fails gets the same broks again; its place in the streams
// outlives this process.
func (b *Broker) feed(ctx context.Context, wg *sync.WaitGroup, e Export) {
	var one sync.Mutex // the module gets one call at a time
	read := func(stream bus.Stream, filter bus.Subject, what string) {
		cursor := bus.Cursor{Stream: stream, Filter: filter, Durable: "export-" + bus.Token(e.Module.Name()) + "-" + what, Ack: 15 * time.Second}
		for ctx.Err() == nil {
			var d wire.Decoder
			err := b.o.Bus.Read(ctx, cursor, func(msgs []bus.Msg) error {
				one.Lock()
				defer one.Unlock()
				return b.export(ctx, &d, e, msgs)
			})
			if ctx.Err() == nil {
				b.o.Log.Warn("an export module pauses", "module", e.Module.Name(), "error", err)
				pause(ctx, time.Second)
			}
		}
	}
	if e.Events {
		wg.Go(func() { read(bus.EV, bus.AllEvents(), "events") })
		wg.Go(func() { read(bus.DONE, "", "done") })
	}
	if e.Perf {
		wg.Go(func() { read(bus.PERF, bus.AllPerf(), "perf") })
	}
}

func (b *Broker) export(ctx context.Context, d *wire.Decoder, e Export, msgs []bus.Msg) error {
	var broks []monitor.Brok
	for _, m := range msgs {
		some, err := decode(d, m)
		if err != nil {
			b.unreadable.Inc()
			b.o.Log.Error("unreadable broks are passed over", "module", e.Module.Name(), "subject", m.Subject, "seq", m.Seq, "error", err)
			continue
		}
		broks = append(broks, some...)
	}
	if len(broks) == 0 {
		return nil
	}
	err := give(ctx, e.Module, broks)
	if err != nil && ctx.Err() == nil {
		b.o.Log.Warn("an export module did not take broks; they come again", "module", e.Module.Name(), "broks", len(broks), "error", err)
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
