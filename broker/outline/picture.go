package outline

import (
	"github.com/onbu/onbu/monitor"
)

// Query says what a picture is to show.
type Query struct {
	// Around is the host that it is about; empty for all trees. Of other trees nothing is shown then.
	Around string
	// Open are the ids of nodes that were unfolded, Shut those of hosts that were folded, whatever is behind them.
	Open, Shut []string
	// Kept are the ids of hosts that stand unfolded in the picture that is shown at present: they stay so while there is room, that
	// nothing jumps when it comes back.
	Kept []string
	// Rows is how many rows are filled with what is well; 0 for 28.
	Rows int
}

// Picture is what is shown: each host at most once, as a node of its own or in a group or folded into what it hangs from.
type Picture struct {
	// Nodes are in the order in which a list has them: what hangs from a node follows it.
	Nodes []Node `json:"nodes"`
	Edges []Edge `json:"edges"`
	// Hosts is how many the configuration has.
	Hosts int `json:"hosts"`
	// Around is the host that the picture is about, Unknown that there is none of that name.
	Around  string `json:"around,omitempty"`
	Unknown bool   `json:"unknown,omitempty"`
	// Trees is how many trees there are besides those that the picture is about.
	Trees int `json:"trees,omitempty"`
	// Full says that there was no room for everything that was to be unfolded.
	Full bool `json:"full,omitempty"`
}

// Node is a host or several that are folded into one.
type Node struct {
	Shape
	// Causes are the ids of the nodes with the root problems that it suffers from.
	Causes []string `json:"causes,omitempty"`
	Look
}

// Shape is what of a node stays when states change.
type Shape struct {
	// ID is the same as long as the node is about the same.
	ID string `json:"id"`
	// Host is the name of a host; empty for a group, of which First and Last are names of hosts.
	Host  string `json:"host,omitempty"`
	First string `json:"first,omitempty"`
	Last  string `json:"last,omitempty"`
	// Count is how many hosts a group has, Behind how many that are not shown hang from a host or from a group's hosts.
	Count  int `json:"count,omitempty"`
	Behind int `json:"behind,omitempty"`
	// Alone says of a group that its hosts have neither parents nor children, More that it is what a list of them left out.
	Alone bool `json:"alone,omitempty"`
	More  bool `json:"more,omitempty"`
	// Trunk is the id of the node that it hangs from, and Level how deep.
	Trunk string `json:"trunk,omitempty"`
	Level int    `json:"level"`
	// Shard is where it lives; -1 for a group from several.
	Shard int `json:"shard"`
	// Open says that what hangs from it is shown, Folds that it can be.
	Open  bool `json:"open,omitempty"`
	Folds bool `json:"folds,omitempty"`
}

// Look is what of a node changes with the states.
type Look struct {
	// Kind is fine, pending, impact, handled or broken: of a group, the worst one.
	Kind string `json:"kind"`
	// State is a host's.
	State string `json:"state,omitempty"`
	// Soft is a problem that is being confirmed; Since is when the state changed, in Unix seconds.
	Soft  bool  `json:"soft,omitempty"`
	Since int64 `json:"since,omitempty"`
	Ack   bool  `json:"ack,omitempty"`
	// Downtime says that the host is in one, Flapping that it flaps.
	Downtime bool `json:"downtime,omitempty"`
	Flapping bool `json:"flapping,omitempty"`
	// Down, Handled, Out and Pending count hosts: of a group its own and what is folded into them, of a host what is folded into it.
	// Out are out of reach or suffer otherwise from a root problem.
	Down    int `json:"down,omitempty"`
	Handled int `json:"handled,omitempty"`
	Out     int `json:"out,omitempty"`
	Pending int `json:"pending,omitempty"`
	// Ill is how many services of a host are in a state of their own that is not OK, Worst the worst of those states.
	Ill   int    `json:"ill,omitempty"`
	Worst string `json:"worst,omitempty"`
}

// Edge leads from what stands in front to what stands behind it: to the id of a node from that of another.
type Edge struct {
	From string `json:"from"`
	To   string `json:"to"`
	// Kind is parent; feeds from a piggyback source; rule from a host with a business rule to one that it follows from; needs for a
	// dependency; or cause for a root problem on whose way there is no other edge.
	Kind string `json:"kind"`
}

// Bounds of a picture.
const (
	// mostNodes is where nothing more is unfolded.
	mostNodes = 300
	// mostRows is how many rows are filled with what is well.
	mostRows = 28
	// mostRoots is how many root problems are shown each on its own, and mostUnder how many of those below one host.
	mostRoots, mostUnder = 100, 24
	// mostLeaves and mostBranches are how many children that look alike stay outside of a group.
	mostLeaves, mostBranches = 4, 12
	// page is how many of a group are shown at once.
	page = 40
	// mostAsked is how many nodes of a query are looked at.
	mostAsked = 200
)

// hostID and the ids of groups begin with letters that differ.
func (m *Map) hostID(h int32) string { return "h:" + m.name(h) }

// look gives a host's node what changes with the states.
func (p *Present) look(h int32, folded bool) Look {
	o, own := p.object(h), &p.hosts[h]
	l := Look{
		Kind: own.kind.String(), State: own.state.HostName(), Since: o.LastChange().Std().Unix(), Flapping: o.Flapping(),
		Soft: own.kind > pending && o.Type() == monitor.Soft, Ill: int(own.ill),
	}
	if o.LastChange() == 0 {
		l.Since = 0
	}
	if w := o.Seldom(); w != nil {
		l.Ack, l.Downtime = w.Ack != monitor.AckNone, w.DowntimeDepth > 0
	}
	if own.ill > 0 {
		l.Worst = own.worst.ServiceName()
	}
	if folded {
		l.count(&p.inside[h])
	}
	return l
}

// groupLook gives a group's node what changes with the states.
func (p *Present) groupLook(hosts []int32) Look {
	var all [kinds]int32
	for _, h := range hosts {
		all[p.hosts[h].kind]++
		for k := range kinds {
			all[k] += p.inside[h][k]
		}
	}
	worst := fine
	for k := range kinds {
		if all[k] > 0 {
			worst = k
		}
	}
	l := Look{Kind: worst.String()}
	l.count(&all)
	return l
}

func (l *Look) count(by *[kinds]int32) {
	l.Down, l.Handled, l.Out, l.Pending = int(by[broken]), int(by[handled]), int(by[impact]), int(by[pending])
}

// String gives the kind as pages know it.
func (k kind) String() string {
	return [kinds]string{"fine", "pending", "impact", "handled", "broken"}[k]
}
