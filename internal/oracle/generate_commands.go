package oracle

import (
	"fmt"
	"strings"
)

// object gives a host or service at random, the word for its kind in the names of commands, and its names as arguments.
func (g *generator) object() (name, kind, args string) {
	if g.chance(35) {
		name = g.one(g.hosts...)
		return name, "HOST", name
	}
	name = g.one(g.services...)
	return name, "SVC", strings.ReplaceAll(name, "/", ";")
}

func passiveSwitch(g *generator) string {
	_, kind, args := g.object()
	return g.one("ENABLE", "ENABLE", "DISABLE") + "_PASSIVE_" + kind + "_CHECKS;" + args
}

func handlerSwitch(g *generator) string {
	_, kind, args := g.object()
	return g.one("ENABLE", "DISABLE") + "_" + kind + "_EVENT_HANDLER;" + args
}

func flapSwitch(g *generator) string {
	_, kind, args := g.object()
	return g.one("ENABLE", "ENABLE", "DISABLE") + "_" + kind + "_FLAP_DETECTION;" + args
}

func notifySwitch(g *generator) string {
	do := g.one("ENABLE", "ENABLE", "DISABLE")
	switch g.IntN(7) {
	case 0:
		return do + "_HOST_SVC_NOTIFICATIONS;" + g.one(g.hosts...)
	case 1:
		return do + "_ALL_NOTIFICATIONS_BEYOND_HOST;" + g.one(g.hosts...)
	case 2:
		return do + "_HOST_AND_CHILD_NOTIFICATIONS;" + g.one(g.hosts...)
	case 3:
		return do + "_" + g.one("HOSTGROUP", "SERVICEGROUP") + "_" + g.one("HOST", "SVC") + "_NOTIFICATIONS;" + g.one("hg", "sg")
	}
	_, kind, args := g.object()
	return do + "_" + kind + "_NOTIFICATIONS;" + args
}

func contactSwitch(g *generator) string {
	return g.one("ENABLE", "ENABLE", "DISABLE") + "_CONTACT_" + g.one("HOST", "SVC") + "_NOTIFICATIONS;" + g.one(g.contacts...)
}

func delay(g *generator) string {
	_, kind, args := g.object()
	return fmt.Sprintf("DELAY_%s_NOTIFICATION;%s;@%d", kind, args, g.at+g.IntN(25))
}

func number(g *generator) string {
	_, kind, args := g.object()
	return fmt.Sprintf("SET_%s_NOTIFICATION_NUMBER;%s;%d", kind, args, g.IntN(6))
}

func custom(g *generator) string {
	_, kind, args := g.object()
	return fmt.Sprintf("SEND_CUSTOM_%s_NOTIFICATION;%s;%d;me;look", kind, args, g.IntN(8))
}

func acknowledge(g *generator) string {
	_, kind, args := g.object()
	return fmt.Sprintf("ACKNOWLEDGE_%s_PROBLEM;%s;%d;%d;%d;me;a%d", kind, args, g.IntN(3), g.IntN(2), g.IntN(2), g.at)
}

func unacknowledge(g *generator) string {
	_, kind, args := g.object()
	return "REMOVE_" + kind + "_ACKNOWLEDGEMENT;" + args
}

func comment(g *generator) string {
	_, kind, args := g.object()
	if g.chance(30) {
		return "DEL_ALL_" + kind + "_COMMENTS;" + args
	}
	return fmt.Sprintf("ADD_%s_COMMENT;%s;%d;me;n%d", kind, args, g.IntN(2), g.at)
}

// downtime enters one: fixed or flexible, now, later or in the past, triggered by another one or not, for one object or
// for many.
func downtime(g *generator) string {
	name, kind, args := g.object()
	start := g.at + g.IntN(14) - 4
	end := start + 1 + g.IntN(30)
	fixed, trigger := 1, "0"
	if g.chance(45) {
		fixed = 0
	}
	if len(g.entered) > 0 && g.chance(25) {
		trigger = "#" + g.one(g.entered...)
	}
	tail := fmt.Sprintf("@%d;@%d;%d;%s;%d;me;d%d", start, end, fixed, trigger, 2+g.IntN(20), g.at)
	switch g.IntN(12) {
	case 0:
		return "SCHEDULE_HOST_SVC_DOWNTIME;" + g.one(g.hosts...) + ";" + tail
	case 1:
		return "SCHEDULE_" + g.one("HOSTGROUP_HOST", "HOSTGROUP_SVC") + "_DOWNTIME;hg;" + tail
	case 2:
		return "SCHEDULE_" + g.one("SERVICEGROUP_HOST", "SERVICEGROUP_SVC") + "_DOWNTIME;sg;" + tail
	case 3:
		return "SCHEDULE_AND_PROPAGATE_HOST_DOWNTIME;" + g.one(g.hosts...) + ";" + tail
	case 4:
		return "SCHEDULE_AND_PROPAGATE_TRIGGERED_HOST_DOWNTIME;" + g.one(g.hosts...) + ";" + tail
	}
	g.entered = append(g.entered, fmt.Sprintf("%s:d%d", name, g.at))
	return "SCHEDULE_" + kind + "_DOWNTIME;" + args + ";" + tail
}

func endDowntime(g *generator) string {
	if len(g.entered) == 0 || g.chance(20) {
		return "DEL_DOWNTIME_BY_HOST_NAME;" + g.one(g.hosts...)
	}
	key := g.entered[max(0, len(g.entered)-1-g.IntN(4))]
	kind := "HOST"
	if strings.Contains(key, "/") {
		kind = "SVC"
	}
	return "DEL_" + kind + "_DOWNTIME;#" + key
}
