package simulate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// silences follows the problems that nobody is told of.
type silences struct {
	open map[monitor.ID]*trouble
	all  []*trouble // in order of their beginnings
	// doubt are the troubles whose reasons are to be asked for.
	doubt []*trouble
}

// trouble is a HARD problem of an object, until it is over.
type trouble struct {
	id   monitor.ID
	ref  monitor.Ref
	told bool
	over bool
	why  string
	// suffers says that why names root problems: that stays the reason while things come back one after the other.
	suffers bool
}

func newSilences() silences { return silences{open: make(map[monitor.ID]*trouble)} }

// see takes note of an object's present.
func (s *silences) see(id monitor.ID, st *monitor.Status) {
	t := s.open[id]
	switch hard := st.IsProblem() && st.Type == monitor.Hard; {
	case hard && t == nil:
		t = &trouble{id: id, ref: st.Ref}
		s.open[id] = t
		s.all = append(s.all, t)
		s.doubt = append(s.doubt, t)
	case hard && !t.told:
		s.doubt = append(s.doubt, t)
	case t != nil && !st.IsProblem():
		t.over = true
		delete(s.open, id)
	}
}

// told takes note that somebody was told of an object's problem.
func (s *silences) told(id monitor.ID) {
	if t := s.open[id]; t != nil {
		t.told = true
	}
}

// ask asks the core for the reasons in doubt. One for which there is none yet, since people would be told with the next
// result, stays in doubt.
func (s *silences) ask(c *core.Core, now monitor.Time) {
	asked := s.doubt
	s.doubt = s.doubt[:0]
	for _, t := range asked {
		if t.told || t.over {
			continue
		}
		if why, suffers := reason(c, now, t.ref); suffers || !t.suffers {
			t.why, t.suffers = why, suffers
		}
		if t.why == "" {
			s.doubt = append(s.doubt, t)
		}
	}
}

// list counts the problems, and the reasons for which nobody was told of some.
func (s *silences) list(c *core.Core, end monitor.Time) (problems int, silent []Silent) {
	s.doubt = append(s.doubt, s.all...)
	s.ask(c, end)
	for _, t := range s.all {
		if t.told {
			continue
		}
		t.why = cmp.Or(t.why, "it ended before the result with which people would have been told")
		i := slices.IndexFunc(silent, func(x Silent) bool { return x.Why == t.why })
		if i < 0 {
			i = len(silent)
			silent = append(silent, Silent{Why: t.why})
		}
		silent[i].Problems++
		if len(silent[i].Examples) < 3 {
			silent[i].Examples = append(silent[i].Examples, t.ref)
		}
	}
	slices.SortStableFunc(silent, func(a, b Silent) int { return cmp.Compare(b.Problems, a.Problems) })
	return len(s.all), silent
}

// reason says why nobody is told of an object at present, and whether that is because of root problems.
func reason(c *core.Core, now monitor.Time, ref monitor.Ref) (why string, suffers bool) {
	e, _ := c.Explain(now, ref)
	if len(e.Roots) > 0 {
		var names []string
		for _, root := range e.Roots {
			st := monitor.Status{Ref: root.Ref, State: root.State}
			names = append(names, root.Ref.String()+" "+st.StateName())
		}
		return "it suffers from " + strings.Join(names, ", "), true
	}
	var whys []string
	for _, u := range e.Untold {
		if u.Why != "" && !slices.Contains(whys, u.Why) {
			whys = append(whys, u.Why)
		}
	}
	if len(whys) == 0 && len(e.Untold) == 0 {
		return "it has no contacts", false
	}
	return strings.Join(whys, "; or "), false
}
