// Package broker knows how a broker daemon lives: it keeps a view of the present and serves it over HTTP, and feeds
// export modules, each from its own place in the streams, so that a slow module holds nobody up.
package broker

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/broker/feed"
	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/hosting"
	"github.com/onbu/onbu/internal/poison"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// Options is what a broker needs; Metrics may be nil.
type Options struct {
	// Name is the daemon's: it decides which modules of the configuration it hosts.
	Name string
	// Boot differs after each start.
	Boot string
	Bus  bus.Conn
	// Exports are hosted whatever the configuration says; Build builds those that it asks for, nil for none.
	Exports []modules.Exporter
	Build   func(*monitor.Module, modules.Outlook) (modules.Exporter, modules.Start, error)
	// Besides gives the modules to host where the configuration asks for some; nil for just those.
	Besides func([]monitor.Module) []monitor.Module
	// API is the HTTP API of the process, for modules that pass requests on; nil for none.
	API http.Handler
	// Obey has an external command carried out for a module, as modules.Sink.Obey; nil where there are none.
	Obey    func(ctx context.Context, line, source string) error
	Log     *slog.Logger
	Metrics *metrics.Set
	// Chronicle is told what the daemon decides by itself; nil for nobody.
	Chronicle monitor.Chronicle
	// Mute says since when the bus stores nothing, and why; an error of nil while it does. Nil where the process does not know.
	Mute func() (since time.Time, why error)
}

// Broker is a broker daemon.
type Broker struct {
	o          Options
	unreadable *metrics.Counter
	poison     *poison.Bin
	applied    *metrics.Counter
	// shown and hosted are the generations that the view shows, and whose modules are hosted.
	shown, hosted atomic.Uint64
	// down are the modules that do not work: that cannot have their port, or whose definition is wrong.
	down hosting.Failing
	// outage is the last time in which the bus stored nothing.
	outage outage

	mu        sync.RWMutex // guards everything that follows
	view      *view.View
	recent    *view.Snapshot // which several share, taken then
	taken     time.Time
	directory *monitor.Directory
	// population is how many hosts each shard has; ownerless since when shards had no owner.
	population map[monitor.Shard]int
	ownerless  map[monitor.Shard]time.Time
	failed     failures
	sightings  map[*sighting]struct{}

	queues queues
	pace   paced
	feeder *feed.Feeder

	catalog cataloguer
	paged   paged

	// filled says what the view got of each shard. Only fill uses it.
	filled map[monitor.Shard]*filled
	// begun is closed when it is known behind which record of the journal the view follows it.
	begun chan struct{}
	// meanwhile are the notes that the journal told of shards since their owners were asked for theirs, guarded by mu.
	meanwhile map[monitor.Shard][]monitor.Brok
	unknown   unknown
}

// New builds a broker; nothing is opened before Run.
func New(o Options) *Broker {
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	b := &Broker{
		filled: map[monitor.Shard]*filled{}, begun: make(chan struct{}), meanwhile: map[monitor.Shard][]monitor.Brok{},
		o: o, view: view.New(), directory: &monitor.Directory{}, ownerless: map[monitor.Shard]time.Time{},
		sightings:  map[*sighting]struct{}{},
		poison:     poison.NewBin(o.Chronicle),
		unreadable: o.Metrics.NewCounter("onbu_broker_unreadable_messages_total"),
		applied:    o.Metrics.NewCounter("onbu_broker_broks_total"),
	}
	o.Metrics.NewGauge("onbu_broker_hosts", func() float64 {
		b.mu.RLock()
		defer b.mu.RUnlock()
		return float64(len(b.directory.Hosts))
	})
	b.queues.measure(o.Metrics)
	b.feeder = feed.New(feed.Options{
		Bus: o.Bus, Broker: o.Name, Boot: o.Boot, Decode: decode, Defined: b.defined, Log: o.Log, Metrics: o.Metrics,
	})
	b.catalog.wake = make(chan struct{})
	b.catalog.current.Store(catalog.New(nil))
	return b
}

// Load says how much the broker has done, for its heartbeat.
func (b *Broker) Load() map[string]int64 {
	return map[string]int64{"broks": int64(b.applied.Get()), "feed_seconds": int64(b.feeder.Behind().Seconds())}
}

// Run keeps the view and feeds the modules until ctx ends.
func (b *Broker) Run(ctx context.Context) error {
	if err := b.o.Bus.Ready(ctx); err != nil {
		return err
	}
	checks := checkReader{broker: b, decoder: wire.Decoder{Alias: true}}
	stop, err := b.o.Bus.Subscribe(bus.AllPerf(), checks.apply)
	if err != nil {
		return fmt.Errorf("listening for checks made: %w", err)
	}
	defer stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	over := ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	wg.Go(func() { b.follow(ctx) })
	wg.Go(func() { b.watchOwners(ctx) })
	if b.o.Mute != nil {
		wg.Go(func() { b.outage.watch(ctx, b.o.Mute) })
	}
	wg.Go(func() { b.followDone(ctx) })
	wg.Go(func() { b.watchQueues(ctx) })
	wg.Go(func() { b.watchUnknown(ctx) })
	wg.Go(func() { b.keepCatalog(ctx) })
	wg.Go(func() { b.feeder.Run(ctx) })
	for _, m := range b.o.Exports {
		wg.Go(func() { b.host(ctx, m, feed.Asked{}) })
	}
	if b.o.Build != nil {
		wg.Go(func() {
			hosting.Run(ctx, hosting.Options{Bus: b.o.Bus, Daemon: b.o.Name, Besides: b.o.Besides, Host: b.hostDefined, Adopted: b.hosted.Store, Log: b.o.Log})
		})
	}
	var fill context.CancelFunc = func() {}
	var filling sync.WaitGroup
	defer filling.Wait()
	err = b.o.Bus.Watch(ctx, bus.CFG, "current", func(e bus.Entry) {
		var g wire.Generation
		if err := wire.Unmarshal(e.Value, &g); err != nil {
			b.o.Log.Error("the pointer to the current configuration is unreadable", "error", err)
			return
		}
		fill()
		filling.Wait() // so that an older directory never replaces a newer one
		var filled context.Context
		filled, fill = context.WithCancel(ctx)
		filling.Go(func() { b.fill(filled, g) })
	})
	fill()
	if over.Err() != nil {
		return nil
	}
	return err
}

// follow applies what is new in the journal. After a trouble it goes on where it was.
func (b *Broker) follow(ctx context.Context) {
	var d wire.Decoder
	last, err := b.end(ctx)
	if err != nil {
		return
	}
	close(b.begun)
	cursor := bus.Cursor{Stream: bus.EV, Filter: bus.AllEvents(), After: last}
	for ctx.Err() == nil {
		err := b.o.Bus.Read(ctx, cursor, func(msgs []bus.Msg) error {
			for _, m := range msgs {
				b.apply(&d, m)
				cursor.After = m.Seq
			}
			return nil
		})
		if ctx.Err() == nil {
			b.o.Log.Warn("reading the journal stopped and starts again", "error", err)
			pause(ctx, time.Second)
		}
	}
}

// apply folds a message of broks into the view.
func (b *Broker) apply(d *wire.Decoder, m bus.Msg) {
	broks, err := decode(d, m)
	if err != nil {
		b.unreadable.Inc()
		b.poison.Put(bus.EV, &m, err)
		return
	}
	b.applied.Add(len(broks))
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clockLocked()
	for i := range broks {
		b.view.Apply(&broks[i])
		b.keepLocked(&broks[i])
	}
}

// checkReader folds the checks of PERF into the view. One goroutine uses it.
type checkReader struct {
	broker  *Broker
	decoder wire.Decoder
	checks  []monitor.Check // of the message before, to be used again
}

func (r *checkReader) apply(m bus.Msg) {
	b := r.broker
	checks, err := wire.DecodeBatch(&r.decoder, m.Data, r.checks[:0])
	if err != nil {
		b.unreadable.Inc()
		b.poison.Put(bus.PERF, &m, err)
		return
	}
	b.applied.Add(len(checks))
	b.pace.add(time.Now(), checks)
	b.mu.Lock()
	b.clockLocked()
	for i := range checks {
		b.view.Check(&checks[i])
		if len(b.sightings) > 0 {
			b.seenLocked(&checks[i])
		}
	}
	b.mu.Unlock()
	clear(checks) // their strings lie in the message
	r.checks = checks
}

// decode reads the broks of a message, whatever its kind.
func decode(d *wire.Decoder, m bus.Msg) ([]monitor.Brok, error) {
	broks, err := decodeAny(d, m)
	for i := range broks {
		if err == nil && !complete(&broks[i]) {
			err = fmt.Errorf("brok %d lacks what its kind %d is about", i, broks[i].Kind)
		}
	}
	return broks, err
}

// complete says whether a brok has what its kind promises and every reader relies on.
func complete(b *monitor.Brok) bool {
	switch b.Kind {
	case monitor.BrokCheck:
		return b.Check != nil
	case monitor.BrokDowntime, monitor.BrokDowntimeGone, monitor.BrokContactDowntime, monitor.BrokContactDowntimeGone:
		return b.Downtime != nil
	case monitor.BrokComment, monitor.BrokCommentGone:
		return b.Comment != nil
	case monitor.BrokProgram:
		return b.Program != nil
	}
	return true
}

func decodeAny(d *wire.Decoder, m bus.Msg) ([]monitor.Brok, error) {
	switch bus.KindOf(m.Subject) {
	case bus.KindStates, bus.KindQuiet:
		_, broks, err := wire.DecodeLedger(d, m.Data, nil)
		return broks, err
	case bus.KindAction, bus.KindDone:
		return wire.DecodeActions(d, m.Data)
	case bus.KindDeeds:
		return decodeDeeds(d, m.Data)
	case bus.KindNew:
		return nil, nil
	}
	return decodeChecks(d, m.Data)
}

// decodeChecks reads the checks of a message of PERF as broks.
func decodeChecks(d *wire.Decoder, data []byte) ([]monitor.Brok, error) {
	checks, err := wire.DecodeBatch(d, data, []monitor.Check(nil))
	broks := make([]monitor.Brok, len(checks))
	for i := range checks {
		broks[i] = checks[i].Brok()
	}
	return broks, err
}

// Generation is the one that the view shows and whose export modules are hosted.
func (b *Broker) Generation() uint64 {
	if b.o.Build == nil {
		return b.shown.Load()
	}
	return min(b.shown.Load(), b.hosted.Load())
}

func (b *Broker) ask(ctx context.Context, shard monitor.Shard, q wire.Question) (wire.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var a wire.Answer
	data, err := b.o.Bus.Request(ctx, bus.Ask(uint16(shard)), wire.Marshal(q))
	if err != nil {
		return a, fmt.Errorf("asking the owner of shard %d: %w", shard, err)
	}
	return a, wire.Unmarshal(data, &a)
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
