package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

const (
	// batch is how many broks a module gets at a time at most, but for what one message holds.
	batch = 1000
	// breath is the pause after a small batch, so that the next one is larger.
	breath = 100 * time.Millisecond
	// saveEvery is how often a place is stored that moved: so much, and a batch at most, comes again after a kill -9.
	saveEvery = 500 * time.Millisecond
	// finish is how long a module may go on with a batch when the broker stops. With what is stored then it is less than silentFor.
	finish = 2 * time.Second
	// saveAnyway is how often it is stored although nothing happened: what is not, for long, is forgotten.
	saveAnyway = time.Hour
	// The pause after an error grows from leastPause to mostPause. While it lasts the log says so every sayAgain.
	leastPause, mostPause = time.Second, 30 * time.Second
	sayAgain              = 10 * time.Minute
)

// module is an export module that this broker hosts.
type module struct {
	feeder   *Feeder
	exporter modules.Exporter
	wants    modules.Wants
	asked    Asked
	name     string
	key      string
	log      *slog.Logger

	sent, failed, unreadable *metrics.Counter
	active                   *metrics.Gauge

	due     chan struct{} // the place is to be stored at once
	to      string        // of a Bound
	one     sync.Mutex    // the exporter gets one call at a time; guards trouble and refused
	trouble trouble
	refused uint64 // so much of what the exporter passed over is in the standing

	mu       sync.Mutex // guards everything that follows
	standing entry
	changes  uint64 // how often the standing changed, and with which change it was saved
	saved    uint64
	// doubt says that it is unknown whether tried, the last that was to be stored, is.
	doubt bool
	tried []byte
	loose loose
	lags  map[bus.Stream]*lag
	marks map[bus.Stream]marks
}

func (f *Feeder) newModule(m modules.Exporter, asked Asked) *module {
	h := &module{
		feeder: f, exporter: m, wants: m.Wants(), asked: asked, name: m.Name(),
		log: f.o.Log.With("module", m.Name()), lags: map[bus.Stream]*lag{}, marks: map[bus.Stream]marks{},
		due: make(chan struct{}, 1), loose: loose{stored: make(chan struct{})},
	}
	if b, ok := m.(modules.Bound); ok {
		h.to = b.To()
	}
	own := ""
	if h.wants.Own {
		own = f.o.Broker
	}
	h.key = bus.FeedKey(h.name, own)
	h.sent = f.o.Metrics.GetOrCreateCounter(fmt.Sprintf("onbu_export_broks_total{module=%q}", h.name))
	h.failed = f.o.Metrics.GetOrCreateCounter(fmt.Sprintf("onbu_export_errors_total{module=%q}", h.name))
	h.unreadable = f.o.Metrics.GetOrCreateCounter(fmt.Sprintf("onbu_export_unreadable_total{module=%q}", h.name))
	h.active = f.o.Metrics.GetOrCreateGauge(fmt.Sprintf("onbu_export_active{module=%q}", h.name), nil)
	return h
}

// streams are those that the module wants, whole: so a gap between two sequences is what the stream's limits removed.
func (h *module) streams() []bus.Stream {
	var all []bus.Stream
	if h.wants.Events {
		all = append(all, bus.EV, bus.DONE)
	}
	if h.wants.Checks {
		all = append(all, bus.PERF)
	}
	if h.wants.Deeds {
		all = append(all, bus.LOG)
	}
	return all
}

// work feeds the module until ctx ends or stop was called.
func (h *module) work(ctx context.Context, stop context.CancelCauseFunc) {
	for err := h.begin(ctx); err != nil; err = h.begin(ctx) {
		if ctx.Err() != nil {
			return
		}
		h.log.Warn("an export module cannot begin yet", "error", err)
		pause(ctx, 5*time.Second)
	}
	var wg sync.WaitGroup
	for _, stream := range h.streams() {
		wg.Go(func() { h.follow(ctx, stream) })
	}
	wg.Go(func() { h.save(ctx, stop) })
	wg.Go(func() { h.watchLag(ctx) })
	wg.Wait()
	h.forgetLag()
	if errors.Is(context.Cause(ctx), errTaken) {
		return
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := h.store(last); err != nil {
		h.log.Warn("the last that an export module took comes again: its place could not be stored", "error", err)
	}
}

// begin reads where the module was, and settles where it begins in streams that are new to it.
func (h *module) begin(ctx context.Context) error {
	e, err := read(ctx, h.feeder.o.Bus, h.key)
	if err != nil {
		return err
	}
	e.Module, e.Own, e.Of, e.Gone = h.name, h.wants.Own, h.asked.Of, 0
	if err := h.inherit(ctx, &e); err != nil {
		return err
	}
	for _, stream := range h.streams() {
		if p := e.place(stream); p != nil {
			p.Held = 0
			continue
		}
		p := Place{Stream: stream}
		x, err := h.feeder.o.Bus.Extent(ctx, stream, 0)
		if err != nil {
			return err
		}
		if p.After = x.Last; h.past() {
			p.After = x.First - 1
		}
		e.Places = append(e.Places, p)
	}
	h.one.Lock()
	h.trouble = trouble{}
	if e.Failing != 0 { // it may have been mended by a reload or elsewhere: the next batch tells
		h.trouble.since = e.Failing.Std()
	}
	h.one.Unlock()
	h.mu.Lock()
	h.standing, h.doubt, h.loose.broks = e, false, 0
	clear(h.marks) // others may have been at it since
	h.changes++
	h.mu.Unlock()
	return h.store(ctx)
}

// past says whether a new place begins with the oldest message that there is.
func (h *module) past() bool {
	return h.asked.Start == modules.StartOldest || h.asked.Start == modules.StartUsual && h.wants.Past
}

// follow reads a stream from the module's place.
func (h *module) follow(ctx context.Context, stream bus.Stream) {
	var d wire.Decoder
	for ctx.Err() == nil {
		h.mu.Lock()
		p := h.standing.place(stream)
		cursor := bus.Cursor{Stream: stream, After: p.After, Stored: p.Stored.Std()}
		h.mu.Unlock()
		err := h.feeder.o.Bus.Read(ctx, cursor, func(msgs []bus.Msg) error { return h.take(ctx, &d, stream, msgs) })
		if ctx.Err() == nil && !h.rewound(stream, err) {
			h.log.Warn("reading for an export module stopped and starts again", "stream", stream, "error", err)
			pause(ctx, time.Second)
		}
	}
}

// take brings messages to the module, batch by batch. Its error is that ctx ended, or a modules.Rewind.
func (h *module) take(ctx context.Context, d *wire.Decoder, stream bus.Stream, msgs []bus.Msg) error {
	if err := h.gaps(ctx, stream, msgs); err != nil {
		return err
	}
	var broks []monitor.Brok
	few := true
	for i, m := range msgs {
		broks = append(broks, h.decode(d, m)...)
		if len(broks) < batch && i < len(msgs)-1 {
			continue
		}
		few = len(broks) < batch && i == len(msgs)-1
		if err := h.deliver(ctx, broks, func() { h.moved(stream, &m, len(broks)) }); err != nil {
			return err
		}
		broks = nil
	}
	if few && time.Since(msgs[len(msgs)-1].Time) < time.Second { // it has caught up
		pause(ctx, breath)
	}
	return nil
}

func (h *module) decode(d *wire.Decoder, m bus.Msg) []monitor.Brok {
	if k := bus.KindOf(m.Subject); k == bus.KindClaim || k == bus.KindQuiet {
		return nil
	}
	broks, err := h.feeder.o.Decode(d, m)
	if err != nil {
		h.unreadable.Inc()
		h.log.Error("unreadable broks are passed over", "subject", m.Subject, "seq", m.Seq, "error", err)
		return nil
	}
	return slices.DeleteFunc(broks, func(b monitor.Brok) bool { return b.Kind == monitor.BrokHeard }) // PERF has the check
}

// moved notes that the module is done with all up to a message.
func (h *module) moved(stream bus.Stream, to *bus.Msg, broks int) {
	h.sent.Add(broks)
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.standing.place(stream)
	p.After, p.Stored = to.Seq, monitor.At(to.Time)
	h.loosened(broks)
	now := time.Now()
	if h.standing.Sent += uint64(broks); broks > 0 {
		h.standing.LastSent = monitor.At(now)
	}
	h.marks[stream] = append(h.marks[stream].at(now), mark{now, p.After, p.Stored})
	h.changes++
}

// save stores the place as it moves.
func (h *module) save(ctx context.Context, stop context.CancelCauseFunc) {
	for h.awaitDue(ctx); ctx.Err() == nil; h.awaitDue(ctx) {
		h.mu.Lock()
		idle := h.changes == h.saved && time.Since(h.standing.Saved.Std()) < saveAnyway
		h.mu.Unlock()
		if idle {
			continue
		}
		err := h.store(ctx)
		if errors.Is(err, errTaken) {
			stop(errTaken)
			return
		}
		if err != nil && ctx.Err() == nil {
			h.log.Warn("the place of an export module could not be stored, trying again", "error", err)
		}
	}
}
