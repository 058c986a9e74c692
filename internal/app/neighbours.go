package app

import (
	"context"
	"fmt"
	"slices"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/nodes"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// watchNodes has the cluster log told of nodes that fall silent, until ctx ends: every process with a broker watches, and one tells.
func (a *App) watchNodes(ctx context.Context) {
	if slices.Contains(a.o.Roles, "broker") {
		w := &nodes.Watcher{Bus: a.bus, Tell: a.deeds.For(""), Log: a.o.Log}
		a.neighbours = w
		go w.Run(ctx)
	}
}

// twin looks, in what is shown of a role, for another daemon of the role that has the same name: one that wrote after this one did. Two
// would be taken for one that changes its mind.
type twin struct {
	own  []string // the boots of this role's last lives
	seen bool     // one of them was stored
	told string   // the other's boot
}

// mostBoots is how many of its boots a role remembers: a write that nobody answered may still arrive.
const mostBoots = 4

// shows notes what this role is about to show.
func (t *twin) shows(h *wire.Heartbeat) {
	if !slices.Contains(t.own, h.Boot) {
		t.own = append(t.own, h.Boot)
		t.own = t.own[max(len(t.own)-mostBoots, 0):]
	}
}

// finds gives the other daemon, once.
func (t *twin) finds(e bus.Entry) (other wire.Heartbeat, is bool) {
	if !t.seen || wire.Unmarshal(e.Value, &other) != nil || slices.Contains(t.own, other.Boot) || other.Boot == t.told {
		return other, false
	}
	t.told = other.Boot
	return other, true
}

// owns says whether a heartbeat is of this role.
func (t *twin) owns(e bus.Entry) bool {
	var h wire.Heartbeat
	return wire.Unmarshal(e.Value, &h) == nil && slices.Contains(t.own, h.Boot)
}

// noted says whether what is remembered is of this role.
func (t *twin) noted(e bus.Entry) bool {
	var k wire.KnownRole
	return wire.Unmarshal(e.Value, &k) == nil && slices.Contains(t.own, k.Beat.Boot)
}

// warn says that another daemon has the name of this one.
func (r *running) warn(other wire.Heartbeat) {
	r.app.o.Log.Error("another daemon of the same role has the same name: give each its own --name, or end one", "role", r.role.name, "name", other.Name, "its host", other.Host, "its pid", other.PID)
	r.tell.Tell(monitor.NameTwice, r.about(), fmt.Sprintf("there is another of this name, on %s with process id %d: give each a --name of its own, or end one", other.Host, other.PID))
}
