// Package bench knows how to put load on the whole of Onbu and what to measure: it writes a Nagios configuration, starts
// the engine on it as a user would, in a process of its own beside fake targets, and says how late checks began and what
// each cost. It can offer the same checks to Debian's nagios4 or icinga2 right after, and look for the highest rate that the
// engine holds. Linux only: it reads /proc.
package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Options says what to run.
type Options struct {
	// Scenario is a name out of Scenarios().
	Scenario string
	// Services and Interval are the load: so many services, each checked once in Interval, which is whole seconds.
	// 0 takes what the scenario proposes.
	Services int
	Interval time.Duration
	// Window is how long is measured once the warm-up is over: until every service was checked, and an interval more;
	// 0 for what the scenario proposes.
	Window time.Duration
	// Payload is how large the payloads of scenario piggyback are, in bytes; 0 for 4,096.
	Payload int
	// Max looks for the highest rate that the engine holds, with Services being the first try, and reports that.
	Max bool
	// Plugin is the command line that scenario exec forks instead of its own; empty for that.
	Plugin string
	// Peer is out of Peers() or empty.
	Peer string
	// Program is the onbu to measure. The fake targets are run by it too, as `onbu bench target KIND`.
	Program string
	// Progress is told where things are, about once a second; it may be nil.
	Progress func(line string)
}

// Validate says what is wrong with the options, nothing being started yet.
func (o *Options) Validate() error {
	s, err := find(o.Scenario)
	switch {
	case err != nil:
		return err
	case o.Services < 0 || o.Services > maxServices:
		return fmt.Errorf("%d services cannot be; choose 1 to %d", o.Services, maxServices)
	case o.Interval < 0 || o.Interval%time.Second != 0:
		return fmt.Errorf("an interval of %v cannot be written in a configuration; use whole seconds", o.Interval)
	case o.Payload < 0 || o.Payload > mostPayload:
		return fmt.Errorf("payloads of %d bytes cannot be; choose 1 to %d", o.Payload, mostPayload)
	case o.Payload != 0 && s.sized == nil:
		return fmt.Errorf("scenario %s has no payloads; leave --payload away", s.name)
	case o.Window < 0:
		return errors.New("the time to measure must not be negative")
	case o.Peer != "" && findPeer(o.Peer) == nil:
		return fmt.Errorf("no peer is called %q; there are %s", o.Peer, strings.Join(Peers(), ", "))
	case o.Peer != "" && o.Peer != s.ownPeer && (s.compares() || s.fixed || s.noPlugin):
		return fmt.Errorf("scenario %s is for Onbu alone; leave --peer away", s.name)
	case o.Max && (s.compares() || s.fixed):
		return fmt.Errorf("scenario %s is about something else than the highest rate; leave --max away", s.name)
	case o.Plugin != "" && s.name != "exec":
		return fmt.Errorf("scenario %s forks no plugin of your choice; exec does", s.name)
	case strings.ContainsAny(o.Plugin, "\n;"):
		return errors.New("a plugin's command line with a line end or a semicolon cannot be written in a configuration; put it into a script")
	}
	return nil
}

// run is one call of Run.
type run struct {
	o        Options
	scenario scenario
	dir      string
	targets  []*fakeTarget
	ports    map[string]int // of the fake targets, by kind
	step     string         // what progress lines begin with
	stopped  bool           // by the end of ctx, with something measured
	account  *Account
	trends   []*trend
	senders  []*NSCASender
	notes    []string   // of scenario nsca
	modules  [][]string // definitions of modules for the engine
	without  *Figures   // what apart measured without what the scenario is about
	first    int        // the services of the first step of a search
	half     bool       // half of what a search finds is to be run
}

// halfStart is where a search begins whose scenario does not say.
const halfStart = 20_000

// Run measures. It takes about two intervals and the window for each engine. All processes that it
// started have ended when it returns, also when ctx ends. If something was measured by then there is a report, and no error.
func Run(ctx context.Context, o Options) (report *Report, err error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	r := &run{o: o}
	r.scenario, _ = find(o.Scenario)
	r.defaults()
	if o.Peer != "" {
		if _, err := findPeer(o.Peer).program(); err != nil {
			return nil, err
		}
	}
	if r.dir, err = os.MkdirTemp("", "onbu-bench-"); err != nil {
		return nil, fmt.Errorf("folder for the run: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.dir)) }()
	defer r.stopTargets()
	if err := r.startTargets(ctx); err != nil {
		return nil, err
	}
	return r.all(ctx)
}

func (r *run) defaults() {
	if r.o.Plugin != "" {
		r.scenario.loads[0].command = r.o.Plugin
	}
	if r.o.Services == 0 {
		r.o.Services = r.scenario.services
		if r.o.Services == 0 {
			r.o.Services, r.half = halfStart, true
		}
	}
	if r.o.Interval == 0 {
		r.o.Interval = r.scenario.interval
		if r.o.Max {
			r.o.Interval = searchInterval
		}
	}
	if r.o.Window == 0 {
		r.o.Window = r.scenario.window
		if r.o.Max {
			r.o.Window = searchWindow
		}
	}
	if r.scenario.sized != nil {
		r.o.Payload = cmp.Or(r.o.Payload, usualPayload)
		r.scenario.loads = r.scenario.sized(&r.o)
	}
	r.first = r.o.Services
	if r.o.Progress == nil {
		r.o.Progress = func(string) {}
	}
}

// all measures one engine after the other.
func (r *run) all(ctx context.Context) (*Report, error) {
	out := &Report{
		Scenario: r.scenario.name, About: r.scenario.about, Time: time.Now().UTC().Truncate(time.Second), Machine: runtime.NumCPU(),
		LoadAverage: loadAverage(),
	}
	err := r.own(ctx, out)
	if err != nil {
		return nil, err
	}
	out.Services, out.Interval = r.o.Services, r.o.Interval.Seconds()
	out.Without = cmp.Or(out.Without, r.without)
	out.Account, out.Trends, out.Senders = r.account, r.trends, r.senders
	if r.o.Peer != "" && !r.stopped && r.scenario.ownPeer == "" {
		err = r.peer(ctx, out)
	}
	out.Stopped = r.stopped
	return out, err
}

// own measures Onbu.
func (r *run) own(ctx context.Context, out *Report) (err error) {
	all := func(ctx context.Context) (*Figures, error) { return r.onbu(ctx, "all", r.scenario.loads) }
	if r.half {
		if err := r.halve(ctx, out, all); err != nil {
			return err
		}
	}
	var figures *Figures
	switch {
	case r.scenario.apart != nil:
		figures, err = r.scenario.apart(r, ctx)
	case r.o.Max:
		figures, out.Search, err = r.search(ctx, "onbu", r.o.Services, all)
	case r.scenario.compares():
		if out.Without, err = r.onbu(ctx, "alone", r.scenario.measured()); err != nil || r.stopped {
			break
		}
		fallthrough
	default:
		figures, err = all(ctx)
	}
	if figures == nil && out.Without != nil && ctx.Err() != nil { // stopped before it came to that
		figures, out.Without, r.stopped, err = out.Without, nil, true, nil
	}
	if err != nil {
		return err
	}
	out.Figures, out.Seconds, out.Notes = *figures, figures.took.Seconds(), figures.notes
	out.Piggyback = figures.piggyback
	return nil
}

// halve looks for the highest rate, with nothing besides, and takes half of it for what follows.
func (r *run) halve(ctx context.Context, out *Report, measure func(context.Context) (*Figures, error)) (err error) {
	wanted, scenario := r.o, r.scenario
	r.o.Max, r.o.Interval, r.o.Window, r.scenario.beside = true, searchInterval, searchWindow, nil
	_, out.Search, err = r.search(ctx, "onbu", r.o.Services, measure)
	if err == nil && r.stopped {
		err = ctx.Err()
	}
	wanted.Services = max(1, int(float64(r.o.Services)/2*wanted.Interval.Seconds()/searchInterval.Seconds()))
	r.o, r.scenario = wanted, scenario
	return err
}

// peerStart is how much less a peer is offered first when its highest rate is looked for.
const peerStart = 8

// peer measures the peer, after a search of its own if Onbu's highest rate was looked for. A run that is stopped meanwhile has Onbu's figures.
func (r *run) peer(ctx context.Context, out *Report) (err error) {
	p := findPeer(r.o.Peer)
	measure := func(ctx context.Context) (*Figures, error) { return p.measure(r, ctx) }
	var f *Figures
	if r.o.Max {
		f, out.PeerSearch, err = r.search(ctx, p.name, max(1, r.first/peerStart), measure)
	} else {
		f, err = measure(ctx)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		r.stopped = true
		return nil
	case err != nil:
		return fmt.Errorf("%s: %w", r.o.Peer, err)
	}
	out.Peer = f
	out.compare()
	return nil
}

// peer is another engine that is offered the same checks.
type peer struct {
	name    string
	program func() (path string, err error)
	measure func(r *run, ctx context.Context) (*Figures, error)
}

// peers is the one list of peers.
func peers() []*peer {
	return []*peer{
		{peerNagios, nagiosProgram, (*run).nagios},
		{peerIcinga, icingaProgram, (*run).icinga},
	}
}

// Peers gives the names of the engines that can be compared with.
func Peers() []string {
	var names []string
	for _, p := range peers() {
		names = append(names, p.name)
	}
	return names
}

func findPeer(name string) *peer {
	for _, p := range peers() {
		if p.name == name {
			return p
		}
	}
	return nil
}

// count is how many services the loads have.
func (r *run) count(loads []load) int {
	n := 0
	for _, l := range loads {
		n += r.scenario.share(l, r.o.Services)
	}
	return n
}

// config writes the configuration for some of the scenario's loads into a folder of its own.
func (r *run) config(name string, loads []load) (*site, error) {
	s := &site{dir: filepath.Join(r.dir, name), interval: r.o.Interval, ports: r.ports, commands: r.scenario.beside != nil, modules: r.modules}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return nil, fmt.Errorf("folder for the configuration: %w", err)
	}
	for _, l := range loads {
		s.groups = append(s.groups, group{load: l, services: r.scenario.share(l, r.o.Services)})
	}
	r.say("writing the configuration of %s services", thousands(r.count(loads)))
	return s, s.write()
}
