package problems

import (
	"cmp"
	"slices"
)

// mostFollowed bounds how many objects are gone through from an impact to its roots: the engine names the roots themselves, so that
// one step is nearly always enough.
const mostFollowed = 256

// ties lead from each root to its impacts: those of number i are items[first[i]:first[i+1]].
type ties struct{ first, items []int32 }

func (t *ties) of(i int32) []int32 { return t.items[t.first[i]:t.first[i+1]] }

// tied is that one object follows from another one.
type tied struct{ root, impact int32 }

// tie sorts pairs into place; what follows from one root stays in the order of All.
func tie(n int, pairs []tied) ties {
	t := ties{first: make([]int32, n+1), items: make([]int32, len(pairs))}
	for _, p := range pairs {
		t.first[p.root+1]++
	}
	for i := range n {
		t.first[i+1] += t.first[i]
	}
	next := slices.Clone(t.first)
	for _, p := range pairs {
		t.items[next[p.root]] = p.impact
		next[p.root]++
	}
	return t
}

// Impacts gives what follows from a root, as indexes into All: the root's own services, then each host with its services behind it, then
// services whose hosts do not follow from it; everywhere the worst first, then by name. The caller owns the slice.
func (l *List) Impacts(root int32) []int32 {
	all := slices.Clone(l.ties.of(root))
	homes := l.homes(root, all)
	slices.SortFunc(all, func(i, j int32) int {
		a, b := &l.All[i], &l.All[j]
		switch {
		case a.Host != b.Host:
			x, y := homes[a.Host], homes[b.Host]
			return cmp.Or(cmp.Compare(x.order, y.order), cmp.Compare(x.worst, y.worst), cmp.Compare(i, j))
		case a.IsHost() != b.IsHost():
			return cmp.Compare(i, j) // in All a host stands before its services
		}
		return cmp.Or(cmp.Compare(a.State, b.State), cmp.Compare(i, j))
	})
	return all
}

// home is a host of impacts: where it stands among them, and the state by which: its own if it is one of them, else the worst of its services.
type home struct {
	order int
	worst State
}

// homes gives the hosts of impacts.
func (l *List) homes(root int32, impacts []int32) map[string]home {
	all := map[string]home{}
	for _, i := range impacts {
		p := &l.All[i]
		was, known := all[p.Host]
		switch {
		case p.IsHost():
			all[p.Host] = home{1, p.State}
		case p.Host == l.All[root].Host:
			all[p.Host] = home{0, p.State}
		case !known || was.order == 2 && p.State < was.worst:
			all[p.Host] = home{2, p.State}
		}
	}
	return all
}

// Suffer counts what follows from a root by state.
func (l *List) Suffer(root int32) (c Counts) {
	for _, i := range l.ties.of(root) {
		c[l.All[i].State]++
	}
	return c
}

// fold finds the roots, and ties what follows from them to each of them. What follows from nothing that is in trouble now, or only
// from things that follow from it in turn, stands for itself.
func (l *List) fold() {
	causes := l.causes()
	var pairs []tied
	walk := walker{causes: causes, seen: make([]int32, len(l.All))}
	for i := range int32(len(l.All)) {
		roots := causes.of(i)
		if len(roots) > 0 {
			roots = walk.rootsOf(i)
		}
		if len(roots) == 0 {
			l.Roots = append(l.Roots, i)
		}
		for _, r := range roots {
			pairs = append(pairs, tied{r, i})
		}
	}
	l.ties = tie(len(l.All), pairs)
}

// causes leads from each object to what in All it says that it suffers from.
func (l *List) causes() ties {
	t := ties{first: make([]int32, 1, len(l.All)+1)}
	last := int32(-1) // neighbours often suffer from the same
	for i := range int32(len(l.All)) {
		p, from := &l.All[i], len(t.items)
		if !p.Status.Problem {
			for _, r := range p.Status.Sources {
				if last < 0 || l.All[last].Ref != r {
					last = l.Find(r)
				}
				if last >= 0 && last != i && !slices.Contains(t.items[from:], last) {
					t.items = append(t.items, last)
				}
			}
			if len(t.items) == from && p.host >= 0 { // of which nobody has made up his mind yet
				t.items = append(t.items, p.host)
			}
		}
		t.first = append(t.first, int32(len(t.items)))
	}
	return t
}

// walker goes from impacts to roots.
type walker struct {
	causes ties
	seen   []int32 // by object: for which impact it was seen last, and 1 more
	queue  []int32
	roots  []int32
}

// rootsOf gives what an impact follows from in the end. The slice is good until the next call.
func (w *walker) rootsOf(impact int32) []int32 {
	w.queue, w.roots = append(w.queue[:0], impact), w.roots[:0]
	w.seen[impact] = impact + 1
	for at := 0; at < len(w.queue) && at < mostFollowed; at++ {
		causes := w.causes.of(w.queue[at])
		if len(causes) == 0 {
			w.roots = append(w.roots, w.queue[at])
		}
		for _, c := range causes {
			if w.seen[c] != impact+1 {
				w.seen[c] = impact + 1
				w.queue = append(w.queue, c)
			}
		}
	}
	return w.roots
}
