package web

import (
	"slices"
	"strings"
	"sync"

	"github.com/onbu/onbu/monitor"
)

const (
	// mostTold bounds for how many objects it is remembered who was told; of twice as many for a while.
	mostTold = 20000
	// mostWhom bounds how many contacts are remembered of each.
	mostWhom = 16
)

// told remembers which contacts were told of which problem, since this process began. Any goroutine may use it.
type told struct {
	mu sync.Mutex // guards everything that follows
	// young are those that were told of last; when they are too many they take the place of old.
	young, old map[monitor.Ref]heard
}

// heard is who was told of a problem. Its slice is never changed, but replaced.
type heard struct {
	problem uint64
	whom    []string
}

// note reads who is told in broks.
func (t *told) note(broks []monitor.Brok) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range broks {
		if b := &broks[i]; b.Kind == monitor.BrokNotification && b.Action != nil && b.Action.Notice != nil {
			t.noteLocked(b.Action)
		}
	}
}

func (t *told) noteLocked(a *monitor.Action) {
	switch a.Notice.Type {
	case "RECOVERY":
		delete(t.young, a.Ref)
		delete(t.old, a.Ref)
		return
	case "PROBLEM":
	default:
		return
	}
	was := t.ofLocked(a.Ref)
	if was.problem != a.Notice.Problem {
		was = heard{problem: a.Notice.Problem}
	}
	if slices.Contains(was.whom, a.Contact) || len(was.whom) >= mostWhom {
		return
	}
	if len(t.young) >= mostTold {
		t.young, t.old = nil, t.young
	}
	if t.young == nil {
		t.young = map[monitor.Ref]heard{}
	}
	of := monitor.Ref{Host: strings.Clone(a.Host), Service: strings.Clone(a.Service)}
	t.young[of] = heard{was.problem, append(slices.Clone(was.whom), strings.Clone(a.Contact))}
}

func (t *told) ofLocked(r monitor.Ref) heard {
	if h, ok := t.young[r]; ok {
		return h
	}
	return t.old[r]
}

// of gives who was told of a problem of an object, as far as that is remembered. The slice must not be changed.
func (t *told) of(r monitor.Ref, problem uint64) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if h := t.ofLocked(r); h.problem == problem {
		return h.whom
	}
	return nil
}
