package problems

import (
	"cmp"
	"slices"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// Which says which roots are wanted by whether somebody knows of them.
type Which uint8

// What there is to be chosen from.
const (
	Open Which = iota
	Handled
	All
)

// Order is how rows are sorted.
type Order uint8

// The orders: as Roots are, or by one thing first.
const (
	ByImpact Order = iota
	ByState
	Newest
	Oldest
	ByName
)

// Query says which problems are wanted. The zero Query wants all that are open.
type Query struct {
	// States has bit 1<<State for each that is wanted; 0 wants all.
	States uint8
	// Words must each be in a name, alias, address, group or output. They are in small letters.
	Words []string
	// HostGroup and ServiceGroup are names; empty for all.
	HostGroup, ServiceGroup string
	Which                   Which
	// Hard leaves out what is still being confirmed.
	Hard  bool
	Order Order
}

// Row is a root that is wanted, or that something follows from that is.
type Row struct {
	// Problem is the root's index in All.
	Problem int32
	// Self says that the root itself is wanted; Fit is how many of its impacts are.
	Self bool
	Fit  int
}

// Choice is what fits a query.
type Choice struct {
	// Rows are in the order that was asked for.
	Rows []Row
	// States counts for each state what Rows would hold if only that were wanted: roots, and what follows from roots, each once.
	States Counts
	// Open, Handled and Soft count rows whatever Which and Hard say.
	Open, Handled, Soft int
}

// Choose gives what fits a query: roots that fit themselves, or of which an impact fits. Which and Hard look at the root only. x gives
// addresses and groups.
func (l *List) Choose(q *Query, x *catalog.Index) *Choice {
	c := &Choice{}
	fits := l.fitting(q, x)
	counted := make([]bool, len(l.All))
	for _, root := range l.Roots {
		row, states := l.weigh(root, q, fits)
		if states == 0 {
			continue
		}
		wanted := q.States == 0 || states&q.States != 0
		p := &l.All[root]
		if wanted {
			c.count(p)
		}
		if !q.root(p) {
			continue
		}
		c.tell(l, root, fits, counted)
		if wanted {
			c.Rows = append(c.Rows, row)
		}
	}
	l.sort(c.Rows, q.Order)
	return c
}

// weigh says how a root fits, and in which states it or its impacts fit all but the states that are wanted.
func (l *List) weigh(root int32, q *Query, fits []bool) (row Row, states uint8) {
	row.Problem = root
	try := func(i int32) bool {
		if fits != nil && !fits[i] {
			return false
		}
		bit := uint8(1) << l.All[i].State
		states |= bit
		return q.States == 0 || q.States&bit != 0
	}
	row.Self = try(root)
	for _, i := range l.ties.of(root) {
		if try(i) {
			row.Fit++
		}
	}
	return row, states
}

// root says whether a root is wanted by whether somebody knows of it.
func (q *Query) root(p *Problem) bool {
	if q.Hard && p.Marks&Soft != 0 {
		return false
	}
	return q.Which == All || (q.Which == Handled) == p.Marks.Handled()
}

func (c *Choice) count(p *Problem) {
	if p.Marks.Handled() {
		c.Handled++
		return
	}
	c.Open++
	if p.Marks&Soft != 0 {
		c.Soft++
	}
}

// tell counts a root and what follows from it by state, as far as they fit and were not counted under another root.
func (c *Choice) tell(l *List, root int32, fits, counted []bool) {
	one := func(i int32) {
		if !counted[i] && (fits == nil || fits[i]) {
			counted[i] = true
			c.States[l.All[i].State]++
		}
	}
	one(root)
	for _, i := range l.ties.of(root) {
		one(i)
	}
}

// sort puts rows, which are in the order of Roots, into another one.
func (l *List) sort(rows []Row, by Order) {
	compare := map[Order]func(a, b *Problem) int{
		ByState: func(a, b *Problem) int { return cmp.Compare(a.State, b.State) },
		Newest:  func(a, b *Problem) int { return cmp.Compare(b.Status.Since(), a.Status.Since()) },
		Oldest:  func(a, b *Problem) int { return cmp.Compare(a.Status.Since(), b.Status.Since()) },
		ByName: func(a, b *Problem) int {
			return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Service, b.Service))
		},
	}[by]
	if compare != nil {
		slices.SortStableFunc(rows, func(a, b Row) int { return compare(&l.All[a.Problem], &l.All[b.Problem]) })
	}
}

// Fitting gives those of a root's impacts that fit a query, as Impacts.
func (l *List) Fitting(root int32, q *Query, x *catalog.Index) []int32 {
	m := matcher{q: q, x: x}
	return slices.DeleteFunc(l.Impacts(root), func(i int32) bool {
		p := &l.All[i]
		return q.States != 0 && q.States&(1<<p.State) == 0 || !m.fits(p)
	})
}

// fitting says of each of All whether it fits the words and groups; nil if there are none.
func (l *List) fitting(q *Query, x *catalog.Index) []bool {
	if len(q.Words) == 0 && q.HostGroup == "" && q.ServiceGroup == "" {
		return nil
	}
	m := matcher{q: q, x: x}
	fits := make([]bool, len(l.All))
	for i := range l.All {
		fits[i] = m.fits(&l.All[i])
	}
	return fits
}

// matcher looks at words and groups.
type matcher struct {
	q *Query
	x *catalog.Index
}

func (m *matcher) fits(p *Problem) bool {
	if len(m.q.Words) == 0 && m.q.HostGroup == "" && m.q.ServiceGroup == "" {
		return true
	}
	host, known := m.x.Find(monitor.Ref{Host: p.Host})
	if m.q.HostGroup != "" && !(known && m.inGroup(host, m.x.HostGroups, m.q.HostGroup)) {
		return false
	}
	own := host
	if !p.IsHost() && known {
		own, known = m.x.Find(p.Ref)
	}
	if m.q.ServiceGroup != "" && (p.IsHost() || !known || !m.inGroup(own, m.x.ServiceGroups, m.q.ServiceGroup)) {
		return false
	}
	for _, word := range m.q.Words {
		if !m.has(p, host, own, known, word) {
			return false
		}
	}
	return true
}

// has says whether a word is anywhere in what is known of an object.
func (m *matcher) has(p *Problem, host, own catalog.Place, known bool, word string) bool {
	if contains(p.Host, word) || contains(p.Service, word) || contains(p.Status.Output, word) {
		return true
	}
	if !known {
		return false
	}
	h := m.x.Host(host)
	if contains(h.Alias, word) || contains(h.Address, word) || contains(h.DisplayName, word) || m.grouped(host, m.x.HostGroups, word) {
		return true
	}
	return !p.IsHost() && (contains(m.x.Inventory(own).Service(own.ID).More().DisplayName, word) || m.grouped(own, m.x.ServiceGroups, word))
}

func (m *matcher) inGroup(p catalog.Place, groups []catalog.Group, name string) bool {
	return slices.ContainsFunc(m.x.GroupsOf(p), func(n uint32) bool { return groups[n].Name == name })
}

func (m *matcher) grouped(p catalog.Place, groups []catalog.Group, word string) bool {
	return slices.ContainsFunc(m.x.GroupsOf(p), func(n uint32) bool { return contains(groups[n].Name, word) || contains(groups[n].Alias, word) })
}

// contains says whether a word in small letters is in a text, whose letters may be of either size. Letters that English has not are
// compared as they are.
func contains(text, word string) bool {
	for at := 0; at+len(word) <= len(text); at++ {
		if same(text[at:at+len(word)], word) {
			return true
		}
	}
	return false
}

func same(text, word string) bool {
	for i := range len(word) {
		if c := text[i]; c != word[i] && !(c >= 'A' && c <= 'Z' && c+'a'-'A' == word[i]) {
			return false
		}
	}
	return true
}
