package core

import (
	"errors"
	"fmt"
	"slices"

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

// readDowntime reads start;end;fixed;trigger;duration;author;comment.
func (c *Core) readDowntime(r *command.Request, first int) (monitor.Downtime, error) {
	t := monitor.Downtime{
		Start: r.Moment(first), End: r.Moment(first + 1), Fixed: r.Bool(first + 2), Trigger: uint64(r.Int(first + 3)),
		Author: r.Text(first + 5), Comment: r.Text(first + 6),
	}
	t.Duration = t.End.Sub(t.Start)
	switch {
	case !t.Fixed:
		return t, errors.New("flexible downtimes (fixed 0) are not supported yet; give fixed 1")
	case t.Trigger != 0:
		return t, errors.New("triggered downtimes are not supported yet; give trigger_id 0")
	case t.End <= t.Start:
		return t, fmt.Errorf("a downtime that ends at %s, before it starts at %s", stamp(t.End), stamp(t.Start))
	case t.End <= c.now:
		return t, fmt.Errorf("the end of the downtime, %s, is past", stamp(t.End))
	}
	return t, nil
}

// obeyDowntimeEnd cancels downtimes.
func (c *Core) obeyDowntimeEnd(r *command.Request, d *Decisions) (bool, error) {
	var matches func(*monitor.Downtime) bool
	switch r.Name {
	case "DEL_HOST_DOWNTIME", "DEL_SVC_DOWNTIME":
		matches = func(t *monitor.Downtime) bool {
			return t.ID == uint64(r.Int(0)) && t.Ref.IsHost() == (r.Name == "DEL_HOST_DOWNTIME")
		}
	case "DEL_ALL_HOST_DOWNTIMES", "DEL_ALL_SVC_DOWNTIMES":
		if _, err := c.object(r); err != nil {
			return true, err
		}
		matches = func(t *monitor.Downtime) bool { return t.Ref == r.Ref }
	case "DEL_DOWNTIME_BY_HOST_NAME":
		matches = matching(r.Text(0), r.Text(1), r.Moment(2), r.Text(3))
	case "DEL_DOWNTIME_BY_START_TIME_COMMENT":
		matches = matching("", "", r.Moment(0), r.Text(1))
	case "DEL_DOWNTIME_BY_HOSTGROUP_NAME":
		ids, err := c.targets(r, groupHosts)
		if err != nil {
			return true, err
		}
		rest := matching(r.Text(1), r.Text(2), r.Moment(3), r.Text(4))
		matches = func(t *monitor.Downtime) bool {
			return slices.Contains(ids, c.hosts[t.Ref.Host]) && (rest == nil || rest(t))
		}
	default:
		return false, nil
	}
	if matches == nil {
		return true, errors.New("all arguments are empty: that would cancel every downtime there is")
	}
	return true, c.cancel(matches, d)
}

// matching gives a test for what is given; nil if nothing is.
func matching(host, service string, start monitor.Time, comment string) func(*monitor.Downtime) bool {
	if host == "" && service == "" && start == 0 && comment == "" {
		return nil
	}
	return func(t *monitor.Downtime) bool {
		return (host == "" || t.Ref.Host == host) && (service == "" || t.Ref.Service == service) &&
			(start == 0 || t.Start == start) && (comment == "" || t.Comment == comment)
	}
}

// cancel ends all downtimes that match, oldest first.
func (c *Core) cancel(matches func(*monitor.Downtime) bool, d *Decisions) error {
	found := false
	for _, t := range c.downtimes.all() {
		if matches(&t) {
			id, _ := c.find(t.Ref)
			c.endDowntime(id, t.ID, "CANCELLED", d)
			found = true
		}
	}
	if !found {
		return errors.New("no downtime matches")
	}
	return nil
}
