package bustest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
)

var messenger = map[string]func(*testing.T, *fixture){
	"publishes to all who listen": func(t *testing.T, f *fixture) {
		one, two := f.listen(f.a, bus.Want("linux")), f.listen(f.b, bus.Wants())
		other := f.listen(f.b, bus.Want("windows"))
		f.must(f.a.Publish(bus.Want("linux"), []byte("3 free")))
		for _, from := range []<-chan bus.Msg{one, two} {
			m := next(f, from)
			if m.Subject != bus.Want("linux") || string(m.Data) != "3 free" || m.Seq != 0 || m.Reply != nil {
				t.Errorf("got %+v", m)
			}
		}
		f.must(f.a.Publish(bus.Want("windows"), nil))
		if m := next(f, other); m.Subject != bus.Want("windows") {
			t.Errorf("got a message for %s", m.Subject)
		}
	},
	"keeps the order of a publisher": func(t *testing.T, f *fixture) {
		got := f.listen(f.b, bus.Jobs("p"))
		for _, text := range numbered(1000) {
			f.must(f.a.Publish(bus.Jobs("p"), []byte(text)))
		}
		if diff := cmp.Diff(numbered(1000), texts(f, got, 1000)); diff != "" {
			t.Error(diff)
		}
	},
	"does not keep data after Publish": func(t *testing.T, f *fixture) {
		got := f.listen(f.b, bus.Jobs("p"))
		data := []byte("first")
		f.must(f.a.Publish(bus.Jobs("p"), data))
		copy(data, "xxxxx")
		if m := next(f, got); string(m.Data) != "first" {
			t.Errorf("got %q", m.Data)
		}
	},
	"gives each receiver data of its own": func(t *testing.T, f *fixture) {
		one, two := f.listen(f.a, bus.Jobs("p")), f.listen(f.a, bus.Jobs("p"))
		f.must(f.a.Publish(bus.Jobs("p"), []byte("first")))
		copy(next(f, one).Data, "xxxxx")
		if m := next(f, two); string(m.Data) != "first" {
			t.Errorf("got %q", m.Data)
		}
	},
	"does not deliver after stop": func(t *testing.T, f *fixture) {
		var stopped atomic.Bool
		stop, err := f.b.Subscribe(bus.Jobs("p"), func(bus.Msg) {
			if stopped.Load() {
				t.Error("deliver was called after stop")
			}
		})
		f.must(err)
		for range 100 {
			f.must(f.a.Publish(bus.Jobs("p"), nil))
		}
		stop()
		stopped.Store(true)
		stop() // twice is harmless
		after := f.listen(f.b, bus.Jobs("p"))
		f.must(f.a.Publish(bus.Jobs("p"), nil))
		next(f, after)
	},
	"refuses subjects that are none": func(t *testing.T, f *fixture) {
		for _, s := range []bus.Subject{"", "a..b", "a.", "a b", "x.*", "x.>", "a\nb", "ä"} {
			if f.a.Publish(s, nil) == nil {
				t.Errorf("Publish took %q", s)
			}
			if _, err := f.a.Request(f.ctx, s, nil); err == nil {
				t.Errorf("Request took %q", s)
			}
			if f.a.Append(f.ctx, s, nil, "") == nil {
				t.Errorf("Append took %q", s)
			}
		}
	},
	"carries the largest message and refuses larger ones": func(t *testing.T, f *fixture) {
		got := f.listen(f.b, bus.Jobs("p"))
		large := bytes.Repeat([]byte{7}, bus.MaxMessage+1)
		if err := f.a.Publish(bus.Jobs("p"), large); !errors.Is(err, bus.ErrTooLarge) {
			t.Errorf("Publish: %v", err)
		}
		if err := f.a.Append(f.ctx, bus.Done(1), large, ""); !errors.Is(err, bus.ErrTooLarge) {
			t.Errorf("Append: %v", err)
		}
		if _, err := f.a.Request(f.ctx, bus.Ask(1), large); !errors.Is(err, bus.ErrTooLarge) {
			t.Errorf("Request: %v", err)
		}
		f.must(f.a.Publish(bus.Jobs("p"), large[1:]))
		if m := next(f, got); len(m.Data) != bus.MaxMessage {
			t.Errorf("got %d bytes", len(m.Data))
		}
	},
	"answers requests": func(t *testing.T, f *fixture) {
		stop, err := f.b.Subscribe(bus.Ask(1), func(m bus.Msg) {
			if err := m.Reply(append([]byte("re: "), m.Data...)); err != nil {
				t.Error(err)
			}
		})
		f.must(err)
		defer stop()
		for i := range 20 {
			got, err := f.a.Request(f.ctx, bus.Ask(1), fmt.Append(nil, i))
			if want := fmt.Sprintf("re: %d", i); err != nil || string(got) != want {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
		}
	},
	"says at once when nobody answers": func(t *testing.T, f *fixture) {
		if _, err := f.a.Request(f.ctx, bus.Alive(7), nil); !errors.Is(err, bus.ErrNoResponders) {
			t.Errorf("got %v", err)
		}
		stop, err := f.b.Subscribe(bus.Alive(7), func(m bus.Msg) { _ = m.Reply(nil) })
		f.must(err)
		if _, err := f.a.Request(f.ctx, bus.Alive(7), nil); err != nil {
			t.Error(err)
		}
		stop()
		for { // the server learns of the end of b's subscription in its own time
			ctx, cancel := context.WithTimeout(f.ctx, 50*time.Millisecond)
			_, err := f.a.Request(ctx, bus.Alive(7), nil)
			cancel()
			if errors.Is(err, bus.ErrNoResponders) {
				break
			}
			f.must(f.ctx.Err())
		}
	},
	"waits for an answer no longer than its context": func(t *testing.T, f *fixture) {
		f.listen(f.b, bus.Ask(1))
		ctx, cancel := context.WithTimeout(f.ctx, 50*time.Millisecond)
		defer cancel()
		if _, err := f.a.Request(ctx, bus.Ask(1), nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	},
}

// listen returns what arrives for a subject.
func (f *fixture) listen(c bus.Conn, s bus.Subject) <-chan bus.Msg {
	f.t.Helper()
	out := make(chan bus.Msg, 1<<16)
	stop, err := c.Subscribe(s, func(m bus.Msg) { out <- m })
	f.must(err)
	f.t.Cleanup(stop)
	return out
}
