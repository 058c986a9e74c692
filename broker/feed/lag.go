package feed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/monitor"
)

const (
	lagEvery = 5 * time.Second
	// nearly is how much of what a stream may hold has to wait for a module before people are warned and /healthz says it.
	nearly = 0.8
)

// lag is what is watched of a module's place in a stream. The module's mu guards it.
type lag struct {
	full   float64       // as Fullness says, when it was looked at last
	age    time.Duration // of the oldest message that waits, then
	gone   uint64        // messages that are lost already and not counted yet
	warned bool
}

// gaps notes what was removed before the module came to it: between its place and the messages that came next. In the journal
// some records have a time of their own, and nobody misses them; but what lies before the oldest that there is, its limits
// removed, and whatever it was, it counts.
func (h *module) gaps(ctx context.Context, stream bus.Stream, msgs []bus.Msg) error {
	h.mu.Lock()
	after := h.standing.place(stream).After
	h.mu.Unlock()
	first := uint64(math.MaxUint64)
	for i := range msgs {
		next := msgs[i].Seq
		if next > after+1 && stream == bus.EV && first == math.MaxUint64 {
			x, err := h.feeder.o.Bus.Extent(ctx, stream, after)
			if err != nil {
				return err
			}
			first = x.First
		}
		h.missing(stream, after, min(next, first))
		after = next
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.standing.place(stream).Held = after
	h.changes++
	return nil
}

// missing notes that nothing came between two sequences, as far as that is not counted yet. A stream that lost its newest messages, or
// began anew, has lower ones, and nothing is known of what it lost.
func (h *module) missing(stream bus.Stream, after, next uint64) {
	h.mu.Lock()
	p := h.standing.place(stream)
	if next <= after {
		p.Counted, p.Held = 0, 0
		delete(h.marks, stream)
	}
	after = max(after, p.Counted)
	h.mu.Unlock()
	if next <= after+1 {
		return
	}
	n := next - after - 1
	h.feeder.o.Metrics.GetOrCreateCounter(fmt.Sprintf("onbu_export_lost_total{module=%q,stream=%q}", h.name, stream)).AddInt64(int64(n))
	h.log.Error("an export module was away for too long: the stream's limits removed messages that it had not had",
		"stream", stream, "messages", n, "first", after+1, "last", next-1)
	h.mu.Lock()
	defer h.mu.Unlock()
	p.Lost, p.Counted = p.Lost+n, next-1
	p.LastLost = monitor.At(time.Now())
	h.changes++
}

// watchLag measures how far the module is behind, and warns before anything is lost.
func (h *module) watchLag(ctx context.Context) {
	for pause(ctx, lagEvery); ctx.Err() == nil; pause(ctx, lagEvery) {
		for _, stream := range h.streams() {
			h.mu.Lock()
			after := h.standing.place(stream).After
			h.mu.Unlock()
			x, err := h.feeder.o.Bus.Extent(ctx, stream, after)
			if err != nil {
				h.log.Debug("how far an export module is behind is not known", "stream", stream, "error", err)
				continue
			}
			h.judge(stream, after, &x)
		}
	}
}

// lagGauges are those of each stream that only the broker at work with the module has: another one knows when it has begun.
var lagGauges = [...]string{"waiting_messages", "oldest_seconds", "limit_used_ratio", "losing_messages"}

func (h *module) lagGauge(name string, stream bus.Stream) string {
	return fmt.Sprintf("onbu_export_%s{module=%q,stream=%q}", name, h.name, stream)
}

// forgetLag takes back what was said of the lag, when the module is not at work here any more.
func (h *module) forgetLag() {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.lags)
	for _, stream := range h.streams() {
		for _, name := range lagGauges {
			h.feeder.o.Metrics.UnregisterMetric(h.lagGauge(name, stream))
		}
	}
}

func (h *module) judge(stream bus.Stream, after uint64, x *bus.Extent) {
	waiting, age := x.Behind(after), time.Duration(0)
	if !x.Next.IsZero() {
		age = time.Since(x.Next)
	}
	full := Fullness(after, x, time.Now())
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.lags[stream]
	if l == nil {
		l = &lag{}
		h.lags[stream] = l
	}
	gone := h.standing.place(stream).gone(x)
	for i, v := range [len(lagGauges)]float64{float64(waiting), age.Seconds(), full, float64(gone)} {
		h.feeder.o.Metrics.GetOrCreateGauge(h.lagGauge(lagGauges[i], stream), nil).Set(v)
	}
	if gone > 0 && l.gone == 0 {
		h.log.Error("an export module is too far behind and loses messages now: the stream's limits remove what it has not had; mend it",
			"stream", stream, "messages", gone, "waiting", waiting)
	}
	l.full, l.gone, l.age = full, gone, age
	switch {
	case full >= nearly && !l.warned:
		l.warned = true
		h.log.Warn("an export module is nearly too far behind: mend it, or let the stream keep more (--perf-keep and --perf-max of the arbiter), before messages are lost",
			"stream", stream, "waiting", waiting, "oldest", age.Round(time.Second), "limit_used", fmt.Sprintf("%.0f %%", 100*full))
	case full < nearly/2:
		l.warned = false
	}
}

// Fullness says how much of what a stream may hold waits behind a place, by age or by size, whichever is more: at 1 messages are
// lost.
func Fullness(after uint64, x *bus.Extent, now time.Time) float64 {
	waiting := x.Behind(after)
	if waiting == 0 {
		return 0
	}
	full := 0.0
	if x.MaxBytes > 0 {
		full = float64(x.Bytes) / float64(x.MaxBytes) * float64(waiting) / float64(x.Last-x.First+1)
	}
	if x.MaxAge > 0 && !x.Next.IsZero() {
		full = max(full, float64(now.Sub(x.Next))/float64(x.MaxAge))
	}
	return full
}

// Behind says for how long the oldest message waits that a module at work here has not had, as looked up some seconds ago.
func (f *Feeder) Behind() (oldest time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, h := range f.hosted {
		h.mu.Lock()
		for _, l := range h.lags {
			oldest = max(oldest, l.age)
		}
		h.mu.Unlock()
	}
	return oldest
}

// Healthy says which modules are so far behind that messages are about to be lost, or are being lost; nil if none is. What was
// lost is over, and nothing that reads health can bring it back: `onbu exports`, the log and the metrics keep it.
func (f *Feeder) Healthy() error {
	f.mu.Lock()
	hosted := slices.SortedFunc(maps.Values(f.hosted), func(a, b *module) int { return cmp.Compare(a.key, b.key) })
	f.mu.Unlock()
	var all []error
	for _, h := range hosted {
		all = append(all, h.healthy())
	}
	return errors.Join(all...)
}

func (h *module) healthy() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []error
	for _, stream := range h.streams() {
		switch l := h.lags[stream]; {
		case l == nil:
		case l.gone > 0:
			all = append(all, fmt.Errorf("export module %s is too far behind and loses messages: %d of %s are gone before it had them; onbu exports says why",
				h.name, l.gone, stream))
		case l.full >= nearly:
			all = append(all, fmt.Errorf("export module %s is too far behind: what waits for it takes %.0f %% of what %s may hold, and what is beyond is lost; onbu exports says why",
				h.name, 100*l.full, stream))
		}
	}
	return errors.Join(all...)
}
