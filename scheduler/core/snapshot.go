package core

import (
	"cmp"
	"maps"
	"slices"

	"github.com/onbu/onbu/monitor"
)

// Snapshot is everything that a core remembers, by name, so that it can be restored into another inventory. It holds
// only exported fields of plain values: whoever stores it may encode it by reflection.
type Snapshot struct {
	// Time is the latest time that the core had seen.
	Time monitor.Time
	// Statuses are in the order of the inventory that they were taken from.
	Statuses []monitor.Status
	// Downtimes and Comments are sorted by ID.
	Downtimes []monitor.Downtime
	Comments  []monitor.Comment
	// Program holds the switches as they are, Configured as the configuration had them: what differs was commanded.
	Program, Configured monitor.Program
	// Contacts holds those that a command has changed, sorted by name.
	Contacts []monitor.ContactStatus
	// Told holds who was told of problems that still are, by object in the order of the inventory.
	Told []Told
	// NextID is the number, before the shard is mixed in, that the next downtime, comment, problem or event gets.
	NextID uint64
	// ContactDowntimes are those of contacts, sorted by ID.
	ContactDowntimes []monitor.Downtime
	// Links say where the payloads for hosts came from.
	Links []Link
	// Maintained holds up to when the engine has entered a downtime for a maintenance period, by object in the order of the inventory:
	// what somebody deleted is not entered again.
	Maintained []Maintained
}

// Maintained is the end of a stretch of an object's maintenance period that had its downtime.
type Maintained struct {
	Ref monitor.Ref
	End monitor.Time
}

// Told is one notification about a problem that still is.
type Told struct {
	Ref monitor.Ref
	monitor.Telling
}

// Snapshot gives everything that the core remembers. The slices are the caller's.
func (c *Core) Snapshot() Snapshot {
	s := c.Rest()
	s.Statuses = make([]monitor.Status, c.inv.Objects())
	for id := range s.Statuses {
		c.fill(monitor.ID(id), &s.Statuses[id])
	}
	return s
}

// Rest is a Snapshot without the statuses, which take nearly all of its room: with Status for each object of the
// inventory the whole can be taken piece by piece, as long as nothing else is done with the core meanwhile.
func (c *Core) Rest() Snapshot {
	s := Snapshot{
		Time:       c.now,
		Downtimes:  c.downtimes.all(),
		Comments:   c.comments.all(),
		Program:    c.program,
		Configured: c.inv.Options.Program,
		NextID:     c.lastID + 1,

		ContactDowntimes: c.contactDowntimes(),
		Links:            c.allLinks(),
	}
	for _, id := range slices.Sorted(maps.Keys(c.told)) {
		for _, t := range c.told[id] {
			s.Told = append(s.Told, Told{c.inv.Ref(id), t})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.maintained)) {
		if end := c.maintained[id]; end > c.now {
			s.Maintained = append(s.Maintained, Maintained{c.inv.Ref(id), end})
		}
	}
	s.Contacts = slices.SortedFunc(maps.Values(c.muted), func(a, b monitor.ContactStatus) int {
		return cmp.Compare(a.Name, b.Name)
	})
	return s
}

// Restore takes over what another core remembered. Objects that are not in the inventory are dropped. To be called once,
// before anything else.
func (c *Core) Restore(s Snapshot) {
	c.now = max(c.now, s.Time)
	c.program = merge(s.Program, s.Configured, c.inv.Options.Program)
	if s.NextID > 0 {
		c.lastID = max(c.lastID, s.NextID-1)
	}
	c.RestoreStatuses(s.Statuses)
	for i := range s.Downtimes {
		c.shelveDowntime(&s.Downtimes[i])
	}
	for i := range s.Comments {
		c.shelveComment(&s.Comments[i])
	}
	for i := range s.ContactDowntimes {
		c.shelveContactDowntime(&s.ContactDowntimes[i])
	}
	for _, contact := range s.Contacts {
		c.mute(contact)
	}
	for _, m := range s.Maintained {
		if id, ok := c.find(m.Ref); ok {
			c.maintained[id] = m.End
		}
	}
	c.loadLinks(s.Links)
	for _, t := range s.Told {
		if id, ok := c.find(t.Ref); ok {
			c.told[id] = append(c.told[id], t.Telling)
		}
	}
}

// RestoreStatuses is the part of Restore for a Snapshot that comes piece by piece; the pieces come before the Restore of the
// rest.
func (c *Core) RestoreStatuses(statuses []monitor.Status) {
	for i := range statuses {
		if id, ok := c.find(statuses[i].Ref); ok {
			c.load(id, &statuses[i])
		}
	}
}

// merge gives the switches of now: where the configuration has not changed, what was; where it has, what it says.
func merge(was, configured, now monitor.Program) monitor.Program {
	one := func(was, configured, now monitor.Switch) monitor.Switch {
		edited := configured ^ now
		return was&^edited | now&edited
	}
	return monitor.Program{
		HostHandler: was.HostHandler, ServiceHandler: was.ServiceHandler,
		HostSwitches:    one(was.HostSwitches, configured.HostSwitches, now.HostSwitches),
		ServiceSwitches: one(was.ServiceSwitches, configured.ServiceSwitches, now.ServiceSwitches),
	}
}

func (c *Core) shelveDowntime(t *monitor.Downtime) {
	if id, ok := c.find(t.Ref); ok {
		own := *t
		c.downtimes.put(id, t.ID, &own)
		if t.Maintenance { // also if the journal says next that somebody deleted it
			c.maintained[id] = max(c.maintained[id], t.End)
		}
	}
	c.seen(t.ID)
}

func (c *Core) shelveComment(note *monitor.Comment) {
	if id, ok := c.find(note.Ref); ok {
		own := *note
		c.comments.put(id, note.ID, &own)
	}
	c.seen(note.ID)
}

// Replay applies a brok read from the journal: what lasts is after it as it was in the core that wrote it. To be called
// after Restore and before Begin, in the journal's order. The brok is not kept.
func (c *Core) Replay(b *monitor.Brok) {
	c.now = max(c.now, b.Time)
	if b.Status != nil {
		c.replayStatus(b.Status)
	}
	switch b.Kind {
	case monitor.BrokNotification:
		c.replayTelling(b)
	case monitor.BrokSnapshot:
		c.replaySnap(b.Action)
	case monitor.BrokDowntime:
		c.shelveDowntime(b.Downtime)
	case monitor.BrokDowntimeGone:
		if id, ok := c.find(b.Downtime.Ref); ok && c.downtimes.byID[b.Downtime.ID] != nil {
			c.downtimes.take(id, b.Downtime.ID)
		}
	case monitor.BrokComment:
		c.shelveComment(b.Comment)
	case monitor.BrokCommentGone:
		if id, ok := c.find(b.Comment.Ref); ok && c.comments.byID[b.Comment.ID] != nil {
			c.comments.take(id, b.Comment.ID)
		}
	case monitor.BrokContactDowntime:
		c.shelveContactDowntime(b.Downtime)
	case monitor.BrokContactDowntimeGone:
		delete(c.away, b.Downtime.ID)
	case monitor.BrokProgram:
		c.program = *b.Program
	case monitor.BrokContact:
		c.mute(*b.Contact)
	case monitor.BrokMoved:
		c.replayMoved(b)
	}
}

func (c *Core) replayStatus(s *monitor.Status) {
	c.seen(s.ProblemID, s.LastProblemID, s.EventID, s.LastEvID)
	id, ok := c.find(s.Ref)
	if !ok {
		return
	}
	c.load(id, s)
	if !c.isProblem(id) && c.standing[id].notifiedOn == 0 { // one that flaps may still owe its recovery
		delete(c.told, id)
	}
}

// replayTelling remembers who was told. The status with the notification's number lies before it in the journal.
func (c *Core) replayTelling(b *monitor.Brok) {
	id, ok := c.find(b.Action.Ref)
	if !ok || !c.isProblem(id) {
		return
	}
	c.noteTelling(id, monitor.Telling{
		Time: b.Action.Time, Contact: b.Action.Contact, Type: b.NotificationType,
		Number: c.numberOf(b, id), Command: b.Action.Command,
	})
}

// numberOf gives the number of a notification. Journals of before there were notices have it in the status alone.
func (c *Core) numberOf(b *monitor.Brok, id monitor.ID) uint32 {
	if b.Action.Notice != nil {
		return b.Action.Notice.Number
	}
	return c.noticeOf(id).number
}
