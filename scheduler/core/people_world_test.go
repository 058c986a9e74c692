package core_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/onbu/onbu/monitor"
)

// definePeople reads a line about whom to tell; false if it is about something else.
//
//	way CONTACT NAME [period= options= commands= impact=]
//	escalation OBJECT [first= last=] [after= until=] [interval= contacts= options= period=]
func (w *world) definePeople(t testing.TB, words []string, set map[string]string) bool {
	switch words[0] {
	case "way":
		w.way(t, words[1], words[2], set)
	case "escalation":
		w.escalation(t, words[1], set)
	default:
		return false
	}
	return true
}

func (w *world) wayOf(t testing.TB, set map[string]string) monitor.Way {
	way := monitor.Way{
		Enabled: set["enabled"] != "0", Period: w.period(set["period"]), Options: options(orElse(set["options"], "d,u,w,n,c,r")),
	}
	for _, name := range list(orElse(set["commands"], "notify")) {
		way.Commands = append(way.Commands, w.call(t, name))
	}
	return way
}

func (w *world) way(t testing.TB, contact, name string, set map[string]string) {
	i := slices.IndexFunc(w.inv.Contacts, func(c monitor.Contact) bool { return c.Name == contact })
	if i < 0 {
		t.Fatalf("no contact %s", contact)
	}
	way := w.wayOf(t, set)
	w.inv.Contacts[i].Ways = append(w.inv.Contacts[i].Ways, monitor.NotificationWay{
		Name: name, Host: way, Service: way, MinBusinessImpact: int8(number(t, orElse(set["impact"], "0"))),
	})
}

func (w *world) escalation(t testing.TB, object string, set map[string]string) {
	e := monitor.Escalation{
		First: uint32(number(t, orElse(set["first"], "0"))), Last: uint32(number(t, orElse(set["last"], "0"))),
		ByTime:    set["after"] != "",
		FirstTime: duration(t, set["after"]), LastTime: duration(t, set["until"]),
		Interval: -1, Period: w.period(set["period"]), Options: options(orElse(set["options"], "d,u,w,n,c,r")),
		Contacts: w.contacts(set["contacts"]),
	}
	if set["interval"] != "" {
		e.Interval = duration(t, set["interval"])
	}
	number := uint32(len(w.inv.Escalations))
	w.inv.Escalations = append(w.inv.Escalations, e)
	w.late = append(w.late, func(inv *monitor.Inventory) {
		id, err := find(inv, object)
		if err != nil {
			t.Fatal(err)
		}
		i, found := slices.BinarySearchFunc(inv.Escalated, id, func(e monitor.Escalated, id monitor.ID) int { return int(e.Object) - int(id) })
		if !found {
			inv.Escalated = slices.Insert(slices.Clone(inv.Escalated), i, monitor.Escalated{Object: id})
		}
		inv.Escalated[i].Escalations = append(inv.Escalated[i].Escalations, number)
	})
}

func (w *world) contacts(names string) (all []uint32) {
	for _, name := range list(names) {
		for i, c := range w.inv.Contacts {
			if c.Name == name {
				all = append(all, uint32(i))
			}
		}
	}
	return all
}

// people prints who would be told of an object's problem now, and why others would not.
func (s *script) people(name string) {
	e, _ := s.core.Explain(s.now, s.inv.Ref(s.find(name)))
	fmt.Fprintf(&s.out, "%s:\n", name)
	for _, u := range e.Untold {
		if u.Why == "" {
			fmt.Fprintf(&s.out, "  %s: would be told\n", u.Contact)
		} else {
			fmt.Fprintf(&s.out, "  %s: not told, because %s\n", u.Contact, u.Why)
		}
	}
	if len(e.Untold) == 0 {
		s.out.WriteString("  nobody is to be told\n")
	}
}

// notified prints a notification.
func notified(b *monitor.Brok) string {
	text := b.Text + " | " + b.Action.Line
	if b.Action.Once {
		text += " | once"
	}
	if n := b.Action.Notice; n != nil && n.Escalated {
		text += " (escalated)"
	}
	return text
}

// contactDowntime prints what happened to a contact's downtime.
func (s *script) contactDowntime(b *monitor.Brok) string {
	t := b.Downtime
	s.number(t)
	if b.Kind == monitor.BrokContactDowntimeGone {
		return strings.TrimSpace(fmt.Sprintf("downtime of contact %s gone: %s", t.Contact, b.Text))
	}
	return fmt.Sprintf("downtime of contact %s from %s to %s", t.Contact, since(t.Start), since(t.End))
}

// number takes note of a downtime that was entered.
func (s *script) number(t *monitor.Downtime) {
	if !slices.Contains(s.downtimes, t.ID) {
		s.downtimes = append(s.downtimes, t.ID)
	}
}

// numbered puts the numbers of downtimes in the places of #1, #2, …
func (s *script) numbered(line string) string {
	for i, number := range s.downtimes {
		line = strings.ReplaceAll(line, fmt.Sprintf("#%d", i+1), fmt.Sprint(number))
	}
	return line
}
