package arbiter

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/internal/boottime"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/lease"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

const (
	// workMost is how long an arbiter may be busy with one thing before it counts as stuck, and renews its lease no more.
	workMost = 10 * time.Minute
	// leadAgain is the pause after which an arbiter that could not lead stands by once more.
	leadAgain = time.Second
	goodbye   = 2 * time.Second // for giving the lease up; on a bus that stores nothing the others wait until it is old
)

// Run stands by until this arbiter leads, brings the configuration into force, and again at each reload, until ctx ends. One that is
// broken is refused with all its mistakes in the log; it ends the arbiter only where nothing is in force yet.
func (a *Arbiter) Run(ctx context.Context) error {
	if err := a.o.Bus.Prepare(ctx); err != nil {
		return fmt.Errorf("preparing the bus: %w", err)
	}
	a.lease = lease.New(a.o.Bus, bus.RoleLeaseKey(bus.Arbiter), "the leading arbiter", wire.Lease{Owner: a.o.Name, Boot: a.o.Boot}, nil)
	for {
		why, err := a.standBy(ctx)
		if err != nil {
			return nil
		}
		err = a.lead(ctx, why)
		switch {
		case ctx.Err() != nil || err == nil:
			return err
		case errors.Is(err, lease.ErrLost):
			a.o.Log.Warn("this arbiter leads no more, and stands by", "error", err)
			a.o.Chronicle.Tell(monitor.LeadLost, "arbiter "+a.o.Name, err.Error())
		case a.beside:
			a.o.Log.Error("leading does not work; standing by", "error", err)
		default:
			return err
		}
		a.beside = true
		pause(ctx, leadAgain)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// lead works as the one arbiter that leads, until ctx ends or it is no more.
func (a *Arbiter) lead(ctx context.Context, why string) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	var keeping sync.WaitGroup
	defer keeping.Wait()
	defer cancel(nil)
	hush, err := a.door().Answer()
	if err != nil {
		return err
	}
	defer hush()
	keeping.Go(func() { a.keep(ctx, cancel) })
	a.leads.Store(true)
	defer a.leads.Store(false)
	a.o.Log.Info("this arbiter leads", "why", why)
	a.o.Chronicle.Tell(monitor.LeadTaken, "arbiter "+a.o.Name, why)
	err = a.work(ctx)
	if lost := context.Cause(ctx); errors.Is(lost, lease.ErrLost) {
		return lost
	}
	cancel(nil)
	keeping.Wait()
	return errors.Join(err, a.giveUp())
}

// giveUp lets others lead at once.
func (a *Arbiter) giveUp() error {
	ctx, cancel := context.WithTimeout(context.Background(), goodbye)
	defer cancel()
	if err := a.lease.Release(ctx, wire.Lease{}); err != nil {
		a.o.Log.Warn("others have to wait until the lease of this arbiter is old", "error", err)
		return nil
	}
	a.o.Chronicle.Tell(monitor.LeadGiven, "arbiter "+a.o.Name, "it ends")
	return nil
}

// keep renews the lease as long as the arbiter gets on. When somebody else has it, it cancels with lease.ErrLost.
func (a *Arbiter) keep(ctx context.Context, cancel context.CancelCauseFunc) {
	every := time.NewTicker(lease.RenewEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		if since := a.busy.Load(); since != nil && boottime.Since(*since) > workMost {
			cancel(fmt.Errorf("%w, or will have it: this one was stuck for %s", lease.ErrLost, workMost))
			return
		}
		if err := a.lease.Renew(ctx); errors.Is(err, lease.ErrLost) {
			cancel(err)
			return
		}
	}
}

// at does something that may take long, and lets keep see whether it ends.
func (a *Arbiter) at(do func()) {
	now := boottime.Now()
	a.busy.Store(&now)
	defer a.busy.Store(nil)
	do()
}

// work brings the configuration into force and then does what is asked.
func (a *Arbiter) work(ctx context.Context) error {
	var err error
	a.at(func() { err = a.begin(ctx) })
	if err != nil {
		return err
	}
	var watching sync.WaitGroup
	defer watching.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watching.Go(func() { a.dynamic.orphans.run(ctx) })
	return a.serve(ctx)
}

// begin takes over, and brings the files into force if they are meant.
func (a *Arbiter) begin(ctx context.Context) error {
	now, err := a.fence(ctx)
	if err != nil {
		return err
	}
	if a.dynamic, err = a.openDynamics(ctx); err != nil {
		return err
	}
	c := a.o.Config
	a.o.Config = nil // once it is in force nobody needs it any more
	if c == nil || c.Texts == nil && a.dynamic.list.Len() > 0 {
		began := time.Now()
		if c, err = a.read(); err != nil && now.Number == 0 {
			return err
		}
		if err != nil {
			a.hold(ctx, err, time.Since(began))
			return a.holdBack(now, "they are broken: "+err.Error())
		}
	}
	meant, err := a.meant(ctx, now)
	if err != nil {
		return err
	}
	if meant {
		return a.first(ctx, c)
	}
	return a.takeUp(ctx, c, now)
}

// fence makes every arbiter that led before unable to bring anything into force. It gives the generation that is in force.
func (a *Arbiter) fence(ctx context.Context) (now wire.Generation, err error) {
	err = persist(ctx, func() error { // after a try that nobody answered it reads anew, and goes one further
		now, err = a.tryFence(ctx)
		return err
	})
	return now, err
}

func (a *Arbiter) tryFence(ctx context.Context) (wire.Generation, error) {
	entry, now, err := a.current(ctx)
	if err != nil {
		return now, err
	}
	if a.epoch = 0; now.Number == 0 { // who led before finds the first generation, or makes it and is found
		return now, nil
	}
	now.Epoch++
	if _, err := a.o.Bus.Put(ctx, bus.CFG, currentKey, wire.Marshal(now), entry.Revision); err != nil {
		return now, fmt.Errorf("taking over generation %d: %w", now.Number, err)
	}
	a.epoch = now.Epoch
	return now, nil
}

// meant says whether the files that are here are to come into force without anybody saying so: at the start of the arbiter whose
// files are in force, or of the only one. One that takes over from another one changes nothing.
func (a *Arbiter) meant(ctx context.Context, now wire.Generation) (bool, error) {
	switch {
	case now.Number == 0:
		return true, nil
	case a.beside:
		return false, nil
	case now.By == "" || now.By == a.o.Name:
		return true, nil
	}
	all, _, err := a.several(ctx)
	return len(all) == 0, err
}

// takeUp goes on with the configuration in force where the files that are here are the same; else they wait.
func (a *Arbiter) takeUp(ctx context.Context, c *objects.Config, now wire.Generation) error {
	same, err := a.recognise(ctx, c, now)
	switch {
	case err != nil:
		return err
	case same:
		a.o.Log.Info("configuration unchanged", "generation", now.Number)
		return nil
	}
	return a.holdBack(now, "they differ from those of arbiter "+now.By)
}

// holdBack leaves the configuration in force as it is, and says so.
func (a *Arbiter) holdBack(now wire.Generation, why string) error {
	a.differs.Store(true)
	a.o.Log.Error("the files of this arbiter are NOT in force; the configuration that was goes on, without new dynamic hosts, until onbu reload",
		"generation", now.Number, "of", now.By, "main", a.o.Main, "why", why)
	a.o.Chronicle.Tell(monitor.FilesDiffer, "arbiter "+a.o.Name, fmt.Sprintf("its files are not in force until onbu reload: %s; generation %d goes on", firstLine(why), now.Number))
	return nil
}
