package core

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/verdict"
)

const (
	// signWait is how long a failure waits for a sign that its poller still has a network, before another one looks.
	signWait = 10 * time.Second
	// mostSilent is how long a poller's good answers may stay away without a doubt that it had a network meanwhile.
	mostSilent = 5 * time.Second
	// witnessAge is how old the good answers of another poller may be that show that there is something to see.
	witnessAge = time.Minute
	// witnessEvery is how often those are looked for at most.
	witnessEvery = 5 * time.Second
	// isolating is how many hosts that fail in a row, with not one good answer, make a poller isolated.
	isolating = 5
	// probeShare: an isolated poller gets one regular check of so many, to show that it is back.
	probeShare = 8
)

// watch finds pollers that have lost their own network: all that they look at fails, while others of the same pool see
// what they saw before. It is empty while nothing fails, and a good answer costs one comparison then.
type watch struct {
	suspects map[string]*suspect // by poller
	// back says when pollers that were isolated had their network again: what they began before does not count.
	back map[string]monitor.Time
	// witnesses are the pollers of each pool that gave good answers lately, as seen at lookedAt.
	witnesses map[string]map[string]bool
	lookedAt  monitor.Time
}

// suspect is a poller with failures and no good answer since.
type suspect struct {
	waits    []monitor.ID // what it said that is held; some of it may be no more
	hosts    map[monitor.ID]bool
	isolated monitor.Time // since when it is known to be; zero if it is not
}

// unproven says whether a failure would be told, or is one of an isolated poller, and nothing shows yet that its poller
// still had a network when the check had ended. Only while another poller of the pool sees something is there a doubt.
func (c *Core) unproven(id monitor.ID, l *look) bool {
	h := c.waiting.of[id]
	switch {
	case l.how != monitor.Active, l.poller == "", l.module == ruleModule, !c.askable(id), !c.isNews(id, l):
		return false
	case h != nil && (h.proven || h.second != 0 && h.second <= c.now):
		return false
	case h != nil && h.avoid != "" && l != &h.look: // the second answer counts, whatever it says
		return false
	}
	v := c.weigh(id, l)
	switch explained := v.Next.HostProblem || c.inv.IsHost(id) && v.Next.State == monitor.Unreachable; {
	case explained, l.past: // by something in front of it, on which more than this answer speaks
		return false
	case !c.wasIsolated(l) && (v.Next.Type != monitor.Hard || !v.Steps.Has(verdict.Notify)):
		return false
	}
	return c.hasWitness(id, l.poller)
}

// wasIsolated says whether the poller of a check was isolated at some time from its start until now.
func (c *Core) wasIsolated(l *look) bool {
	s := c.watch.suspects[l.poller]
	return s != nil && s.isolated != 0 || l.started < c.watch.back[l.poller]
}

// hasWitness says whether another poller of an object's pool gave a good answer lately.
func (c *Core) hasWitness(id monitor.ID, poller string) bool {
	if c.watch.lookedAt == 0 || c.now.Sub(c.watch.lookedAt) > witnessEvery {
		c.findWitnesses()
	}
	for other := range c.watch.witnesses[c.poolOf(id)] {
		if other != poller {
			return true
		}
	}
	return false
}

// findWitnesses goes over all objects; it is asked for only when something fails, and seldom.
func (c *Core) findWitnesses() {
	c.watch.lookedAt, c.watch.witnesses = c.now, make(map[string]map[string]bool)
	for id := range monitor.ID(len(c.run)) {
		active := c.standing[id].check == monitor.Active && c.run[id].poller != 0
		if !active || c.times[id].update < c.now.Add(-witnessAge) || c.isProblem(id) || c.local[c.inv.HostOf(id)] {
			continue
		}
		pool := c.poolOf(id)
		if c.watch.witnesses[pool] == nil {
			c.watch.witnesses[pool] = make(map[string]bool)
		}
		c.watch.witnesses[pool][c.names[c.run[id].poller]] = true
	}
}

// isLocal says whether an address is that of the poller's own machine: that it answers shows no network.
func isLocal(address string) bool {
	return address == "localhost" || address == "::1" || strings.HasPrefix(address, "127.")
}

// heartbeat is how a poller's good answers follow each other.
type heartbeat struct {
	last monitor.Time // when the newest of their checks began
	// gap is when the last stretch ended in which none of those that are known began for longer than mostSilent.
	gap monitor.Time
}

// beat takes note of a good answer.
func (c *Core) beat(id monitor.ID, l *look, d *Decisions) {
	if l.how != monitor.Active || c.local[c.inv.HostOf(id)] {
		return
	}
	poller := c.run[id].poller
	if c.names[poller] != l.poller {
		poller = c.intern(l.poller)
	}
	for int(poller) >= len(c.beats) {
		c.beats = append(c.beats, heartbeat{})
	}
	if p := &c.beats[poller]; l.started > p.last {
		if l.started.Sub(p.last) > mostSilent {
			p.gap = l.started
		}
		p.last = l.started
	}
	if len(c.watch.suspects) > 0 {
		c.sign(id, l, c.beats[poller].gap, d)
	}
}

func (c *Core) poolOf(id monitor.ID) string {
	if pool := c.inv.Policy(id).Pool; pool != "" {
		return pool
	}
	if call := c.checkOf(id); call.Command != monitor.None {
		return c.inv.Commands[call.Command].Pool
	}
	return ""
}

// prove holds a failure until its poller shows that it is not its own. Then, or when the poller is known to be isolated,
// or when it has shown nothing for a while, another poller is asked.
func (c *Core) prove(id monitor.ID, l *look, d *Decisions) {
	c.hold(id, l, nil, d)
	h := c.waiting.of[id]
	if h.sign == 0 {
		h.sign = h.since.Add(signWait)
		c.waiting.deadlines.add(h.sign, id)
	}
	s := c.suspect(id, l.poller)
	if len(s.hosts) >= isolating && s.isolated == 0 {
		c.isolate(l.poller, s, d)
	}
	if h.sign <= c.now || c.wasIsolated(l) {
		c.askAnother(id, h, d)
	}
}

// suspect notes that what a poller said of an object is held.
func (c *Core) suspect(id monitor.ID, poller string) *suspect {
	if c.watch.suspects == nil {
		c.watch.suspects, c.watch.back = make(map[string]*suspect), make(map[string]monitor.Time)
	}
	s := c.watch.suspects[poller]
	if s == nil {
		s = &suspect{hosts: make(map[monitor.ID]bool)}
		c.watch.suspects[poller] = s
	}
	if h := c.waiting.of[id]; h.noted != poller {
		h.noted = poller
		s.waits = append(s.waits, id)
	}
	s.hosts[c.inv.HostOf(id)] = true
	return s
}

// isolate declares that a poller has lost its network: all that waits for a sign of it goes to others at once.
func (c *Core) isolate(poller string, s *suspect, d *Decisions) {
	s.isolated = c.now
	c.log(d, "POLLER ALERT: %s;ISOLATED;%d hosts failed in a row without one good answer, while other pollers of the pool have some: "+
		"it may have lost its own network. Nobody is told of what it finds until another poller has looked", poller, len(s.hosts))
	for _, id := range s.waits {
		if h := c.waiting.of[id]; h != nil && h.poller == poller {
			c.askAnother(id, h, d)
		}
	}
}

// askAnother has an object looked at by another poller than the one whose answer is held, once. That answer counts; if
// none comes in time, the first does.
func (c *Core) askAnother(id monitor.ID, h *heldLook, d *Decisions) {
	if h.avoid != "" {
		return
	}
	h.avoid = h.poller
	c.issue(id, c.now, d)
	if at, ok := c.wheel.At(id); ok {
		h.second = at
	}
	c.waiting.deadlines.add(h.second, id)
}

// avoid names the poller that is not to make a check.
func (c *Core) avoid(id monitor.ID) string {
	if h := c.waiting.of[id]; h != nil && h.avoid != "" {
		return h.avoid
	}
	if (c.run[id].seq+uint32(id))%probeShare == 0 {
		return ""
	}
	for _, poller := range slices.Sorted(maps.Keys(c.watch.suspects)) {
		if c.watch.suspects[poller].isolated != 0 {
			return poller
		}
	}
	return ""
}

// sign takes a good answer as a sign of its poller: its failures elsewhere that had ended when this check began are not
// the poller's, if there was no gap among its good answers since they began.
func (c *Core) sign(id monitor.ID, l *look, gap monitor.Time, d *Decisions) {
	s := c.watch.suspects[l.poller]
	if s == nil || l.started < s.isolated {
		return
	}
	lost := s.isolated != 0
	if lost {
		c.watch.back[l.poller] = c.now
		c.log(d, "POLLER ALERT: %s;BACK;it has good answers again, after %v", l.poller, c.now.Sub(s.isolated).Round(time.Second))
	}
	var still []monitor.ID
	for _, waits := range s.waits {
		h := c.waiting.of[waits]
		switch {
		case h == nil || h.noted != l.poller:
		case lost: // it shows nothing of what was before; another poller is to look
			c.waiting.woken = append(c.waiting.woken, waits)
		case h.finished <= l.started && gap < h.started && c.inv.HostOf(waits) != c.inv.HostOf(id):
			h.proven = h.avoid == "" // if another one is on it already, that one decides
			c.waiting.woken = append(c.waiting.woken, waits)
		default:
			still = append(still, waits)
		}
	}
	if s.waits, s.isolated = still, 0; len(still) == 0 {
		delete(c.watch.suspects, l.poller)
		return
	}
	s.hosts = make(map[monitor.ID]bool)
	for _, waits := range still {
		s.hosts[c.inv.HostOf(waits)] = true
	}
}

// moveSuspects keeps the pollers that are isolated; what is held is judged anew.
func (c *Core) moveSuspects(old *Core) {
	c.watch = watch{suspects: make(map[string]*suspect), back: maps.Clone(old.watch.back)}
	if c.watch.back == nil {
		c.watch.back = make(map[string]monitor.Time)
	}
	for poller, s := range old.watch.suspects {
		if s.isolated != 0 {
			c.watch.suspects[poller] = &suspect{hosts: make(map[monitor.ID]bool), isolated: s.isolated}
		}
	}
}

// whyUnproven says that a held failure waits for a sign of its poller; empty if it does not.
func (c *Core) whyUnproven(h *heldLook) string {
	if h.sign == 0 {
		return ""
	}
	text := "poller " + h.poller + " has had no good answer from elsewhere since"
	if s := c.watch.suspects[h.poller]; s != nil && s.isolated != 0 {
		text = "poller " + h.poller + " is isolated since " + stamp(s.isolated) + ": all that it looks at fails, and others see it"
	}
	if h.avoid != "" {
		return text + "; another poller is to look, at most until " + stamp(h.second)
	}
	return text + "; another poller is asked at " + stamp(cmp.Or(h.sign, h.until))
}
