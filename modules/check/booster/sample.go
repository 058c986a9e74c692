package booster

import (
	"math"
	"time"

	"github.com/onbu/onbu/modules/check/booster/datasource"
)

// sample is what one check leaves for the next one of the same command line.
type sample struct {
	plan      *plan
	at        time.Time
	uptime    uint32
	hasUptime bool
	counters  []counter // one for each item
	shown     []float64 // what was shown of each item; NaN for nothing
}

// counter is the value of a counter; ok says that there was one.
type counter struct {
	n    uint64
	wide bool // it wraps at 2^64, else at 2^32
	ok   bool
}

// tooSoon is how long after another sample a rate cannot be told yet: the one of that sample is shown again. Checks are
// that close only when somebody forces them.
const tooSoon = time.Second

// find gives the index that an item has in the sample: the sample may be of a plan from before the files changed.
func (s *sample) find(p *plan, i int) int {
	if s.plan == p {
		return i
	}
	if s.plan.instance != p.instance {
		return none // another interface
	}
	for j := range s.plan.items {
		if then, now := &s.plan.items[j], &p.items[i]; then.Name == now.Name && s.plan.oids[then.value] == p.oids[now.value] {
			return j
		}
	}
	return none
}

// restarted says whether the agent began anew between the samples: its clock went back, and not just over its end after 497
// days. A clock that stands, as some do, says nothing.
func (s *sample) restarted(now *sample) bool {
	if !s.hasUptime || !now.hasUptime || now.uptime >= s.uptime {
		return false
	}
	const slack = time.Minute // clocks differ, and answers are late
	passed := time.Duration(now.uptime-s.uptime) * 10 * time.Millisecond
	elapsed := now.at.Sub(s.at)
	return passed > elapsed+elapsed/10+slack
}

// why says why a rate cannot be told.
type why string

const (
	notYet  why = "Waiting an additional check to calculate derive"
	newLife why = "The device or its counter began anew: waiting an additional check to calculate derive"
)

// rate is how much a counter grew in a second between two samples, wrapped says that it passed its end in between.
//
// Theirs counts one too few when it wraps, and takes every counter that is lower for one that wrapped, so that a device
// that was restarted makes a spike. Here one that is lower has wrapped only if the device has not been restarted and, of
// 64 bits, if it can have: in less than half of its range.
func rate(before, now counter, elapsed time.Duration, restarted bool) (perSecond float64, wrapped bool, no why) {
	switch {
	case !before.ok || elapsed <= 0:
		return 0, false, notYet
	case restarted:
		return 0, false, newLife
	}
	grown := now.n - before.n // modulo 2^64
	if now.n < before.n {
		wrapped = true
		switch {
		case !now.wide && !before.wide:
			grown &= math.MaxUint32
		case grown > math.MaxInt64:
			return 0, false, newLife
		}
	}
	return float64(grown) / elapsed.Seconds(), wrapped, ""
}

// rateOf gives the rate of an item, from this sample to now.
func (s *sample) rateOf(now *sample, i int) (perSecond float64, wrapped bool, no why) {
	if s == nil {
		return 0, false, notYet
	}
	j := s.find(now.plan, i)
	if j == none {
		return 0, false, notYet
	}
	lower := s.counters[j].n > now.counters[i].n
	return rate(s.counters[j], now.counters[i], now.at.Sub(s.at), s.restarted(now) || lower && s.younger(now))
}

// younger says whether the agent's clock shows less than what has passed since the sample: it was restarted after it. That
// counts only for a counter that is lower, since there are clocks that run slowly.
func (s *sample) younger(now *sample) bool {
	return s.hasUptime && now.hasUptime && now.uptime != s.uptime &&
		time.Duration(now.uptime)*10*time.Millisecond < now.at.Sub(s.at)
}

// last gives what was shown of an item in this sample.
func (s *sample) last(p *plan, i int) (float64, bool) {
	if s == nil {
		return 0, false
	}
	j := s.find(p, i)
	if j == none || math.IsNaN(s.shown[j]) {
		return 0, false
	}
	return s.shown[j], true
}

// wide says whether a type means a counter of 64 bits, where the agent does not say.
func wide(t datasource.Type) bool { return t == datasource.Derive64 }
