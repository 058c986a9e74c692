package core

import (
	"math"
	"strings"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/verdict"
)

// Status gives the present status of an object of the inventory.
func (c *Core) Status(id monitor.ID) monitor.Status {
	var s monitor.Status
	c.fill(id, &s)
	return s
}

// fill writes an object's row into a status.
func (c *Core) fill(id monitor.ID, s *monitor.Status) {
	st, p, w, r, x := &c.standing[id], c.past.of(id), &c.times[id], &c.run[id], &c.text[id]
	s.Ref = c.inv.Ref(id)
	s.State, s.LastState, s.LastHardState = c.effective(id), st.LastState, st.LastHard
	s.Type, s.Attempt, s.MaxAttempts = st.Type, st.Attempt, st.Max
	s.CheckType, s.Ack, s.HostProblem = st.check, st.Ack, st.HostProblem
	s.Switches, s.Modified = st.switches, st.modified
	s.Flapping, s.DowntimeDepth, s.NotifiedOn = st.flapping, st.depth, st.notifiedOn
	s.LastCheck, s.NextCheck, s.LastUpdate = w.check, r.next, w.update
	if s.Pinned = r.flags.has(pinned); !s.Pinned && !c.checked(id) {
		s.NextCheck = 0 // its moments come and go, and nothing is done
	}
	s.LastChange, s.LastHardChange = w.change, w.hardChange
	s.LastTimeOK, s.LastTimeWarning, s.LastTimeCritical, s.LastTimeUnknown = w.fine, p.failed[0], p.failed[1], p.failed[2]
	s.LastNotification, s.NextNotification, s.NotificationNumber = p.notice.last, p.notice.next, p.notice.number
	s.History, s.PercentChange = uint64(r.history), float32(r.history.Percent())
	s.Latency, s.Execution = r.latency.Duration(), r.execution.Duration()
	s.ProblemID, s.LastProblemID, s.EventID, s.LastEvID = p.serial.problem, p.serial.lastProblem, p.serial.event, p.serial.lastEvent
	s.Module, s.Poller = c.names[r.module], c.names[r.poller]
	s.Output, s.LongOutput, s.Perfdata = x.Output(), x.Long(), x.Perfdata()
	s.BeforeUnknown = st.beforeUnknown
	if s.AckUntil = 0; st.Ack != monitor.AckNone {
		s.AckUntil = c.ackUntil[id]
	}
	c.fillPart(id, s)
	if r.flags.has(held) {
		s.Held = c.waiting.of[id].noun()
	}
	if len(c.snapped) > 0 {
		s.LastSnapshot = c.snapped[id]
	}
	if len(c.inv.own) > 0 {
		s.Changed = c.changes(id)
	}
}

// fillCheck writes into a check what every check changes.
func (c *Core) fillCheck(id monitor.ID, k *monitor.Check) {
	st, r, x := &c.standing[id], &c.run[id], &c.text[id]
	k.Ref, k.Shard, k.Object, k.Time = c.inv.Ref(id), c.inv.Shard, id, c.now
	k.State, k.OwnState, k.Type, k.Attempt, k.CheckType = c.effective(id), st.State, st.Type, st.Attempt, st.check
	k.Started = c.times[id].check
	if r.flags.has(pinned) || c.checked(id) {
		k.Next = r.next
	}
	k.Latency, k.Execution, k.PercentChange = r.latency.Duration(), r.execution.Duration(), float32(r.history.Percent())
	k.Module, k.Poller = c.names[r.module], c.names[r.poller]
	k.Output, k.LongOutput, k.Perfdata = x.Output(), x.Long(), x.Perfdata()
	k.NoPerfdata = st.switches&monitor.ProcessPerfdata == 0
}

// load is fill turned round. What the inventory decides (attempts, switches that no command changed) is not taken over,
// and neither is a job in flight.
func (c *Core) load(id monitor.ID, s *monitor.Status) {
	c.change(id, s.Changed)
	p := c.inv.Policy(id)
	limit := max(p.MaxAttempts, 1)
	c.standing[id] = standing{
		Standing: verdict.Standing{
			State: ownState(s), LastState: s.LastState, LastHard: s.LastHardState, Type: s.Type,
			Attempt: min(max(s.Attempt, 1), limit), Max: limit, Ack: s.Ack, HostProblem: s.HostProblem,
		},
		check: s.CheckType, flapping: s.Flapping, notifiedOn: s.NotifiedOn, depth: s.DowntimeDepth,
		switches: p.Switches&^s.Modified | s.Switches&s.Modified,
		marks:    partOf(s),
		modified: s.Modified, beforeUnknown: s.BeforeUnknown,
	}
	c.past.put(id, past{
		notice: notice{s.LastNotification, s.NextNotification, s.NotificationNumber},
		serial: serial{s.ProblemID, s.LastProblemID, s.EventID, s.LastEvID},
		failed: [3]monitor.Time{s.LastTimeWarning, s.LastTimeCritical, s.LastTimeUnknown},
	})
	c.times[id] = times{
		check: s.LastCheck, update: s.LastUpdate, change: s.LastChange, hardChange: s.LastHardChange, fine: s.LastTimeOK,
	}
	c.run[id] = run{
		next: s.NextCheck, latency: inMicros(s.Latency), execution: inMicros(s.Execution), seq: c.run[id].seq,
		history: verdict.History(s.History),
		module:  c.intern(s.Module), poller: c.intern(s.Poller),
	}
	if s.Pinned {
		c.run[id].flags = pinned
	}
	c.text[id] = newText(s.Output, s.LongOutput, s.Perfdata)
	c.setAckEnd(id, s.AckUntil)
	c.loadHeld(id, s.Held)
	if delete(c.snapped, id); s.LastSnapshot != 0 {
		c.snapped[id] = s.LastSnapshot
	}
	if delete(c.shownSince, id); s.ShownSince != 0 {
		c.shownSince[id] = s.ShownSince
	}
	c.seen(s.ProblemID, s.LastProblemID, s.EventID, s.LastEvID)
}

// intern gives the number of a module's or poller's name. There are few of them, so a walk along the list beats a map.
func (c *Core) intern(name string) uint16 {
	for i, n := range c.names {
		if n == name {
			return uint16(i)
		}
	}
	if len(c.names) > math.MaxUint16 {
		return 0
	}
	c.names = append(c.names, strings.Clone(name))
	return uint16(len(c.names) - 1)
}

// newNote gives a number for a downtime or a comment: a newID that is not below the microseconds since 1970. So they grow over
// all shards, as far as the clocks of their owners agree: clients of Livestatus know by the greatest number whether there is
// a new one. They stay below 2^53, which a JSON number holds, until the year 2255.
func (c *Core) newNote() uint64 {
	c.lastID = max(c.lastID, uint64(max(c.now, 0))/1000/c.stride())
	return c.newID()
}

// newID gives a number for a problem or an event, and with newNote for a downtime or a comment. No two shards give the same
// one: the remainder by the number of shards is the shard, which tells where a command that names it belongs.
func (c *Core) newID() uint64 {
	c.lastID++
	return c.lastID*c.stride() + uint64(c.inv.Shard)
}

// seen takes note of numbers given before a restart.
func (c *Core) seen(ids ...uint64) {
	for _, id := range ids {
		c.lastID = max(c.lastID, id/c.stride())
	}
}

func (c *Core) stride() uint64 { return uint64(max(c.inv.Shards, 1)) }
