package web

import (
	"cmp"
	"slices"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/simulate"
)

// foreseen is what would happen, as a page shows it. Times are in seconds from the beginning, where nothing else is said.
type foreseen struct {
	Host    string `json:"host"`
	Service string `json:"service,omitempty"`
	// Also are the others that fail with it.
	Also []failing `json:"also"`
	// Start is in Unix seconds, and Offset what the configuration's zone adds to UTC then; Zone is its name.
	Start  int64  `json:"start"`
	Offset int    `json:"offset"`
	Zone   string `json:"zone"`
	// Length is how much time was played, Lasts how long the outage lasts, 0 for good, Downtime the downtime.
	Length   float64 `json:"length"`
	Lasts    float64 `json:"lasts"`
	Downtime float64 `json:"downtime"`
	// Shards are those that were played, Objects how many hosts and services they have, Checks how many checks were made, in Took ms.
	Shards  []monitor.Shard `json:"shards"`
	Objects int             `json:"objects"`
	Checks  int             `json:"checks"`
	Took    int64           `json:"took"`

	// Told are the first of all notifications, of which there are Tellings. People are those who are told, the first one first.
	Told     []notice `json:"told"`
	Tellings int      `json:"tellings"`
	People   []person `json:"people"`
	// Dark is what is not well at some time, the first of Fallen objects.
	Dark   []fallen        `json:"dark"`
	Fallen int             `json:"fallen"`
	Roots  []simulate.Root `json:"roots"`
	// Problems counts the HARD problems; Silent says why nobody is told of some.
	Problems int      `json:"problems"`
	Silent   []unsaid `json:"silent"`
	// Handlers are the event handlers that would run, the first of Handled.
	Handlers []handler `json:"handlers"`
	Handled  int       `json:"handled"`
	Refused  []string  `json:"refused"`
}

// notice is one contact told of one thing. Escalated says that he is not among the object's own contacts.
type notice struct {
	simulate.Notification
	Commands  []string `json:"commands"`
	Escalated bool     `json:"escalated,omitempty"`
}

// person is a contact who is told: how often, of how many hosts and services with a problem, when first, and by which commands.
type person struct {
	Contact   string          `json:"contact"`
	Alias     string          `json:"alias,omitempty"`
	Times     int             `json:"times"`
	Problems  int             `json:"problems"`
	First     simulate.Offset `json:"first"`
	Commands  []string        `json:"commands"`
	Escalated bool            `json:"escalated,omitempty"`
}

// fallen is an object that is not well for some time, with its HARD states: each holds until the next.
type fallen struct {
	Host    string  `json:"host"`
	Service string  `json:"service,omitempty"`
	Spans   []stage `json:"spans"`
}

// stage is when an object came into a state. Soft is a problem that is being confirmed.
type stage struct {
	At    simulate.Offset `json:"at"`
	State string          `json:"state"`
	Soft  bool            `json:"soft,omitempty"`
}

// unsaid is a reason for which nobody is told of some problems.
type unsaid struct {
	Why      string   `json:"why"`
	Problems int      `json:"problems"`
	Examples []string `json:"examples"`
}

// handler is an event handler that would run. The line has no place in a page: it may have a password in it.
type handler struct {
	At       simulate.Offset `json:"at"`
	Host     string          `json:"host"`
	Service  string          `json:"service,omitempty"`
	Name     string          `json:"name"`
	State    string          `json:"state"`
	Snapshot bool            `json:"snapshot,omitempty"`
}

// What an answer has room for.
const mostTellings, mostDark, mostStages, mostHandlers, mostSilent = 1000, 300, 60, 200, 50

// foresee makes of a report what a page shows.
func foresee(inv *monitor.Inventory, r *simulate.Report, o *simulate.Outage) *foreseen {
	zone, offset := r.Start.Zone()
	f := &foreseen{
		Host: o.Ref.Host, Service: o.Ref.Service, Start: r.Start.Unix(), Offset: offset, Zone: cmp.Or(inv.Options.Zone, zone),
		Length: r.End.Sub(r.Start).Seconds(), Lasts: o.For.Seconds(), Downtime: o.Downtime.Seconds(), Objects: inv.Objects(), Checks: r.Checks,
		Told: []notice{}, Tellings: len(r.Notifications), People: []person{}, Dark: []fallen{}, Roots: r.Roots[:min(len(r.Roots), mostDark)],
		Problems: r.Problems, Silent: []unsaid{}, Handlers: []handler{}, Handled: len(r.Handlers), Refused: []string{}, Also: []failing{},
	}
	for _, ref := range o.Also {
		f.Also = append(f.Also, failing{ref.Host, ref.Service})
	}
	f.tell(inv, r.Notifications)
	f.darken(r.States)
	for _, s := range r.Silent[:min(len(r.Silent), mostSilent)] {
		u := unsaid{Why: s.Why, Problems: s.Problems}
		for _, ref := range s.Examples {
			u.Examples = append(u.Examples, ref.String())
		}
		f.Silent = append(f.Silent, u)
	}
	for i := range r.Handlers[:min(len(r.Handlers), mostHandlers)] {
		h := &r.Handlers[i]
		f.Handlers = append(f.Handlers, handler{h.At, h.Ref.Host, h.Ref.Service, h.Name, h.State, h.Kind == monitor.ActionSnapshot})
	}
	for _, refused := range r.Refused {
		f.Refused = append(f.Refused, refused.What+": "+refused.Why)
	}
	return f
}

// tell writes down who is told.
func (f *foreseen) tell(inv *monitor.Inventory, all []simulate.Notification) {
	contacts := map[string]int{}
	for i := range inv.Contacts {
		contacts[inv.Contacts[i].Name] = i
	}
	own := ownContacts(inv, all)
	people := map[string]int{}
	concern := map[concerns]bool{}
	for i := range all {
		n := &all[i]
		number, known := contacts[n.Contact]
		t := notice{Notification: *n, Commands: n.Commands}
		t.Escalated = known && n.Type != "CUSTOM" && !slices.Contains(own[monitor.Ref{Host: n.Host, Service: n.Service}], uint32(number))
		if len(f.Told) < mostTellings {
			f.Told = append(f.Told, t)
		}
		at, ok := people[n.Contact]
		if !ok {
			at = len(f.People)
			people[n.Contact] = at
			f.People = append(f.People, person{Contact: n.Contact, First: n.At, Escalated: t.Escalated})
			if known && inv.Contacts[number].Alias != n.Contact {
				f.People[at].Alias = inv.Contacts[number].Alias
			}
		}
		key := concerns{at, monitor.Ref{Host: n.Host, Service: n.Service}}
		f.People[at].count(n, n.Type == "PROBLEM" && !concern[key])
		concern[key] = concern[key] || n.Type == "PROBLEM"
	}
}

// concerns is that somebody, by his place, is told of a problem of an object.
type concerns struct {
	person int
	of     monitor.Ref
}

// count counts a message; another says that it is the first one of a problem of its object: what is told again is no other problem.
func (p *person) count(n *simulate.Notification, another bool) {
	p.Times++
	if another {
		p.Problems++
	}
	for _, c := range n.Commands {
		if !slices.Contains(p.Commands, c) {
			p.Commands = append(p.Commands, c)
		}
	}
}

// ownContacts gives the contacts of the objects that somebody is told of.
func ownContacts(inv *monitor.Inventory, all []simulate.Notification) map[monitor.Ref][]uint32 {
	own := map[monitor.Ref][]uint32{}
	for i := range all {
		own[monitor.Ref{Host: all[i].Host, Service: all[i].Service}] = nil
	}
	for id := range monitor.ID(inv.Objects()) {
		ref := inv.Ref(id)
		if _, asked := own[ref]; asked {
			own[ref] = inv.Policy(id).Contacts
		}
	}
	return own
}

// darken writes down what falls, in the order of time.
func (f *foreseen) darken(states []simulate.Change) {
	of := map[monitor.Ref]int{}
	for i := range states {
		c := &states[i]
		ref := monitor.Ref{Host: c.Host, Service: c.Service}
		at, ok := of[ref]
		if !ok {
			at = f.Fallen
			f.Fallen++
			of[ref] = at
			if at < mostDark {
				f.Dark = append(f.Dark, fallen{Host: c.Host, Service: c.Service})
			}
		}
		if at < mostDark && len(f.Dark[at].Spans) < mostStages {
			f.Dark[at].Spans = append(f.Dark[at].Spans, stage{c.At, c.State, c.Type == monitor.Soft.String()})
		}
	}
}
