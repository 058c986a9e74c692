package nrpe

import "sync"

// server is whom something is remembered of.
type server struct {
	host string
	port uint16
}

// habit is what worked with a server last time. Zeros are unknown.
type habit struct {
	version uint16
	mode    mode
}

// memory keeps what worked, of a bounded number of servers; when it is full, whichever goes.
type memory struct {
	limit int

	mu     sync.Mutex // guards what follows
	habits map[server]habit
}

// recall gives what worked last time, or the zero habit.
func (m *memory) recall(s server) habit {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.habits[s]
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
		m.habits = map[server]habit{}
	}
	if _, known := m.habits[s]; !known && len(m.habits) >= m.limit {
		for other := range m.habits {
			delete(m.habits, other)
			break
		}
	}
	m.habits[s] = h
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
