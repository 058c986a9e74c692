package core

import (
	"errors"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
)

// obeyEngine carries out what is about the shard as a whole, and says of the rest why it cannot be done.
func (c *Core) obeyEngine(r *command.Request, d *Decisions) (bool, error) {
	switch r.Name {
	case "LOG":
		c.log(d, "%s", r.Text(0))
		return true, nil
	case "LAUNCH_HOST_EVENT_HANDLER", "LAUNCH_SVC_EVENT_HANDLER":
		id, err := c.object(r)
		if err == nil {
			err = c.launchHandler(id, d)
		}
		return true, err
	case "CHANGE_GLOBAL_HOST_EVENT_HANDLER":
		return true, c.setGlobalHandler(r.Text(0), &c.program.HostHandler, d)
	case "CHANGE_GLOBAL_SVC_EVENT_HANDLER":
		return true, c.setGlobalHandler(r.Text(0), &c.program.ServiceHandler, d)
	case "CHANGE_HOST_EVENT_HANDLER_TIMEPERIOD", "CHANGE_SVC_EVENT_HANDLER_TIMEPERIOD":
		return true, errors.New("event handlers have no time period of their own: Nagios takes this command and does nothing with it")
	case "ADD_SIMPLE_HOST_DEPENDENCY", "DEL_HOST_DEPENDENCY":
		return true, errors.New("dependencies decide in which shard hosts live: write a hostdependency or parents into the configuration and reload it")
	case "ADD_SIMPLE_POLLER":
		return true, errors.New("start `onbu poller --bus URL` on that machine: pollers announce themselves")
	}
	return false, nil
}

func (c *Core) setGlobalHandler(line string, to *string, d *Decisions) error {
	if err := c.setCall(line, to); err != nil {
		return err
	}
	program := c.program
	d.Broks = append(d.Broks, monitor.Brok{Kind: monitor.BrokProgram, Time: c.now, Shard: c.inv.Shard, Program: &program})
	return nil
}

// obeyOutput takes Shinken's PROCESS_…_OUTPUT: a passive result that leaves the state as it is.
func (c *Core) obeyOutput(r *command.Request, d *Decisions) (bool, error) {
	if r.Name != "PROCESS_HOST_OUTPUT" && r.Name != "PROCESS_SERVICE_OUTPUT" {
		return false, nil
	}
	s := r.Output()
	return true, c.obeyResult(&s, d)
}
