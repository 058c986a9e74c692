package core

import (
	"slices"

	"github.com/onbu/onbu/monitor"
)

// comment adds a comment to an object.
func (c *Core) comment(id monitor.ID, note monitor.Comment, d *Decisions) {
	note.ID, note.Ref, note.Entered = c.newNote(), c.inv.Ref(id), c.now
	c.keepComment(id, &note, d)
}

func (c *Core) keepComment(id monitor.ID, note *monitor.Comment, d *Decisions) {
	c.comments.put(id, note.ID, note)
	if note.Expires != 0 {
		c.agenda.add(note.Expires, aboutComment, note.ID)
	}
	d.Broks = append(d.Broks, monitor.Brok{Kind: monitor.BrokComment, Time: c.now, Shard: c.inv.Shard, Comment: note})
}

// dropComment removes a comment from an object.
func (c *Core) dropComment(id monitor.ID, number uint64, d *Decisions) {
	note := c.comments.take(id, number)
	d.Broks = append(d.Broks, monitor.Brok{
		Kind: monitor.BrokCommentGone, Time: c.now, Shard: c.inv.Shard,
		Comment: &monitor.Comment{ID: note.ID, Ref: note.Ref},
	})
}

// dropAckComments removes what an acknowledgement left, unless it was to stay.
func (c *Core) dropAckComments(id monitor.ID, d *Decisions) {
	for _, note := range c.comments.on(id) {
		if note.Kind == monitor.CommentAck && !note.Persistent {
			c.dropComment(id, note.ID, d)
		}
	}
}

// dropDowntimeComments removes the comment that a downtime came with.
func (c *Core) dropDowntimeComments(id monitor.ID, number uint64, d *Decisions) {
	for _, note := range slices.Clone(c.comments.with[number]) {
		c.dropComment(id, note, d)
	}
}

// lookAtComment removes a comment whose time is over.
func (c *Core) lookAtComment(number uint64, d *Decisions) {
	if note := c.comments.byID[number]; note != nil && note.Expires != 0 && note.Expires <= c.now {
		id, _ := c.find(note.Ref)
		c.dropComment(id, number, d)
	}
}
