// Package nodes knows which nodes a cluster has, how each of their roles is, and how people order something of them.
package nodes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

// pieces is what the bus holds about nodes.
type pieces struct {
	beats  map[string]wire.Heartbeat // by role and node
	known  map[string]wire.KnownRole
	orders map[string]wire.NodeOrder // by node
	shards map[string]map[uint16]uint64
	leader string // who has the arbiter's lease; empty for nobody
}

// Look reads how all is, sorted by node and then in the order in which roles start.
func Look(ctx context.Context, c bus.Conn) ([]api.Role, error) {
	p := pieces{beats: map[string]wire.Heartbeat{}, known: map[string]wire.KnownRole{}, orders: map[string]wire.NodeOrder{}, shards: map[string]map[uint16]uint64{}}
	for _, part := range []struct {
		bucket bus.Bucket
		key    string
		take   func(bus.Entry)
	}{
		{bus.HB, "", p.beat},
		{bus.NODE, bus.AllKnown(), p.know},
		{bus.NODE, bus.AllOrders(), p.order},
		{bus.LEASE, "shard.*", p.lease},
		{bus.LEASE, "role.*", p.lead},
	} {
		all, err := c.List(ctx, part.bucket, part.key)
		if err != nil {
			return nil, unread(c, "looking for nodes", err)
		}
		for _, e := range all {
			part.take(e)
		}
	}
	all := p.roster()
	recall(ctx, c, all)
	return all, nil
}

// unread is an error of reading something, without the words of the bus where it only does not answer at present.
func unread(c bus.Conn, what string, err error) error {
	plain := bus.Plain(c, err)
	if _, away := errors.AsType[*bus.Away](plain); away {
		return plain
	}
	return fmt.Errorf("%s: %w", what, err)
}

// recallWithin bounds reading when silent nodes were heard last: the list is worth having without.
const recallWithin = time.Second

// recall puts in when silent nodes were heard last, where somebody who heard them has noted it.
func recall(ctx context.Context, c bus.Conn, all []api.Role) {
	ctx, cancel := context.WithTimeout(ctx, recallWithin)
	defer cancel()
	noted := map[string]monitor.Time{}
	for i := range all {
		r := &all[i]
		if r.State != api.Silent {
			continue
		}
		at, known := noted[r.Node]
		if !known {
			if e, err := c.Get(ctx, bus.NODE, bus.SilentKey(r.Node)); err == nil {
				_ = wire.Unmarshal(e.Value, &at) // of a release to come: nothing is noted
			}
			noted[r.Node] = at
		}
		r.Seen = max(r.Seen, at.Unix())
	}
}

// What cannot be read is of a release to come, and left out.

func (p *pieces) beat(e bus.Entry) {
	var h wire.Heartbeat
	if wire.Unmarshal(e.Value, &h) == nil {
		p.beats[place(h.Role, h.Name)] = h
	}
}

func (p *pieces) know(e bus.Entry) {
	var k wire.KnownRole
	if wire.Unmarshal(e.Value, &k) == nil {
		p.known[place(k.Beat.Role, k.Beat.Name)] = k
	}
}

func (p *pieces) order(e bus.Entry) {
	var o wire.NodeOrder
	if wire.Unmarshal(e.Value, &o) == nil {
		p.orders[o.Node] = o
	}
}

func (p *pieces) lease(e bus.Entry) {
	var l wire.Lease
	var shard uint16
	if _, err := fmt.Sscanf(e.Key, "shard.%d", &shard); err != nil || wire.Unmarshal(e.Value, &l) != nil {
		return
	}
	if p.shards[l.Owner] == nil {
		p.shards[l.Owner] = map[uint16]uint64{}
	}
	p.shards[l.Owner][shard] = l.Epoch
}

func (p *pieces) lead(e bus.Entry) {
	var l wire.Lease
	if e.Key == "role.arbiter" && wire.Unmarshal(e.Value, &l) == nil {
		p.leader = l.Owner
	}
}

// farewell is how long the last word of a role counts that ended: until the others see by themselves what has ended with it.
const farewell = 15 * time.Second

func place(role, node string) string { return role + "\x00" + node }

// rank is the order of roles in a table: that in which they start.
var rank = strings.Fields("arbiter broker reactionner scheduler poller receiver")

func (p *pieces) roster() []api.Role {
	all := []api.Role{}
	for at, h := range p.beats {
		all = append(all, p.role(&h, h.State.String(), true))
		delete(p.known, at)
	}
	for _, k := range p.known {
		state := api.Silent
		switch {
		case p.ordered(&k.Beat).State == wire.NodeDisconnected:
			state = api.Disconnected
		case k.Ended:
			state = api.Ended
		}
		r := p.role(&k.Beat, state, false)
		r.Mode, r.Load, r.Troubles, r.Seen = "", nil, nil, k.At.Unix()
		if k.Ended && time.Since(k.At.Std()) < farewell {
			r.Load = k.Beat.Load
		}
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b api.Role) int {
		return cmp.Or(strings.Compare(a.Node, b.Node), slices.Index(rank, a.Role)-slices.Index(rank, b.Role), strings.Compare(a.Role, b.Role))
	})
	return all
}

// ordered is what people want of a role.
func (p *pieces) ordered(h *wire.Heartbeat) wire.RoleOrder {
	o := p.orders[h.Name]
	return o.For(h.Role)
}

func (p *pieces) role(h *wire.Heartbeat, state string, there bool) api.Role {
	r := api.Role{
		Node: h.Name, Role: h.Role, State: state, Load: h.Load, Version: h.Version, Wire: h.Wire,
		Host: h.Host, PID: h.PID, HTTP: h.HTTP, Since: h.Since.Unix(), Tags: h.Tags, Troubles: h.Troubles,
	}
	o := p.ordered(h)
	if o.State != wire.NodeUp {
		r.Why, r.By = o.Why, o.By
	}
	if o.State.String() != state && (there || o.State != wire.NodeUp) {
		r.Ordered = o.State.String()
	}
	p.assign(&r)
	return r
}

// assign says what the role has, and whether it works or stands by.
func (p *pieces) assign(r *api.Role) {
	works := r.Works() || r.State == api.Draining
	r.Mode = map[bool]string{true: "M"}[works]
	switch r.Role {
	case "scheduler":
		for shard, epoch := range p.shards[r.Node] {
			r.Shards, r.Epoch = append(r.Shards, shard), max(r.Epoch, epoch)
		}
		slices.Sort(r.Shards)
		if works && len(r.Shards) == 0 {
			r.Mode = "S"
		}
	case "arbiter":
		if works && p.leader != "" && p.leader != r.Node {
			r.Mode = "S"
		}
	}
}
