// Package receiver knows how what comes from outside reaches the owner of its host: it hosts listen modules, looks up in
// the directory in which shard a host lives, and stores passive results and external commands where the owner reads them.
package receiver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/hosting"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// Refusal is why a command is not carried out: it is wrong, or its owner does not do that.
type Refusal struct{ Why string }

// Error implements error.
func (r Refusal) Error() string { return r.Why }

// Is makes a refusal a modules.ErrRefused.
func (r Refusal) Is(target error) bool { return target == modules.ErrRefused }

// ErrStored says that a command is stored but that its owner has not answered yet.
var ErrStored = errors.New("the command is stored, but the scheduler that owns the host has not answered: it will be carried out when that one is back and can record it")

// errOver is why a listener that ended without a reason does not listen.
var errOver = errors.New("it has ended")

// errNotTaken ends the wait of somebody who asked for a command.
var errNotTaken = fmt.Errorf("the bus did not take it within %s; is its disk full? /healthz says more", storeWait)

const (
	fullPause   = 100 * time.Millisecond
	storeWait   = 4 * time.Second
	verdictWait = 3 * time.Second
	listenAgain = 15 * time.Second
	learnAgain  = 5 * time.Second
	// verdictsMost is how many shards may answer before they are listened to.
	verdictsMost = 1024
)

// Options is what a receiver needs; Metrics may be nil.
type Options struct {
	// Boot is unique to this start: it makes the ids of commands unique.
	Boot string
	// Name is the daemon's: it decides which modules of the configuration it hosts.
	Name string
	Bus  bus.Conn
	// Listeners are hosted whatever the configuration says; Build builds those that it asks for, nil for none.
	Listeners []modules.Listener
	Build     func(*monitor.Module) (modules.Listener, modules.Limits, error)
	// Spool is the folder where results wait while the bus takes none, up to SpoolMax bytes; empty for none: then listeners wait.
	Spool    string
	SpoolMax int64
	// Shutdown ends the process; nil where SHUTDOWN_PROGRAM is refused because the other daemons would go on.
	Shutdown func()
	Log      *slog.Logger
	Metrics  *metrics.Set
	// Chronicle is told what the daemon decides by itself; nil for nobody.
	Chronicle monitor.Chronicle
}

// Receiver is a receiver daemon. It is the Sink of its listeners; any goroutine may call it.
type Receiver struct {
	o         Options
	book      atomic.Pointer[book]
	known     chan struct{} // closed once there is a book
	requests  atomic.Uint64
	ids       ids
	store     store
	strangers strangers
	// room is for what waits to be stored: results, and commands in a room of their own.
	room, orders room
	claims       atomic.Uint64
	doors        hosting.Failing
	opened       sync.Once     // known
	hosted       atomic.Uint64 // the generation whose listeners are hosted
	// storing ends after the listeners.
	storing    context.Context
	endStoring context.CancelFunc

	results, unknown, commands, refused *metrics.Counter
}

// New builds a receiver; nothing is opened before Run.
func New(o Options) *Receiver {
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	storing, end := context.WithCancel(context.Background())
	r := &Receiver{
		o: o, known: make(chan struct{}), ids: ids{boot: o.Boot}, storing: storing, endStoring: end,
		results:  o.Metrics.NewCounter("onbu_receiver_results_total"),
		unknown:  o.Metrics.NewCounter("onbu_receiver_unknown_total"),
		commands: o.Metrics.NewCounter("onbu_receiver_commands_total"),
		refused:  o.Metrics.NewCounter("onbu_receiver_commands_refused_total"),
	}
	r.store.bus, r.store.name, r.store.log = o.Bus, o.Name, o.Log
	r.store.spooled = o.Metrics.NewCounter("onbu_receiver_spooled_results_total")
	o.Metrics.NewGauge("onbu_receiver_spool_bytes", func() float64 { bytes, _ := r.store.lag(); return float64(bytes) })
	o.Metrics.NewGauge("onbu_receiver_spool_seconds", func() float64 { _, age := r.store.lag(); return age.Seconds() })
	return r
}

// Load says how much the receiver has done, for its heartbeat.
func (r *Receiver) Load() map[string]int64 {
	bytes, age := r.store.lag()
	return map[string]int64{
		"results": int64(r.results.Get()), "commands": int64(r.commands.Get()), "spool_bytes": bytes, "spool_seconds": int64(age.Seconds()),
	}
}

// Run hosts the listeners until ctx ends. One that gives up is started again after a pause.
func (r *Receiver) Run(ctx context.Context) error {
	over := ctx
	if err := r.o.Bus.Ready(ctx); err != nil {
		if over.Err() != nil {
			return nil
		}
		return err
	}
	if err := r.openSpool(); err != nil {
		return err
	}
	defer r.closeSpool()
	defer r.endLanes()
	defer r.endStoring()
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() { r.store.drain(ctx) })
	wg.Go(func() { r.showStrangers(ctx) })
	for _, l := range r.o.Listeners {
		wg.Go(func() { r.host(ctx, l.Name(), l, r.sinkFor(l.Name(), modules.Limits{}, true)) })
	}
	if r.o.Build != nil {
		wg.Go(func() {
			hosting.Run(ctx, hosting.Options{Bus: r.o.Bus, Daemon: r.o.Name, Host: r.hostDefined, Adopted: r.hosted.Store, Log: r.o.Log})
		})
	}
	newest := make(chan []byte, 1)
	wg.Go(func() { r.keepLearning(ctx, newest) })
	err := r.o.Bus.Watch(ctx, bus.CFG, "current", func(e bus.Entry) { replace(newest, e.Value) })
	if over.Err() != nil {
		return nil
	}
	return err
}

// Generation is the one whose names are known here and whose listeners are hosted.
func (r *Receiver) Generation() uint64 {
	b := r.book.Load()
	switch {
	case b == nil:
		return 0
	case r.o.Build == nil:
		return b.generation
	}
	return min(b.generation, r.hosted.Load())
}

// hostDefined hosts a listener that the configuration asks for, if it is one.
func (r *Receiver) hostDefined(ctx context.Context, m *monitor.Module) {
	l, limits, err := r.o.Build(m)
	switch {
	case errors.Is(err, modules.ErrNotMine):
	case err != nil:
		hosting.Complain(r.o.Log, "a listener is not started until its definition is mended", err)
		r.doors.Set(m.Name, err)
		<-ctx.Done()
		r.doors.Set(m.Name, nil)
	default:
		r.host(ctx, m.Name, l, r.sinkFor(m.Name, limits, isLoose(l)))
	}
}

func isLoose(l modules.Listener) bool {
	_, loose := l.(modules.Loose)
	return loose
}
