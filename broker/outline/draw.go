package outline

import (
	"slices"

	"github.com/onbu/onbu/monitor"
)

func id(h int32) monitor.ID { return monitor.ID(h) }

// sketch puts nodes and edges into a picture.
type sketch struct {
	*draft
	out *Picture
	// at is the node that shows a host on its own or in a group, and whole which of them are in groups.
	at    map[int32]int
	edges map[Edge]bool
}

// draw puts the draft into a picture.
func (d *draft) draw(out *Picture) {
	d.parts = map[int32][]item{}
	s := &sketch{draft: d, out: out, at: map[int32]int{}, edges: map[Edge]bool{}}
	s.under(ground, "", 0)
	for h := range s.at {
		s.link(h)
	}
	slices.SortFunc(out.Edges, func(a, b Edge) int { return compareEdges(&a, &b) })
	if d.about != ground {
		for _, root := range d.m.roots {
			if !d.must[root] && len(d.m.sorted[root]) > 0 {
				out.Trees++
			}
		}
	}
}

// under adds what hangs from a host, as far as there is room.
func (s *sketch) under(h int32, trunk string, level int) {
	for _, it := range s.divide(h) {
		if len(s.out.Nodes) >= 2*mostNodes {
			s.full = true
			return
		}
		if it.hosts != nil {
			s.group(&it, h == ground, trunk, level)
			continue
		}
		n := s.single(it.host)
		n.Trunk, n.Level = trunk, level
		s.at[it.host] = len(s.out.Nodes)
		s.out.Nodes = append(s.out.Nodes, n)
		if n.Open {
			s.under(it.host, n.ID, level+1)
		}
	}
}

func (s *sketch) single(h int32) Node {
	open := s.unfolded(h)
	n := Node{
		Shape: Shape{ID: s.m.hostID(h), Host: s.m.name(h), Shard: s.m.shard(h), Folds: len(s.m.sorted[h]) > 0, Open: open},
		Look:  s.p.look(h, !open),
	}
	if !open {
		n.Behind = int(s.m.behind[h])
	}
	return n
}

func (s *sketch) group(it *item, roots bool, trunk string, level int) {
	first, last := it.hosts[0], it.hosts[len(it.hosts)-1]
	n := Node{Look: s.p.groupLook(it.hosts), Shape: Shape{
		ID: it.key, First: s.m.name(first), Last: s.m.name(last), Count: len(it.hosts), More: it.more, Folds: true, Trunk: trunk, Level: level,
		Alone: roots && s.m.leaf(first), Shard: s.m.shard(first),
	}}
	for _, h := range it.hosts {
		n.Behind += int(s.m.behind[h])
		if s.m.shard(h) != n.Shard {
			n.Shard = -1
		}
		s.at[h] = len(s.out.Nodes)
	}
	s.out.Nodes = append(s.out.Nodes, n)
}

// link adds the edges that end at a host which is shown.
func (s *sketch) link(h int32) {
	to := s.at[h]
	for _, parent := range s.m.graph.Parents(id(h)) {
		if from, ok := s.at[int32(parent)]; ok {
			s.edge(from, to, s.kind(h))
		}
	}
	s.others(h, to)
	if s.out.Nodes[to].Host == "" {
		return
	}
	p := s.m.index.Hosts[h]
	for _, dependency := range s.m.index.Masters(p) {
		master := p
		if master.ID = dependency.Master; s.m.index.Inventory(p).IsHost(master.ID) {
			if from, ok := s.at[s.m.at(master)]; ok {
				s.edge(from, to, "needs")
			}
		}
	}
	for _, source := range s.p.sources(h) {
		from, ok := s.at[source]
		if !ok {
			continue
		}
		s.out.Nodes[to].Causes = append(s.out.Nodes[to].Causes, s.out.Nodes[from].ID)
		if !s.leads(source, h) {
			s.edge(from, to, "cause")
		}
	}
}

// kind is that of the edges from a host's parents.
func (s *sketch) kind(h int32) string {
	if s.m.onlyFed(h) {
		return "feeds"
	}
	return "parent"
}

// others adds the edges from the sources of a host that has parents besides, and those to what its business rules follow from, or to the
// nodes that these are folded into.
func (s *sketch) others(h int32, to int) {
	if !s.m.onlyFed(h) {
		for _, source := range s.m.feeds[h] {
			if from, ok := s.shown(source); ok {
				s.edge(from, to, "feeds")
			}
		}
	}
	for _, member := range s.m.needs[h] {
		if at, ok := s.shown(member); ok {
			s.edge(to, at, "rule")
		}
	}
}

// shown gives the node that a host is shown by, or folded into.
func (s *sketch) shown(h int32) (int, bool) {
	for at, ok := h, true; ok; at, ok = s.m.hangsFrom(at) {
		if n, there := s.at[at]; there {
			return n, true
		}
	}
	return 0, false
}

func (s *sketch) edge(from, to int, kind string) {
	e := Edge{s.out.Nodes[from].ID, s.out.Nodes[to].ID, kind}
	if from != to && !s.edges[e] {
		s.edges[e] = true
		s.out.Edges = append(s.out.Edges, e)
	}
}

// leads says whether a host is in front of another one.
func (s *sketch) leads(from, to int32) bool {
	seen := map[int32]bool{to: true}
	next := []int32{to}
	for len(next) > 0 && len(seen) < mostNodes {
		at := next[0]
		next = next[1:]
		for _, parent := range s.m.graph.Parents(id(at)) {
			if up := int32(parent); up == from {
				return true
			} else if !seen[up] {
				seen[up] = true
				next = append(next, up)
			}
		}
	}
	return false
}

func compareEdges(a, b *Edge) int {
	return slices.Compare([]string{a.From, a.To, a.Kind}, []string{b.From, b.To, b.Kind})
}
