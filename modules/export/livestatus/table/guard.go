package table

import (
	"slices"

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
