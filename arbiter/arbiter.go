// Package arbiter knows how a configuration comes into force: it is read, compiled and cut into shards, stored as a new
// generation, and only then pointed to. A broken configuration never replaces a good one, and one that is the same as
// before changes nothing.
package arbiter

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/internal/boottime"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/lease"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

const (
	currentKey = "current"
	// reservedKey holds the highest number that an arbiter stores or has stored a generation under.
	reservedKey = "reserved"
)

// Options is what an arbiter needs.
type Options struct {
	Bus bus.Conn
	// Name is unique among arbiters, Boot to this start; empty ones are made up.
	Name, Boot string
	// Main is the path of the main file; Config is what was read from it already, or nil.
	Main   string
	Config *objects.Config
	Shards int
	// Site is this site's name; empty where there is only one.
	Site string
	// Hosts judges modules at a reload; nil takes them as they are. At the start an engine without a module is better than none.
	Hosts Hosts
	// Reload asks for the files to be read again.
	Reload <-chan struct{}
	Log    *slog.Logger
	// Metrics gets the arbiter's figures; nil for nobody.
	Metrics *metrics.Set
	// Reloading is called when a reload begins, and what it gives when it has ended; nil for nobody.
	Reloading func() (ended func())
	// Chronicle is told what the daemon decides by itself; nil for nobody.
	Chronicle monitor.Chronicle
}

// Arbiter is an arbiter daemon. Several may run: one leads, which alone changes what is in force, and the others stand by.
type Arbiter struct {
	o     Options
	lease *lease.Lease
	// beside says that this arbiter has stood by since its start; epoch is that of its lead, 0 where nothing was in force yet.
	beside  bool
	epoch   uint64
	busy    atomic.Pointer[boottime.Mark] // since when it has done one thing; nil while it waits
	leads   atomic.Bool
	differs atomic.Bool // its files are not in force
	refusal refusal
	dynamic *dynamics
	inForce inForce
	// warnings are those of the files as they were last read, outcome is what came into force last.
	warnings uint32
	outcome  wire.Reloaded
	acks     sync.WaitGroup // answers that wait for daemons
	answered uint64         // the last question for its files; only who stands by uses it
}

// New builds an arbiter; nothing is opened before Run.
func New(o Options) *Arbiter {
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	o.Name, o.Boot = cmp.Or(o.Name, "arbiter"), cmp.Or(o.Boot, rand.Text())
	a := &Arbiter{o: o}
	o.Metrics.NewGauge("onbu_arbiter_leads", func() float64 { return figure(a.leads.Load()) })
	o.Metrics.NewGauge("onbu_arbiter_files_differ", func() float64 { return figure(a.differs.Load()) })
	o.Metrics.NewGauge("onbu_arbiter_files_refused", func() float64 { return figure(a.Troubles() != nil) })
	return a
}

func figure(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// Load says whether the arbiter leads, and whether its files differ from those in force, for its heartbeat.
func (a *Arbiter) Load() map[string]int64 {
	return map[string]int64{"leads": int64(figure(a.leads.Load())), "files_differ": int64(figure(a.differs.Load()))}
}

// first brings the first configuration into force. Dynamic hosts that do not fit it are no reason not to watch the others.
func (a *Arbiter) first(ctx context.Context, c *objects.Config) error {
	err := a.adopt(ctx, c)
	if unfit, ok := errors.AsType[*unfitError](err); ok {
		a.o.Log.Error("the dynamic hosts are left out", "error", unfit)
		return a.enforce(ctx, c)
	}
	return err
}

// adopt brings files that were read into force, with the dynamic hosts.
func (a *Arbiter) adopt(ctx context.Context, c *objects.Config) error {
	c, err := a.dynamic.read(ctx, c)
	if err == nil {
		err = a.enforce(ctx, c)
	}
	if err == nil {
		a.dynamic.settle()
	}
	return err
}

// serve reads the files again when it is asked to, and makes dynamic hosts, until ctx ends.
func (a *Arbiter) serve(ctx context.Context) error {
	requests, stop, err := a.requests()
	if err != nil {
		return fmt.Errorf("requests to reload: %w", err)
	}
	defer a.acks.Wait()
	defer stop()
	defer a.forgive() // of its files another word is said while it stands by
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-a.dynamic.orphans.news:
			a.dynamic.heard()
		case <-a.dynamic.next.C:
			a.at(func() { a.dynamic.round(ctx) })
		case <-a.refusal.again:
			a.at(func() { a.reconsider(ctx) })
		case <-a.o.Reload:
			a.at(func() { a.reload(ctx, "a signal") })
		case m := <-requests:
			a.answer(ctx, m)
		}
	}
}

// read loads the files and gives all mistakes as one error.
func (a *Arbiter) read() (*objects.Config, error) {
	c, report := load(a.o.Main, objects.Opts{Keep: a.dynamic.list.Len() > 0})
	a.warnings = uint32(report.Warnings)
	if report.OK() {
		if report.Warnings > 0 {
			a.o.Log.Warn("the configuration has "+plural(report.Warnings, "warning")+"; onbu verify lists them", "main", a.o.Main)
		}
		return c, nil
	}
	broken := &brokenError{main: Absolute(a.o.Main), count: report.Errors}
	for _, p := range report.Problems {
		if p.Severity == objects.Error {
			p.File = Absolute(p.File)
			broken.lines = append(broken.lines, Line(p))
		}
	}
	return nil, broken
}

// Absolute gives a path that names the same file from every folder; as it is if the working folder is gone.
func Absolute(path string) string {
	whole, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	return whole
}

// current gives the generation in force; the zero one if there is none yet.
func (a *Arbiter) current(ctx context.Context) (bus.Entry, wire.Generation, error) {
	var g wire.Generation
	entry, err := a.o.Bus.Get(ctx, bus.CFG, currentKey)
	if errors.Is(err, bus.ErrNotFound) {
		return bus.Entry{}, g, nil
	}
	if err != nil {
		return entry, g, fmt.Errorf("configuration in force: %w", err)
	}
	if err := wire.Unmarshal(entry.Value, &g); err != nil {
		return entry, g, fmt.Errorf("configuration in force: %w", err)
	}
	return entry, g, nil
}

// before gives the look-up of where hosts lie so far; nil if there is no generation yet.
func (a *Arbiter) before(ctx context.Context, g wire.Generation) (func(string) (monitor.Shard, bool), error) {
	if g.Number == 0 {
		return nil, nil
	}
	data, err := a.o.Bus.Blob(ctx, bus.CFG, wire.DirectoryName(g.Number))
	if err != nil {
		return nil, fmt.Errorf("directory of generation %d: %w", g.Number, err)
	}
	var d monitor.Directory
	if err := wire.Unmarshal(data, &d); err != nil {
		return nil, fmt.Errorf("directory of generation %d: %w", g.Number, err)
	}
	return func(name string) (monitor.Shard, bool) {
		shard, ok := d.Hosts[name]
		return shard, ok
	}, nil
}
