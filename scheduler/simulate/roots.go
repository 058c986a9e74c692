package simulate

import (
	"slices"

	"github.com/onbu/onbu/monitor"
)

// roots follows the root problems and how many objects suffer from each.
type roots struct {
	all  []*rootProblem
	open map[monitor.Ref]*rootProblem
	// sources are what each impact suffers from.
	sources map[monitor.Ref][]monitor.Ref
	// suffering counts the impacts of each source.
	suffering map[monitor.Ref]int
}

type rootProblem struct{ Root }

func newRoots() roots {
	return roots{
		open:      make(map[monitor.Ref]*rootProblem),
		sources:   make(map[monitor.Ref][]monitor.Ref),
		suffering: make(map[monitor.Ref]int),
	}
}

// see takes note of an object's present.
func (r *roots) see(at Offset, s *monitor.Status) {
	root := r.open[s.Ref]
	switch {
	case s.Problem && root == nil:
		root = &rootProblem{Root{Host: s.Host, Service: s.Service, From: at, Impacts: r.suffering[s.Ref]}}
		r.open[s.Ref] = root
		r.all = append(r.all, root)
	case !s.Problem && root != nil:
		root.To = &at
		delete(r.open, s.Ref)
	}
	r.impact(s)
}

// impact takes note of what an object suffers from.
func (r *roots) impact(s *monitor.Status) {
	before, now := r.sources[s.Ref], s.Sources
	if !s.Impact {
		now = nil
	}
	for _, source := range before {
		if !slices.Contains(now, source) {
			r.suffering[source]--
		}
	}
	for _, source := range now {
		if slices.Contains(before, source) {
			continue
		}
		r.suffering[source]++
		if root := r.open[source]; root != nil {
			root.Impacts = max(root.Impacts, r.suffering[source])
		}
	}
	if len(now) == 0 {
		delete(r.sources, s.Ref)
	} else {
		r.sources[s.Ref] = slices.Clone(now)
	}
}

func (r *roots) list() []Root {
	var all []Root
	for _, root := range r.all {
		all = append(all, root.Root)
	}
	return all
}
