// Package nodes knows which nodes a cluster has, how each of their roles is, and how people order something of them.
package nodes

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
)

// Role is a role of a node, as the API and `onbu nodes --json` give it. Moments are Unix time, 0 for never.
type Role struct {
	Node string `json:"node"`
	Role string `json:"role"`
	// State is up, draining, maintenance, disconnected, ended (in order) or silent.
	State string `json:"state"`
	// Ordered is the state that people want, where it is another.
	Ordered string `json:"ordered,omitempty"`
	// Mode is M for a role that works, S for one that stands by, and empty for one that does neither.
	Mode string `json:"mode,omitempty"`
	// Shards are those that a scheduler owns, Epoch is the newest of their epochs.
	Shards []uint16 `json:"shards,omitempty"`
	Epoch  uint64   `json:"epoch,omitempty"`
	// Load is what the role does and what waits, in words that depend on the role.
	Load    map[string]int64 `json:"load,omitempty"`
	Version string           `json:"version"`
	Wire    uint8            `json:"wire"`
	Host    string           `json:"host"`
	PID     int              `json:"pid"`
	HTTP    string           `json:"http,omitempty"`
	Since   float64          `json:"since"`
	// Seen is when a role that is not there was seen last, to some minutes.
	Seen float64 `json:"seen,omitempty"`
	// Why and By are what was said with the order.
	Why string `json:"why,omitempty"`
	By  string `json:"by,omitempty"`
}

// The states that a role has besides those of wire.NodeState.
const (
	Silent = "silent"
	Ended  = "ended"
)

// There says whether the role's process runs and is heard.
func (r *Role) There() bool { return r.Seen == 0 }

// Works says whether the role does, or would do, its work.
func (r *Role) Works() bool { return r.State == wire.NodeUp.String() }

// pieces is what the bus holds about nodes.
type pieces struct {
	beats  map[string]wire.Heartbeat // by role and node
	known  map[string]wire.KnownRole
	orders map[string]wire.NodeOrder // by node
	shards map[string]map[uint16]uint64
	leader string // who has the arbiter's lease; empty for nobody
}

// Look reads how all is, sorted by node and then in the order in which roles start.
func Look(ctx context.Context, c bus.Conn) ([]Role, error) {
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
			return nil, fmt.Errorf("looking for nodes: %w", err)
		}
		for _, e := range all {
			part.take(e)
		}
	}
	return p.roster(), nil
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

func place(role, node string) string { return role + "\x00" + node }

// rank is the order of roles in a table: that in which they start.
var rank = strings.Fields("arbiter broker reactionner scheduler poller receiver")

func (p *pieces) roster() []Role {
	all := []Role{}
	for at, h := range p.beats {
		all = append(all, p.role(&h, h.State.String(), true))
		delete(p.known, at)
	}
	for _, k := range p.known {
		state := Silent
		switch {
		case p.ordered(&k.Beat).State == wire.NodeDisconnected:
			state = wire.NodeDisconnected.String()
		case k.Ended:
			state = Ended
		}
		r := p.role(&k.Beat, state, false)
		r.Mode, r.Load, r.Seen = "", nil, k.At.Unix()
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b Role) int {
		return cmp.Or(strings.Compare(a.Node, b.Node), slices.Index(rank, a.Role)-slices.Index(rank, b.Role), strings.Compare(a.Role, b.Role))
	})
	return all
}

// ordered is what people want of a role.
func (p *pieces) ordered(h *wire.Heartbeat) wire.RoleOrder {
	o := p.orders[h.Name]
	return o.For(h.Role)
}

func (p *pieces) role(h *wire.Heartbeat, state string, there bool) Role {
	r := Role{
		Node: h.Name, Role: h.Role, State: state, Load: h.Load, Version: h.Version, Wire: h.Wire,
		Host: h.Host, PID: h.PID, HTTP: h.HTTP, Since: h.Since.Unix(),
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
func (p *pieces) assign(r *Role) {
	works := r.State == wire.NodeUp.String() || r.State == wire.NodeDraining.String()
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
