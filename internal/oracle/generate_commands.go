package oracle

import (
	"cmp"
	"fmt"
	"slices"
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
	switch g.IntN(8) {
	case 0:
		return do + "_HOST_SVC_NOTIFICATIONS;" + g.one(g.hosts...)
	case 1:
		return do + "_ALL_NOTIFICATIONS_BEYOND_HOST;" + g.one(g.hosts...)
	case 2:
		return do + "_HOST_AND_CHILD_NOTIFICATIONS;" + g.one(g.hosts...)
	case 3:
		return do + "_HOSTGROUP_" + g.one("HOST", "SVC") + "_NOTIFICATIONS;hg"
	case 4:
		return do + "_SERVICEGROUP_" + g.one("HOST", "SVC") + "_NOTIFICATIONS;sg"
	}
	_, kind, args := g.object()
	return do + "_" + kind + "_NOTIFICATIONS;" + args
}

func contactSwitch(g *generator) string {
	return g.one("ENABLE", "ENABLE", "DISABLE") + "_CONTACT_" + g.one("HOST", "SVC") + "_NOTIFICATIONS;" + g.one(g.contacts...)
}

// change sets what the object files had otherwise. Event handlers are not among it: Nagios 4.4.6 takes no command for one
// but those with arguments.
func change(g *generator) string {
	_, kind, args := g.object()
	switch g.IntN(3) {
	case 0:
		return fmt.Sprintf("CHANGE_MAX_%s_CHECK_ATTEMPTS;%s;%d", kind, args, 1+g.IntN(5))
	case 1:
		return "CHANGE_CONTACT_" + kind + "_NOTIFICATION_TIMEPERIOD;" + g.one(g.contacts...) + ";" + g.one("p0", "always")
	}
	return "CHANGE_" + kind + "_NOTIFICATION_TIMEPERIOD;" + args + ";" + g.one("p0", "always")
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
// for many. Those that are triggered are fixed: Nagios 4.4 counts the duration of flexible ones from 1970, so that they end
// as they begin.
func downtime(g *generator) string {
	name, kind, args := g.object()
	start := g.at + g.IntN(14) - 4
	d := window{start: start, end: start + 1 + g.IntN(30), lasts: 2 + g.IntN(20), fixed: g.chance(55)}
	switch g.IntN(12) {
	case 0:
		return "SCHEDULE_HOST_SVC_DOWNTIME;" + g.one(g.hosts...) + ";" + g.enter(d)
	case 1:
		return "SCHEDULE_" + g.one("HOSTGROUP_HOST", "HOSTGROUP_SVC") + "_DOWNTIME;hg;" + g.enter(d)
	case 2:
		return "SCHEDULE_" + g.one("SERVICEGROUP_HOST", "SERVICEGROUP_SVC") + "_DOWNTIME;sg;" + g.enter(d)
	case 3:
		return "SCHEDULE_AND_PROPAGATE_HOST_DOWNTIME;" + g.one(g.hosts...) + ";" + g.enter(d)
	case 4:
		d.fixed = true
		return "SCHEDULE_AND_PROPAGATE_TRIGGERED_HOST_DOWNTIME;" + g.one(g.hosts...) + ";" + g.enter(d)
	}
	key := fmt.Sprintf("%s:d%d", name, g.at)
	g.entered = append(g.entered, key)
	g.triggers = slices.DeleteFunc(g.triggers, func(t trigger) bool { return t.at <= g.at })
	if n := len(g.triggers); n > 0 && g.chance(25) {
		t := g.triggers[g.IntN(n)]
		d.by, d.end, d.fixed = "#"+t.key, max(d.end, t.at+5), true
	} else if d.fixed {
		g.triggers = append(g.triggers, trigger{key, d.start})
	}
	return "SCHEDULE_" + kind + "_DOWNTIME;" + args + ";" + g.enter(d)
}

// window is when a downtime is, and by which one it is triggered.
type window struct {
	start, end, lasts int
	fixed             bool
	by                string
}

// enter gives the arguments of a downtime.
func (g *generator) enter(d window) string {
	fixed := 1
	if !d.fixed {
		fixed = 0
		g.flexible = append(g.flexible, span{d.end, d.end + d.lasts})
	}
	return fmt.Sprintf("@%d;@%d;%d;%s;%d;me;d%d", d.start, d.end, fixed, cmp.Or(d.by, "0"), d.lasts, g.at)
}

// endDowntime cancels downtimes. It does nothing while a flexible one may last past its end: Nagios 4.4.6 has freed the
// event of that end by then and dies when it frees it again.
func endDowntime(g *generator) string {
	late := func(s span) bool { return s.from <= g.at+1 && g.at <= s.to+2 }
	switch {
	case slices.ContainsFunc(g.flexible, late):
		return ""
	case len(g.entered) == 0 || g.chance(20):
		return g.one("DEL_DOWNTIME_BY_HOST_NAME;"+g.one(g.hosts...), "DEL_DOWNTIME_BY_HOSTGROUP_NAME;hg")
	}
	key := g.entered[max(0, len(g.entered)-1-g.IntN(4))]
	kind := "HOST"
	if strings.Contains(key, "/") {
		kind = "SVC"
	}
	return "DEL_" + kind + "_DOWNTIME;#" + key
}
