package simulate

import (
	"slices"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// recorder writes down what the core decides.
type recorder struct {
	core   *core.Core
	script *Script
	report Report
	ids    map[monitor.Ref]monitor.ID
	last   []standing // of each object
	roots  roots
	silences
}

// standing is what the report says of an object.
type standing struct {
	state monitor.State
	kind  monitor.StateType
}

func newRecorder(c *core.Core, s *Script) *recorder {
	inv := c.Inventory()
	r := &recorder{
		core: c, script: s, ids: newNames(inv).ids,
		last:  make([]standing, inv.Objects()),
		roots: newRoots(), silences: newSilences(),
	}
	r.report = Report{
		Start: s.Start(), End: s.End(),
		Notifications: []Notification{}, States: []Change{}, Roots: []Root{},
	}
	for id := range r.last {
		st := c.Status(monitor.ID(id))
		r.last[id] = standing{st.State, st.Type}
	}
	return r
}

// since gives a moment as the report has it.
func (r *recorder) since(t monitor.Time) Offset { return Offset(t.Sub(r.script.start)) }

// take writes down what one call on the core gave.
func (r *recorder) take(now monitor.Time, d *core.Decisions) {
	r.report.Checks += len(d.Checks)
	for i := range d.Broks {
		b := &d.Broks[i]
		switch b.Kind {
		case monitor.BrokNotification:
			r.notification(now, b)
		case monitor.BrokEventHandler, monitor.BrokSnapshot:
			r.handler(now, b)
		default:
			if b.Status != nil {
				r.status(now, b.Status)
			}
		}
	}
	r.ask(r.core, now)
}

// status writes a change down, if it is one.
func (r *recorder) status(now monitor.Time, s *monitor.Status) {
	id := r.ids[s.Ref]
	r.roots.see(r.since(now), s)
	r.silences.see(id, s)
	is, was := standing{s.State, s.Type}, r.last[id]
	if is == was {
		return
	}
	r.last[id] = is
	r.report.States = append(r.report.States, Change{
		At: r.since(now), Host: s.Host, Service: s.Service, State: s.StateName(), Type: s.Type.String(), Output: s.Output,
		Soft: is.kind == monitor.Soft || was.kind == monitor.Soft && !s.IsProblem(),
	})
}

// notification writes down that a contact is told; several commands for the same are one.
func (r *recorder) notification(now monitor.Time, b *monitor.Brok) {
	a, id := b.Action, r.ids[b.Action.Ref]
	if b.NotificationType == "PROBLEM" {
		r.told(id)
	}
	state := monitor.Status{Ref: a.Ref, State: a.Notice.State}
	n := Notification{
		At: r.since(now), Type: b.NotificationType, Host: a.Host, Service: a.Service, State: state.StateName(),
		Contact: a.Contact, Number: a.Notice.Number, Commands: []string{a.Command},
	}
	all := r.report.Notifications
	for i := len(all) - 1; i >= 0 && all[i].At == n.At; i-- {
		if same(&all[i], &n) {
			if !slices.Contains(all[i].Commands, a.Command) {
				all[i].Commands = append(all[i].Commands, a.Command)
			}
			return
		}
	}
	r.report.Notifications = append(all, n)
}

func same(a, b *Notification) bool {
	return a.Type == b.Type && a.Host == b.Host && a.Service == b.Service && a.Contact == b.Contact && a.Number == b.Number
}

func (r *recorder) handler(now monitor.Time, b *monitor.Brok) {
	s := r.core.Status(r.ids[b.Action.Ref])
	r.report.Handlers = append(r.report.Handlers, Handler{
		At: r.since(now), Ref: b.Action.Ref, Kind: b.Action.Kind, Name: b.Action.Command, Line: b.Action.Line, State: s.StateName(),
	})
}

// refuse writes down that the engine did not take a line.
func (r *recorder) refuse(e *event, now monitor.Time, why string) {
	r.report.Refused = append(r.report.Refused, Refusal{At: r.since(now), Line: e.line, What: e.text, Why: why})
}

// finish gives the report.
func (r *recorder) finish() *Report {
	r.report.Roots = append(r.report.Roots, r.roots.list()...)
	r.report.Problems, r.report.Silent = r.silences.list(r.core, r.script.until)
	return &r.report
}
