package core

import (
	"errors"
	"fmt"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
)

// obeyDowntime schedules downtimes.
func (c *Core) obeyDowntime(r *command.Request, d *Decisions) (bool, error) {
	first := 0 // where the arguments begin that all have in common: a group's name comes before them
	where := itself
	switch r.Name {
	case "SCHEDULE_HOST_DOWNTIME", "SCHEDULE_SVC_DOWNTIME":
	case "SCHEDULE_HOST_SVC_DOWNTIME":
		where = itsServices
	case "SCHEDULE_HOSTGROUP_HOST_DOWNTIME":
		where, first = groupHosts, 1
	case "SCHEDULE_HOSTGROUP_SVC_DOWNTIME":
		where, first = groupServices, 1
	case "SCHEDULE_SERVICEGROUP_HOST_DOWNTIME":
		where, first = setHosts, 1
	case "SCHEDULE_SERVICEGROUP_SVC_DOWNTIME":
		where, first = setServices, 1
	default:
		return false, nil
	}
	t, err := c.readDowntime(r, first)
	if err != nil {
		return true, err
	}
	ids, err := c.targets(r, where)
	for _, id := range ids {
		c.schedule(id, t, d)
	}
	return true, err
}

// obeyPropagate schedules downtimes of a host and of all hosts behind it, each once; with TRIGGERED, those begin and end
// with the host's own.
func (c *Core) obeyPropagate(r *command.Request, d *Decisions) (bool, error) {
	triggered := r.Name == "SCHEDULE_AND_PROPAGATE_TRIGGERED_HOST_DOWNTIME"
	if !triggered && r.Name != "SCHEDULE_AND_PROPAGATE_HOST_DOWNTIME" {
		return false, nil
	}
	if r.Behind {
		return true, c.scheduleBehind(r, d)
	}
	host, err := c.object(r)
	if err != nil {
		return true, err
	}
	t, err := c.readDowntime(r, 0)
	if err != nil {
		return true, err
	}
	number := c.schedule(host, t, d)
	t.Trigger = 0
	if triggered {
		t.Trigger = number
	}
	for _, child := range c.descendants(host)[1:] {
		c.schedule(child, t, d)
	}
	return true, nil
}

// readDowntime reads start;end;fixed;trigger;duration;author;comment. The duration of a fixed one is what lies between
// its start and its end.
func (c *Core) readDowntime(r *command.Request, first int) (monitor.Downtime, error) {
	t := monitor.Downtime{
		Start: r.Moment(first), End: r.Moment(first + 1), Fixed: r.Bool(first + 2), Trigger: uint64(r.Int(first + 3)),
		Duration: time.Duration(r.Int(first+4)) * time.Second, Author: r.Text(first + 5), Comment: r.Text(first + 6),
	}
	if t.Fixed {
		t.Duration = t.End.Sub(t.Start)
	} else if t.Duration == 0 {
		return t, errors.New("a flexible downtime (fixed 0) of no duration")
	}
	if t.Trigger != 0 && c.downtimes.byID[t.Trigger] == nil {
		return t, c.noTrigger(t.Trigger)
	}
	return t, c.checkSpan(&t)
}

// checkSpan says what is wrong with a downtime's start and end.
func (c *Core) checkSpan(t *monitor.Downtime) error {
	switch {
	case t.End <= t.Start:
		return fmt.Errorf("a downtime that ends at %s, before it starts at %s", stamp(t.End), stamp(t.Start))
	case t.End <= c.now:
		return fmt.Errorf("the end of the downtime, %s, is past", stamp(t.End))
	}
	return nil
}

// noTrigger says why a downtime cannot trigger another. The remainder of its number tells the shard that gave it (newID).
func (c *Core) noTrigger(number uint64) error {
	if shard := number % c.stride(); shard != uint64(c.inv.Shard) {
		return fmt.Errorf("no downtime %d is known here: if there is one, it lies in shard %d, and this is shard %d; a downtime can only "+
			"trigger another on a host of the same shard, such as the hosts behind it; onbu explain HOST shows their numbers",
			number, shard, c.inv.Shard)
	}
	return fmt.Errorf("there is no downtime %d that could trigger another; onbu explain HOST shows their numbers", number)
}
