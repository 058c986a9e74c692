package core

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onbu/onbu/deptree"
	"github.com/onbu/onbu/monitor"
)

// A host that lives in another shard, and that hosts of this one stand behind, is a border host. It has a row in the tables
// behind those of the objects, so that whatever is asked of parents can be asked of it: its state is what its owner said last,
// its part in problems is worked out here, by the same rules as that of all others. It is never checked, counted or told of.

const (
	// doubtAge is how long a border host is believed to be in trouble of which nobody tells any more: its shard moves, or its
	// scheduler is gone.
	doubtAge = mostDoubt
	// toldModule is the number of the module that looked at a border host, whichever it was.
	toldModule = assumedModule + 1
	// mostFar is how many root problems of other shards are known at a time, and mostTolls how many hear of their impacts here.
	mostFar = 1 << 16
)

// borders is what is known of hosts and problems of other shards, and who wants to know of those of this one.
type borders struct {
	rows []borderRow // of each border host
	// far are root problems of other shards that are no border hosts; they are numbered from the top.
	far   []farRoot
	farAt map[monitor.Ref]uint32
	// named counts the border hosts that name a root problem.
	named map[monitor.ID]int

	watched map[monitor.ID]*watched // hosts of this shard that others have as border hosts
	news    []monitor.ID            // watched hosts of which others are to be told
	said    uint64                  // how many words were sent
	tolls   map[monitor.ID][]toll   // what suffers from root problems of this shard in others
	owed    map[monitor.ID]owed     // and from those of others in this one
	tollAt  monitor.Time            // when that is told next; 0 for not
	asking  bool                    // the agenda has when to ask for border hosts
	parts   map[monitor.ID]marks    // those that objects had with the owner before, until they are known anew
}

// borderRow is what is known of a border host besides its row in the tables.
type borderRow struct {
	state   monitor.BorderState // as last told
	roots   []monitor.ID        // those that state names; sorted
	told    monitor.Time        // when; 0 for never, or too long ago
	begun   monitor.Time        // since when the host is one of the border
	planned bool                // the agenda has when to forget what was told
	behind  uint32              // how many hosts of this shard
	worth   int8                // the highest business impact of those and their services
	pressure
}

// farRoot is a root problem of another shard.
type farRoot struct {
	monitor.BorderRoot
	free bool // nobody names it, and the place may be used again
}

// isBorder says whether a number stands for a border host, and which.
func (c *Core) isBorder(id monitor.ID) (n int, is bool) {
	n = int(id) - int(c.edge)
	return n, id >= c.edge && n < len(c.borders.rows)
}

// rows gives how many rows the tables have.
func (k *compiled) rows() int { return k.inv.Objects() + len(k.inv.Border) }

// network gives the parents of hosts, those over the border included.
func (k *compiled) network() *deptree.Graph {
	inv := k.inv.Inventory
	if len(inv.Border) == 0 {
		return deptree.Build(len(inv.Hosts), func(id monitor.ID) []monitor.ID { return inv.Hosts[id].Parents })
	}
	next := 0
	return deptree.Build(k.rows(), func(id monitor.ID) (parents []monitor.ID) {
		if int(id) < len(inv.Hosts) {
			parents = slices.Clip(inv.Hosts[id].Parents)
		}
		for ; next < len(inv.BorderEdges) && inv.BorderEdges[next].Child == id; next++ {
			parents = append(parents, inv.BorderEdges[next].Parent)
		}
		return parents
	})
}

// checkBorder looks for border hosts that would make the core stumble.
func (k *compiled) checkBorder() error {
	inv := k.inv
	host := func(id monitor.ID) bool {
		return int(id) < len(inv.Hosts) || int(id) >= inv.Objects() && int(id) < k.rows()
	}
	last := monitor.ID(0)
	for _, e := range inv.BorderEdges {
		if !host(e.Child) || !host(e.Parent) || e.Child < last {
			return fmt.Errorf("border: %d behind %d is out of bounds or out of order", e.Child, e.Parent)
		}
		last = e.Child
	}
	for _, w := range inv.Watched {
		if int(w.Host) >= len(inv.Hosts) {
			return fmt.Errorf("border: %d, which shard %d watches, is no host", w.Host, w.Shard)
		}
	}
	return nil
}

// beginBorders gives the border hosts rows in which nothing is known yet.
func (c *Core) beginBorders() {
	c.borders = borders{rows: make([]borderRow, len(c.inv.Border))}
	for n := range c.borders.rows {
		c.borders.rows[n].begun = c.now
		c.forgetRow(n)
	}
	for _, w := range c.inv.Watched {
		c.watched(w.Host).by(w.Shard).fixed = true
	}
	c.measureBorder()
}

// openBorders begins the wait for first words of border hosts.
func (c *Core) openBorders() {
	for n := range c.borders.rows {
		c.borders.rows[n].begun = c.now
	}
}

// forgetRow makes a border host one of which nothing is known: that counts as UP, and proves nothing.
func (c *Core) forgetRow(n int) {
	id := c.edge + monitor.ID(n)
	s := &c.standing[id]
	*s = standing{}
	s.State, s.LastState, s.LastHard = monitor.Pending, monitor.Pending, monitor.Pending
	s.Attempt, s.Max = 1, 1
	c.times[id] = times{}
	c.run[id] = run{}
}

// measureBorder counts what of this shard stands behind each border host.
func (c *Core) measureBorder() {
	for n := range c.borders.rows {
		row := &c.borders.rows[n]
		row.behind, row.worth = 0, 0
		for _, id := range c.descendants(c.edge + monitor.ID(n)) {
			row.behind++
			row.worth = max(row.worth, c.ownImpact(id))
			first, last := c.services(id)
			for service := first; service < last; service++ {
				row.worth = max(row.worth, c.ownImpact(service))
			}
		}
	}
}

// faint says whether a border host was not heard of yet, and may be soon: a failure behind it may be none.
func (c *Core) faint(id monitor.ID) bool {
	n, is := c.isBorder(id)
	if !is {
		return false
	}
	row := &c.borders.rows[n]
	return row.told == 0 && c.now < row.begun.Add(toldAge)
}

// forgets gives when what was told of a border host does not count any more: trouble is believed for longer.
func (c *Core) forgets(n int) monitor.Time {
	row := &c.borders.rows[n]
	if bad(row.state.State) || row.state.Gone {
		return row.told.Add(doubtAge)
	}
	return row.told.Add(toldAge)
}

// lookAtBorder forgets what was told of a border host too long ago, or ends the wait for a first word.
func (c *Core) lookAtBorder(n int, d *Decisions) {
	if n >= len(c.borders.rows) {
		return
	}
	row := &c.borders.rows[n]
	row.planned = false
	if end := c.forgets(n); row.told != 0 && end > c.now {
		c.planForgetting(n)
		return
	}
	calm := row.told != 0 && !bad(row.state.State) && !row.state.Gone // it counted as UP, and still does
	if row.told != 0 {
		row.told, row.state = 0, monitor.BorderState{}
		c.name(n, nil)
		c.forgetRow(n)
	}
	id := c.edge + monitor.ID(n)
	c.follows(c.spread([]monitor.ID{id}), monitor.NoID, d)
	if !calm {
		c.endSilence(id, d)
	}
	c.wake(id)
	c.review(d)
	c.sayParts(d)
}

func (c *Core) planForgetting(n int) {
	row := &c.borders.rows[n]
	if row.planned {
		return
	}
	row.planned = true
	at := row.begun.Add(toldAge)
	if row.told != 0 {
		at = c.forgets(n)
	}
	c.agenda.add(max(at, c.now), aboutBorder, uint64(n))
}

// shadowOfBorder says the same of a border host as shadow: its parents are known here, and its owner tells of the rest.
func (c *Core) shadowOfBorder(n int) (gone bool, roots []monitor.ID) {
	gone, roots = c.allOut(c.graph.Parents(c.edge + monitor.ID(n)))
	if row := &c.borders.rows[n]; row.state.Gone && row.told != 0 {
		gone = true
	}
	return gone, union(roots, c.borders.rows[n].roots)
}

// name writes down which root problems a border host suffers from besides its parents, those that were named before being
// named no more.
func (c *Core) name(n int, roots []monitor.BorderRoot) {
	b := &c.borders
	row := &b.rows[n]
	before := row.roots
	row.roots = nil
	for i := range first(roots, mostRoots) {
		id := c.rootNamed(&roots[i])
		if id == monitor.NoID || slices.Contains(row.roots, id) {
			continue
		}
		row.roots = append(row.roots, id)
		if id >= c.edge {
			b.hold(c, id)
		}
	}
	slices.Sort(row.roots)
	for _, id := range before {
		if id >= c.edge {
			b.drop(c, id)
		}
	}
}

// hold makes something of another shard a root problem, or one that is named once more.
func (b *borders) hold(c *Core, id monitor.ID) {
	if b.named == nil {
		b.named = make(map[monitor.ID]int)
	}
	b.named[id]++
	if c.suffering.roots[id] == nil {
		c.suffering.roots[id] = newRoot(id)
	}
}

// drop ends that.
func (b *borders) drop(c *Core, id monitor.ID) {
	if b.named[id]--; b.named[id] > 0 {
		return
	}
	delete(b.named, id)
	if int(id) >= len(c.standing) || c.standing[id].marks&problem == 0 {
		delete(c.suffering.roots, id)
	}
	if k, is := c.isFar(id); is {
		delete(b.farAt, b.far[k].Ref)
		b.far[k] = farRoot{free: true}
	}
}

// raiseNamed makes all that border hosts name root problems, after everything that was worked out is forgotten.
func (c *Core) raiseNamed() {
	for id := range c.borders.named {
		if c.suffering.roots[id] == nil {
			c.suffering.roots[id] = newRoot(id)
		}
	}
}

// rootNamed gives the number that stands for a root problem: the object's own, that of a border host, or one for something
// that is known only because others suffer from it; monitor.NoID if there are too many of those.
func (c *Core) rootNamed(r *monitor.BorderRoot) monitor.ID {
	if id, ok := c.find(r.Ref); ok {
		return id
	}
	if n, ok := c.borderNamed(r.Host); ok && r.IsHost() {
		return c.edge + monitor.ID(n)
	}
	b := &c.borders
	k, known := b.farAt[r.Ref]
	if !known {
		at := slices.IndexFunc(b.far, func(f farRoot) bool { return f.free })
		if at < 0 && len(b.far) >= mostFar {
			return monitor.NoID
		}
		if at < 0 {
			at = len(b.far)
			b.far = append(b.far, farRoot{})
		}
		if b.farAt == nil {
			b.farAt = make(map[monitor.Ref]uint32)
		}
		k = uint32(at)
		b.farAt[ownRef(r.Ref)] = k
	}
	b.far[k] = farRoot{BorderRoot: *r}
	b.far[k].Ref, b.far[k].Text = ownRef(r.Ref), strings.Clone(r.Text)
	return monitor.NoID - 1 - monitor.ID(k)
}

func ownRef(r monitor.Ref) monitor.Ref {
	return monitor.Ref{Host: strings.Clone(r.Host), Service: strings.Clone(r.Service)}
}

// isFar says whether a number stands for a root problem of another shard that is no border host, and which.
func (c *Core) isFar(id monitor.ID) (k uint32, is bool) {
	k = uint32(monitor.NoID - 1 - id)
	return k, id != monitor.NoID && int(k) < len(c.borders.far)
}

// borderNamed gives the number of a border host among those.
func (c *Core) borderNamed(name string) (int, bool) {
	return slices.BinarySearchFunc(c.inv.Border, name, func(h monitor.BorderHost, name string) int {
		return strings.Compare(h.Name, name)
	})
}

// homeOf gives the shard in which a root problem of another shard lives, if that is known.
func (c *Core) homeOf(id monitor.ID) (monitor.Shard, bool) {
	if n, is := c.isBorder(id); is {
		return c.inv.Border[n].Shard, true
	}
	if k, is := c.isFar(id); is {
		return c.borders.far[k].Shard, c.borders.far[k].Known
	}
	return 0, false
}

// isAnyHost says whether a number is that of a host, of this shard or of the border.
func (c *Core) isAnyHost(id monitor.ID) bool { return c.inv.IsHost(id) || id >= c.edge }

// isLookedAt says whether a check of a host is under way.
func (c *Core) isLookedAt(host monitor.ID) bool {
	if n, is := c.isBorder(host); is {
		row := &c.borders.rows[n]
		return row.since != 0 || row.told != 0 && row.state.Busy
	}
	return c.run[host].flags.has(inFlight)
}

// refBeyond names a border host or a root problem of another shard.
func (c *Core) refBeyond(id monitor.ID) monitor.Ref {
	if n, is := c.isBorder(id); is {
		return monitor.Ref{Host: c.inv.Border[n].Name}
	}
	if k, is := c.isFar(id); is {
		return c.borders.far[k].Ref
	}
	return monitor.Ref{}
}

// neighbour names a root problem of another shard.
func (f *farRoot) neighbour() monitor.Neighbour {
	state := monitor.Down
	if !f.IsHost() {
		state = monitor.Critical
	}
	return monitor.Neighbour{Ref: f.Ref, State: state, Type: monitor.Hard, Elsewhere: f.Known, Shard: f.Shard}
}

// impactsElsewhere names what suffers from a root problem in other shards.
func (c *Core) impactsElsewhere(id monitor.ID) (all []monitor.Neighbour) {
	for _, t := range c.tollsOf(id) {
		for _, ref := range t.Some {
			state := monitor.Unreachable
			if !ref.IsHost() {
				state = monitor.Unknown
			}
			all = append(all, monitor.Neighbour{Ref: ref, State: state, Type: monitor.Hard, Elsewhere: true, Shard: t.Shard})
		}
	}
	return all
}

// tickBorder does what the agenda has about border hosts.
func (c *Core) tickBorder(a appointment, d *Decisions) {
	switch a.topic {
	case aboutBorder:
		c.lookAtBorder(int(a.number), d)
	case aboutBorders:
		c.askBorder(d)
	case aboutPress:
		c.lookAtPress(int(a.number), d)
	case aboutWatched:
		c.tellWatched()
	case aboutTolls:
		c.payTolls(d)
	}
}
