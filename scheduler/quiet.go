package scheduler

import (
	"time"

	"github.com/onbu/onbu/monitor"
)

// The journal keeps what a snapshot makes superfluous for quietFor, or for as long as quietSnapshots take in a large
// installation.
const (
	quietFor       = 5 * time.Minute
	quietSnapshots = 4
)

// keepQuiet is how long the journal keeps quiet records: in whole seconds, as the bus wants it.
func (s *shard) keepQuiet() time.Duration {
	return max(quietFor, quietSnapshots*s.betweenSnapshots()).Truncate(time.Second)
}

// listenForQuiet lets records be quiet as long as the newest snapshot is young. When none was written for two fifths of the
// time that quiet records stay, what they hold is recorded once more, to last. A shard that begins counts as one with a
// snapshot: with the two fifths that its former owner may have had no snapshot, what that left is still there when it is
// recorded again.
func (s *shard) listenForQuiet(at time.Time) {
	keep, covered := s.keepQuiet(), *s.covered.Load()
	s.journal.quietFor = keep
	was := s.journal.quietly
	s.journal.quietly = at.Sub(covered) < keep/5*2
	if was && !s.journal.quietly {
		s.log.Warn("no snapshot was written for long: passive results that change nothing stay in the journal until one is", "since", covered)
		s.core.HeardSince(monitor.At(covered.Add(-keep)), &s.decided)
	}
}
