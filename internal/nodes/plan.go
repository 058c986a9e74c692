package nodes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onbu/onbu/internal/wire"
)

// Plan says beforehand what an order will do.
type Plan struct {
	Lines []Line `json:"lines"`
	// Warnings are reasons not to do it: nobody would be left for something.
	Warnings []string `json:"warnings"`
}

// Line says how a role is now, and how it will be.
type Line struct {
	Node string `json:"node"`
	Role string `json:"role"`
	Now  string `json:"now"`
	Then string `json:"then"`
}

// For says what an order will do. It is an error that names what nobody has.
func For(all []Role, o Order) (p Plan, err error) {
	p.Warnings = []string{}
	its := Of(all, o.Node)
	if len(its) == 0 {
		return p, fmt.Errorf("no node is called %s: there are %s", o.Node, strings.Join(Names(all), ", "))
	}
	if o.Role != "" {
		its = slices.DeleteFunc(its, func(r Role) bool { return r.Role != o.Role })
		if len(its) == 0 {
			return p, fmt.Errorf("%s has no %s", o.Node, o.Role)
		}
	}
	for i := range its {
		r := &its[i]
		heirs := heirs(all, r)
		p.Lines = append(p.Lines, Line{r.Node, r.Role, r.now(), then(r, heirs, o)})
		if o.State != wire.NodeUp.String() && r.Works() && len(heirs) == 0 {
			p.Warnings = append(p.Warnings, fmt.Sprintf("%s has the last %s that works: %s", r.Node, r.Role, lost[r.Role]))
		}
	}
	if n := busServersAway(all); n > 0 && o.Role == "" && o.State != wire.NodeUp.String() && slices.ContainsFunc(its, func(r Role) bool { return r.There() }) {
		p.Warnings = append(p.Warnings, fmt.Sprintf("the bus lacks %d of its servers: if %s has another one and is stopped or restarted, nothing is stored any more; wait until /healthz names no server", n, o.Node))
	}
	return p, nil
}

// BusServersAway is the word in the load of an arbiter for how many servers of the bus are missing.
const BusServersAway = "bus_servers_away"

func busServersAway(all []Role) (n int64) {
	for i := range all {
		n = max(n, all[i].Load[BusServersAway])
	}
	return n
}

// lost says what is not done when the last of a role is gone.
var lost = map[string]string{
	"arbiter":     "no configuration is read or changed, and no host is made",
	"broker":      "no module gets anything until one is back, when it all comes; the API and Livestatus answer nobody",
	"reactionner": "nobody is told anything until one is back, when all that waits is sent",
	"scheduler":   "nothing is checked, and nobody is told anything",
	"poller":      "no active check is made",
	"receiver":    "no passive result and no trap is taken",
}

// heirs are the nodes that work in the same role.
func heirs(all []Role, of *Role) (names []string) {
	for i := range all {
		if r := &all[i]; r.Role == of.Role && r.Node != of.Node && r.Works() {
			names = append(names, r.Node)
		}
	}
	return names
}

func (r *Role) now() string {
	text := r.State
	if n := len(r.Shards); n > 0 {
		text += fmt.Sprintf(", %d shards", n)
	}
	return text
}

// then says how a role will be.
func then(r *Role, heirs []string, o Order) string {
	if o.State == wire.NodeUp.String() {
		if !r.There() {
			return "works as soon as it is started"
		}
		return "works"
	}
	text := o.State
	if !r.There() {
		return text + " when it comes back"
	}
	if !r.Works() {
		return text
	}
	under := "; what is under way is given up"
	if o.Drain {
		under = "; what is under way is ended first, for a minute at most"
	}
	to := "nobody"
	if len(heirs) > 0 {
		to = strings.Join(heirs, ", ")
	}
	switch r.Role {
	case "scheduler":
		return fmt.Sprintf("%s; its %d shards go to %s", text, len(r.Shards), to)
	case "arbiter":
		return text + "; for a new configuration there is " + to
	case "broker":
		return text + "; the modules that were at work here work at " + to + ", where they are hosted too"
	case "receiver":
		return text + "; its ports are closed, what was taken is stored; senders find " + to
	}
	return text + under + "; its work goes to " + to
}

// Names gives the names of all nodes, sorted.
func Names(all []Role) (names []string) {
	for i := range all {
		names = append(names, all[i].Node)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Done says whether the roles that an order is for are as it wants them, those that are not there left out.
func Done(all []Role, o Order) bool {
	for _, r := range Of(all, o.Node) {
		if (o.Role == "" || r.Role == o.Role) && r.There() && r.State != o.State {
			return false
		}
	}
	return true
}
