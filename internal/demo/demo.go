// Package demo knows how to show Onbu on a site that does not exist: 300 hosts on addresses of the loopback interface, which answer as
// switches, servers and a vCenter would, an engine of three nodes that looks at them for real, and a story of failures that goes
// round in ten minutes. It writes into one folder, and talks to nobody outside of this machine.
package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"github.com/onbu/onbu/arbiter"
	"github.com/onbu/onbu/internal/app"
	"github.com/onbu/onbu/internal/bus/dial"
	"github.com/onbu/onbu/internal/console"
)

// Options says how a demo runs.
type Options struct {
	State string // the folder for all that it writes
	HTTP  string // where the pages are
	// Speed is how fast the story goes; 1 for ten minutes a round. Checks are made as often as ever.
	Speed float64
	// Hold is the moment of the story at which it stands still; 0 for never.
	Hold time.Duration
	// Seed makes chance repeatable: which host has which load.
	Seed uint64
	// Out is told what happens; Log gets the log of the engine.
	Out io.Writer
	Log *slog.Logger
}

// The nodes: alpha has every role, beta a second scheduler and poller, and porto is a poller that stands in the other city.
const (
	alpha = "alpha"
	beta  = "beta"
	porto = "porto"
)

// shards is into how many parts the site is divided.
const shards = 6

// plainPath is what may stand in the path of the state folder, which a notification command names between quotes.
var plainPath = regexp.MustCompile(`^[A-Za-z0-9_ /.,+@=:-]+$`)

// Run shows the demo until ctx ends. ready is called once the pages are there, with their address.
func Run(ctx context.Context, o Options, ready func(addr string)) error {
	if !plainPath.MatchString(o.State) {
		return fmt.Errorf("the state folder %q: the configuration of the demo names it, so it may have letters, digits and _ /.,+@=:- only", o.State)
	}
	p, err := findPlace(ctx)
	if err != nil {
		return err
	}
	p.token, p.told = rand.Text(), filepath.Join(o.State, "told.log")
	hosts := site(p.network)
	if err := writeConfig(filepath.Join(o.State, "config"), p, hosts); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(o.State, alpha), 0o700); err != nil {
		return fmt.Errorf("state folder: %w", err)
	}
	if err := writeUsers(filepath.Join(o.State, alpha, "users")); err != nil {
		return err
	}
	st := newStreet(p, hosts, o.Seed)
	defer st.close()
	if err := st.set(sceneAt(0)); err != nil {
		return err
	}
	return o.engine(ctx, func(ctx context.Context, addr string) error {
		ready(addr)
		d := &desk{ask: &console.Client{Addr: addr}, place: p, street: st, speed: o.Speed, hold: o.Hold, out: o.Out}
		return d.play(ctx)
	})
}

// engine runs the three nodes, and beside them what is to be shown on them once they are there. When one ends, all end.
func (o *Options) engine(ctx context.Context, show func(ctx context.Context, addr string) error) error {
	main := filepath.Join(o.State, "config", mainFile)
	config, report := arbiter.Load(main)
	if !report.OK() {
		return fmt.Errorf("%s is not usable: onbu verify says why", main)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	ended := make(chan error, 4)
	run := func(f func() error) {
		all.Go(func() {
			ended <- f()
			cancel()
		})
	}
	hub := &dial.Hub{}
	first := app.Options{Name: alpha, Roles: app.Roles(), Main: main, Config: config, HTTP: o.HTTP, EventLog: "events.ndjson", CommandFile: "-", PollerTags: []string{"None"}, Shards: shards}
	first.Started = func(addr string) { run(func() error { return show(ctx, addr) }) }
	for _, node := range []app.Options{
		first,
		{Name: beta, Roles: []string{"scheduler", "poller"}, PollerTags: []string{"None"}},
		{Name: porto, Roles: []string{"poller"}, PollerTags: []string{"porto"}},
	} {
		run(func() error { return o.node(ctx, hub, node) })
	}
	all.Wait()
	close(ended)
	var errs []error
	for err := range ended {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// node runs one node on the bus of this process.
func (o *Options) node(ctx context.Context, hub *dial.Hub, node app.Options) error {
	node.State, node.Log = filepath.Join(o.State, node.Name), o.Log.With("node", node.Name)
	if err := os.MkdirAll(node.State, 0o700); err != nil {
		return fmt.Errorf("state folder: %w", err)
	}
	c, closeBus, err := dial.Open(ctx, "embedded:", dial.Options{Name: node.Name, StateDir: o.State, Hub: hub, Log: node.Log})
	if err != nil {
		return err
	}
	node.Bus = c
	return errors.Join(app.Run(ctx, node), closeBus())
}

// desk is where the story is told from.
type desk struct {
	ask    *console.Client
	place  *place
	street *street
	speed  float64
	hold   time.Duration
	out    io.Writer
}

// tick is how often the site is set as the story has it.
const tick = 250 * time.Millisecond

// play tells the story until ctx ends.
func (d *desk) play(ctx context.Context) error {
	began, before := time.Now(), -time.Nanosecond
	var reported time.Time
	open := deeds()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		now := time.Now()
		elapsed := d.elapsed(now.Sub(began))
		if elapsed/round > before/round {
			open = deeds()
		}
		s := sceneAt(elapsed)
		if err := d.street.set(s); err != nil {
			return err
		}
		for _, line := range heard(before, elapsed) {
			fmt.Fprintf(d.out, "%s  %s\n", clock(elapsed), line)
		}
		open = d.act(ctx, open, s, now)
		if now.Sub(reported) >= reportEvery && d.place.send(ctx, reports(d.street.hosts, s, d.street.seed)) == nil {
			reported = now
		}
		before = elapsed
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// elapsed gives how far the story is after so long.
func (d *desk) elapsed(since time.Duration) time.Duration {
	at := time.Duration(float64(since) * d.speed)
	if d.hold > 0 {
		at = min(at, d.hold)
	}
	return at
}

// deedPatience is how long after its moment a deed is still tried.
const deedPatience = time.Minute

// act does what is due, and gives what is not done yet.
func (d *desk) act(ctx context.Context, open []deed, s *scene, now time.Time) (rest []deed) {
	for _, one := range open {
		switch {
		case s.at < one.at:
			rest = append(rest, one)
		case s.at > one.at+deedPatience:
			fmt.Fprintf(d.out, "%s  not done: %s\n", clock(s.at), one.about)
		case one.do(ctx, d, now) == nil:
			fmt.Fprintf(d.out, "%s  %s\n", clock(s.at), one.about)
		default:
			rest = append(rest, one)
		}
	}
	return rest
}
