package wire

import (
	"slices"

	"github.com/onbu/onbu/monitor"
)

// NodeOrder is what people ordered of a node: the value of its bus.OrderKey. A role that it does not name is up.
type NodeOrder struct {
	Node  string
	Roles []RoleOrder
}

// RoleOrder is what people ordered of a role.
type RoleOrder struct {
	// Role is empty for all roles of the node.
	Role  string
	State NodeState
	// Drain lets the role end what it has under way first, within a bounded time.
	Drain bool
	// Why is for people, By who said so.
	Why, By string
	Time    monitor.Time
}

// For gives what holds for a role: what was ordered of it, or of the whole node; of both, what leaves it less.
func (o *NodeOrder) For(role string) RoleOrder {
	all := RoleOrder{Role: role}
	for _, r := range o.Roles {
		if (r.Role == "" || r.Role == role) && r.State >= all.State {
			all = r
		}
	}
	return all
}

// Set orders something of a role, in place of what was ordered before. An order for the whole node takes the place of those of its
// roles.
func (o *NodeOrder) Set(r RoleOrder) {
	o.Roles = slices.DeleteFunc(o.Roles, func(old RoleOrder) bool { return r.Role == "" || old.Role == r.Role })
	if r.State != NodeUp {
		o.Roles = append(o.Roles, r)
	}
}

// KnownRole is what is remembered of a role of a node when it is silent: the value of its bus.KnownKey.
type KnownRole struct {
	// Beat is its newest heartbeat but for a minute, At when that was.
	Beat Heartbeat
	At   monitor.Time
	// Ended says that it ended in order.
	Ended bool
}
