package booster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/onbu/onbu/internal/probe"
	"github.com/onbu/onbu/internal/snmp"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/booster/datasource"
	"github.com/onbu/onbu/monitor"
)

// run is one check under way. Its steps call each other: files, address, instance, values, verdict.
type run struct {
	*check
	waiter  modules.Waiter
	until   time.Time
	device  *snmp.Device
	plan    *plan
	before  *sample
	column  *column // where the instance's name is; nil if it has none
	place   place
	moved   bool // the instance had another name, and was looked for again
	request snmp.Request
}

// Start implements modules.Starter.
func (c *check) Start(until time.Time, w modules.Waiter) {
	r := &run{check: c, waiter: w, until: until}
	c.file.with(time.Now(), r.withFiles)
}

// Run implements modules.Probe.
func (c *check) Run(ctx context.Context) (monitor.Outcome, error) { return modules.Await(ctx, c) }

func (r *run) unknown(format string, args ...any) {
	r.waiter.Done(probe.Say(monitor.Unknown, format, args...), nil)
}

// withFiles goes on when the datasources are there.
func (r *run) withFiles(set *datasource.Set) {
	use, err := r.needs(set)
	if err != nil {
		r.unknown("%v", err)
		return
	}
	if addr, err := netip.ParseAddr(r.address); err == nil {
		r.withAddress(use, addr)
		return
	}
	go r.lookUp(use)
}

func (r *run) lookUp(use needs) {
	ctx, cancel := context.WithDeadline(context.Background(), r.until)
	defer cancel()
	found, err := r.module.names.LookupNetIP(ctx, "ip", r.address)
	if e, ok := errors.AsType[*net.DNSError](err); ok && e.IsNotFound {
		r.unknown("host %s has no address: %v", r.address, err)
		return
	}
	if err != nil {
		r.waiter.Done(monitor.Outcome{}, fmt.Errorf("look up %s: %w", r.address, err))
		return
	}
	r.withAddress(use, found[0].Unmap())
}

// withAddress goes on when it is known whom to ask.
func (r *run) withAddress(use needs, addr netip.Addr) {
	r.device = r.module.device(r.command, addr)
	if r.name == "" {
		r.withInstance(use, r.instance)
		return
	}
	r.column = r.module.column(r.device, use.column)
	r.findInstance(use)
}

func (r *run) findInstance(use needs) {
	r.column.find(r.device, r.name, r.until, func(at place, err error) {
		switch {
		case errors.Is(err, errNotMapped):
			r.unknown("Mapping of instance '%s' %v", r.name, err)
		case err != nil:
			r.failed(err)
		default:
			r.place = at
			r.withInstance(use, at.instance)
		}
	})
}

// withInstance goes on when it is known what to ask for.
func (r *run) withInstance(use needs, instance string) {
	r.plan = r.module.plan(planKey{use.template, use.group, use.column, instance})
	if r.plan.err != nil {
		r.unknown("instance %s: %v", instance, r.plan.err)
		return
	}
	if r.plan.keeps {
		r.before, _ = r.module.samples.Get(r.key)
	}
	r.ask(r.column != nil && time.Since(r.place.seen) >= nameEvery)
}

// ask asks the device, for the name of the instance too if so wanted.
func (r *run) ask(name bool) {
	oids := r.plan.oids
	if !name {
		oids = r.plan.plain()
	}
	r.request = snmp.Request{To: r.device, Kind: snmp.Get, OIDs: oids, Until: r.until, Then: r}
	r.module.engine.Ask(&r.request)
}

// Answered implements snmp.Receiver.
func (r *run) Answered(q *snmp.Request, a *snmp.Answer) {
	switch {
	case a.Err != nil:
		r.failed(a.Err)
		return
	case a.Status != 0 || len(a.Bindings) != len(q.OIDs):
		r.unknown("The device refuses the request with error status %d", a.Status)
		return
	}
	now := time.Now()
	p, named := r.plan, len(q.OIDs) == len(r.plan.oids)
	reading := judge(p, a.Bindings, r.maxima, r.before, now)
	if r.column != nil {
		switch {
		case named && !called(&a.Bindings[len(a.Bindings)-1], r.name):
			r.lost()
			return
		case named:
			r.column.seen(r.name, p.instance, now)
		case reading.doubtful():
			r.ask(true)
			return
		}
	}
	if p.keeps && !reading.early() {
		r.module.samples.Put(r.key, reading.sample)
	}
	r.waiter.Done(reading.result(), nil)
}

// lost looks for the instance anew: what had its name has another one now.
func (r *run) lost() {
	r.column.moved(r.name, r.plan.instance)
	if r.moved {
		r.unknown("Mapping of instance '%s' %v: the device gives it another name each time", r.name, errNotMapped)
		return
	}
	r.moved = true
	r.findInstance(needs{r.plan.template, r.plan.group, r.plan.planKey.column})
}

// failed ends a check that got no answer.
func (r *run) failed(err error) {
	var unreachable *snmp.Unreachable
	switch {
	case errors.Is(err, snmp.ErrNoAnswer):
		r.unknown("No SNMP response received before timeout")
	case errors.As(err, &unreachable):
		r.unknown("%s cannot be reached: %v", r.device.Addr, err)
	default:
		r.waiter.Done(monitor.Outcome{}, err)
	}
}
