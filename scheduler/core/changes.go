package core

import (
	"slices"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/macro"
)

// inventory is a shard's configuration with what commands changed of single objects in front of it: Policy and Check
// give what holds at present.
type inventory struct {
	*monitor.Inventory
	own map[monitor.ID]*own
	// args are the arguments of commands that were changed; they are numbered behind those of the Inventory.
	args [][]string
}

// own is what an object has for itself since a command changed it.
type own struct {
	changes monitor.Changes
	policy  monitor.Policy
	check   monitor.Call
}

// Policy gives how an object is checked and told about.
func (v *inventory) Policy(id monitor.ID) *monitor.Policy {
	if len(v.own) > 0 {
		if o := v.own[id]; o != nil {
			return &o.policy
		}
	}
	return v.Inventory.Policy(id)
}

// Check gives an object's check command.
func (v *inventory) Check(id monitor.ID) monitor.Call {
	if len(v.own) > 0 {
		if o := v.own[id]; o != nil {
			return o.check
		}
	}
	return v.Inventory.Check(id)
}

// arguments gives the arguments of a call, and whether a command gave them: then they came over the network and are data,
// which no shell reads as syntax and in which no macros are replaced.
func (v *inventory) arguments(call monitor.Call) (args []string, given bool) {
	switch n := int(call.Args); {
	case n < len(v.Args):
		return v.Args[n], false
	case n-len(v.Args) < len(v.args):
		return v.args[n-len(v.Args)], true
	}
	return nil, false
}

// changedVars gives the custom variables that commands set for an object.
func (v *inventory) changedVars(id monitor.ID) []monitor.Var {
	if len(v.own) > 0 {
		if o := v.own[id]; o != nil {
			return o.changes.Vars
		}
	}
	return nil
}

// change puts what commands changed in front of the configuration; nil, or changes without anything, take it away again.
// Names that the configuration does not know any more are left out and given back.
func (c *Core) change(id monitor.ID, changes *monitor.Changes) (unknown []string) {
	if changes == nil || changes.Empty() {
		delete(c.inv.own, id)
		c.fit(id)
		return nil
	}
	base := &inventory{Inventory: c.inv.Inventory}
	o := &own{changes: *changes, policy: *base.Policy(id), check: base.Check(id)}
	call := func(line string, to *monitor.Call) {
		if line == "" {
			return
		}
		found, ok := c.call(line)
		if !ok {
			unknown = append(unknown, line)
			return
		}
		*to = found
	}
	period := func(name string, to *int32) {
		if name == "" {
			return
		}
		i := c.periodNamed(name)
		if i == monitor.None {
			unknown = append(unknown, name)
			return
		}
		*to = i
	}
	call(changes.CheckCommand, &o.check)
	call(changes.EventHandler, &o.policy.EventHandler)
	period(changes.CheckPeriod, &o.policy.CheckPeriod)
	period(changes.NotificationPeriod, &o.policy.NotificationPeriod)
	changeNumbers(&o.policy, changes)
	if c.inv.own == nil {
		c.inv.own = make(map[monitor.ID]*own)
	}
	c.inv.own[id] = o
	c.fit(id)
	return unknown
}

func changeNumbers(p *monitor.Policy, changes *monitor.Changes) {
	if changes.HasCheckInterval {
		p.CheckInterval = changes.CheckInterval
	}
	if changes.RetryInterval > 0 {
		p.RetryInterval = changes.RetryInterval
	}
	if changes.MaxAttempts > 0 {
		p.MaxAttempts = changes.MaxAttempts
	}
}

// fit brings an object's standing within its attempts. A problem that took several to be HARD has had the last one (Nagios
// 4 commands.c, cmd_change_object_int_var).
func (c *Core) fit(id monitor.ID) {
	s := &c.standing[id]
	s.Max = max(c.inv.Policy(id).MaxAttempts, 1)
	s.Attempt = min(max(s.Attempt, 1), s.Max)
	if s.Type == monitor.Hard && s.Attempt > 1 {
		s.Attempt = s.Max
	}
}

// changes gives what commands changed of an object; nil if nothing.
func (c *Core) changes(id monitor.ID) *monitor.Changes {
	if o := c.inv.own[id]; o != nil {
		copied := o.changes
		copied.Vars = slices.Clone(copied.Vars)
		return &copied
	}
	return nil
}

// call finds the command of a line such as check_nrpe!load.
func (c *Core) call(line string) (monitor.Call, bool) {
	name, args := macro.Split(line)
	i := slices.IndexFunc(c.inv.Commands, func(cmd monitor.Command) bool { return cmd.Name == name })
	if i < 0 {
		return monitor.Call{}, false
	}
	return monitor.Call{Command: int32(i), Args: c.inv.keepArgs(args)}, true
}

// keepArgs numbers a list of arguments.
func (v *inventory) keepArgs(args []string) uint32 {
	same := func(other []string) bool { return slices.Equal(args, other) }
	if i := slices.IndexFunc(v.args, same); i >= 0 {
		return uint32(len(v.Args) + i)
	}
	v.args = append(v.args, args)
	return uint32(len(v.Args) + len(v.args) - 1)
}

// periodNamed finds a timeperiod; None if there is none of that name.
func (c *Core) periodNamed(name string) int32 {
	for i := range c.inv.Timeperiods {
		if c.inv.Timeperiods[i].Name == name {
			return int32(i)
		}
	}
	return monitor.None
}

// complain logs what a stored change names that is gone.
func (c *Core) complain(id monitor.ID, unknown []string, d *Decisions) {
	for _, name := range unknown {
		c.log(d, "a command had set %q for %s, which the configuration does not have any more: it is left out", name, c.inv.Ref(id))
	}
}

// rowsChanged applies the changes of objects after a new configuration came; old had them.
func (c *Core) rowsChanged(old *Core, d *Decisions) {
	for was, o := range old.inv.own {
		if id, ok := c.find(old.inv.Ref(was)); ok {
			c.complain(id, c.change(id, &o.changes), d)
		}
	}
}
