package calendar

import (
	"slices"
	"time"
)

const secondsPerDay = 24 * 60 * 60

// span is a stretch of a day in seconds on the face of the clock: start is in it, end is not.
type span struct{ start, end int32 }

// times are the spans of a day, sorted, neither overlapping nor touching.
type times []span

// after gives the first span that ends after second.
func (ts times) after(second int32) (span, bool) {
	for _, s := range ts {
		if second < s.end {
			return s, true
		}
	}
	return span{}, false
}

// tidy sorts spans, drops empty ones and joins those that overlap or touch.
func tidy(spans []span) times {
	spans = slices.DeleteFunc(spans, func(s span) bool { return s.start >= s.end })
	slices.SortFunc(spans, func(a, b span) int { return int(a.start - b.start) })
	var ts times
	for _, s := range spans {
		if n := len(ts); n > 0 && s.start <= ts[n-1].end {
			ts[n-1].end = max(ts[n-1].end, s.end)
			continue
		}
		ts = append(ts, s)
	}
	return ts
}

// days say which times hold on which day.
type days struct {
	// rules go before weekdays; sorted by kind, within a kind in the order of the definition.
	rules    []rule
	weekdays [7]times
}

// on gives the times of a day. A rule that means the day hides all that come after it, even if it has no times.
func (d *days) on(day date) times {
	for i := range d.rules {
		if d.rules[i].means(day) {
			return d.rules[i].times
		}
	}
	return d.weekdays[day.weekday]
}

// always says whether every time of every day is in d.
func (d *days) always() bool {
	for _, ts := range d.weekdays {
		if !wholeDay(ts) {
			return false
		}
	}
	return !slices.ContainsFunc(d.rules, func(r rule) bool { return !wholeDay(r.times) })
}

func wholeDay(ts times) bool { return len(ts) == 1 && ts[0] == span{0, secondsPerDay} }

// date is a day of the Gregorian calendar.
type date struct {
	year    int
	month   time.Month
	weekday time.Weekday
	// number counts days; the first of January 1970 is 0.
	number int
}

// dateOf gives the day that t's own zone has at t.
func dateOf(t time.Time) date {
	year, month, day := t.Date()
	return date{year: year, month: month, weekday: t.Weekday(), number: dayNumber(year, month, day)}
}

// dayNumber counts days since 1970-01-01, in the proleptic Gregorian calendar. The year is taken to begin in March, so
// that the leap day comes last; months then have 30.6 days, rounded as needed. Years before 1 are not asked for.
func dayNumber(year int, month time.Month, day int) int {
	m := int(month) - 3
	if m < 0 {
		m += 12
		year--
	}
	return year*365 + year/4 - year/100 + year/400 + (153*m+2)/5 + day - 1 - 719468
}

// daysIn gives the length of a month.
func daysIn(year int, month time.Month) int {
	switch month {
	case time.April, time.June, time.September, time.November:
		return 30
	case time.February:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// carry brings a month that is at most one year off back into its year.
func carry(year int, month time.Month) (int, time.Month) {
	switch {
	case month < time.January:
		return year - 1, month + 12
	case month > time.December:
		return year + 1, month - 12
	}
	return year, month
}
