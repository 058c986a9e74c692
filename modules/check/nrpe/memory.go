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

// question is a query to a server.
type question struct {
	server
	query string
}

// memory keeps what worked, of a bounded number of servers, and as many questions that no version of the packets got an
// answer to; when it is full, whichever goes.
type memory struct {
	limit int

	mu     sync.Mutex // guards what follows
	habits map[server]remembered
	// doubts counts how often a question was put in vain since. A server says nothing to a version that it does not
	// know, and nothing to a command that it does not allow, so all versions are tried. What they all failed for is
	// tried in one version at a time: each try is a connection, and a complaint in the server's log.
	doubts map[question]int
}

// recall gives what worked last time, or the zero habit, and how often the question was put in vain since it was answered.
func (m *memory) recall(q question) (last habit, vain int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if h, ok := m.habits[q.server]; ok && time.Since(h.since) <= relearn {
		last = h.habit
	}
	return last, m.doubts[q]
}

// learn notes what worked.
func (m *memory) learn(s server, h habit) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.habits == nil {
		m.habits = map[server]remembered{}
	}
	put(m.habits, s, remembered{h, time.Now()}, m.limit)
}

// put makes room in a map for at most limit.
func put[K comparable, V any](m map[K]V, key K, value V, limit int) {
	if _, known := m[key]; !known && len(m) >= limit {
		for other := range m {
			delete(m, other)
			break
		}
	}
	m[key] = value
}

// order gives the versions to be tried, that which worked last time first. In doubt it is one: the known one, or each in its
// turn.
func order(versions []uint16, last habit, vain int) []uint16 {
	versions = inOrder(versions, last.version)
	switch {
	case vain == 0:
		return versions
	case versions[0] == last.version:
		return versions[:1]
	}
	i := (vain - 1) % len(versions)
	return versions[i : i+1]
}

// worked notes what answered a question. What was found in doubt may be a lesser version than the server has, and is looked
// for again.
func (m *memory) worked(q question, last, now habit, vain int) {
	if vain > 0 {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.doubts, q)
	} else if now != last {
		m.learn(q.server, now)
	}
}

// doubt notes that a question was put in vain.
func (m *memory) doubt(q question) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.doubts == nil {
		m.doubts = map[question]int{}
	}
	put(m.doubts, q, m.doubts[q]+1, m.limit)
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
