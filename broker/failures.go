package broker

import (
	"context"
	"slices"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// So many notifications that went wrong are remembered, and so many of one object.
const (
	failuresKept  = 10_000
	failuresOfOne = 20
)

// failure is a notification that was decided and did not get through.
type failure struct {
	decided monitor.Time
	contact string
	why     string
}

// failures remembers which notifications went wrong, so that whoever asks why no mail came is told. The zero value is
// ready.
type failures struct {
	of    map[monitor.Ref][]failure
	order []monitor.Ref // oldest first
}

func (f *failures) add(b *monitor.Brok) {
	if b.Kind != monitor.BrokActionDone || b.Text == "" || b.Action == nil {
		return
	}
	if f.of == nil {
		f.of = map[monitor.Ref][]failure{}
	}
	if len(f.order) >= failuresKept {
		oldest := f.order[0]
		f.order = f.order[1:]
		if f.of[oldest] = f.of[oldest][min(1, len(f.of[oldest])):]; len(f.of[oldest]) == 0 {
			delete(f.of, oldest)
		}
	}
	ref := b.Action.Ref
	f.of[ref] = append(f.of[ref], failure{b.Action.Time, b.Action.Contact, b.Text})
	if n := len(f.of[ref]) - failuresOfOne; n > 0 {
		f.of[ref] = slices.Clone(f.of[ref][n:])
	}
	f.order = append(f.order, ref)
}

// why says what went wrong with a notification; empty if nothing is known of.
func (f *failures) why(ref monitor.Ref, t *monitor.Telling) string {
	for _, one := range f.of[ref] {
		if one.decided == t.Time && one.contact == t.Contact {
			return one.why
		}
	}
	return ""
}

// followDone reads what became of notifications.
func (b *Broker) followDone(ctx context.Context) {
	cursor := bus.Cursor{Stream: bus.DONE}
	for ctx.Err() == nil {
		err := b.o.Bus.Read(ctx, cursor, func(msgs []bus.Msg) error {
			for _, m := range msgs {
				cursor.After = m.Seq
				var done monitor.Brok
				if err := wire.Unmarshal(m.Data, &done); err != nil {
					b.unreadable.Inc()
					b.poison.Put(bus.DONE, &m, err)
					continue
				}
				b.mu.Lock()
				b.failed.add(&done)
				b.mu.Unlock()
			}
			return nil
		})
		if ctx.Err() == nil {
			b.o.Log.Warn("reading what became of notifications stopped and starts again", "error", err)
			pause(ctx, time.Second)
		}
	}
}
