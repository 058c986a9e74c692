package core

import (
	"errors"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
)

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
		rest, members := matching(r.Text(1), r.Text(2), r.Moment(3), r.Text(4)), setOf(ids)
		matches = func(t *monitor.Downtime) bool {
			return members[c.hosts[t.Ref.Host]] && (rest == nil || rest(t))
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

// cancel ends all downtimes that match, oldest first, and those that they trigger.
func (c *Core) cancel(matches func(*monitor.Downtime) bool, d *Decisions) error {
	found := false
	for _, t := range c.downtimes.all() {
		if !matches(&t) {
			continue
		}
		found = true
		if c.downtimes.byID[t.ID] != nil { // not one that went with its trigger
			id, _ := c.find(t.Ref)
			c.endDowntime(id, t.ID, "CANCELLED", d)
		}
	}
	if !found {
		return errors.New("no downtime matches")
	}
	return nil
}
