// Package arbiter knows how a configuration comes into force: it is read, compiled and cut into shards, stored as a new
// generation, and only then pointed to. A broken configuration never replaces a good one, and one that is the same as
// before changes nothing.
package arbiter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/arbiter/compile"
	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/recall"
)

const (
	currentKey = "current"
	// reservedKey holds the highest number that an arbiter stores or has stored a generation under.
	reservedKey = "reserved"
)

// Options is what an arbiter needs.
type Options struct {
	Bus bus.Conn
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
	// Chronicle is told what the daemon decides by itself; nil for nobody.
	Chronicle monitor.Chronicle
}

// Arbiter is an arbiter daemon.
type Arbiter struct {
	o       Options
	dynamic *dynamics
	inForce inForce
}

// New builds an arbiter; nothing is opened before Run.
func New(o Options) *Arbiter {
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	return &Arbiter{o: o}
}

// Run brings the configuration into force, and again at each reload, until ctx ends. A configuration that is broken at
// the start ends it; a broken one at a reload is refused with all its mistakes in the log.
func (a *Arbiter) Run(ctx context.Context) error {
	if err := a.o.Bus.Prepare(ctx); err != nil {
		return fmt.Errorf("preparing the bus: %w", err)
	}
	var err error
	if a.dynamic, err = a.openDynamics(ctx); err != nil {
		return err
	}
	c := a.o.Config
	a.o.Config = nil // once it is in force nobody needs it any more
	if c == nil || c.Texts == nil && a.dynamic.list.Len() > 0 {
		if c, err = a.read(); err != nil {
			return err
		}
	}
	if err := a.begin(ctx, c); err != nil {
		return err
	}
	c = nil
	var watching sync.WaitGroup
	defer watching.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watching.Go(func() { a.dynamic.orphans.run(ctx) })
	return a.serve(ctx)
}

// begin brings the first configuration into force. Dynamic hosts that do not fit it are no reason not to watch the others.
func (a *Arbiter) begin(ctx context.Context, c *objects.Config) error {
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
	asked := make(chan bus.Msg, 1)
	stop, err := a.o.Bus.Subscribe(bus.Reload(), func(m bus.Msg) {
		select {
		case asked <- m:
		default:
			if m.Reply != nil {
				_ = m.Reply(wire.Marshal(wire.Verdict{Refused: "a reload is under way already; ask again when it is done"}))
			}
		}
	})
	if err != nil {
		return fmt.Errorf("requests to reload: %w", err)
	}
	defer stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-a.dynamic.orphans.news:
			a.dynamic.heard()
		case <-a.dynamic.next.C:
			a.dynamic.round(ctx)
		case <-a.o.Reload:
			a.reload(ctx)
		case m := <-asked:
			verdict := wire.Verdict{Refused: a.reload(ctx)}
			if m.Reply != nil {
				_ = m.Reply(wire.Marshal(verdict)) // whoever asked may be gone; the log has it
			}
		}
	}
}

// reload reads the files again and brings them into force. It says what is wrong with them; nothing if they are in force.
func (a *Arbiter) reload(ctx context.Context) (refused string) {
	a.o.Log.Info("reading the configuration again", "main", a.o.Main)
	c, err := a.read()
	if err == nil {
		err = a.hostable(ctx, c)
	}
	if err == nil {
		err = a.adopt(ctx, c)
	}
	if err == nil {
		return ""
	}
	for line := range strings.Lines(err.Error()) {
		a.o.Log.Error(strings.TrimSuffix(line, "\n"))
	}
	a.o.Log.Error("reload refused; the configuration in force goes on")
	return "the configuration in force goes on: " + err.Error()
}

// read loads the files and gives all mistakes as one error.
func (a *Arbiter) read() (*objects.Config, error) {
	c, report := load(a.o.Main, objects.Opts{Keep: a.dynamic.list.Len() > 0})
	if report.OK() {
		if report.Warnings > 0 {
			a.o.Log.Warn("the configuration has "+plural(report.Warnings, "warning")+"; onbu verify lists them", "main", a.o.Main)
		}
		return c, nil
	}
	lines := []string{fmt.Sprintf("%s has %s:", a.o.Main, plural(report.Errors, "error"))}
	for _, p := range report.Problems {
		if p.Severity == objects.Error {
			lines = append(lines, Line(p))
		}
	}
	return nil, errors.New(strings.Join(lines, "\n"))
}

// absolute gives a path that names the same file from every folder; as it is if the working folder is gone.
func absolute(path string) string {
	whole, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	return whole
}

// enforce stores a configuration as a new generation and points to it, unless the one in force is the same.
func (a *Arbiter) enforce(ctx context.Context, c *objects.Config) error {
	began := time.Now()
	entry, now, err := a.current(ctx)
	if err != nil {
		return err
	}
	shards, err := a.shards(now)
	if err != nil {
		return err
	}
	before, err := a.before(ctx, now)
	if err != nil {
		return err
	}
	source := absolute(a.o.Main)
	if now.Source != "" && now.Source != source {
		a.o.Log.Warn("another configuration was in force; if two arbiters run, end one", "was", now.Source, "is", source)
	}
	result := compile.Compile(c, shards, 0, before)
	result.Piggyback.Sites = here(result.Piggyback.Sites, a.o.Site)
	hash, sums := fingerprint(result)
	if hash == now.Hash {
		a.inForce = inForce{now.Number, sums}
		a.o.Log.Info("configuration unchanged", "generation", now.Number)
		return nil
	}
	number, err := a.reserve(ctx, now.Number)
	if err != nil {
		return err
	}
	next := wire.Generation{Number: number, Shards: uint16(shards), Hash: hash, Source: source, Moved: now.Moved, Stands: a.stands(now, number, sums), Weights: weights(result.Inventories)}
	if err := a.store(ctx, result, next); err != nil {
		return err
	}
	if result.Plan.Moved > 0 {
		// As late as can be: of what the old owners record from here on only the last passive results follow.
		reader := recall.Reader{Bus: a.o.Bus, Log: a.o.Log}
		if _, err := reader.Leave(ctx, result.Inventories, before, now); err != nil {
			return fmt.Errorf("reading what moves: %w", err)
		}
		next.Moved = number
	}
	if _, err := a.o.Bus.Put(ctx, bus.CFG, currentKey, wire.Marshal(next), entry.Revision); err != nil {
		return fmt.Errorf("pointing to generation %d (does another arbiter run?): %w", next.Number, err)
	}
	a.inForce = inForce{number, sums}
	a.o.Log.Info("configuration in force", "generation", next.Number, "changed", changed(next), "hosts", len(c.Hosts), "services", len(c.Services),
		"packs", result.Plan.Packs, "moved", result.Plan.Moved, "took", time.Since(began).Round(time.Millisecond))
	if err := a.forget(ctx, next); err != nil {
		a.o.Log.Warn("old generations stay stored until the next reload", "error", err)
	}
	return nil
}

// shards gives the number of shards: that of the generation in force, if there is one. States lie in shards, and nothing
// carries them into another number of them.
func (a *Arbiter) shards(now wire.Generation) (int, error) {
	switch {
	case now.Number == 0 && a.o.Shards == 0:
		return compile.DefaultShards, nil
	case now.Number == 0:
		return a.o.Shards, nil
	case a.o.Shards != 0 && a.o.Shards != int(now.Shards):
		return 0, fmt.Errorf("this installation has %d shards, and their number cannot be changed: leave --shards out, or begin with an empty bus (another --state)", now.Shards)
	}
	return int(now.Shards), nil
}

// reserve gives a number above that of the generation in force. No other arbiter gets the same, so that two that read
// the files at the same moment never store into each other's generation.
func (a *Arbiter) reserve(ctx context.Context, inForce uint64) (uint64, error) {
	entry, err := a.o.Bus.Get(ctx, bus.CFG, reservedKey)
	if err != nil && !errors.Is(err, bus.ErrNotFound) {
		return 0, fmt.Errorf("number of the next generation: %w", err)
	}
	var reserved uint64
	if err == nil {
		if err := wire.Unmarshal(entry.Value, &reserved); err != nil {
			return 0, fmt.Errorf("number of the next generation: %w", err)
		}
	}
	next := max(reserved, inForce) + 1
	if _, err := a.o.Bus.Put(ctx, bus.CFG, reservedKey, wire.Marshal(next), entry.Revision); err != nil {
		return 0, fmt.Errorf("reserving number %d for the next generation (does another arbiter run?): %w", next, err)
	}
	return next, nil
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

func (a *Arbiter) store(ctx context.Context, r *compile.Result, g wire.Generation) error {
	for shard, inv := range r.Inventories {
		inv.Generation = g.Stand(monitor.Shard(shard))
		if inv.Generation != g.Number {
			continue
		}
		name := wire.InventoryName(g.Number, monitor.Shard(shard))
		if err := a.o.Bus.PutBlob(ctx, bus.CFG, name, wire.Marshal(inv)); err != nil {
			return fmt.Errorf("storing %s: %w", name, err)
		}
	}
	r.Directory.Generation = g.Number
	if err := a.o.Bus.PutBlob(ctx, bus.CFG, wire.DirectoryName(g.Number), wire.Marshal(r.Directory)); err != nil {
		return fmt.Errorf("storing the directory: %w", err)
	}
	if err := a.o.Bus.PutBlob(ctx, bus.CFG, wire.ServicesName(g.Number), wire.Marshal(r.Roster)); err != nil {
		return fmt.Errorf("storing the names of the services: %w", err)
	}
	if err := a.o.Bus.PutBlob(ctx, bus.CFG, wire.PiggybackName(g.Number), wire.Marshal(r.Piggyback)); err != nil {
		return fmt.Errorf("storing what becomes of payloads: %w", err)
	}
	if err := a.o.Bus.PutBlob(ctx, bus.CFG, wire.ModulesName(g.Number), wire.Marshal(r.Modules)); err != nil {
		return fmt.Errorf("storing the modules: %w", err)
	}
	return nil
}

// forget removes the blobs of generations that nobody loads any more.
func (a *Arbiter) forget(ctx context.Context, now wire.Generation) error {
	names, err := a.o.Bus.BlobNames(ctx, bus.CFG)
	if err != nil {
		return fmt.Errorf("listing old generations: %w", err)
	}
	stands := map[string]bool{}
	for shard, n := range now.Stands {
		stands[wire.InventoryName(n, monitor.Shard(shard))] = true
	}
	for _, name := range names {
		var n uint64
		if _, err := fmt.Sscanf(name, "gen.%d.", &n); err != nil || n+wire.KeepGenerations > now.Number || stands[name] {
			continue
		}
		if err := a.o.Bus.DeleteBlob(ctx, bus.CFG, name); err != nil {
			return fmt.Errorf("removing %s: %w", name, err)
		}
	}
	return nil
}
