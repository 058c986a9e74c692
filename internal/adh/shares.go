package adh

import (
	"io"
	"sync"
	"time"
)

const (
	// shareLife is how long a secret is used again.
	shareLife = time.Minute
	// maxShares bounds how many groups have one.
	maxShares = 256
)

// Shares keeps a Diffie-Hellman secret of each group for a minute, instead of one for each handshake, which halves the
// work of both. nrpe's group is the same on all hosts that have the same package. Whoever got hold of the secret could read
// what was sent in that minute; the other side's is new each time. A hostile server may learn a secret of a group that it
// made to be weak, but nobody else uses that. Any goroutine may use it; a nil *Shares keeps nothing.
type Shares struct {
	mu sync.Mutex // guards what follows
	of map[string]keptShare
}

type keptShare struct {
	key  dhKey
	base string
	born time.Time
}

// NewShares gives room for 256 groups.
func NewShares() *Shares { return &Shares{of: map[string]keptShare{}} }

// key gives a secret in a group, as newDHKey does.
func (s *Shares) key(p, g []byte, minBits int, random io.Reader) (dhKey, error) {
	if s == nil {
		return newDHKey(p, g, minBits, random)
	}
	if k, ok := s.get(p, g); ok && k.p.BitLen() >= minBits {
		return k, nil
	}
	k, err := newDHKey(p, g, minBits, random)
	if err == nil {
		s.put(p, keptShare{k, string(g), time.Now()})
	}
	return k, err
}

func (s *Shares) get(p, g []byte) (dhKey, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept, ok := s.of[string(p)]
	return kept.key, ok && kept.base == string(g) && time.Since(kept.born) < shareLife
}

func (s *Shares) put(p []byte, kept keptShare) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.of[string(p)]; !known && len(s.of) >= maxShares {
		for other := range s.of {
			delete(s.of, other)
			break
		}
	}
	s.of[string(p)] = kept
}
