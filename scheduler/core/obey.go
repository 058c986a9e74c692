package core

import (
	"fmt"
	"slices"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
)

// Obey carries out an external command. An error says why it is refused, in words for the one who sent it; nothing has
// changed then. Either way there is a BrokCommand.
func (c *Core) Obey(now monitor.Time, req command.Request, d *Decisions) error {
	c.enter(now)
	text := "EXTERNAL COMMAND: " + req.String()
	at, answer := len(d.Broks), monitor.AnswerDone
	err := c.obey(&req, d)
	if err != nil {
		answer = monitor.AnswerRefused + err.Error()
		text += ": " + answer
	}
	d.insert(at, monitor.Brok{Kind: monitor.BrokCommand, Time: c.now, Shard: c.inv.Shard, Text: text, Answer: answer})
	if req.Scope() != command.ScopeResult {
		sign(d.Broks[at:], req.Source)
	}
	c.followMembers(d)
	c.leave(d)
	return err
}

// sign notes who is behind what a command did.
func sign(broks []monitor.Brok, by string) {
	for i := range broks {
		switch b := &broks[i]; b.Kind {
		case monitor.BrokCommand, monitor.BrokLog, monitor.BrokAck, monitor.BrokDowntimeGone, monitor.BrokCommentGone, monitor.BrokContactDowntimeGone:
			b.By = by
		}
	}
}

// obey tries the families of commands one after the other.
func (c *Core) obey(r *command.Request, d *Decisions) error {
	for _, family := range [...]func(*command.Request, *Decisions) (mine bool, err error){
		c.obeySwitch, c.obeyContact, c.obeyCheck, c.obeyAck, c.obeyComment, c.obeyDowntime, c.obeyPropagate, c.obeyDowntimeEnd,
		c.obeyContactDowntime, c.obeyNotify,
		c.obeyChange, c.obeyModified, c.obeyContactChange, c.obeyOutput, c.obeyEngine,
	} {
		if mine, err := family(r, d); mine {
			return err
		}
	}
	return fmt.Errorf("%s is not known here", r.Name)
}

// onObject does what is about the one object that a request is for; nothing if act is nil, since it is not this family's.
func (c *Core) onObject(act func(monitor.ID, *command.Request, *Decisions) error, r *command.Request, d *Decisions) (bool, error) {
	if act == nil {
		return false, nil
	}
	id, err := c.object(r)
	if err != nil {
		return true, err
	}
	return true, act(id, r, d)
}

// object gives the object that a request is for.
func (c *Core) object(r *command.Request) (monitor.ID, error) {
	id, ok := c.find(r.Ref)
	switch _, host := c.hosts[r.Ref.Host]; {
	case ok:
		return id, nil
	case host:
		return monitor.NoID, fmt.Errorf("host %s has no service %q", r.Ref.Host, r.Ref.Service)
	}
	return monitor.NoID, fmt.Errorf("there is no host %q", r.Ref.Host)
}

// scope says which objects a request is for, seen from the host, service or group that it names.
type scope uint8

const (
	itself        scope = iota
	itsServices         // of a host
	below               // the hosts behind a host, with their services
	itAndBelow          // the host and those behind it
	groupHosts          // the hosts of a hostgroup
	groupServices       // the services of the hosts of a hostgroup
	setHosts            // the hosts of the services of a servicegroup
	setServices         // the services of a servicegroup
)

// targets gives the objects that a request is for, each once.
func (c *Core) targets(r *command.Request, s scope) ([]monitor.ID, error) {
	switch s {
	case groupHosts, groupServices:
		return c.members(c.inv.HostGroups, "hostgroup", r.Text(0), s)
	case setHosts, setServices:
		return c.members(c.inv.ServiceGroups, "servicegroup", r.Text(0), s)
	}
	if r.Behind {
		return c.targetsBehind(r, s)
	}
	id, err := c.object(r)
	if err != nil {
		return nil, err
	}
	switch s {
	case itsServices:
		return c.servicesOf(nil, id), nil
	case below:
		var all []monitor.ID
		for _, h := range c.descendants(id)[1:] {
			all = c.servicesOf(append(all, h), h)
		}
		return all, nil
	case itAndBelow:
		return c.descendants(id), nil
	}
	return []monitor.ID{id}, nil
}

// members gives the members of a group as hosts or services.
func (c *Core) members(groups []monitor.Group, kind, name string, s scope) ([]monitor.ID, error) {
	for i := range groups {
		if groups[i].Name != name {
			continue
		}
		var ids []monitor.ID
		seen := make(map[monitor.ID]bool)
		for _, id := range groups[i].Members {
			if s == setHosts {
				id = c.inv.HostOf(id)
			}
			switch {
			case seen[id]:
			case s == groupServices:
				ids = c.servicesOf(ids, id)
			default:
				ids = append(ids, id)
			}
			seen[id] = true
		}
		return ids, nil
	}
	return nil, fmt.Errorf("there is no %s %q", kind, name)
}

// servicesOf appends the services of a host.
func (c *Core) servicesOf(ids []monitor.ID, host monitor.ID) []monitor.ID {
	first, last := c.services(host)
	for id := first; id < last; id++ {
		ids = append(ids, id)
	}
	return ids
}

// descendants gives a host and all of this shard that lie behind it, each once.
func (c *Core) descendants(host monitor.ID) []monitor.ID {
	all := []monitor.ID{host}
	seen := map[monitor.ID]bool{host: true}
	for i := 0; i < len(all); i++ {
		for _, child := range c.graph.Children(all[i]) {
			if !seen[child] {
				seen[child] = true
				all = append(all, child)
			}
		}
	}
	if len(c.borders.rows) > 0 {
		all = slices.DeleteFunc(all, c.isElsewhere)
	}
	return all
}
