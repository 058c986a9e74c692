package core

import (
	"fmt"
	"slices"

	"github.com/onbu/onbu/monitor"
)

// ties are the dependencies and service parents of an inventory, to be asked from both ends. The rows hold indexes into
// the inventory's Dependencies and ServiceParents; they are empty, and cost nothing, where it has none.
type ties struct {
	ofDependent, ofMaster rows // Dependencies
	ofChild, ofParent     rows // ServiceParents
}

func tie(inv *monitor.Inventory) ties {
	n, deps, parents := inv.Objects(), inv.Dependencies, inv.ServiceParents
	return ties{
		ofDependent: newRows(n, len(deps), func(i int) monitor.ID { return deps[i].Dependent }),
		ofMaster:    newRows(n, len(deps), func(i int) monitor.ID { return deps[i].Master }),
		ofChild:     newRows(n, len(parents), func(i int) monitor.ID { return parents[i].Child }),
		ofParent:    newRows(n, len(parents), func(i int) monitor.ID { return parents[i].Parent }),
	}
}

func (t *ties) bytes() int {
	return t.ofDependent.bytes() + t.ofMaster.bytes() + t.ofChild.bytes() + t.ofParent.bytes()
}

// rows keeps a list of indexes for each object.
type rows struct {
	at []uint32 // nil if there is nothing at all
	to []uint32
}

// newRows sorts the numbers 0…count-1 by the object that each belongs to, keeping their order.
func newRows(objects, count int, object func(int) monitor.ID) rows {
	if count == 0 {
		return rows{}
	}
	r := rows{at: make([]uint32, objects+1), to: make([]uint32, count)}
	for i := range count {
		r.at[object(i)+1]++
	}
	for i := range objects {
		r.at[i+1] += r.at[i]
	}
	free := slices.Clone(r.at)
	for i := range count {
		id := object(i)
		r.to[free[id]] = uint32(i)
		free[id]++
	}
	return r
}

func (r *rows) of(id monitor.ID) []uint32 {
	if r.at == nil {
		return nil
	}
	return r.to[r.at[id]:r.at[id+1]]
}

func (r *rows) bytes() int { return 4 * (len(r.at) + len(r.to)) }

// criteria says which of the two sets of states of a dependency is meant.
type criteria uint8

const (
	execution criteria = iota
	notifying
)

func (k criteria) of(d *monitor.Dependency) monitor.Option {
	if k == execution {
		return d.Execution
	}
	return d.Notification
}

func (k criteria) String() string {
	return [...]string{"execution_failure_criteria", "notification_failure_criteria"}[k]
}

// failing gives a dependency that holds the checks of an object back, or what people are told of it; nil if there is
// none. It is one of the object's own or, where those say inherits_parent, one of their masters'. A circle, which the
// arbiter refuses, would be gone round once.
//
// Nagios asks no further once it meets a dependency that is outside of its period; here the others still count.
func (c *Core) failing(id monitor.ID, what criteria) *monitor.Dependency {
	if len(c.ties.ofDependent.of(id)) == 0 {
		return nil
	}
	c.asked = append(c.asked[:0], id)
	for i := 0; i < len(c.asked); i++ {
		for _, n := range c.ties.ofDependent.of(c.asked[i]) {
			d := &c.inv.Dependencies[n]
			switch {
			case what.of(d) == 0 || !c.in(d.Period, c.now):
			case c.matches(d.Master, what.of(d)):
				return d
			case d.Inherits && !slices.Contains(c.asked, d.Master):
				c.asked = append(c.asked, d.Master)
			}
		}
	}
	return nil
}

// matches says whether an object is in one of some states, as dependencies see it.
func (c *Core) matches(id monitor.ID, states monitor.Option) bool {
	return states&stateOption(c.inv.IsHost(id), c.certain(id)) != 0
}

// certain gives the state of an object that counts for those that depend on it: while it is SOFT its last hard one,
// unless soft_state_dependencies is set.
func (c *Core) certain(id monitor.ID) monitor.State {
	s := &c.standing[id]
	if s.marks&overlaid != 0 {
		return c.effective(id)
	}
	if s.Type != monitor.Soft || c.inv.Options.SoftStateDependencies {
		return s.State
	}
	if s.LastHard == monitor.Pending {
		return monitor.OK
	}
	return s.LastHard
}

// stateOption gives the letter that stands for a state in failure criteria. What was never checked is p and not o.
func stateOption(host bool, s monitor.State) monitor.Option {
	switch {
	case s == monitor.Pending:
		return monitor.OnPending
	case s == monitor.OK:
		return monitor.OnOK
	case host && s == monitor.Down:
		return monitor.OnDown
	case host:
		return monitor.OnUnreachable
	case s == monitor.Warning:
		return monitor.OnWarning
	case s == monitor.Critical:
		return monitor.OnCritical
	}
	return monitor.OnUnknown
}

// sayFailing names a dependency that failing gave for an object.
func (c *Core) sayFailing(id monitor.ID, d *monitor.Dependency, what criteria) string {
	who := "it depends"
	switch {
	case d.Dependent == id:
	case d.Dependent == c.inv.HostOf(id):
		who = "its host depends"
	default:
		who = "it inherits that " + c.inv.Ref(d.Dependent).String() + " depends"
	}
	master := c.inv.Ref(d.Master)
	state := c.certain(d.Master).ServiceName()
	if master.IsHost() {
		state = c.certain(d.Master).HostName()
	}
	return fmt.Sprintf("%s on %s, which is %s (%s)", who, master, state, what)
}

// dependencySilence says which dependency, of a service or then of its host, keeps people from being told.
func (c *Core) dependencySilence(id monitor.ID) string {
	d := c.failing(id, notifying)
	if d == nil && !c.inv.IsHost(id) {
		d = c.failing(c.inv.HostOf(id), notifying)
	}
	if d == nil {
		return ""
	}
	return c.sayFailing(id, d, notifying)
}

// isOrphaned says whether a service has parents and none of them is OK (Naemon, notifications.c; Nagios 4.4 means the
// same and never finds it).
func (c *Core) isOrphaned(id monitor.ID) bool {
	parents := c.ties.ofChild.of(id)
	for _, n := range parents {
		if !c.isProblem(c.inv.ServiceParents[n].Parent) {
			return false
		}
	}
	return len(parents) > 0
}

// badParent gives a service among the parents of a service, and theirs, whose last hard state is CRITICAL or UNKNOWN
// (Nagios 4 checks.c, check_service_parents).
func (c *Core) badParent(id monitor.ID) (monitor.ID, bool) {
	if len(c.ties.ofChild.of(id)) == 0 {
		return monitor.NoID, false
	}
	c.asked = append(c.asked[:0], id)
	for i := 0; i < len(c.asked); i++ {
		for _, n := range c.ties.ofChild.of(c.asked[i]) {
			parent := c.inv.ServiceParents[n].Parent
			if s := c.standing[parent].LastHard; s == monitor.Critical || s == monitor.Unknown {
				return parent, true
			}
			if !slices.Contains(c.asked, parent) {
				c.asked = append(c.asked, parent)
			}
		}
	}
	return monitor.NoID, false
}

// askMasters has the masters of an object checked whose next failure would be told, so that its dependencies are judged
// by what is true then. Results that are fresh enough are taken as they are.
func (c *Core) askMasters(id monitor.ID, d *Decisions) {
	masters := c.ties.ofDependent.of(id)
	s := &c.standing[id]
	if len(masters) == 0 || s.Type != monitor.Soft || !c.isProblem(id) || s.Attempt+1 != s.Max || !c.predicts(id) {
		return
	}
	for _, n := range masters {
		master := c.inv.Dependencies[n].Master
		if last := c.times[master].check; last == 0 || last.Add(c.cached(master)) <= c.now {
			c.ask(master, d)
		}
	}
}

// predicts says whether enable_predictive_*_dependency_checks is set for objects of the kind.
func (c *Core) predicts(id monitor.ID) bool {
	if c.inv.IsHost(id) {
		return c.inv.Options.PredictiveHost
	}
	return c.inv.Options.PredictiveService
}

// checkTies looks for dependencies and parents that would make the core stumble.
func (k *compiled) checkTies() error {
	inv, n := k.inv, monitor.ID(k.inv.Objects())
	for i, d := range inv.Dependencies {
		if d.Dependent >= n || d.Master >= n || !k.isPeriod(d.Period) {
			return fmt.Errorf("dependency %d: %d, %d or timeperiod %d is out of bounds", i, d.Dependent, d.Master, d.Period)
		}
	}
	for i, e := range inv.ServiceParents {
		if e.Child >= n || e.Parent >= n {
			return fmt.Errorf("service parent %d: %d or %d is out of bounds", i, e.Child, e.Parent)
		}
	}
	for i, r := range inv.Rules {
		if r.Object >= n {
			return fmt.Errorf("business rule %d: object %d is out of bounds", i, r.Object)
		}
	}
	return nil
}
