// Package app knows how Onbu is put together: which roles there are, what each is built from, and in which order they
// start and end. A role cannot tell whether it shares the process with the others.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/dial"
	"github.com/onbu/onbu/internal/chronicle"
	"github.com/onbu/onbu/internal/keys"
	"github.com/onbu/onbu/internal/nodes"
	"github.com/onbu/onbu/internal/sdnotify"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/receiver"
)

// Options says what to run.
type Options struct {
	// Roles are names out of Roles(), in any order.
	Roles []string
	// Main is the main file; the arbiter needs it. Config is what was read from it already, or nil: then what is in force goes on while
	// the files are broken, see WorkedWith.
	Main   string
	Config *objects.Config
	// BusURL is "embedded:", "nats://…" or "tls://…".
	BusURL string
	// TLS and Creds are the files for a bus on the network that wants them.
	TLS   dial.Files
	Creds string
	// Keys is the folder with the certificate of this process, which says its name and roles; empty for none. It takes the place
	// of TLS and Name.
	Keys string
	// Serve says whom the embedded bus is there for besides this process, and Replicas how many servers of a cluster keep
	// each stream: 0 for 3 in a cluster, and 1 elsewhere.
	Serve    dial.Serve
	Replicas int
	Bus      bus.Conn // used instead of BusURL when set; the caller closes it
	// State is the folder for everything that must outlive the process.
	State string
	// HTTP is the address of the API; empty for none.
	HTTP string
	// Name tells daemons of one role apart; empty for the machine's name.
	Name string
	// PollerTags and ReactionnerTags are the pools served; "None" is the pool of untagged ones. Empty for all that the
	// configuration has, or for untagged ones without a configuration.
	PollerTags, ReactionnerTags []string
	// CommandFile replaces the configuration's command_file; "-" turns it off.
	CommandFile string
	// EventLog is where the events go, one JSON object a line: a path, "-" for standard output, empty for none.
	EventLog string
	// Fork names programs that are forked although a module would run them.
	Fork []string
	// Slots is how many checks a poller may have under way; 0 for as many as file descriptors allow.
	Slots int
	// Plugins is how many plugins may run at once; 0 for a default.
	Plugins int
	Shards  int
	// Perf bounds what the stream of all checks keeps for export modules; the layout's bounds where it is 0. The arbiter uses it.
	Perf bus.Limits
	// SpoolMax bounds what a receiver keeps in its state folder while the bus takes no results, in bytes; 0 for a default.
	SpoolMax int64
	// Reload asks the arbiter to read the files again.
	Reload <-chan struct{}
	Log    *slog.Logger
	// Links is the file that says how this site is joined with others; empty for not at all. Site is what it is called among
	// them; empty for Name up to the first dot.
	Links, Site string
	// BeforeStep, unless it is nil, is called by each shard's loop before each of its steps: for tests of faults.
	BeforeStep func(monitor.Shard)
	// Supervisor is told how the process is; nil for nobody.
	Supervisor *sdnotify.Notifier
	// Started is called with the API's address once all roles run.
	Started func(addr string)
}

// Daemon is a role that runs.
type Daemon interface {
	// Run works until ctx ends and leaves nothing behind. Called once.
	Run(ctx context.Context) error
}

// loader is a daemon that says how much it does.
type loader interface{ Load() map[string]int64 }

// troubled is a daemon that knows what somebody should look at though it works, a sentence each.
type troubled interface{ Troubles() []string }

// stopWait bounds how long one role may take to end.
const stopWait = 15 * time.Second

// App is a process with its roles. It is used once.
type App struct {
	o    Options
	boot string
	// receiver carries out the commands of the broker's modules; nil until it is built.
	receiver atomic.Pointer[receiver.Receiver]
	bus      bus.Conn
	keys     *keys.Ring // nil without Keys
	metrics  *metrics.Set
	courier  *carrier
	server   *httpServer
	roles    []*running
	// ordered is closed once it is known what people ordered of this node.
	ordered chan struct{}
	// deeds is the cluster log of this process; nil before the bus is open.
	deeds *chronicle.Writer
	// busState is what is known of the bus; nil where this process may not ask.
	busState *busState
	// ending is that the process ends, with the server of the bus in it.
	ending atomic.Bool
	// neighbours heard the other nodes; nil without a broker.
	neighbours *nodes.Watcher
	failed     chan error
	end        context.CancelFunc
	closers    []func() error
}

// Run starts the roles and works until ctx ends or a role fails. Then everything ends in order.
func Run(ctx context.Context, o Options) error {
	a := &App{o: o, boot: newBoot(), metrics: metrics.NewSet(), ordered: make(chan struct{}), failed: make(chan error, len(o.Roles)+1)}
	if err := a.openKeys(); err != nil {
		return err
	}
	if a.o.Name == "" {
		a.o.Name, _ = os.Hostname()
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a.end = cancel
	go BoundHeap(ctx)
	running := a.supervise(ctx)
	err := a.start(ctx)
	if err == nil {
		running()
		select {
		case <-ctx.Done():
		case err = <-a.failed:
		}
	}
	a.o.Supervisor.Stopping()
	if err = errors.Join(err, a.stop()); err == nil {
		a.o.Log.Info("ended in order")
	}
	return err
}

func (a *App) start(ctx context.Context) error {
	for _, name := range a.o.Roles {
		if !slices.Contains(Roles(), name) {
			return fmt.Errorf("no role is called %q; there are %s", name, strings.Join(Roles(), ", "))
		}
	}
	if runsPrograms := slices.Contains(a.o.Roles, "poller") || slices.Contains(a.o.Roles, "reactionner"); runsPrograms && os.Geteuid() == 0 {
		a.o.Log.Warn("running as root: plugins and notification commands run as root too; give Onbu a user of its own")
	}
	if a.o.State != "" {
		var err error
		if a.o.State, err = filepath.Abs(a.o.State); err != nil { // the working directory may change, or go
			return fmt.Errorf("the state folder: %w; give --state in full", err)
		}
		if err := os.MkdirAll(a.o.State, 0o750); err != nil {
			return fmt.Errorf("the state folder: %w; choose another with --state", err)
		}
	}
	if err := a.openBus(ctx); err != nil {
		return err
	}
	if err := a.fits(ctx); err != nil {
		return err
	}
	a.chronicle(ctx)
	a.watchBus(ctx)
	a.watchKeys(ctx)
	a.watchNodes(ctx)
	a.server = newServer(a)
	a.settle()
	for _, r := range roles() {
		if !slices.Contains(a.o.Roles, r.name) {
			continue
		}
		one := a.newRunning(r)
		if err := one.build(); err != nil {
			return err
		}
		a.roles = append(a.roles, one)
	}
	a.o.Config = nil // the roles have what they need of it; it takes as much room as everything else
	addr, err := a.server.listen(a.o.HTTP)
	if err != nil {
		return err
	}
	a.launch(ctx)
	if a.o.Started != nil {
		go a.announce(ctx, addr)
	}
	return nil
}

// launch starts the roles. Each has a life of its own, so that they can be ended one after the other.
func (a *App) launch(ctx context.Context) {
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	var orders sync.WaitGroup
	orders.Go(func() { a.followOrders(following) })
	a.closers = append(a.closers, func() error {
		stop()
		orders.Wait()
		return nil
	})
	for _, r := range a.roles {
		r.started = true
		go r.run()
		if r.role.name == "arbiter" {
			a.prepared(ctx, r.ended)
		}
	}
}

// prepared waits until the arbiter has made the streams, so that the roles beside it find them at once. When it fails
// instead, start goes on and Run ends with the reason.
func (a *App) prepared(ctx context.Context, ended <-chan struct{}) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	_ = a.bus.Ready(ctx)
}

// announce tells once the bus is ready, which the arbiter sees to.
func (a *App) announce(ctx context.Context, addr string) {
	if a.bus.Ready(ctx) == nil {
		a.o.Started(addr)
	}
}

// stop ends the roles from the one that takes things in to the one that all others stand on, then the API and the bus.
func (a *App) stop() error {
	var errs []error
	a.ending.Store(true)
	for _, r := range a.roles {
		signal(r.soon)
	}
	for i := len(a.roles) - 1; i >= 0; i-- {
		r := a.roles[i]
		r.end()
		if !r.started {
			r.drop()
			continue
		}
		select {
		case <-r.over:
		case <-time.After(stopWait):
			errs = append(errs, fmt.Errorf("%s did not end within %s", r.role.name, stopWait))
		}
	}
	a.farewells()
	if a.server != nil {
		errs = append(errs, a.server.close())
	}
	for i := len(a.closers) - 1; i >= 0; i-- {
		errs = append(errs, a.closers[i]())
	}
	return errors.Join(errs...)
}

// farewells waits until the roles that have ended have said so, all at a time: each waits a second for a bus that stores nothing.
func (a *App) farewells() {
	for _, r := range a.roles {
		select {
		case <-r.over:
			<-r.ended // its last beat is bounded
		default: // it never began, or does not end
		}
	}
}

// eventLog is the path of the event log, relative ones lying in the state folder.
func (a *App) eventLog() string {
	p := a.o.EventLog
	if p == "" || p == "-" || filepath.IsAbs(p) || a.o.State == "" {
		return p
	}
	return filepath.Join(a.o.State, p)
}
