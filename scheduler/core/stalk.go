package core

import (
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/verdict"
)

// stalk says that a result is to be logged although nothing but its text is new (stalking_options; Nagios 4 checks.c,
// should_stalk).
func (c *Core) stalk(id monitor.ID, l *look) verdict.Steps {
	if l.news && c.inv.Policy(id).StalkingOptions&c.stateOption(id) != 0 {
		return verdict.Alert
	}
	return 0
}

// sayObsess says once in the life of the engine that obsessing is accepted and ignored: in the first shard if all of it
// is meant, else in that of the object.
func (c *Core) sayObsess(d *Decisions) {
	if !c.obsessed {
		c.obsessed = true
		c.log(d, "obsess_over_hosts and obsess_over_services are accepted and ignored: no ochp_command or ocsp_command is run; "+
			"use the event log, the API or a split cluster instead")
	}
}
