package collectd

import (
	"slices"
	"time"

	"github.com/onbu/onbu/monitor"
)

// strangePart is which part of all series those of hosts and services that nobody knows may have at most: they are submitted, so that
// `onbu unknown` has them, but never take the room of those that are configured.
const strangePart = 20

// sweepEvery is how often room is made when there is none.
const sweepEvery = 10 * time.Second

// room says whether there is room for one more series. If there is none, those go first that were not heard of for three intervals.
func (s *store) room(strange bool, now monitor.Time) bool {
	if s.hasRoom(strange) {
		return true
	}
	if now.Sub(s.swept) < sweepEvery {
		return false
	}
	s.swept = now
	s.sweep(now, 0)
	return s.hasRoom(strange)
}

func (s *store) hasRoom(strange bool) bool {
	if strange && s.strange >= (s.most+strangePart-1)/strangePart {
		return false
	}
	return len(s.series) < s.most
}

// forget drops what was not heard of for long.
func (s *store) forget(now monitor.Time) {
	s.sweep(now, leastKept)
	s.heard.forget(now.Add(-s.maxAge))
}

// sweep drops the series that were not heard of for three intervals and for so long at least, and services with the last of them.
// It looks at each once, and asks again who is known.
func (s *store) sweep(now monitor.Time, least time.Duration) {
	for _, v := range s.services {
		v.strange = !s.knows(v.Ref)
	}
	s.strange = 0
	for key, one := range s.series {
		if one.service != nil {
			one.strange = one.service.strange
		}
		if one.gone = now.Sub(one.heard) > one.kept(least); one.gone {
			s.drop(key, one)
		} else if one.strange {
			s.strange++
		}
	}
	for ref, v := range s.services {
		v.series = slices.DeleteFunc(v.series, func(one *series) bool { return one.gone })
		if len(v.series) == 0 {
			delete(s.services, ref)
		}
	}
}

// kept is how long a series is remembered that is not heard of. What nobody knows may not say for how long.
func (s *series) kept(least time.Duration) time.Duration {
	if s.strange {
		return max(least, time.Minute)
	}
	return max(missed*s.wait, least)
}

// drop forgets a series. Its service still has it.
func (s *store) drop(key string, one *series) {
	delete(s.series, key)
	if s.sources[one.source]--; s.sources[one.source] <= 0 {
		delete(s.sources, one.source)
	}
}
