package arbiter

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

const (
	// ackWait bounds how long an arbiter waits until all daemons work with a new generation, ackLook is how often it looks.
	ackWait = 15 * time.Second
	ackLook = 100 * time.Millisecond
)

// asked is a request that waits for its turn.
type asked struct {
	bus.Msg
	check bool
}

// requests subscribes to what people ask of the leading arbiter. One waits at a time; others hear that.
func (a *Arbiter) requests() (waiting <-chan asked, stop func(), err error) {
	queue := make(chan asked, 1)
	take := func(check bool) func(bus.Msg) {
		return func(m bus.Msg) {
			select {
			case queue <- asked{m, check}:
			default:
				reply(m, &wire.Reloaded{Refused: "a reload is under way already; ask again when it is done", Arbiter: a.o.Name})
			}
		}
	}
	unload, err := a.o.Bus.Subscribe(bus.Reload(), take(false))
	if err != nil {
		return nil, nil, err
	}
	uncheck, err := a.o.Bus.Subscribe(bus.CheckFiles(), take(true))
	if err != nil {
		unload()
		return nil, nil, err
	}
	return queue, func() { unload(); uncheck() }, nil
}

// reply answers whoever asked, who may be gone; the log has it.
func reply(m bus.Msg, r *wire.Reloaded) {
	if m.Reply != nil {
		_ = m.Reply(wire.Marshal(r))
	}
}

// answer does what was asked. A reload is answered when all daemons work with what is in force; that is not waited for here.
func (a *Arbiter) answer(ctx context.Context, m asked) {
	var by wire.ReloadRequest
	_ = wire.Unmarshal(m.Data, &by) // an older release sends nothing
	var r wire.Reloaded
	a.at(func() {
		if m.check {
			r = a.check(ctx)
		} else {
			r = a.reload(ctx, by.By)
		}
	})
	if m.check || r.Refused != "" {
		reply(m.Msg, &r)
		return
	}
	a.acks.Go(func() {
		a.askOthers(ctx)
		r.Acks = a.await(ctx, r.Generation)
		r.Unlike = a.unlike(ctx)
		reply(m.Msg, &r)
	})
}

// reload reads the files again and brings them into force.
func (a *Arbiter) reload(ctx context.Context, by string) wire.Reloaded {
	if a.o.Reloading != nil {
		defer a.o.Reloading()()
	}
	began := time.Now()
	a.o.Log.Info("reading the configuration again", "main", a.o.Main, "asked by", by)
	c, err := a.readHostable(ctx)
	if err == nil {
		err = a.adopt(ctx, c)
	}
	r := a.report(c, began)
	if err != nil {
		a.refuse(&r, err)
		a.hold(ctx, err, time.Since(began))
		return r
	}
	a.forgive()
	r.Generation, r.Changed, r.Shards = a.outcome.Generation, a.outcome.Changed, a.outcome.Shards
	return r
}

// refuse says that a configuration is broken.
func (a *Arbiter) refuse(r *wire.Reloaded, err error) {
	for line := range strings.Lines(err.Error()) {
		a.o.Log.Error(strings.TrimSuffix(line, "\n"))
	}
	a.o.Log.Error("reload refused; the configuration in force goes on")
	a.o.Chronicle.Tell(monitor.Refused, "files of arbiter "+a.o.Name, "the configuration in force goes on: "+firstLine(err.Error()))
	r.Refused = "the configuration in force goes on: " + a.tell(err)
}

// check says what a reload would do.
func (a *Arbiter) check(ctx context.Context) wire.Reloaded {
	began := time.Now()
	c, err := a.readHostable(ctx)
	r := a.report(c, began)
	if err != nil {
		r.Refused = a.tell(err)
		return r
	}
	whole, t, err := a.dynamic.try(c)
	defer a.dynamic.undo(t)
	if err == nil {
		var next *candidate
		if next, err = a.compile(ctx, whole); err == nil {
			r.Generation, r.Shards = next.now.Number, uint16(len(next.sums))
			if next.hash == next.now.Hash {
				a.forgive()
			} else {
				r.Changed = changed(wire.Generation{Number: next.now.Number + 1, Stands: a.stands(next.now, next.now.Number+1, next.sums)})
			}
		}
	}
	if err != nil {
		r.Refused = a.tell(err)
	}
	r.Took = time.Since(began)
	return r
}

func (a *Arbiter) readHostable(ctx context.Context) (*objects.Config, error) {
	c, err := a.read()
	if err == nil {
		err = a.hostable(ctx, c)
	}
	return c, err
}

func (a *Arbiter) report(c *objects.Config, began time.Time) wire.Reloaded {
	r := wire.Reloaded{Arbiter: a.o.Name, Main: Absolute(a.o.Main), Took: time.Since(began), Warnings: a.warnings}
	if c != nil {
		r.Hosts, r.Services = uint32(len(c.Hosts)), uint32(len(c.Services))
	}
	return r
}

// await waits until all daemons that read configurations work with a generation, and gives how they are then.
func (a *Arbiter) await(ctx context.Context, generation uint64) []wire.Ack {
	for end := time.Now().Add(ackWait); ; {
		acks, err := a.acknowledged(ctx)
		late := slices.ContainsFunc(acks, func(k wire.Ack) bool { return k.Generation < generation })
		if err == nil && !late || ctx.Err() != nil || time.Now().After(end) {
			return acks
		}
		pause(ctx, ackLook)
	}
}

// acknowledged gives the daemons that read configurations, by what they say of themselves.
func (a *Arbiter) acknowledged(ctx context.Context) (acks []wire.Ack, err error) {
	all, err := a.o.Bus.List(ctx, bus.HB, "")
	for _, e := range all {
		var h wire.Heartbeat
		if wire.Unmarshal(e.Value, &h) != nil || !reads(h.Role) || h.State != wire.NodeUp && h.State != wire.NodeDraining {
			continue
		}
		acks = append(acks, wire.Ack{Role: h.Role, Name: h.Name, Generation: h.Generation})
	}
	return acks, err
}

func reads(role string) bool {
	switch bus.Role(role) {
	case bus.Scheduler, bus.Receiver, bus.Broker:
		return true
	}
	return false
}
