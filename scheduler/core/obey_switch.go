package core

import (
	"strings"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
)

// cutVerb takes ENABLE, DISABLE, START or STOP off a command's name.
func cutVerb(name string) (rest string, on, ok bool) {
	verb, rest, _ := strings.Cut(name, "_")
	switch verb {
	case "ENABLE", "START":
		return rest, true, true
	case "DISABLE", "STOP":
		return rest, false, true
	}
	return "", false, false
}

// obeySwitch turns something on or off, for the program or for objects.
func (c *Core) obeySwitch(r *command.Request, d *Decisions) (bool, error) {
	rest, on, ok := cutVerb(r.Name)
	if !ok {
		return false, nil
	}
	if rest == "FAILURE_PREDICTION" {
		return true, nil // Nagios has taken and ignored it since version 3
	}
	if hosts, services := programSwitch(rest); hosts|services != 0 {
		set(&c.program.HostSwitches, hosts, on)
		set(&c.program.ServiceSwitches, services, on)
		program := c.program
		d.Broks = append(d.Broks, monitor.Brok{
			Kind: monitor.BrokProgram, Time: c.now, Shard: c.inv.Shard, Program: &program,
		})
		if hosts&monitor.FlapDetection != 0 {
			c.flapSwitchedAll(d)
		}
		if on && (hosts|services)&monitor.Obsess != 0 && c.inv.Shard == 0 {
			c.sayObsess(d)
		}
		return true, nil
	}
	where, what := objectSwitch(rest)
	if what == 0 {
		return false, nil
	}
	ids, err := c.targets(r, where)
	for _, id := range ids {
		set(&c.standing[id].switches, what, on)
		c.standing[id].modified |= what
		if what == monitor.FlapDetection {
			c.flapSwitched(id, d)
		}
		c.changed(monitor.BrokState, id, "", d)
	}
	if on && what == monitor.Obsess && err == nil {
		c.sayObsess(d)
	}
	return true, err
}

func set(s *monitor.Switch, what monitor.Switch, on bool) {
	*s &^= what
	if on {
		*s |= what
	}
}

// programSwitch says what a command switches for all hosts and for all services.
func programSwitch(rest string) (hosts, services monitor.Switch) {
	switch rest {
	case "NOTIFICATIONS":
		return monitor.Notifications, monitor.Notifications
	case "EVENT_HANDLERS":
		return monitor.EventHandlers, monitor.EventHandlers
	case "FLAP_DETECTION":
		return monitor.FlapDetection, monitor.FlapDetection
	case "PERFORMANCE_DATA":
		return monitor.ProcessPerfdata, monitor.ProcessPerfdata
	case "HOST_FRESHNESS_CHECKS":
		return monitor.FreshnessChecks, 0
	case "SERVICE_FRESHNESS_CHECKS":
		return 0, monitor.FreshnessChecks
	case "EXECUTING_HOST_CHECKS":
		return monitor.ActiveChecks, 0
	case "EXECUTING_SVC_CHECKS":
		return 0, monitor.ActiveChecks
	case "ACCEPTING_PASSIVE_HOST_CHECKS":
		return monitor.PassiveChecks, 0
	case "ACCEPTING_PASSIVE_SVC_CHECKS":
		return 0, monitor.PassiveChecks
	case "OBSESSING_OVER_HOST_CHECKS":
		return monitor.Obsess, 0
	case "OBSESSING_OVER_SVC_CHECKS":
		return 0, monitor.Obsess
	}
	return 0, 0
}

// objectSwitch says what a command switches for which objects; nothing if it is another command.
func objectSwitch(rest string) (scope, monitor.Switch) {
	switch rest {
	case "HOST_SVC_CHECKS":
		return itsServices, monitor.ActiveChecks
	case "HOST_SVC_NOTIFICATIONS":
		return itsServices, monitor.Notifications
	case "HOST_AND_CHILD_NOTIFICATIONS":
		return itAndBelow, monitor.Notifications
	case "ALL_NOTIFICATIONS_BEYOND_HOST":
		return below, monitor.Notifications
	}
	where := itself
	if group, ok := strings.CutPrefix(rest, "HOSTGROUP_"); ok {
		where, rest = groupHosts, group
	} else if group, ok := strings.CutPrefix(rest, "SERVICEGROUP_"); ok {
		where, rest = setHosts, group
	}
	what := switchNamed(rest)
	if where != itself && strings.Contains(rest, "SVC_") {
		where++ // groupServices, setServices
	}
	return where, what
}

// switchNamed gives the switch in names such as SVC_CHECK, PASSIVE_HOST_CHECKS and HOST_NOTIFICATIONS.
func switchNamed(name string) monitor.Switch {
	switch name {
	case "HOST_CHECK", "SVC_CHECK", "HOST_CHECKS", "SVC_CHECKS":
		return monitor.ActiveChecks
	case "PASSIVE_HOST_CHECKS", "PASSIVE_SVC_CHECKS":
		return monitor.PassiveChecks
	case "HOST_NOTIFICATIONS", "SVC_NOTIFICATIONS":
		return monitor.Notifications
	case "HOST_EVENT_HANDLER", "SVC_EVENT_HANDLER":
		return monitor.EventHandlers
	case "HOST_FLAP_DETECTION", "SVC_FLAP_DETECTION":
		return monitor.FlapDetection
	case "OBSESSING_OVER_HOST", "OBSESSING_OVER_SVC":
		return monitor.Obsess
	}
	return 0
}
