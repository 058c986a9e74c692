package piggyback

import (
	"cmp"
	"slices"
)

// Given is what one source brings for a host.
type Given struct {
	Source, Site string
	// Usable and Text are the Judgement of it.
	Usable   bool
	Text     string
	Sections []string // each once
}

// Overlap is a section that several sources bring for one host.
type Overlap struct {
	Section string
	// Read are the places of those in what was given that are read, in the order in which they are; Left those that are not.
	Read, Left []int
}

// Overlaps finds the sections that more than one source brings for a host, sorted by name. Whoever evaluates the host reads all that is
// usable, sorted by source and then site: that of the first comes first. What is not usable is read by nobody.
func Overlaps(given []Given) []Overlap {
	order := make([]int, len(given))
	for i := range given {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(given[a].Source, given[b].Source), cmp.Compare(given[a].Site, given[b].Site))
	})
	by := map[string]*Overlap{}
	for _, at := range order {
		for _, name := range given[at].Sections {
			o := by[name]
			if o == nil {
				o = &Overlap{Section: name}
				by[name] = o
			}
			if given[at].Usable {
				o.Read = append(o.Read, at)
			} else {
				o.Left = append(o.Left, at)
			}
		}
	}
	var all []Overlap
	for _, o := range by {
		if len(o.Read)+len(o.Left) > 1 {
			all = append(all, *o)
		}
	}
	slices.SortFunc(all, func(a, b Overlap) int { return cmp.Compare(a.Section, b.Section) })
	return all
}
