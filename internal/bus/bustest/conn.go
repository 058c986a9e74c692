package bustest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
)

// conn holds the tests of a bus that is not prepared yet.
var conn = map[string]func(*testing.T, *fixture){
	"is ready once it was prepared": func(t *testing.T, f *fixture) {
		ctx, cancel := context.WithTimeout(f.ctx, 50*time.Millisecond)
		defer cancel()
		if err := f.b.Ready(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("before: got %v", err)
		}
		ready := make(chan error, 1)
		f.running.Go(func() { ready <- f.b.Ready(f.ctx) })
		f.prepare()
		f.must(next(f, ready))
	},
	"may be prepared again": func(t *testing.T, f *fixture) {
		f.prepare()
		f.append(bus.Done(1), "1")
		f.must(f.b.Prepare(f.ctx))
		got, _ := f.read(f.b, bus.Cursor{Stream: bus.DONE})
		next(f, got)
	},
	"lets everybody wait for what is not there yet": func(t *testing.T, f *fixture) {
		got, _ := f.read(f.b, bus.Cursor{Stream: bus.DONE})
		named, _ := f.read(f.b, bus.Cursor{Stream: bus.DONE, Durable: "d"})
		entries := f.watch(f.b, bus.CFG, "")
		appended := make(chan error, 1)
		f.running.Go(func() { appended <- f.a.Append(f.ctx, bus.Done(1), []byte("1"), "") })
		f.prepare()
		f.must(next(f, appended))
		next(f, got)
		next(f, named)
		_, err := f.a.Put(f.ctx, bus.CFG, "current", nil, 0)
		f.must(err)
		next(f, entries)
	},
	"is closed for all that follows": func(t *testing.T, f *fixture) {
		f.prepare()
		c := f.connect("c")
		reading, watching := make(chan error, 2), make(chan error, 1)
		for _, durable := range []string{"", "d"} {
			f.running.Go(func() {
				reading <- c.Read(f.ctx, bus.Cursor{Stream: bus.DONE, Durable: durable}, func([]bus.Msg) error { return nil })
			})
		}
		f.running.Go(func() { watching <- c.Watch(f.ctx, bus.CFG, "", func(bus.Entry) {}) })
		f.must(c.Close())
		f.must(c.Close())
		_, request := c.Request(f.ctx, bus.Ask(1), nil)
		_, claim := c.Claim(f.ctx, 1, nil)
		_, get := c.Get(f.ctx, bus.CFG, "k")
		_, subscribe := c.Subscribe(bus.Ask(1), func(bus.Msg) {})
		for what, err := range map[string]error{
			"Publish": c.Publish(bus.Ask(1), nil), "Request": request, "Claim": claim, "Get": get, "Subscribe": subscribe,
			"Append": c.Append(f.ctx, bus.Done(1), nil, ""), "Read": next(f, reading), "Watch": next(f, watching),
			"PutBlob": c.PutBlob(f.ctx, bus.CFG, "x", nil), "Ready": c.Ready(f.ctx), "the other Read": next(f, reading),
		} {
			if !errors.Is(err, bus.ErrClosed) {
				t.Errorf("%s: got %v", what, err)
			}
		}
	},
}
