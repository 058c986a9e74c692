package web

import (
	"sync"
	"time"
)

// tallyFor is how long a tally is given again: every open page asks for it every few seconds.
const tallyFor = time.Second

// tally is how many root problems of each state are open, for the head of all pages. Any goroutine may use it.
type tally struct {
	mu     sync.Mutex // guards everything that follows
	states map[string]int
	at     time.Time
}

// of gives the present tally, or one that is a moment old. The map must not be changed.
func (t *tally) of(s *sight) map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := time.Now(); t.states == nil || now.Sub(t.at) > tallyFor {
		t.states, t.at = s.now().tally(), now
	}
	return t.states
}

// tally counts the roots that are open by their own states.
func (l *look) tally() map[string]int {
	states := map[string]int{}
	for _, i := range l.list.Roots {
		if p := &l.list.All[i]; !p.Marks.Handled() {
			states[p.State.String()]++
		}
	}
	return states
}
