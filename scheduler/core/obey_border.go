package core

import (
	"fmt"
	"slices"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
)

// Onward gives what other shards are asked to do where a request is for the hosts behind its host as well and some of those
// live there; nothing for other requests. A downtime that triggers others does so in its own shard: elsewhere they stand for
// themselves.
func (c *Core) Onward(r command.Request) (to []monitor.Shard, further command.Request) {
	host, ok := c.hosts[r.Ref.Host]
	if !ok || r.Behind || !r.Spreads() || c.borders.watched[host] == nil {
		return nil, r
	}
	for _, o := range c.borders.watched[host].askers {
		if o.fixed {
			to = append(to, o.shard)
		}
	}
	further = r
	further.ID, further.Behind = "", true
	switch r.Name {
	case "SCHEDULE_AND_PROPAGATE_HOST_DOWNTIME", "SCHEDULE_AND_PROPAGATE_TRIGGERED_HOST_DOWNTIME":
		const trigger = 3 // start;end;fixed;trigger_id
		if len(r.Args) > trigger {
			further.Args = slices.Clone(r.Args)
			further.Args[trigger] = "0"
		}
	}
	return to, further
}

// behind gives the hosts of this shard behind the border host that a request names.
func (c *Core) behind(r *command.Request) ([]monitor.ID, error) {
	n, ok := c.borderNamed(r.Ref.Host)
	if !ok {
		return nil, fmt.Errorf("nothing in this shard stands behind host %q", r.Ref.Host)
	}
	return c.descendants(c.edge + monitor.ID(n)), nil
}

// targetsBehind gives the objects behind a border host that a request is for.
func (c *Core) targetsBehind(r *command.Request, s scope) ([]monitor.ID, error) {
	hosts, err := c.behind(r)
	if err != nil || s != below {
		return hosts, err
	}
	var all []monitor.ID
	for _, h := range hosts {
		all = c.servicesOf(append(all, h), h)
	}
	return all, nil
}

// scheduleBehind schedules downtimes of all hosts behind a border host.
func (c *Core) scheduleBehind(r *command.Request, d *Decisions) error {
	hosts, err := c.behind(r)
	if err != nil {
		return err
	}
	t, err := c.readDowntime(r, 0)
	if err != nil {
		return err
	}
	for _, host := range hosts {
		c.schedule(host, t, d)
	}
	return nil
}
