package faults

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/onbu/onbu/arbiter/objects/objectstest"
	"github.com/onbu/onbu/bench/faults/lab"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/dial"
	"github.com/onbu/onbu/internal/keys"
)

// The ports of daemons on their machines.
const (
	busPort     = 4222
	clusterPort = 6222
	resultsPort = 7766 // where receivers take results
	firstHTTP   = 7770
)

// Site is a cluster at work.
type Site struct {
	o       Options
	dir     string
	lab     *lab.Lab
	main    string                  // its configuration
	said    string                  // the file in which people are told
	more    func(*objectstest.Text) // writes what a fault wants besides; nil for nothing
	daemons []*Daemon
	busURL  string
	bus     bus.Conn   // of the observer
	raw     *nats.Conn // of the observer
	vault   *keys.Vault
	keys    *keys.Ring // of the observer
	ends    []func() error
	quiet   quietly
	load    *load
	orders  *orders
	history []string // what was said, with times
	sink    *sink
	floods  []*load          // which brought results of their own
	began   map[int]standing // of each process when all was well at first
	well    time.Time        // that moment
	bound   time.Duration    // of the fault that is tried
	client  http.Client
}

// Daemon is one process of the cluster, which may be started again and again.
type Daemon struct {
	*lab.Process
	Role string
	On   *lab.Machine
	HTTP string

	site *Site
	args []string
	// program is run instead of Options.Program; empty for that.
	program string
}

// Name tells daemons apart.
func (d *Daemon) Name() string { return d.Role + "@" + d.On.Name }

func newSite(o Options, l *lab.Lab, dir string) *Site {
	s := &Site{o: o, dir: dir, lab: l, client: http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}}
	s.load, s.orders = newLoad(s), &orders{s: s, stop: func() {}}
	return s
}

func (s *Site) say(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	if s.o.Say != nil {
		s.o.Say(line)
	}
	s.history = append(s.history, time.Now().Format(clock)+" "+line)
}

// add adds a daemon, which begins with the site.
func (s *Site) add(m *lab.Machine, role string, args ...string) *Daemon {
	d := &Daemon{Role: role, On: m, site: s, args: args}
	s.daemons = append(s.daemons, d)
	if role != "bus" {
		d.HTTP = m.Path(firstHTTP + len(s.daemons))
	}
	return d
}

// Daemons gives all of a role, in the order in which they were added.
func (s *Site) Daemons(role string) []*Daemon {
	return slices.DeleteFunc(slices.Clone(s.daemons), func(d *Daemon) bool { return d.Role != role })
}

// Start starts the daemon, again after its end with the folder that it had.
func (d *Daemon) Start() error {
	args := []string{d.Role}
	for _, a := range d.args {
		args = append(args, strings.ReplaceAll(a, "CONFIG", d.site.main))
	}
	args = append(args, "--state", d.On.Dir(d.Role))
	if d.Role != "bus" {
		args = append(args, "--bus", d.site.busURL, "--http", d.HTTP, "--keys", d.site.ring(d.On.Name))
	}
	p, err := d.On.Start(d.Role, cmp.Or(d.program, d.site.o.Program), args...)
	d.Process = p
	return err
}

// begin writes the configuration, starts all daemons and the load, and returns when everything was checked once.
func (s *Site) begin(ctx context.Context) error {
	if err := s.receive(); err != nil {
		return err
	}
	if err := s.configure(); err != nil {
		return err
	}
	s.say("starting %d daemons", len(s.daemons))
	for _, d := range s.daemons {
		if err := d.Start(); err != nil {
			return err
		}
	}
	if err := s.observe(ctx); err != nil {
		return err
	}
	if err := s.eventually(ctx, 2*time.Minute, "everything is known and checked", s.checked); err != nil {
		return err
	}
	if err := s.shared(ctx); err != nil { // what moves because the site began is no fault's doing
		return err
	}
	s.load.begin(ctx)
	s.orders.begin(ctx)
	err := s.eventually(ctx, time.Minute, "results and orders are taken", func() error {
		if s.load.answered() == 0 || len(s.orders.all()) == 0 {
			return errors.New("none so far")
		}
		return s.alive()
	})
	s.began, s.well = s.standings(ctx), time.Now()
	return err
}

// observe connects to the bus to read what the cluster records.
func (s *Site) observe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var err error
	if s.keys, err = s.observer(); err != nil {
		return err
	}
	conn, end, err := dial.Open(ctx, s.busURL, dial.Options{Name: "observer", Keys: s.keys, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	s.bus = conn
	listening, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.ends = append(s.ends, end, func() error { stop(); return nil })
	if err := conn.Ready(ctx); err != nil {
		return err
	}
	go s.quiet.listen(listening, conn)
	return s.connect()
}

// eventually asks again and again until the answer is nil. A daemon that ended by itself ends it.
func (s *Site) eventually(ctx context.Context, limit time.Duration, what string, ready func() error) error {
	for end := time.Now().Add(limit); ; {
		err := ready()
		if err == nil {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("waited %v for this: %s: %w", limit, what, err)
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

// pause waits, or gives ctx's error.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// alive names the daemons that ended.
func (s *Site) alive() (err error) {
	for _, d := range s.daemons {
		if d.Process != nil {
			err = errors.Join(err, d.Alive())
		}
	}
	return err
}

// Freeze stops a daemon as a debugger does; Thaw lets it go on.
func (d *Daemon) Freeze() error { return d.Signal(syscall.SIGSTOP) }

// Thaw undoes Freeze.
func (d *Daemon) Thaw() error { return d.Signal(syscall.SIGCONT) }

// close ends everything, the bus last.
func (s *Site) close() {
	s.load.end()
	s.orders.end()
	for _, end := range slices.Backward(s.ends) {
		_ = end()
	}
	for _, d := range slices.Backward(s.daemons) {
		if d.Process != nil && d.Alive() == nil {
			_ = d.Thaw()
			_ = d.Stop()
		}
	}
}

// file is the path of a file that all machines share.
func (s *Site) file(name string) string { return filepath.Join(s.dir, name) }
