package outline

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ground is what roots hang from.
const ground int32 = -1

// draft is a picture under way: which hosts are unfolded, and which stand on their own.
type draft struct {
	p *Present
	m *Map
	q Query
	// about is the host that the picture is about, with its ancestors in front; ground for all trees.
	about int32
	front map[int32]bool
	open  map[int32]bool
	must  map[int32]bool
	// shut and asked are what people have folded and unfolded, pages the groups among those.
	shut, asked map[int32]bool
	pages       map[string]bool
	// parts are the children of hosts, divided: before fill a little too few of them on their own.
	parts map[int32][]item
	// nodes is about how many the picture has so far.
	nodes int
	// tight says that there is much to be seen: what is well makes way.
	tight bool
	full  bool
}

// item is a child on its own, or a group of children.
type item struct {
	host  int32
	key   string // of a group
	hosts []int32
	more  bool
}

// Draw makes the picture that is asked for.
func (p *Present) Draw(q Query) *Picture {
	q.Rows = cmp.Or(q.Rows, mostRows)
	d := &draft{
		p: p, m: p.m, q: q, about: ground, front: map[int32]bool{}, open: map[int32]bool{ground: true}, must: map[int32]bool{},
		shut: map[int32]bool{}, asked: map[int32]bool{}, pages: map[string]bool{}, parts: map[int32][]item{},
	}
	out := &Picture{Nodes: []Node{}, Edges: []Edge{}, Hosts: p.m.Hosts(), Around: q.Around}
	if q.Around != "" && !d.aim(q.Around) {
		out.Unknown = true
		return out
	}
	d.ask()
	d.trouble()
	d.ruled()
	d.keep()
	d.fill()
	d.draw(out)
	out.Full = d.full
	return out
}

// aim has the picture be about a host.
func (d *draft) aim(name string) bool {
	h, ok := d.m.find(name)
	if !ok {
		return false
	}
	d.about = h
	d.stand(h)
	d.unfold(h)
	next := []int32{h}
	for len(next) > 0 && len(d.front) < mostUnder { // all that is in front of it, the nearest first
		at := next[0]
		next = next[1:]
		for _, parent := range d.m.graph.Parents(id(at)) {
			if up := int32(parent); !d.front[up] && up != h {
				d.front[up] = true
				d.stand(up)
				next = append(next, up)
			}
		}
	}
	for _, source := range d.p.sources(h) {
		d.stand(source)
	}
	for _, member := range d.m.needs[h][:min(len(d.m.needs[h]), mostUnder)] {
		d.stand(member)
	}
	return true
}

// ruled has hosts with business rules stand on their own, the first of them: what follows from others is what people look for.
func (d *draft) ruled() {
	if d.about != ground {
		return
	}
	for _, h := range slices.Sorted(maps.Keys(d.m.needs))[:min(len(d.m.needs), mostRuled)] {
		if d.nodes < mostNodes {
			d.stand(h)
		}
	}
}

// mostRuled is how many hosts with business rules stand on their own.
const mostRuled = 12

// stand has a host stand on its own, with the way to it.
func (d *draft) stand(h int32) {
	if d.must[h] {
		return
	}
	d.must[h] = true
	d.nodes++
	for at, ok := d.m.hangsFrom(h); ok && !d.open[at]; at, ok = d.m.hangsFrom(at) {
		d.unfold(at)
	}
}

// unfold has what hangs from a host be shown; all that it hangs from is.
func (d *draft) unfold(h int32) {
	if !d.open[h] {
		d.nodes += len(d.divide(h))
		d.open[h] = true
	}
}

// ask does what people have folded and unfolded.
func (d *draft) ask() {
	for _, id := range d.q.Shut[:min(len(d.q.Shut), mostAsked)] {
		if h, ok := d.host(id); ok && (!d.open[h] || h == d.about) { // the way to the host that it is about stays
			d.shut[h] = true
		}
	}
	for _, id := range d.q.Open[:min(len(d.q.Open), mostAsked)] {
		if h, ok := d.host(id); !ok {
			d.pages[id] = true
		} else if d.inside(h) {
			d.stand(h)
			d.unfold(h)
			d.asked[h] = true
		}
	}
}

func (d *draft) host(id string) (int32, bool) {
	name, ok := strings.CutPrefix(id, "h:")
	if !ok {
		return 0, false
	}
	return d.m.find(name)
}

// inside says whether a host is of a tree that is shown.
func (d *draft) inside(h int32) bool {
	at := h
	for up, ok := d.m.hangsFrom(at); ok; up, ok = d.m.hangsFrom(at) {
		at = up
	}
	return d.about == ground || d.must[at] || d.open[at]
}

// below says whether a host hangs from the one that the picture is about.
func (d *draft) below(h int32) bool {
	for at, ok := h, true; ok; at, ok = d.m.hangsFrom(at) {
		if at == d.about {
			return true
		}
	}
	return d.about == ground
}

// trouble has root problems stand on their own, each with the way to it: first those that nobody looks after, and of these those with
// most behind them.
func (d *draft) trouble() {
	var roots []int32
	for h := range d.p.hosts {
		if d.p.hosts[h].kind >= handled && d.below(int32(h)) {
			roots = append(roots, int32(h))
		}
	}
	slices.SortStableFunc(roots, func(a, b int32) int {
		return cmp.Or(cmp.Compare(d.p.hosts[b].kind, d.p.hosts[a].kind), cmp.Compare(d.m.behind[b], d.m.behind[a]))
	})
	under := map[int32]int{}
	for i, h := range roots {
		up, ok := d.m.hangsFrom(h)
		if !ok {
			up = ground
		}
		if under[up]++; i >= mostRoots || under[up] > mostUnder {
			continue
		}
		if d.stand(h); d.nodes > mostNodes {
			d.full = true
			return
		}
	}
}

// keep leaves unfolded what is so at present.
func (d *draft) keep() {
	for _, id := range d.q.Kept[:min(len(d.q.Kept), mostNodes)] {
		if h, ok := d.host(id); ok && d.inside(h) && d.nodes < mostNodes {
			d.stand(h)
			d.unfold(h)
		}
	}
}

// fill unfolds what is well, level by level while there is room for a whole level.
func (d *draft) fill() {
	front := []int32{ground}
	if d.about != ground {
		front = []int32{d.about}
	}
	d.parts = map[int32][]item{} // what stands on its own is known now
	rows := d.rows()
	if d.tight = rows > d.q.Rows; d.tight {
		d.parts = map[int32][]item{}
		return
	}
	for len(front) > 0 {
		var next, closed []int32
		cost := 0
		for _, h := range front {
			for _, it := range d.divide(h) {
				switch {
				case it.hosts != nil || len(d.m.sorted[it.host]) == 0:
				case d.open[it.host]:
					next = append(next, it.host)
				case !d.shut[it.host] && d.tells(it.host):
					closed = append(closed, it.host)
					cost += len(d.divide(it.host)) - 1
				}
			}
		}
		if rows+cost <= d.q.Rows {
			rows += cost
			for _, h := range closed {
				d.open[h] = true
			}
			next = append(next, closed...)
		}
		front = next
	}
}

// tells says whether unfolding a host shows more than that everything behind it looks alike.
func (d *draft) tells(h int32) bool {
	items := d.divide(h)
	return len(items) > 1 || items[0].hosts == nil
}

// rows is how many nodes of the picture have nothing behind them in it.
func (d *draft) rows() (n int) {
	var walk func(h int32)
	walk = func(h int32) {
		for _, it := range d.divide(h) {
			if it.hosts == nil && d.unfolded(it.host) {
				walk(it.host)
			} else {
				n++
			}
		}
	}
	walk(ground)
	return n
}

// unfolded says whether what hangs from a host is shown.
func (d *draft) unfolded(h int32) bool {
	return d.open[h] && !d.shut[h] && len(d.m.sorted[h]) > 0
}

func (d *draft) children(h int32) []int32 {
	if h == ground {
		return d.m.roots
	}
	return d.m.sorted[h]
}

// divide gives the children of a host: those that stand on their own, and groups of those that look alike.
func (d *draft) divide(h int32) []item {
	if items, ok := d.parts[h]; ok {
		return items
	}
	var alike [classes][]int32
	var items []item
	for _, child := range d.children(h) {
		switch {
		case d.must[child] || d.open[child]:
			items = append(items, item{host: child})
		case h == ground && d.about != ground: // another tree
		default:
			c := d.class(h, child)
			alike[c] = append(alike[c], child)
		}
	}
	for c, hosts := range alike {
		if len(hosts) > 0 {
			items = append(items, d.group(h, class(c), hosts)...)
		}
	}
	slices.SortStableFunc(items, d.compare(h))
	d.parts[h] = items
	return items
}

// compare has items in the order of people, groups where their first host would be, those on their own at the end.
func (d *draft) compare(h int32) func(a, b item) int {
	first := func(it item) int32 {
		if it.hosts != nil {
			return it.hosts[0]
		}
		return it.host
	}
	alone := func(it item) int {
		if h == ground && d.m.leaf(first(it)) {
			return 1
		}
		return 0
	}
	return func(a, b item) int {
		return cmp.Or(cmp.Compare(alone(a), alone(b)), natural(d.m.name(first(a)), d.m.name(first(b))))
	}
}

// class is what children have in common that look alike: how they are, whether they live where their parent does, leaf or branch.
type class uint8

const (
	elsewhere class = 1 << (3 + iota)
	branch
	classes // how many there are at most; kinds have the lower bits
)

func (d *draft) class(parent, child int32) class {
	c := class(d.p.hosts[child].kind)
	if parent != ground && d.m.shard(parent) != d.m.shard(child) {
		c |= elsewhere
	}
	if !d.m.leaf(child) {
		c |= branch
	}
	return c
}

// group folds hosts that look alike into one, unless they are few or people want to see them.
func (d *draft) group(h int32, c class, hosts []int32) (items []item) {
	most := mostLeaves
	if c&branch != 0 {
		most = mostBranches
	}
	if d.tight && !d.asked[h] {
		most = 1
	}
	if d.about != ground && !d.below(h) {
		most = 0 // beside the way to the host that the picture is about
	}
	owner := ""
	if h != ground {
		owner = d.m.name(h)
	}
	from := 0
	key := func() string { return fmt.Sprintf("g:%d.%d:%s", c, from, owner) }
	for len(hosts)-from > most && d.pages[key()] {
		most = 0
		for _, one := range hosts[from:min(from+page, len(hosts))] {
			items = append(items, item{host: one})
		}
		from = min(from+page, len(hosts))
	}
	left := hosts[from:]
	if len(left) > most && len(left) > 1 {
		return append(items, item{key: key(), hosts: left, more: from > 0})
	}
	for _, one := range left {
		items = append(items, item{host: one})
	}
	return items
}
