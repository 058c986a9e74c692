package arbiter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/arbiter/dynamic"
	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// How often dynamic hosts bring a new configuration into force: a little after the first candidate, so that one output's come
// together; not sooner after the last time than that, nor than several times as long as it took.
const (
	gather     = 300 * time.Millisecond
	atLeast    = 2 * time.Second
	perTook    = 4
	sweepEvery = 30 * time.Second // how often it is looked who is gone, and what is new at those who are there
	perSweep   = 20               // one in so many hosts is looked at for new services
)

// dynamicFile is what stands where other definitions have their file.
const dynamicFile = "dynamic hosts"

// dynamics makes hosts of orphans. The arbiter's goroutine owns it, but for the orphans.
type dynamics struct {
	a       *Arbiter
	orphans *orphans
	list    *dynamic.List
	// texts are the files as they were last read; nil where there are no rules.
	texts *objects.Texts
	// behind says that the list is not in force as it is.
	behind bool
	// next runs at due, when there may be something to do; last is when the last round ended, took how long it took.
	next      *time.Timer
	due, last time.Time
	took      time.Duration
	// swept is when it was last looked who is gone; turn counts that.
	swept time.Time
	turn  int
}

// openDynamics reads what is remembered.
func (a *Arbiter) openDynamics(ctx context.Context) (*dynamics, error) {
	d := &dynamics{a: a, orphans: newOrphans(a.o.Bus, a.o.Log), next: time.NewTimer(0)}
	d.next.Stop()
	var known monitor.Dynamics
	data, err := a.o.Bus.Blob(ctx, bus.CFG, wire.DynamicsName)
	if err == nil {
		err = wire.Unmarshal(data, &known)
	} else if errors.Is(err, bus.ErrNotFound) {
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("what is remembered of dynamic hosts: %w", err)
	}
	d.list = dynamic.New(a.o.Site, known)
	return d, nil
}

// read takes files that were read anew, and gives the configuration with the dynamic hosts in it. After an error everything is
// as it was. What it gives is not yet in force: that is what settle is told of.
func (d *dynamics) read(ctx context.Context, c *objects.Config) (*objects.Config, error) {
	whole, t, err := d.try(c)
	if t.plain {
		return whole, nil
	}
	if err == nil {
		err = d.save(ctx)
	}
	if err != nil {
		d.undo(t)
		return nil, err
	}
	d.behind = true
	d.tell(t.changes)
	return whole, nil
}

// trial is what files that were read anew would change.
type trial struct {
	was     monitor.Dynamics
	texts   *objects.Texts
	changes []dynamic.Change
	plain   bool // nothing is dynamic, and nothing was
}

// try takes files that were read anew and gives the configuration with the dynamic hosts in it. Nothing is stored; undo takes it back.
func (d *dynamics) try(c *objects.Config) (*objects.Config, trial, error) {
	t := trial{was: d.list.Dynamics(), texts: d.texts}
	d.texts = c.Texts
	t.changes = d.list.Read(c.DynamicRules, func(host string) bool {
		_, ok := c.Host(host)
		return ok
	}, d.now())
	var err error
	if d.list.Len() > 0 {
		c, err = d.build()
	} else {
		t.plain = len(c.DynamicRules) == 0 && len(t.changes) == 0
	}
	return c, t, err
}

func (d *dynamics) undo(t trial) {
	d.list, d.texts = dynamic.New(d.a.o.Site, t.was), t.texts
}

// settle says that what was read is in force: from now on its rules are watched.
func (d *dynamics) settle() {
	var m *dynamic.Matcher
	if d.list.Makes() {
		m = d.list.Matcher()
	}
	d.orphans.follow(m)
	d.behind, d.last = false, time.Now()
	if d.list.Len() > 0 {
		d.wake(atLeast)
	}
}

func (d *dynamics) now() monitor.Time { return monitor.At(time.Now()) }

// wake has a round made after a time, unless one is due sooner.
func (d *dynamics) wake(after time.Duration) {
	due := time.Now().Add(after)
	if d.due.IsZero() || due.Before(d.due) {
		d.due = due
		d.next.Reset(after)
	}
}

// heard plans a round for candidates.
func (d *dynamics) heard() {
	pause := max(atLeast, perTook*d.took) - time.Since(d.last)
	d.wake(max(gather, pause))
}

// round makes hosts of candidates and removes hosts that are gone, and brings what changed into force.
func (d *dynamics) round(ctx context.Context) {
	began := time.Now()
	d.due = time.Time{}
	err := d.turnOnce(ctx)
	d.last, d.took = time.Now(), time.Since(began)
	switch {
	case err != nil && ctx.Err() == nil:
		d.a.o.Log.Error("dynamic hosts are not in force; trying again", "error", err)
		d.wake(10 * time.Second)
	case d.list.Len() > 0:
		d.wake(sweepEvery)
	}
}

func (d *dynamics) turnOnce(ctx context.Context) error {
	if d.texts == nil {
		return nil
	}
	defined, err := d.defined(ctx)
	if err != nil {
		return err
	}
	sources := d.sources(ctx)
	candidates := d.candidates(sources)
	sweep := time.Since(d.swept) >= sweepEvery
	if sweep {
		d.swept = time.Now()
		candidates = append(candidates, d.again(ctx)...)
	}
	changes := d.list.Add(candidates, defined, d.now())
	if sweep {
		for _, host := range d.list.Due(sources, d.now()) {
			d.list.Listed(host, newest(d.payloads(ctx, host)))
		}
		changes = append(changes, d.list.Expire(sources, d.now())...)
	}
	d.tell(changes)
	return d.carryOut(ctx, changes)
}

// defined gives what tells whether a host in force stands in a file.
func (d *dynamics) defined(ctx context.Context) (func(string) bool, error) {
	_, now, err := d.a.current(ctx)
	if err != nil {
		return nil, err
	}
	place, err := d.a.before(ctx, now)
	if err != nil {
		return nil, err
	}
	return func(host string) bool {
		if place == nil || d.list.Host(host) != nil {
			return false
		}
		_, ok := place(host)
		return ok
	}, nil
}

// candidates gives those that were gathered, sorted, without those that the newest output of their source leaves out.
func (d *dynamics) candidates(sources func(string) (monitor.Time, bool)) []dynamic.Candidate {
	all := slices.DeleteFunc(d.orphans.take(), func(c dynamic.Candidate) bool {
		at, known := sources(c.Source)
		return known && c.At < at
	})
	slices.SortFunc(all, func(a, b dynamic.Candidate) int {
		return cmp.Or(strings.Compare(a.Host, b.Host), strings.Compare(a.Source, b.Source))
	})
	return all
}

// carryOut brings changes into force, and remembers them.
func (d *dynamics) carryOut(ctx context.Context, changes []dynamic.Change) error {
	refused := func(c dynamic.Change) bool { return c.What == dynamic.RefusedNow || c.What == dynamic.RefusedNoMore }
	hosts := slices.ContainsFunc(changes, func(c dynamic.Change) bool { return !refused(c) })
	switch {
	case !hosts && !d.behind && len(changes) == 0:
		return nil
	case !hosts && !d.behind:
		return d.save(ctx)
	}
	d.behind = true
	c, err := d.build()
	if err == nil {
		err = d.save(ctx)
	}
	if err == nil {
		err = d.a.enforce(ctx, c)
	}
	d.behind = err != nil
	return err
}

// tries is how often hosts that break the configuration are taken out before all that is dynamic is given up for now.
const tries = 20

// build reads the files as they were, with the hosts of the list. Hosts that break the configuration are taken out.
func (d *dynamics) build() (*objects.Config, error) {
	var wrong string
	for range tries {
		text := d.list.Text()
		c, report := load(d.a.o.Main, objects.Opts{Texts: d.texts, More: []objects.Text{{Name: dynamicFile, Text: text.Text}}})
		if report.OK() {
			return c, nil
		}
		var changes []dynamic.Change
		for _, p := range report.Problems {
			if p.Severity != objects.Error {
				continue
			}
			wrong = Line(p)
			if host, ok := text.Host(p.Line); ok && p.File == dynamicFile {
				if change, ok := d.list.Refuse(host, "with it the configuration would be broken: "+p.Text, d.now()); ok {
					changes = append(changes, change)
				}
			}
		}
		d.tell(changes)
		if len(changes) == 0 {
			break
		}
	}
	return nil, &unfitError{wrong}
}

// unfitError says what is wrong with a configuration once dynamic hosts are in it, where none of them is to blame alone.
type unfitError struct{ wrong string }

// Error implements error.
func (e *unfitError) Error() string {
	return "the configuration does not take its dynamic hosts: " + e.wrong
}

// save stores what is to be remembered.
func (d *dynamics) save(ctx context.Context) error {
	if err := d.a.o.Bus.PutBlob(ctx, bus.CFG, wire.DynamicsName, wire.Marshal(d.list.Dynamics())); err != nil {
		return fmt.Errorf("storing what is remembered of dynamic hosts: %w", err)
	}
	return nil
}

// told is how many hosts are named in a line of the log.
const told = 10

// tell logs changes, those of one kind and cause together.
func (d *dynamics) tell(changes []dynamic.Change) {
	type cause struct{ what, rule, source, why string }
	groups, most := map[cause][]string{}, map[cause]int{}
	d.a.o.Metrics.GetOrCreateGauge("onbu_dynamic_hosts", nil).Set(float64(d.list.Len()))
	for _, c := range changes {
		d.a.o.Metrics.GetOrCreateCounter(fmt.Sprintf("onbu_dynamic_host_changes_total{what=%q}", c.What)).Inc()
		k := cause{c.What, c.Rule, c.Source, c.Why}
		groups[k] = append(append(groups[k], c.Host), c.Others...)
		most[k] += max(c.Hosts, 1)
	}
	causes := slices.SortedFunc(maps.Keys(groups), func(a, b cause) int {
		return cmp.Or(strings.Compare(a.what, b.what), strings.Compare(a.rule, b.rule), strings.Compare(a.source, b.source), strings.Compare(a.why, b.why))
	})
	for _, k := range causes {
		hosts := groups[k]
		names := strings.Join(hosts[:min(told, len(hosts))], ", ")
		if more := most[k] - min(told, len(hosts)); more > 0 {
			names += fmt.Sprintf(" and %d more", more)
		}
		args := []any{"hosts", most[k], "names", names, "rule", k.rule, "source", k.source}
		if k.why != "" {
			args = append(args, "why", k.why)
		}
		d.a.o.Log.Info("dynamic hosts "+k.what, args...)
	}
}
