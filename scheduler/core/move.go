package core

import (
	"slices"

	"github.com/onbu/onbu/monitor"
)

// Only gives the part of a snapshot that is about some hosts, their services included. Programme switches and contacts
// are left out: they belong to no host.
func (s Snapshot) Only(host func(name string) bool) Snapshot {
	return Snapshot{
		Time:      s.Time,
		Statuses:  filter(s.Statuses, func(st *monitor.Status) bool { return host(st.Host) }),
		Downtimes: filter(s.Downtimes, func(t *monitor.Downtime) bool { return host(t.Ref.Host) }),
		Comments:  filter(s.Comments, func(note *monitor.Comment) bool { return host(note.Ref.Host) }),
		Told:      filter(s.Told, func(t *Told) bool { return host(t.Ref.Host) }),
		Links:     filter(s.Links, func(l *Link) bool { return host(l.Host) }),
	}
}

// filter gives the things that fit, in a slice of their own.
func filter[T any](things []T, fits func(*T) bool) []T {
	var out []T
	for i := range things {
		if fits(&things[i]) {
			out = append(out, things[i])
		}
	}
	return out
}

// Import takes over what another shard remembered of objects that are in this inventory now, and says how many hosts
// those were. An object of which something newer is known here stays as it is, so that the same snapshot may be given
// again. Downtimes and comments get numbers of this shard, by which commands find them. Broks for all of it make a later
// replay of this shard's journal as good as the snapshot.
//
// To be called after the last Replay and before Begin, or right after Adopt. Next checks that have not passed are kept.
func (c *Core) Import(now monitor.Time, s Snapshot, d *Decisions) int {
	c.enter(now)
	var came []monitor.ID
	for i := range s.Statuses {
		st := &s.Statuses[i]
		if id, ok := c.find(st.Ref); ok && c.times[id].update < s.Time {
			c.load(id, st)
			c.times[id].update = max(st.LastUpdate, s.Time)
			came = append(came, id)
		}
	}
	slices.Sort(came)
	for _, id := range came {
		c.forgetNotes(id, d)
	}
	c.importNotes(&s, came, d)
	c.loadLinks(s.Links)
	for _, id := range c.reassess() {
		if _, ok := slices.BinarySearch(came, id); !ok {
			c.changed(monitor.BrokState, id, "", d)
		}
	}
	c.releaseTriggered(d)
	c.planAgenda()
	hosts := c.arrive(came, d)
	c.leave(d)
	return hosts
}

// forgetNotes drops what is known here of an object from an earlier stay.
func (c *Core) forgetNotes(id monitor.ID, d *Decisions) {
	delete(c.told, id)
	for _, note := range c.comments.on(id) {
		c.dropComment(id, note.ID, d)
	}
	for _, t := range c.downtimes.on(id) {
		c.downtimes.take(id, t.ID)
		d.Broks = append(d.Broks, monitor.Brok{
			Kind: monitor.BrokDowntimeGone, Time: c.now, Shard: c.inv.Shard,
			Downtime: &monitor.Downtime{ID: t.ID, Ref: t.Ref},
		})
	}
}

// importNotes takes over the downtimes, comments and notifications of the objects that came; those are sorted.
func (c *Core) importNotes(s *Snapshot, came []monitor.ID, d *Decisions) {
	arrived := func(ref monitor.Ref) (monitor.ID, bool) {
		id, ok := c.find(ref)
		if ok {
			_, ok = slices.BinarySearch(came, id)
		}
		return id, ok
	}
	numbers := c.importDowntimes(s, arrived, d)
	for _, note := range s.Comments {
		if id, ok := arrived(note.Ref); ok {
			note.ID, note.Downtime = c.newNote(), numbers[note.Downtime]
			c.keepComment(id, &note, d)
		}
	}
	for _, t := range s.Told {
		if id, ok := arrived(t.Ref); ok {
			c.told[id] = append(c.told[id], t.Telling)
		}
	}
}

// importDowntimes takes over the downtimes of the objects that came, and gives the numbers that they have here. One whose
// trigger stayed behind stands for itself.
func (c *Core) importDowntimes(s *Snapshot, arrived func(monitor.Ref) (monitor.ID, bool), d *Decisions) map[uint64]uint64 {
	numbers := make(map[uint64]uint64)
	for i := range s.Downtimes {
		if _, ok := arrived(s.Downtimes[i].Ref); ok {
			numbers[s.Downtimes[i].ID] = c.newNote()
		}
	}
	for _, t := range s.Downtimes {
		id, ok := arrived(t.Ref)
		if !ok {
			continue
		}
		trigger := t.Trigger
		t.ID, t.Trigger = numbers[t.ID], numbers[trigger]
		if trigger != 0 && t.Trigger == 0 {
			c.log(d, "downtime %d of %s stands for itself now: what triggered it stayed in another shard", t.ID, t.Ref)
		}
		c.keepDowntime(id, &t, d)
	}
	return numbers
}

// arrive lays the objects that came out in time, as they were or else as after a restart, and tells of them. It counts
// the hosts among them.
func (c *Core) arrive(came []monitor.ID, d *Decisions) (hosts int) {
	spread := firstSpread(c.unseen())
	for _, id := range came {
		if c.inv.IsHost(id) {
			hosts++
		}
		r, interval := &c.run[id], c.interval(id)
		switch {
		case c.times[id].check == 0:
			c.first(id, spread)
		case r.next <= c.now, r.next > c.now.Add(interval):
			r.next = c.regular(id, interval, c.now)
			c.lay(id)
		default:
			c.lay(id)
		}
		c.changed(monitor.BrokMoved, id, "", d)
		d.Broks[len(d.Broks)-1].Told = slices.Clone(c.told[id])
	}
	return hosts
}

// replayMoved remembers who was told, in place of what was known.
func (c *Core) replayMoved(b *monitor.Brok) {
	id, ok := c.find(b.Status.Ref)
	if !ok {
		return
	}
	delete(c.told, id)
	if len(b.Told) > 0 {
		c.told[id] = slices.Clone(b.Told)
	}
}

// Leaving gives the objects whose last result was passive and whose hosts another inventory does not have: what is known of them
// goes with Adopt.
func (c *Core) Leaving(next *monitor.Inventory) []monitor.Status {
	stays := make(map[string]bool, len(next.Hosts))
	for i := range next.Hosts {
		stays[next.Hosts[i].Name] = true
	}
	var left []monitor.Status
	for id := range monitor.ID(c.inv.Objects()) {
		if c.standing[id].check == monitor.Passive && c.times[id].check != 0 && !stays[c.inv.Ref(id).Host] {
			left = append(left, monitor.Status{})
			c.fill(id, &left[len(left)-1])
		}
	}
	return left
}
