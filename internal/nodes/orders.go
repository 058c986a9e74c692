package nodes

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

const maxText = 500

// stateOf reads and checks an order.
func stateOf(o *api.Order) (wire.NodeState, error) {
	switch {
	case o.Node == "" || len(o.Node) > maxText || len(o.Why) > maxText || len(o.By) > maxText || len(o.Role) > maxText:
		return 0, fmt.Errorf("an order names a node, and no text of it has more than %d bytes", maxText)
	case o.State == api.Disconnected && o.Role != "":
		return 0, errors.New("a node is disconnected as a whole: order it without a role")
	}
	for _, s := range []wire.NodeState{wire.NodeUp, wire.NodeMaintenance, wire.NodeDisconnected} {
		if s.String() == o.State {
			return s, nil
		}
	}
	return 0, fmt.Errorf("%q is no state to order: up, maintenance or disconnected", o.State)
}

// Give stores an order and tells the cluster log of it; the node carries it out within a second if it is there, else when it comes back.
func Give(ctx context.Context, c bus.Conn, tell monitor.Chronicle, o api.Order) error {
	state, err := stateOf(&o)
	if err != nil {
		return err
	}
	for {
		held, e, err := orderOf(ctx, c, o.Node)
		if err != nil {
			return bus.Plain(c, err)
		}
		if state == wire.NodeUp && o.Role != "" && held.For("").State != wire.NodeUp {
			return fmt.Errorf("the whole node %s is in %s: take all of it out", o.Node, held.For("").State)
		}
		held.Set(wire.RoleOrder{Role: o.Role, State: state, Drain: o.Drain, Why: o.Why, By: o.By, Time: monitor.At(time.Now())})
		if len(held.Roles) == 0 {
			err = c.Delete(ctx, bus.NODE, bus.OrderKey(o.Node), e.Revision)
		} else {
			_, err = c.Put(ctx, bus.NODE, bus.OrderKey(o.Node), wire.Marshal(held), e.Revision)
		}
		if err == nil {
			tell.Tell(monitor.NodeOrdered, about(&o), said(&o))
		}
		if !errors.Is(err, bus.ErrConflict) {
			return bus.Plain(c, err)
		}
	}
}

func about(o *api.Order) string {
	if o.Role == "" {
		return "node " + o.Node
	}
	return o.Role + " of " + o.Node
}

func said(o *api.Order) string {
	text := o.State
	if o.Drain {
		text += ", with what is under way ended first"
	}
	if o.By != "" {
		text += ", by " + o.By
	}
	if o.Why != "" {
		text += ": " + o.Why
	}
	return text
}

func orderOf(ctx context.Context, c bus.Conn, node string) (o wire.NodeOrder, e bus.Entry, err error) {
	e, err = c.Get(ctx, bus.NODE, bus.OrderKey(node))
	if errors.Is(err, bus.ErrNotFound) {
		return wire.NodeOrder{Node: node}, bus.Entry{}, nil
	}
	if err == nil {
		err = wire.Unmarshal(e.Value, &o)
	}
	return o, e, err
}

// Forget removes all that is remembered of a node. One that is there is refused.
func Forget(ctx context.Context, c bus.Conn, tell monitor.Chronicle, node string) error {
	all, err := Look(ctx, c)
	if err != nil {
		return err
	}
	there := Of(all, node)
	if len(there) == 0 {
		return fmt.Errorf("no node is called %s", node)
	}
	for _, r := range there {
		if r.There() {
			return fmt.Errorf("%s is there: put it into maintenance, stop it, and forget it when it is silent for 15 s", node)
		}
	}
	for _, r := range there {
		if err := remove(ctx, c, bus.KnownKey(r.Role, node)); err != nil {
			return bus.Plain(c, err)
		}
	}
	for _, key := range []string{bus.OrderKey(node), bus.SilentKey(node)} {
		if err := remove(ctx, c, key); err != nil {
			return bus.Plain(c, err)
		}
	}
	tell.Tell(monitor.NodeDissolved, "node "+node, "somebody ordered it; nothing is remembered of it")
	return nil
}

func remove(ctx context.Context, c bus.Conn, key string) error {
	e, err := c.Get(ctx, bus.NODE, key)
	if errors.Is(err, bus.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return c.Delete(ctx, bus.NODE, key, e.Revision)
}

// Of gives the roles of one node.
func Of(all []api.Role, node string) (its []api.Role) {
	for _, r := range all {
		if r.Node == node {
			its = append(its, r)
		}
	}
	return its
}
