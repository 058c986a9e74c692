package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
)

// askAgain is the pause between tries to learn what was ordered.
const askAgain = 200 * time.Millisecond

// followOrders lets the roles have what people ordered of this node, until ctx ends. Nothing works before the first answer: a role in
// maintenance takes nothing after a restart either.
func (a *App) followOrders(ctx context.Context) {
	key := bus.OrderKey(a.o.Name)
	for {
		e, err := a.bus.Get(ctx, bus.NODE, key)
		if err == nil {
			a.take(e)
			break
		}
		// Without buckets there are no orders; the arbiter, which makes them, cannot wait for some.
		if errors.Is(err, bus.ErrNotFound) || errors.Is(err, bus.ErrUnprepared) && slices.Contains(a.o.Roles, "arbiter") {
			break
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(askAgain):
		}
	}
	close(a.ordered)
	for ctx.Err() == nil {
		err := a.bus.Watch(ctx, bus.NODE, key, a.take)
		if ctx.Err() != nil {
			return
		}
		a.o.Log.Warn("the watch for orders ended and begins again", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// take hands an order to the roles; without a value nothing is ordered.
func (a *App) take(e bus.Entry) {
	var o wire.NodeOrder
	if e.Value != nil {
		if err := wire.Unmarshal(e.Value, &o); err != nil {
			a.o.Log.Error("an order for this node is unreadable, and everything stays as it is", "error", err)
			return
		}
	}
	for _, r := range a.roles {
		r.set(o.For(r.role.name))
	}
}

// prepareBus makes the streams where the arbiter that would do it is in maintenance: orders could not come otherwise.
func (a *App) prepareBus(ctx context.Context) {
	for ctx.Err() == nil {
		err := a.bus.Prepare(ctx)
		if err == nil {
			return
		}
		if ctx.Err() == nil {
			a.o.Log.Warn("the bus could not be prepared, trying again", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}
