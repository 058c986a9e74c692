package table

import (
	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// Row is one row of a table, while it is looked at. A copy holds on to what the row shows.
type Row struct {
	World *World
	// Line is set in rows of the log.
	Line *Line

	x             *index
	periods       periods
	host, service object
	// hostgroup, servicegroup and the like are what a row is about, or is joined with; nil where there is none.
	hostgroup, servicegroup *catalog.Group
	contact                 *monitor.Contact
	contactgroup            *monitor.ContactGroup
	command                 *monitor.Command
	number                  int32 // of the contact, command or timeperiod
	timeperiod              *monitor.Timeperiod
	comment                 *monitor.Comment
	downtime                *monitor.Downtime
	column                  *Column
	table                   string
	sum                     sum // of the services of the host or of the members of the group
	groupSum                struct {
		of *catalog.Group
		sum
	}
	impacts map[monitor.Ref][]string
	guard   *guard
	joined  bool // the objects of the line were looked up
}

// Changed is when the object that the row is about changed last, and when its last check began, as two changes may fall into one
// tick of the view's clock; nothing if it is about none.
func (r *Row) Changed() [2]monitor.Time {
	o := &r.service
	if o.inv == nil {
		o = &r.host
	}
	if o.inv == nil {
		return [2]monitor.Time{}
	}
	return [2]monitor.Time{o.state.Seen(), o.state.LastCheck()}
}

// object is the host or the service of a row.
type object struct {
	inv   *monitor.Inventory // nil where the row has none
	place catalog.Place
	name  string // of the host, or the description
	state view.Object
	known bool // it was heard of
	// view is the host of either, if hasHost.
	view    view.Host
	hasHost bool
}

// setHost makes a host that of the row.
func (r *Row) setHost(p catalog.Place, v view.Host, known bool) {
	inv := r.x.Inventory(p)
	r.host = object{inv: inv, place: p, name: inv.Hosts[p.ID].Name, view: v, known: known, hasHost: known, state: r.World.View.Pending()}
	if known {
		r.host.state = v.Object()
	}
	r.service.inv = nil
	r.sum.valid = false
}

// beginServices makes the services of the row's host ready to be those of the row, one after the other.
func (r *Row) beginServices() {
	r.service = object{inv: r.host.inv, place: r.host.place, view: r.host.view, hasHost: r.host.hasHost}
}

// nextService makes a service that of the row. Its state is looked for in the view from a place on: names are sorted there, as
// are those that come here.
func (r *Row) nextService(id monitor.ID, name string, from int) (next int) {
	o := &r.service
	o.place.ID, o.name, o.known = id, name, false
	for n := o.services(); from < n; from++ {
		there, state := o.view.Service(from)
		if there == name {
			if !state.Known() {
				break
			}
			o.state, o.known = state, true
			return from + 1
		}
		if there > name {
			break
		}
	}
	o.state = r.World.View.Pending()
	return from
}

// services is how many services the view knows of the host.
func (o *object) services() int {
	if !o.hasHost {
		return 0
	}
	return o.view.Services()
}

// policy gives the settings of an object.
func (o *object) policy() *monitor.Policy { return o.inv.Policy(o.place.ID) }

// isHost says whether it is one.
func (o *object) isHost() bool { return o.inv.IsHost(o.place.ID) }

// seldom gives the status with all that is unusual; the empty one if there is nothing.
func (o *object) seldom() *monitor.Status {
	if s := o.state.Seldom(); s != nil {
		return s
	}
	return &monitor.Status{}
}

// changed gives what commands changed of the settings.
func (o *object) changed() *monitor.Changes {
	if s := o.state.Seldom(); s != nil && s.Changed != nil {
		return s.Changed
	}
	return &monitor.Changes{}
}

// periods remember which timeperiods hold at the moment of a world: 0 is not known yet, 1 no, 2 yes.
type periods []uint8

// holds says whether a timeperiod holds; none always does.
func (r *Row) holds(period int32) bool {
	if period == monitor.None {
		return true
	}
	if r.periods == nil {
		r.periods = make(periods, len(r.x.Periods))
	}
	if int(period) >= len(r.periods) {
		return true
	}
	if r.periods[period] == 0 {
		r.periods[period] = 1
		if r.x.Periods[period].Holds(monitor.At(r.World.Now)) {
			r.periods[period] = 2
		}
	}
	return r.periods[period] == 2
}

// service gives the description of a service; empty for a host.
func (o *object) service() string {
	if o.isHost() {
		return ""
	}
	return o.name
}
