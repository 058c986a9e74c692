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
}

// object is the host or the service of a row.
type object struct {
	inv   *monitor.Inventory // nil where the row has none
	place catalog.Place
	name  string // of the host, or the description
	state view.Object
	view  view.Host // of the host of either; known says that there is one
	known bool
}

// setHost makes a host that of the row.
func (r *Row) setHost(p catalog.Place, v view.Host, known bool) {
	inv := r.x.Inventory(p)
	r.host = object{inv: inv, place: p, name: inv.Hosts[p.ID].Name, view: v, known: known, state: r.World.View.Pending()}
	if known {
		r.host.state = v.Object()
	}
	r.service.inv = nil
	r.sum.valid = false
}

// setService makes a service of the row's host that of the row, with its state from a place in the view, if it is there.
func (r *Row) setService(id monitor.ID, from int) (next int) {
	h := &r.host
	o := &r.service
	o.inv, o.place, o.view, o.known = h.inv, catalog.Place{Shard: h.place.Shard, ID: id}, h.view, false
	o.name, o.state = h.inv.Service(id).Description, r.World.View.Pending()
	if !h.known {
		return from
	}
	for n := h.view.Services(); from < n; from++ {
		name, state := h.view.Service(from)
		if name < o.name {
			continue
		}
		if name == o.name {
			if state.Known() {
				o.state, o.known = state, true
			}
			from++
		}
		break
	}
	return from
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
