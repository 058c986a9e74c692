package nrpe

import (
	"sync"
	"time"
)

// relearn is how long something is remembered. A server that once hiccuped, or was upgraded, is not asked in an old
// version for ever.
const relearn = time.Hour

// server is whom something is remembered of: of checks that would begin alike, so that one with -2 does not teach the
// others.
type server struct {
	host  string
	port  uint16
	first habit
}

// habit is what worked with a server last time. Zeros are unknown.
type habit struct {
	version uint16
	mode    mode
}

// remembered is a habit and since when.
type remembered struct {
	habit
	since time.Time
}

// memory keeps what worked, of a bounded number of servers; when it is full, whichever goes.
type memory struct {
	limit int

	mu     sync.Mutex // guards what follows
	habits map[server]remembered
}

// recall gives what worked last time, or the zero habit.
func (m *memory) recall(s server) habit {
	m.mu.Lock()
	defer m.mu.Unlock()
	h, ok := m.habits[s]
	if !ok || time.Since(h.since) > relearn {
		return habit{}
	}
	return h.habit
}

// learn notes what worked; the zero habit forgets.
func (m *memory) learn(s server, h habit) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if h == (habit{}) {
		delete(m.habits, s)
		return
	}
	if m.habits == nil {
		m.habits = map[server]remembered{}
	}
	if _, known := m.habits[s]; !known && len(m.habits) >= m.limit {
		for other := range m.habits {
			delete(m.habits, other)
			break
		}
	}
	m.habits[s] = remembered{h, time.Now()}
}

// inOrder gives choices with the first one moved to the front, if it is among them. It does not change choices.
func inOrder[T comparable](choices []T, first T) []T {
	if len(choices) > 0 && choices[0] == first {
		return choices
	}
	for i, c := range choices {
		if c == first {
			moved := append([]T{first}, choices[:i]...)
			return append(moved, choices[i+1:]...)
		}
	}
	return choices
}
