package table

import (
	"slices"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// guard says what a contact may see. Objects with one policy have the same contacts, so it asks once for each.
type guard struct {
	n       Narrow
	x       *index
	answers [][]bool // by shard and policy
}

// everyone lets all pass.
func everyone() *guard { return &guard{n: Narrow{Anyone: true}} }

func newGuard(x *index, n Narrow) *guard {
	g := &guard{n: n, x: x}
	if n.Anyone {
		return g
	}
	g.answers = make([][]bool, len(x.of.Inventories))
	for shard, inv := range x.of.Inventories {
		if inv == nil {
			continue
		}
		g.answers[shard] = make([]bool, len(inv.Policies))
		for i := range inv.Policies {
			g.answers[shard][i] = slices.Contains(x.contacts[shard][i], n.Contact)
		}
	}
	return g
}

// host says whether the contact may see a host: whether it is one of its contacts.
func (g *guard) host(o *object) bool { return g.n.Anyone || g.answers[o.place.Shard][policyOf(o)] }

// whole says whether the contact may see all services of a host.
func (g *guard) whole(host *object) bool { return g.n.Anyone || !g.n.StrictServices && g.host(host) }

// object says whether the contact is one of an object's own.
func (g *guard) object(o *object) bool { return g.host(o) }

// place says whether the contact may see the host or the service at a place.
func (g *guard) place(p catalog.Place) bool {
	if g.n.Anyone {
		return true
	}
	inv := g.x.Inventory(p)
	answers := g.answers[p.Shard]
	if inv.IsHost(p.ID) {
		return answers[inv.Hosts[p.ID].Policy]
	}
	s := inv.Service(p.ID)
	return answers[s.Policy] || !g.n.StrictServices && answers[inv.Hosts[s.Host].Policy]
}

// sees says whether the query of the row may see the host or the service at a place.
func (r *Row) sees(p catalog.Place) bool { return r.guard == nil || r.guard.place(p) }

// near says whether the query of the row may see what has that number in the shard of an object.
func (r *Row) near(o *object, id monitor.ID) bool {
	return r.sees(catalog.Place{Shard: o.place.Shard, ID: id})
}

// seen gives those that the query of the row may see.
func (r *Row) seen(all []monitor.Ref) []monitor.Ref {
	if r.guard == nil || r.guard.n.Anyone {
		return all
	}
	var some []monitor.Ref
	for _, ref := range all {
		if p, ok := r.x.Find(ref); ok && r.guard.place(p) {
			some = append(some, ref)
		}
	}
	return some
}

// guarded gives the guard of the row's query.
func (r *Row) guarded() *guard {
	if r.guard == nil {
		return everyone()
	}
	return r.guard
}

// group says whether the contact may see a group: all of its members, or one of them where groups are loose.
func (g *guard) group(group *catalog.Group) bool {
	if g.n.Anyone {
		return true
	}
	for p := range group.Members {
		if g.place(p) == g.n.LooseGroups {
			return g.n.LooseGroups
		}
	}
	return !g.n.LooseGroups && group.Size() > 0
}
