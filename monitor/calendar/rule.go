package calendar

import "time"

// kind is a form in which days can be named, in the order of precedence.
type kind uint8

const (
	calendarDate  kind = iota // 2026-12-24
	monthDate                 // december 24
	monthDay                  // day 24
	monthWeekday              // thursday 4 december
	offsetWeekday             // thursday 4
	everyWeekday              // thursday
)

// point is a day as a rule names it; which fields count follows from the kind.
type point struct {
	// number is the day's number for a calendar date.
	number  int
	month   time.Month
	weekday time.Weekday
	// nth is a day of the month or the place of a weekday in it, from the month's end when negative; never 0.
	nth int
}

// rule names days by a range of dates: from and to are in it.
type rule struct {
	kind     kind
	from, to point
	// step is N of "/ N": only each Nth day counts, from the beginning of the range on. 1 for all.
	step int
	// endless is set for a single calendar date with a step: it has no last day.
	endless bool
	times   times
}

// means says whether the rule names the day.
func (r *rule) means(d date) bool {
	switch {
	case r.kind == calendarDate:
		return r.covers(d, r.from.number, r.to.number)
	case !r.yearly():
		if r.runs(d, d.year, d.month) {
			return true
		}
		year, month := carry(d.year, d.month-1)
		return r.mayWrap() && r.runs(d, year, month)
	case r.mayWrap():
		return r.runs(d, d.year, r.from.month) || r.runs(d, d.year-1, r.from.month)
	}
	return r.from.month <= d.month && d.month <= r.to.month && r.runs(d, d.year, r.from.month)
}

// mayWrap says whether the range may end in the year, or month, after the one in which it begins.
func (r *rule) mayWrap() bool { return r.to.month <= r.from.month && r.to != r.from }

// runs says whether the day is in the range that begins in the given month. A first day that the month has not (day 31 in
// April) means that there is no such range; a last day that the month has not means the month's end.
func (r *rule) runs(d date, year int, month time.Month) bool {
	first, ok := r.from.in(r.kind, year, month)
	if !ok {
		return false
	}
	if r.yearly() {
		month = r.to.month
	}
	last, ok := r.last(year, month)
	if ok && last < first {
		if r.yearly() {
			year++
		} else {
			year, month = carry(year, month+1)
		}
		last, ok = r.last(year, month)
	}
	return ok && r.covers(d, first, last)
}

// yearly says whether the rule names its months.
func (r *rule) yearly() bool { return r.kind == monthDate || r.kind == monthWeekday }

// last gives the last day of a range that ends in the given month.
func (r *rule) last(year int, month time.Month) (int, bool) {
	last, ok := r.to.in(r.kind, year, month)
	if !ok && r.to.nth > 0 {
		return dayNumber(year, month, daysIn(year, month)), true
	}
	return last, ok
}

// covers says whether the day is one of those that count between first and last.
func (r *rule) covers(d date, first, last int) bool {
	return first <= d.number && (d.number <= last || r.endless) && (d.number-first)%r.step == 0
}

// in gives the number of the day that the point means in a month; false if that month has no such day.
func (p *point) in(k kind, year int, month time.Month) (int, bool) {
	length := daysIn(year, month)
	day := p.nth
	switch weekly := k == monthWeekday || k == offsetWeekday; {
	case weekly && p.nth > 0:
		day = p.firstWeekday(year, month) + 7*(p.nth-1)
	case weekly:
		first := p.firstWeekday(year, month)
		day = first + 7*((length-first)/7+p.nth+1)
	case p.nth < 0:
		day = length + p.nth + 1
	}
	if day < 1 || day > length {
		return 0, false
	}
	return dayNumber(year, month, day), true
}

// firstWeekday gives the day of the month on which the point's weekday comes first. 1970-01-01 was a Thursday.
func (p *point) firstWeekday(year int, month time.Month) int {
	first := dayNumber(year, month, 1) + int(time.Thursday)
	return 1 + floorMod(int(p.weekday)-first, 7)
}
