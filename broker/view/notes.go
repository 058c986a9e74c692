package view

import (
	"slices"

	"github.com/onbu/onbu/monitor"
)

// notes are the downtimes and comments of a host and its services. They are never changed, but replaced.
type notes struct {
	downtimes []downtime
	comments  []comment
}

// downtime and comment know the shard that they come from.
type downtime struct {
	shard monitor.Shard
	monitor.Downtime
}

type comment struct {
	shard monitor.Shard
	monitor.Comment
}

func (n *notes) empty() bool { return len(n.downtimes)+len(n.comments) == 0 }

// annotate changes the notes of an object: change gets a copy of its lists.
func (v *View) annotate(of monitor.Ref, change func(n *notes)) {
	slot := v.host(of.Host)
	place := hostItself
	if !of.IsHost() {
		place = v.hosts.service(slot, of.Service)
	}
	h := v.hosts.writable(slot)
	h.row(place).seen = v.clock.tick
	h.replaceNotes(change)
}

// replaceNotes puts changed notes into the place of those of a host, which must be writable.
func (h *host) replaceNotes(change func(n *notes)) {
	n := notes{}
	if h.notes != nil {
		n = notes{slices.Clone(h.notes.downtimes), slices.Clone(h.notes.comments)}
	}
	change(&n)
	if h.notes = &n; n.empty() {
		h.notes = nil
	}
}

func (v *View) addDowntime(shard monitor.Shard, d monitor.Downtime) {
	v.annotate(d.Ref, func(n *notes) {
		i := slices.IndexFunc(n.downtimes, func(o downtime) bool { return o.shard == shard && o.ID == d.ID })
		if i < 0 {
			n.downtimes = append(n.downtimes, downtime{shard, d})
			return
		}
		n.downtimes[i].Downtime = d
	})
}

func (v *View) addComment(shard monitor.Shard, c monitor.Comment) {
	v.annotate(c.Ref, func(n *notes) {
		i := slices.IndexFunc(n.comments, func(o comment) bool { return o.shard == shard && o.ID == c.ID })
		if i < 0 {
			n.comments = append(n.comments, comment{shard, c})
			return
		}
		n.comments[i].Comment = c
	})
}

func (v *View) dropDowntime(shard monitor.Shard, d *monitor.Downtime) {
	v.annotate(d.Ref, func(n *notes) {
		n.downtimes = slices.DeleteFunc(n.downtimes, func(o downtime) bool { return o.shard == shard && o.ID == d.ID })
	})
}

func (v *View) dropComment(shard monitor.Shard, c *monitor.Comment) {
	v.annotate(c.Ref, func(n *notes) {
		n.comments = slices.DeleteFunc(n.comments, func(o comment) bool { return o.shard == shard && o.ID == c.ID })
	})
}

// forgetNotes drops all notes of a shard.
func (v *View) forgetNotes(shard monitor.Shard) {
	for slot, h := range v.hosts.all {
		if h.notes == nil {
			continue
		}
		v.hosts.writable(int32(slot)).replaceNotes(func(n *notes) {
			n.downtimes = slices.DeleteFunc(n.downtimes, func(o downtime) bool { return o.shard == shard })
			n.comments = slices.DeleteFunc(n.comments, func(o comment) bool { return o.shard == shard })
		})
	}
}
