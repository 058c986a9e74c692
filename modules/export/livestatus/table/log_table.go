package table

import (
	"strconv"

	"github.com/onbu/onbu/monitor"
)

func theLine(r *Row) (*Line, bool) { return r.Line, r.Line != nil }

func logFields() []field[*Line] {
	return []field[*Line]{
		{name: "time", description: "when it happened", kind: Time, number: func(_ *Row, l *Line) int64 { return l.Time }},
		integer("lineno", "the number of the line", func(_ *Row, l *Line) int64 { return l.ID }),
		integer("class", "what it is about: 0 info, 1 alert, 2 program, 3 notification, 4 passive check, 5 external command, 6 state, 7 text", func(_ *Row, l *Line) int64 { return int64(l.Class) }),
		text("type", "the text before the colon, such as SERVICE ALERT", func(_ *Row, l *Line) string { return l.Type }),
		text("options", "the text after the colon", func(_ *Row, l *Line) string { return l.Options }),
		text("message", "the whole line with its time", func(_ *Row, l *Line) string { return "[" + strconv.FormatInt(l.Time, 10) + "] " + l.Message }),
		text("host_name", "the host; empty for none", func(_ *Row, l *Line) string { return l.Host }),
		text("service_description", "the service; empty for none", func(_ *Row, l *Line) string { return l.Service }),
		text("contact_name", "the contact; empty for none", func(_ *Row, l *Line) string { return l.Contact }),
		text("command_name", "the command; empty for none", func(_ *Row, l *Line) string { return l.Command }),
		text("plugin_output", "what the check said", func(_ *Row, l *Line) string { return l.Output }),
		text("comment", "the comment; empty for none", func(_ *Row, l *Line) string { return l.Comment }),
		text("state_type", "HARD or SOFT, or what a line of another class has there", func(_ *Row, l *Line) string { return l.StateType }),
		integer("state", "the state", func(_ *Row, l *Line) int64 { return int64(l.State) }),
		integer("attempt", "the number of the check attempt", func(_ *Row, l *Line) int64 { return int64(l.Attempt) }),
	}
}

// The objects that a line is about as they are now. They are looked up once a column asks.

func currentHost(r *Row) (*object, bool) {
	r.joinLine()
	return theHost(r)
}

func currentService(r *Row) (*object, bool) {
	r.joinLine()
	return theService(r)
}

func currentContact(r *Row) (*monitor.Contact, bool) {
	r.joinLine()
	return theContact(r)
}

func currentCommand(r *Row) (*monitor.Command, bool) {
	r.joinLine()
	return theCommand(r)
}

func (r *Row) joinLine() {
	if r.joined {
		return
	}
	r.joined = true
	r.host.inv, r.service.inv, r.contact, r.command = nil, nil, nil, nil
	l := r.Line
	if p, ok := r.x.Find(monitor.Ref{Host: l.Host}); ok && l.Host != "" {
		r.placeHost(p)
	}
	if p, ok := r.x.Find(monitor.Ref{Host: l.Host, Service: l.Service}); ok && l.Service != "" {
		r.pickService(p.ID)
	}
	if i, ok := r.x.contactsByName[l.Contact]; ok {
		r.setContact(i)
	}
	if i, ok := r.x.commandsByName[l.Command]; ok {
		r.command = &r.x.Base.Commands[i]
	}
}

func (all *indexes) logTable() *Table {
	return &Table{
		Name: "log", Prefix: "log_",
		Columns: sorted(
			columns("", theLine, logFields()...),
			columns("current_host_", currentHost, hostFields()...), columns("current_service_", currentService, serviceFields()...),
			columns("current_contact_", currentContact, contactFields()...), columns("current_command_", currentCommand, commandFields()...),
		),
		Each: func(w *World, n Narrow, yield func(*Row) bool) {
			if w.Log == nil {
				return
			}
			r := all.row(w)
			r.guard = newGuard(r.x, n)
			_ = w.Log(n, func(l *Line) bool { // whoever gave Log knows of its errors
				r.Line, r.joined = l, false
				return !r.mayReadLine() || yield(r)
			})
		},
	}
}

// mayReadLine says whether the query may see a line: those of the contact's objects, and those about nothing in particular. A
// line about an object that is gone is for those who see all.
func (r *Row) mayReadLine() bool {
	if r.guard.n.Anyone || r.Line.Host == "" && (r.Line.Class == 0 || r.Line.Class == 2) {
		return true
	}
	p, ok := r.x.Find(monitor.Ref{Host: r.Line.Host, Service: r.Line.Service})
	return ok && r.guard.place(p)
}
