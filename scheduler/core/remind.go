package core

import (
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/verdict"
)

// remindOfHost tells again of a host that is not UP, if it is time, when one of its services fails: the host itself may
// be checked seldom or never. Nagios 4 checks.c, handle_async_service_check_result: "possibly re-send host notifications"
// unless the service's state is news, so that the host is looked at anyway. A business rule says nothing of its host.
func (c *Core) remindOfHost(id monitor.ID, steps verdict.Steps, d *Decisions) {
	host := c.inv.HostOf(id)
	if host == id || c.isUp(host) || !c.isProblem(id) || c.ruleOf(id) != nil {
		return
	}
	if steps.Has(verdict.Changed) && c.program.HostSwitches&monitor.ActiveChecks != 0 {
		return
	}
	c.notify(host, d)
}
