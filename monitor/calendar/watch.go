package calendar

import "github.com/onbu/onbu/monitor"

// Watch answers the same questions as its Period, in a few nanoseconds as long as they are about the stretch that was last
// asked about. It is for one goroutine; each may have its own. The zero Watch watches the nil Period, which holds always.
type Watch struct {
	period *Period
	// holds is the answer for all moments from from up to until.
	holds       bool
	from, until monitor.Time
	// never is set when nothing changes after until, as far as can be seen.
	never bool
}

// Watch gives a new Watch of p.
func (p *Period) Watch() Watch { return Watch{period: p} }

// Holds says whether t is in the period.
func (w *Watch) Holds(t monitor.Time) bool {
	w.look(t)
	return w.holds
}

// Next gives the first moment that is not before t and in the period; 0 if there is none within the Horizon.
func (w *Watch) Next(t monitor.Time) monitor.Time {
	switch w.look(t); {
	case w.holds:
		return t
	case w.never:
		return 0
	}
	return w.until
}

// look moves the stretch to t.
func (w *Watch) look(t monitor.Time) {
	if w.from <= t && t < w.until {
		return
	}
	w.from, w.holds = t, w.period.Holds(t)
	w.until = w.period.Until(t)
	if w.never = w.until == 0; w.never {
		// Half of the way, so that an answer of "never" still looks half a horizon ahead.
		w.until = t.Add(Horizon / 2)
	}
}
