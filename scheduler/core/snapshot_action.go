package core

import (
	"fmt"

	"github.com/onbu/onbu/monitor"
)

// snap has the snapshot command of an object run after a result, to keep what its machine looks like in trouble: while it
// is in one of the states of snapshot_criteria and inside its snapshot period, at most once in an interval (Shinken,
// schedulingitem.py, get_snapshot).
func (c *Core) snap(id monitor.ID, d *Decisions) {
	p := c.inv.Policy(id)
	if p.Snapshot.Command == monitor.None || p.SnapshotOptions&c.stateOption(id) == 0 || !c.in(p.SnapshotPeriod, c.now) {
		return
	}
	if last, ok := c.snapped[id]; ok && c.now < last.Add(p.SnapshotInterval) {
		return
	}
	c.snapped[id] = c.now
	action := c.deed(id, monitor.ActionSnapshot, p.Snapshot, fmt.Sprintf("SNAPSHOT\x00%d", c.times[id].check))
	kind, ref := c.nagiosName(id)
	s := &c.standing[id]
	d.Broks = append(d.Broks, monitor.Brok{
		Kind: monitor.BrokSnapshot, Time: c.now, Shard: c.inv.Shard, Action: action,
		Text: fmt.Sprintf("%s SNAPSHOT: %s;%s;%s;%d;%s", kind, ref, c.stateName(id), s.Type, s.Attempt, c.appendCommand(nil, p.Snapshot)),
	})
}

// nagiosName gives HOST and its name, or SERVICE and its names, as lines of Nagios' log have them.
func (c *Core) nagiosName(id monitor.ID) (kind, name string) {
	ref := c.inv.Ref(id)
	if ref.IsHost() {
		return "HOST", ref.Host
	}
	return "SERVICE", ref.Host + ";" + ref.Service
}

// replaySnap remembers when the last snapshot was taken.
func (c *Core) replaySnap(a *monitor.Action) {
	if id, ok := c.find(a.Ref); ok {
		c.snapped[id] = a.Time
	}
}
