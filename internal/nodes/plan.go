package nodes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/nodes/cover"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor/api"
)

// Gaps gives the work that nobody does at present.
func Gaps(ctx context.Context, c bus.Conn) ([]api.Gap, error) {
	all, needs, err := look(ctx, c)
	if err != nil {
		return nil, err
	}
	return cover.Gaps(all, needs), nil
}

// PlanOf says what an order would do at present. ErrNobody is of one for what nobody has.
func PlanOf(ctx context.Context, c bus.Conn, o api.Order) (api.Plan, error) {
	return PlanSeeing(ctx, c, 0, o)
}

// PlanSeeing is PlanOf for somebody who sees that so many servers of the bus are missing: the arbiters say so a moment later.
func PlanSeeing(ctx context.Context, c bus.Conn, missing int64, o api.Order) (api.Plan, error) {
	all, needs, err := look(ctx, c)
	if err != nil {
		return api.Plan{}, err
	}
	return plan(all, needs, max(missing, busServersAway(all)), o)
}

// look reads how all roles are, and what there is to do for them.
func look(ctx context.Context, c bus.Conn) ([]api.Role, cover.Needs, error) {
	all, err := Look(ctx, c)
	if err != nil {
		return nil, cover.Needs{}, err
	}
	e, err := c.Get(ctx, bus.CFG, "current")
	if errors.Is(err, bus.ErrNotFound) {
		return all, cover.Needs{}, nil // there is no configuration yet
	}
	var g wire.Generation
	if err == nil {
		err = wire.Unmarshal(e.Value, &g)
	}
	if err != nil {
		return nil, cover.Needs{}, unread(c, "reading which configuration is in force", err)
	}
	return all, cover.Needs{Pollers: g.PollerTags, Reactionners: g.ReactionnerTags}, nil
}

// ErrNobody is of an order for what nobody has.
var ErrNobody = errors.New("no node")

// lacksRole is the ErrNobody of a role that a node does not have.
type lacksRole struct {
	o   api.Order
	has []api.Role
}

func (l lacksRole) Error() string {
	var roles []string
	for i := range l.has {
		roles = append(roles, l.has[i].Role)
	}
	return fmt.Sprintf("%s has no role %s: it has %s", l.o.Node, l.o.Role, strings.Join(roles, ", "))
}

// Unwrap says that nobody has it.
func (l lacksRole) Unwrap() error { return ErrNobody }

// For says what an order will do where there is work for some tags. ErrNobody, which says what there is, is of one for what nobody has.
func For(all []api.Role, needs cover.Needs, o api.Order) (p api.Plan, err error) {
	return plan(all, needs, busServersAway(all), o)
}

func plan(all []api.Role, needs cover.Needs, away int64, o api.Order) (p api.Plan, err error) {
	p.Warnings = []string{}
	its := Of(all, o.Node)
	if len(its) == 0 {
		return p, fmt.Errorf("%w is called %s: there are %s", ErrNobody, o.Node, strings.Join(Names(all), ", "))
	}
	if o.Role != "" {
		has := its
		its = slices.DeleteFunc(slices.Clone(its), func(r api.Role) bool { return r.Role != o.Role })
		if len(its) == 0 {
			return p, lacksRole{o, has}
		}
	}
	for i := range its {
		r := &its[i]
		heirs := heirs(all, r)
		p.Lines = append(p.Lines, api.Line{Node: r.Node, Role: r.Role, Now: now(r), Then: then(r, heirs, o)})
	}
	for _, g := range cover.Opened(cover.Gaps(all, needs), cover.Gaps(ordered(all, its, o), needs)) {
		of := ""
		if g.Tag != "" {
			of = " and serves the " + g.What()
		}
		p.Warnings = append(p.Warnings, fmt.Sprintf("%s has the last %s that works%s: %s", o.Node, g.Role, of, g.Lost))
	}
	if away > 0 && o.Role == "" && o.State != api.Up && slices.ContainsFunc(its, func(r api.Role) bool { return r.There() }) {
		p.Warnings = append(p.Warnings, fmt.Sprintf("the bus lacks %d of its servers: if %s has another one and is stopped or restarted, nothing is stored any more; wait until /healthz names no server", away, o.Node))
	}
	return p, nil
}

const (
	// BusServersAway is the word in the load of an arbiter for how many servers of the bus are missing.
	BusServersAway = api.BusServersAway
	// BusServerBehind is the one for that the server in its own process has not everything yet.
	BusServerBehind = "bus_server_behind"
)

func busServersAway(all []api.Role) (n int64) {
	for i := range all {
		n = max(n, all[i].Load[BusServersAway])
	}
	return n
}

// ordered gives all roles as they will be when an order for some of them is carried out.
func ordered(all, its []api.Role, o api.Order) []api.Role {
	then := slices.Clone(all)
	for i := range then {
		concerned := slices.ContainsFunc(its, func(r api.Role) bool { return r.Node == then[i].Node && r.Role == then[i].Role })
		if concerned && then[i].There() {
			then[i].State = o.State
		}
	}
	return then
}

// heirs are the nodes that work in the same role, and may do the same there.
func heirs(all []api.Role, of *api.Role) (names []string) {
	for i := range all {
		if r := &all[i]; r.Role == of.Role && r.Node != of.Node && r.Works() && shares(r, of) {
			names = append(names, r.Node)
		}
	}
	return names
}

// shares says whether two roles have a tag in common, as far as both say what they have.
func shares(r, other *api.Role) bool {
	return r.Tags == nil || other.Tags == nil || slices.ContainsFunc(r.Tags, func(tag string) bool { return slices.Contains(other.Tags, tag) })
}

func now(r *api.Role) string {
	text := r.State
	if n := len(r.Shards); n > 0 {
		text += ", " + shards(n)
	}
	return text
}

// then says how a role will be.
func then(r *api.Role, heirs []string, o api.Order) string {
	if o.State == api.Up {
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
	switch r.Role {
	case "scheduler":
		if len(r.Shards) == 0 {
			return text + "; it has no shards"
		}
		return text + "; " + who(heirs, "nobody takes", "takes", "take") + " its " + shards(len(r.Shards))
	case "arbiter":
		return text + "; " + who(heirs, "nobody is left who reads", "reads", "read") + " a new configuration"
	case "broker":
		if len(heirs) == 0 {
			return text + "; its modules rest, since no other broker works"
		}
		return text + "; its modules go on at " + strings.Join(heirs, ", ") + ", where they are hosted too"
	case "receiver":
		return text + "; its ports are closed, and what was taken is stored; " + who(heirs, "nobody is left who takes", "takes", "take") + " what senders send meanwhile"
	}
	return text + under + "; " + who(heirs, "nobody is left who does", "does", "do") + " its work"
}

// who says who does something: nobody, one or several.
func who(names []string, none, one, several string) string {
	switch n := len(names); n {
	case 0:
		return none
	case 1:
		return names[0] + " " + one
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1] + " " + several
	}
}

func shards(n int) string {
	if n == 1 {
		return "1 shard"
	}
	return fmt.Sprint(n, " shards")
}

// Names gives the names of all nodes, sorted.
func Names(all []api.Role) (names []string) {
	for i := range all {
		names = append(names, all[i].Node)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Stands says whether people want something else of what an order is for than that it works.
func Stands(all []api.Role, o api.Order) bool {
	return slices.ContainsFunc(Of(all, o.Node), func(r api.Role) bool {
		idle := r.State == api.Maintenance || r.State == api.Draining || r.State == api.Disconnected
		return (o.Role == "" || r.Role == o.Role) && (idle || r.Ordered != "")
	})
}

// Done says whether the roles that an order is for are as it wants them, those that are not there left out. A node is not taken out of
// maintenance before its server of the bus has everything: the next one may be stopped then.
func Done(all []api.Role, o api.Order) bool {
	for _, r := range Of(all, o.Node) {
		if o.Role != "" && r.Role != o.Role || !r.There() {
			continue
		}
		if r.State != o.State || o.State == api.Up && r.Load[BusServerBehind] > 0 {
			return false
		}
	}
	return true
}
