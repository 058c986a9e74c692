package app

import (
	"context"
	"fmt"
	"time"

	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// drainer is a daemon that can end what it has under way before it ends itself.
type drainer interface {
	// Drain takes nothing new, and returns when nothing is under way any more or ctx has ended. Run goes on until its own context ends.
	Drain(ctx context.Context)
	// Resume takes new things again after Drain has returned.
	Resume()
}

// drainWait bounds how long a role may take to end what it has under way.
const drainWait = time.Minute

// giveUp ends the life because somebody ordered it, unless that is taken back before.
func (r *running) giveUp(o wire.RoleOrder) {
	began := time.Now()
	r.enter(wire.NodeDraining)
	if d, ok := r.current().daemon.(drainer); ok && o.Drain {
		o = r.drain(d, o)
		if o.State == wire.NodeUp {
			d.Resume()
			r.enter(wire.NodeUp)
			r.tell.Tell(monitor.NodeUp, r.about(), "taken out of draining; it goes on with what it has")
			return
		}
	}
	r.finish(monitor.ErrGiveUp)
	if r.ctx.Err() != nil {
		return
	}
	r.enter(o.State)
	r.tell.Tell(kindOf(o.State), r.about(), fmt.Sprintf("%s; gave everything up in %s", because(o), time.Since(began).Round(time.Millisecond)))
}

// drain has a daemon end what it has under way, until its time is up or that is wanted no more. It gives the order that holds then.
func (r *running) drain(d drainer, o wire.RoleOrder) wire.RoleOrder {
	r.tell.Tell(monitor.NodeDraining, r.about(), because(o))
	ctx, cancel := context.WithTimeout(r.ctx, drainWait)
	defer cancel()
	over := make(chan struct{})
	go func() {
		defer close(over)
		d.Drain(ctx)
	}()
	for {
		select {
		case <-over:
			return r.wanted()
		case <-r.news:
			if now := r.wanted(); now.State == wire.NodeUp || !now.Drain {
				cancel()
			}
		}
	}
}
