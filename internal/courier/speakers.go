package courier

import (
	"sync"

	"github.com/onbu/onbu/modules/piggyback"
)

// mostNames bounds the names that are remembered of all sources together; a source counts as one besides.
const mostNames = 100_000

// speakers remember what rules made of the names in the output of sources, so that the next output costs no expressions.
type speakers struct {
	rules *piggyback.Rules

	mu   sync.Mutex
	free map[string]*piggyback.Speaker
	// names is what the free ones weigh.
	names int
}

// weight is what a speaker counts for.
func weight(k *piggyback.Speaker) int { return 1 + k.Remembers() }

func newSpeakers(r *piggyback.Rules) *speakers {
	return &speakers{rules: r, free: map[string]*piggyback.Speaker{}}
}

// take gives the speaker for a source; nobody else has it until it is given back.
func (s *speakers) take(source string) *piggyback.Speaker {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.free[source]; known != nil {
		delete(s.free, source)
		s.names -= weight(known)
		return known
	}
	return s.rules.Speaker(source)
}

// giveBack keeps a speaker for the next output of its source. When there are too many names any other goes.
func (s *speakers) giveBack(source string, k *piggyback.Speaker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.free[source] != nil || weight(k) > mostNames {
		return
	}
	for other, known := range s.free {
		if s.names+weight(k) <= mostNames {
			break
		}
		delete(s.free, other)
		s.names -= weight(known)
	}
	s.free[source] = k
	s.names += weight(k)
}
