package core

import (
	"github.com/onbu/onbu/monitor"
)

// What an agent says is read by many services of its host, and one of them tells whether the agent answers at all: its own.
// While that one is CRITICAL or UNKNOWN, services that are UNKNOWN for want of data stand behind it, as services do behind
// their parents: people are told of the agent alone.

// agentOf gives the own service of the agent that a service asks; monitor.NoID if there is none, or it is that itself.
func (c *Core) agentOf(id monitor.ID) monitor.ID {
	if c.reading == nil || c.inv.IsHost(id) || !c.reading[id].has(reads|fetches) || c.reading[id].has(owns) {
		return monitor.NoID
	}
	first, last := c.services(c.inv.HostOf(id))
	for other := first; other < last; other++ {
		if c.reading[other].has(reads|fetches|owns) && c.connection[other] == c.connection[id] {
			return other
		}
	}
	return monitor.NoID
}

// askers appends the services of a host that ask the same agent as its own service.
func (c *Core) askers(ids []monitor.ID, own monitor.ID) []monitor.ID {
	if c.reading == nil || c.inv.IsHost(own) || !c.reading[own].has(reads|fetches|owns) {
		return ids
	}
	first, last := c.services(c.inv.HostOf(own))
	for id := first; id < last; id++ {
		if c.agentOf(id) == own {
			ids = append(ids, id)
		}
	}
	return ids
}

// isMute says whether a service is UNKNOWN because its agent does not answer, and which service tells of that.
func (c *Core) isMute(id monitor.ID) (agent monitor.ID, mute bool) {
	if c.standing[id].State != monitor.Unknown {
		return monitor.NoID, false
	}
	agent = c.agentOf(id)
	return agent, agent != monitor.NoID && c.isProblem(agent) && c.effective(agent) >= monitor.Critical
}

// agent asks about the agent of a service that is UNKNOWN.
func (q *question) agent(id monitor.ID) {
	if q.look.state != monitor.Unknown {
		return
	}
	if own := q.core.agentOf(id); own != monitor.NoID && !q.core.isProblem(own) {
		q.master(own)
	}
}
