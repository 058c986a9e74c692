package app

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/onbu/onbu/arbiter"
	"github.com/onbu/onbu/broker"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/dial"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/builtin"
	"github.com/onbu/onbu/modules/export/ndjson"
	"github.com/onbu/onbu/modules/listen/cmdfile"
	"github.com/onbu/onbu/poller"
	"github.com/onbu/onbu/reactionner"
	"github.com/onbu/onbu/receiver"
	"github.com/onbu/onbu/scheduler"
)

// role is a kind of daemon.
type role struct {
	name  string
	build func(*part) (Daemon, error)
}

// roles is the one table of roles, in the order in which they start.
func roles() []role {
	return []role{
		{"arbiter", buildArbiter},
		{"broker", buildBroker},
		{"reactionner", buildReactionner},
		{"scheduler", buildScheduler},
		{"poller", buildPoller},
		{"receiver", buildReceiver},
	}
}

// Roles gives the names of all roles, in the order in which they start.
func Roles() []string {
	var names []string
	for _, r := range roles() {
		names = append(names, r.name)
	}
	return names
}

func (a *App) openBus(ctx context.Context) error {
	if a.o.Bus != nil {
		a.bus = a.o.Bus
		return nil
	}
	c, closeBus, err := dial.Open(ctx, a.o.BusURL, dial.Options{
		Name: a.o.Name, StateDir: a.o.State, Log: a.o.Log, TLS: a.o.TLS, Keys: a.keys, Creds: a.o.Creds, Serve: a.o.Serve, Replicas: a.o.Replicas,
		Limits: map[bus.Stream]bus.Limits{bus.PERF: a.o.Perf},
	})
	if err != nil {
		return err
	}
	a.bus = c
	a.closers = append(a.closers, closeBus)
	return nil
}

func buildArbiter(a *part) (Daemon, error) {
	if a.o.Main == "" {
		return nil, fmt.Errorf("needs a configuration: the path of its main file")
	}
	d := arbiter.New(arbiter.Options{
		Bus: a.bus, Name: a.o.Name, Boot: a.boot, Main: a.o.Main, Config: a.o.Config, Shards: a.o.Shards, Site: siteName(a.o.Site, a.o.Name), Reload: a.o.Reload, Log: a.o.Log.With("role", "arbiter"),
		Metrics: a.metrics, Hosts: builtin.Judge,
		Reloading: a.reloading, Chronicle: a.deeds.For("arbiter"),
	})
	return d, nil
}

func buildScheduler(a *part) (Daemon, error) {
	return scheduler.New(scheduler.Options{
		Name: a.o.Name, Boot: a.boot, Bus: a.bus, Log: a.o.Log.With("role", "scheduler"), Metrics: a.metrics,
		Chronicle: a.deeds.For("scheduler"), BeforeStep: a.o.BeforeStep,
	}), nil
}

func buildPoller(a *part) (Daemon, error) {
	log := a.o.Log.With("role", "poller")
	post := a.post()
	native := builtin.Checks(post.Courier)
	for _, m := range native {
		if c, ok := m.(modules.Closer); ok {
			a.closers = append(a.closers, c.Close)
		}
		if c, ok := m.(modules.Counting); ok {
			c.Count(func(name string, _ uint64) { a.measure(m.Name(), name, c) })
		}
	}
	slots := a.o.Slots
	if slots == 0 {
		slots = slotsFor(fileLimit())
	}
	p := poller.New(poller.Options{
		Name: a.o.Name, Boot: a.boot, Pools: pools(a.o.PollerTags), Slots: slots, Forks: a.forks(), Bus: a.bus,
		Probes: poller.NewProbes(native, builtin.Exec(a.forks()), a.o.Fork...), Log: log, Metrics: a.metrics,
		Remembering: poller.Remembers(native),
		Chronicle:   a.deeds.For("poller"),
	})
	return &carryingPoller{p, post}, nil
}

// carryingPoller is a poller with the courier that its checks hand payloads to.
type carryingPoller struct {
	*poller.Poller
	courier *carrier
}

// Run implements Daemon.
func (p *carryingPoller) Run(ctx context.Context) error { return p.courier.beside(ctx, p.Poller.Run) }

// measure publishes one of the counters of a module.
func (a *part) measure(module, counter string, of modules.Counting) {
	name := fmt.Sprintf("onbu_%s_%s_total", module, counter)
	a.metrics.NewGauge(name, func() (value float64) {
		of.Count(func(other string, n uint64) {
			if other == counter {
				value = float64(n)
			}
		})
		return value
	})
}

// forks is how many plugins may run at once.
func (a *App) forks() int { return cmp.Or(a.o.Plugins, builtin.Plugins()) }

func buildReactionner(a *part) (Daemon, error) {
	runner := builtin.Exec(0)
	return reactionner.New(reactionner.Options{
		Name: a.o.Name, Boot: a.boot, Pools: pools(a.o.ReactionnerTags), Bus: a.bus,
		Run: builtin.Runner(runner), Senders: builtin.Senders(a.notifiers()), Log: a.o.Log.With("role", "reactionner"), Metrics: a.metrics,
		Chronicle: a.deeds.For("reactionner"),
	}), nil
}

// notifiers gives the modules that tell people, and has them closed at the end.
func (a *part) notifiers() []modules.Notify {
	all := builtin.Notifiers()
	for _, m := range all {
		if c, ok := m.(modules.Closer); ok {
			a.closers = append(a.closers, c.Close)
		}
	}
	return all
}

// shutdown gives what ends a process that holds the whole engine.
func (a *App) shutdown() func() {
	if len(a.o.Roles) < len(Roles()) {
		return nil
	}
	return a.end
}

func buildReceiver(a *part) (Daemon, error) {
	log := a.o.Log.With("role", "receiver")
	var listeners []modules.Listener
	if path := a.o.CommandFile; path != "-" {
		listeners = append(listeners, cmdfile.New(path, modules.Env{Log: log, Metrics: a.metrics}))
	}
	r := receiver.New(receiver.Options{
		Boot: a.boot, Name: a.o.Name, Bus: a.bus, Listeners: listeners, Build: a.listener(log), Shutdown: a.shutdown(), Log: log, Metrics: a.metrics,
		Spool: a.spool(), SpoolMax: cmp.Or(a.o.SpoolMax, spoolMax),
		Chronicle: a.deeds.For("receiver"),
	})
	a.serve(r.Handle)
	a.receives(r)
	return a.linked(r, log)
}

// spoolMax is how much a receiver spools unless it is told otherwise: a million results and more.
const spoolMax = 256 << 20

// spool is the folder of the receiver's spool; empty for none.
func (a *App) spool() string {
	if a.o.State == "" {
		return ""
	}
	return filepath.Join(a.o.State, "spool")
}

func buildBroker(a *part) (Daemon, error) {
	var exports []modules.Exporter
	if path := a.eventLog(); path != "" {
		m := ndjson.New(ndjson.Options{Path: path, Name: builtin.EventLog})
		a.closers = append(a.closers, m.Close)
		exports = append(exports, m)
	}
	log := a.o.Log.With("role", "broker")
	b := broker.New(broker.Options{
		Name: a.o.Name, Boot: a.boot, Bus: a.bus, Exports: exports, Build: a.exporter(log), Besides: builtin.WithPages, API: a.server, Obey: a.obey, Log: log, Metrics: a.metrics,
		Chronicle: a.deeds.For("broker"), Mute: a.muteSince,
	})
	a.serve(b.Handle)
	return a.obeying(b), nil
}

// untagged is how Shinken writes the pool of what has no tag.
const untagged = "None"

// pools gives the pools for tags as written.
func pools(tags []string) []string {
	var out []string
	for _, tag := range tags {
		if tag == untagged {
			tag = ""
		}
		if !slices.Contains(out, tag) {
			out = append(out, tag)
		}
	}
	return out
}

// fileLimit is how many files this process may have open.
func fileLimit() int {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return 1024
	}
	return int(min(r.Cur, 1<<20))
}

// slotsFor leaves a tenth of the descriptors, and at least 200, to everything that is not a check.
func slotsFor(limit int) int { return min(max(limit-max(limit/10, 200), 64), 1<<16) }
