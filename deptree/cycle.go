package deptree

import (
	"slices"

	"github.com/onbu/onbu/monitor"
)

// Cycle gives a way from a node over its parents back to it, the first node being the last as well; nil if there is
// none. Of several it gives the one found first when nodes are tried in order of their IDs.
func (g *Graph) Cycle() []monitor.ID {
	w := walk{graph: g, seen: make([]mark, len(g.up.at)-1)}
	for id := range monitor.ID(len(w.seen)) {
		if w.seen[id] == unseen && w.from(id) {
			return w.loop()
		}
	}
	return nil
}

type mark uint8

const (
	unseen mark = iota
	onPath
	done
)

// walk is a depth-first search with its own stack: a chain of a million parents must not overflow anything.
type walk struct {
	graph *Graph
	seen  []mark
	path  []monitor.ID
	next  []int // for each node of path, which parent comes next
}

// from searches upwards from a node and says whether it came back to its own path, whose last node is then there twice.
func (w *walk) from(id monitor.ID) bool {
	w.push(id)
	for len(w.path) > 0 {
		top := len(w.path) - 1
		parents := w.graph.Parents(w.path[top])
		if w.next[top] == len(parents) {
			w.pop()
			continue
		}
		parent := parents[w.next[top]]
		w.next[top]++
		switch w.seen[parent] {
		case onPath:
			w.path = append(w.path, parent)
			return true
		case unseen:
			w.push(parent)
		}
	}
	return false
}

func (w *walk) push(id monitor.ID) {
	w.seen[id] = onPath
	w.path, w.next = append(w.path, id), append(w.next, 0)
}

func (w *walk) pop() {
	top := len(w.path) - 1
	w.seen[w.path[top]] = done
	w.path, w.next = w.path[:top], w.next[:top]
}

// loop cuts off the way that led to the circle.
func (w *walk) loop() []monitor.ID {
	last := w.path[len(w.path)-1]
	return slices.Clone(w.path[slices.Index(w.path, last):])
}
