package catalog

import "github.com/onbu/onbu/monitor"

// abroad are the parents of hosts that lie in other shards than these, from both ends. It is empty where no pack is cut.
type abroad struct{ parents, children map[Place][]Place }

// linkBorders finds them. A parent that no inventory has, because a newer one is on its way, is left out.
func (x *Index) linkBorders() {
	x.abroad = abroad{parents: map[Place][]Place{}, children: map[Place][]Place{}}
	for number, inv := range x.catalog.Inventories {
		if inv == nil {
			continue
		}
		for _, e := range inv.BorderEdges {
			n := int(e.Parent) - inv.Objects()
			if !inv.IsHost(e.Child) || n < 0 || n >= len(inv.Border) {
				continue
			}
			child := Place{monitor.Shard(number), e.Child}
			if parent, ok := x.Find(monitor.Ref{Host: inv.Border[n].Name}); ok {
				x.abroad.parents[child] = append(x.abroad.parents[child], parent)
				x.abroad.children[parent] = append(x.abroad.children[parent], child)
			}
		}
	}
}

// ParentsAbroad gives the parents of a host that lie in other shards.
func (x *Index) ParentsAbroad(host Place) []Place { return x.abroad.parents[host] }

// ChildrenAbroad gives the hosts directly behind a host that lie in other shards.
func (x *Index) ChildrenAbroad(host Place) []Place { return x.abroad.children[host] }
