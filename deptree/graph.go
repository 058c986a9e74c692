// Package deptree knows who lies behind whom: the parents and children of hosts, whether a host that does not answer is
// down or only out of reach, and where such a graph runs in a circle.
package deptree

import "github.com/onbu/onbu/monitor"

// Graph is a set of parent edges among the nodes 0…n-1, in compressed rows. It does not change; any goroutine may read
// it.
type Graph struct {
	up, down rows
}

// rows holds the neighbours of node i in to[at[i]:at[i+1]].
type rows struct {
	at []uint32
	to []monitor.ID
}

func (r *rows) of(id monitor.ID) []monitor.ID { return r.to[r.at[id]:r.at[id+1]] }

// Build makes the graph of n nodes; parents gives each node's parents, all below n.
func Build(n int, parents func(monitor.ID) []monitor.ID) *Graph {
	g := &Graph{up: rows{at: make([]uint32, n+1)}, down: rows{at: make([]uint32, n+1)}}
	for id := range monitor.ID(n) {
		g.up.to = append(g.up.to, parents(id)...)
		g.up.at[id+1] = uint32(len(g.up.to))
	}
	g.turn()
	return g
}

// turn fills the children from the parents: a counting sort of the edges by parent.
func (g *Graph) turn() {
	at := g.down.at
	for _, parent := range g.up.to {
		at[parent+1]++
	}
	for i := 1; i < len(at); i++ {
		at[i] += at[i-1]
	}
	g.down.to = make([]monitor.ID, len(g.up.to))
	free := append([]uint32(nil), at...)
	for child := range monitor.ID(len(at) - 1) {
		for _, parent := range g.up.of(child) {
			g.down.to[free[parent]] = child
			free[parent]++
		}
	}
}

// Parents gives the parents of a node. The slice belongs to the graph.
func (g *Graph) Parents(id monitor.ID) []monitor.ID { return g.up.of(id) }

// Children gives the children of a node in order of their IDs. The slice belongs to the graph.
func (g *Graph) Children(id monitor.ID) []monitor.ID { return g.down.of(id) }

// Reach says what a host that does not answer is: DOWN if it has no parents or one of them is up, UNREACHABLE
// otherwise (Nagios 4 checks.c, determine_host_reachability). Soft states of the parents count like hard ones.
func (g *Graph) Reach(id monitor.ID, up func(monitor.ID) bool) monitor.State {
	parents := g.Parents(id)
	if len(parents) == 0 {
		return monitor.Down
	}
	for _, p := range parents {
		if up(p) {
			return monitor.Down
		}
	}
	return monitor.Unreachable
}

// Bytes gives how much memory the graph takes.
func (g *Graph) Bytes() int {
	return 4 * (cap(g.up.at) + cap(g.up.to) + cap(g.down.at) + cap(g.down.to))
}
