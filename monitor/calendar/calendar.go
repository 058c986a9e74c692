// Package calendar knows timeperiods: which moments Nagios' time period definitions mean, on the wall clock of a zone,
// over changes of daylight saving time. The forms and their precedence are those of Nagios 4.5 (Object Definitions,
// "Timeperiod Definition"): a calendar date goes before a date in a month, that before a day of the month, that before a
// weekday of a month, that before a weekday of any month, and all of them before a plain weekday. The first line that
// means a day decides about the whole day.
//
// Four things are done on purpose in another way than in Nagios:
//
//   - Times are wall clock times also on days when the clock is changed; Nagios counts seconds from midnight.
//   - A range of times holds up to its end but not at it: 09:00-17:00 does not hold at 17:00:00.
//   - Ranges of dates over the end of a year ("december 25 - january 5") hold in January too, and those over the end of
//     a month keep counting their "/ N" from where they began.
//   - A period that is excluded is only ever cut out of the period that names it.
package calendar

import (
	"time"

	"github.com/onbu/onbu/monitor"
)

// Horizon is how far ahead Next and Until look. It is long enough for any 29 February.
const Horizon = 9 * 366 * 24 * time.Hour

// Period answers questions about one timeperiod. It never changes, so any number of goroutines may ask; none of the
// questions allocates. A nil *Period holds always. Whoever asks at each check should have a Watch.
type Period struct {
	name string
	zone *time.Location
	days
	excludes []*Period
	// always is set when the period holds at any time, without looking.
	always bool
}

// Name is the timeperiod's name; empty for the nil Period.
func (p *Period) Name() string {
	if p == nil {
		return ""
	}
	return p.name
}

// Holds says whether t is in the period.
func (p *Period) Holds(t monitor.Time) bool {
	if p == nil || p.always {
		return true
	}
	for _, x := range p.excludes {
		if x.Holds(t) {
			return false
		}
	}
	_, seconds := time.Unix(0, int64(t)).In(p.zone).Zone()
	w := p.at(t, time.Duration(seconds)*time.Second)
	s, ok := w.times.after(w.second)
	return ok && s.start <= w.second
}

// Next gives the first moment that is not before t and in the period; 0 if there is none within the Horizon.
func (p *Period) Next(t monitor.Time) monitor.Time {
	if p == nil || p.always {
		return t
	}
	return p.next(t, t.Add(Horizon))
}

// Until gives the end of the stretch that t lies in: the first moment after t at which Holds gives another answer than
// at t. 0 means that there is none within the Horizon.
func (p *Period) Until(t monitor.Time) monitor.Time {
	switch {
	case p == nil || p.always:
		return 0
	case p.Holds(t):
		return p.end(t, t.Add(Horizon))
	}
	return p.Next(t)
}

// next is Next up to limit.
func (p *Period) next(t, limit monitor.Time) monitor.Time {
	for t < limit {
		if t = p.ownNext(t, limit); t == 0 {
			return 0
		}
		x := p.excluding(t)
		if x == nil {
			return t
		}
		if t = x.end(t, limit); t == 0 {
			return 0
		}
	}
	return 0
}

// end gives the first moment after t, at which p holds, at which it does not; 0 if that is not before limit.
func (p *Period) end(t, limit monitor.Time) monitor.Time {
	if p.always {
		return 0
	}
	own := p.ownEnd(t, limit)
	for _, x := range p.excludes {
		until := limit
		if own != 0 {
			until = own
		}
		if begin := x.next(t, until); begin != 0 && begin < until {
			own = begin
		}
	}
	return own
}

// excluding gives a period that is cut out at t, or nil.
func (p *Period) excluding(t monitor.Time) *Period {
	for _, x := range p.excludes {
		if x.Holds(t) {
			return x
		}
	}
	return nil
}

// ownNext is next without regard to what is excluded.
func (p *Period) ownNext(t, limit monitor.Time) monitor.Time {
	h := hand{Period: p}
	for t < limit {
		w := h.at(t)
		if s, ok := w.times.after(w.second); ok {
			if begin := max(t, w.moment(s.start)); begin < w.until {
				return begin
			}
		}
		t = w.until
	}
	return 0
}

// ownEnd is end without regard to what is excluded.
func (p *Period) ownEnd(t, limit monitor.Time) monitor.Time {
	h := hand{Period: p}
	for t < limit {
		w := h.at(t)
		s, ok := w.times.after(w.second)
		if !ok || s.start > w.second {
			return t
		}
		if end := w.moment(s.end); end < w.until {
			return end
		}
		t = w.until
	}
	return 0
}
