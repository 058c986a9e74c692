package calendar_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // so that the tests do not depend on the machine's zones

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/calendar"
)

// A slow and obvious model: a period is a list of lines, each of which lists its days one by one, and a clock is read
// minute by minute.
type model struct {
	lines    []modelLine
	excludes []*model
	zone     *time.Location // nil for that of whoever asks
	days     map[civil][]minutes
}

// modelLine is a line of a definition, as text and as what it means.
type modelLine struct {
	days  string
	kind  int // 0 calendar date … 4 weekday of a month, 5 plain weekday
	on    map[civil]bool
	times []minutes
}

type civil struct {
	year  int
	month time.Month
	day   int
}

// minutes of the day from start up to end.
type minutes struct{ start, end int }

func (l modelLine) String() string {
	var times []string
	for _, m := range l.times {
		times = append(times, fmt.Sprintf("%02d:%02d-%02d:%02d", m.start/60, m.start%60, m.end/60, m.end%60))
	}
	return l.days + " " + strings.Join(times, ",")
}

func (m *model) holds(local time.Time) bool {
	for _, x := range m.excludes {
		if x.holds(local) {
			return false
		}
	}
	if m.zone != nil {
		local = local.In(m.zone)
	}
	year, month, day := local.Date()
	hour, minute, _ := local.Clock()
	for _, t := range m.times(civil{year, month, day}) {
		if now := hour*60 + minute; t.start <= now && now < t.end {
			return true
		}
	}
	return false
}

// times gives those of a day: of the first kind of lines that means it. The last line counts for a plain weekday, the
// first one elsewhere.
func (m *model) times(day civil) []minutes {
	if times, ok := m.days[day]; ok {
		return times
	}
	if m.days == nil {
		m.days = map[civil][]minutes{}
	}
	m.days[day] = nil
	for kind := range 6 {
		found := -1
		for i, l := range m.lines {
			if l.kind == kind && l.on[day] && (found < 0 || kind == 5) {
				found = i
			}
		}
		if found >= 0 {
			m.days[day] = m.lines[found].times
			break
		}
	}
	return m.days[day]
}

// walk gives every step-th day from first to last.
func walk(first, last civil, step int, on map[civil]bool) {
	end := time.Date(last.year, last.month, last.day, 0, 0, 0, 0, time.UTC)
	for d := time.Date(first.year, first.month, first.day, 0, 0, 0, 0, time.UTC); !d.After(end); d = d.AddDate(0, 0, step) {
		on[civil{d.Year(), d.Month(), d.Day()}] = true
	}
}

// find gives the nth day of a month for which ok holds, from the end if nth is negative.
func find(year int, month time.Month, nth int, ok func(time.Time) bool) (civil, bool) {
	var days []civil
	for d := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC); d.Month() == time.Date(year, month, 1, 0, 0, 0, 0, time.UTC).Month(); d = d.AddDate(0, 0, 1) {
		if ok(d) {
			days = append(days, civil{d.Year(), d.Month(), d.Day()})
		}
	}
	if nth < 0 {
		nth += len(days) + 1
	}
	if nth < 1 || nth > len(days) {
		return civil{}, false
	}
	return days[nth-1], true
}

func anyDay(time.Time) bool { return true }

func weekday(w time.Weekday) func(time.Time) bool {
	return func(d time.Time) bool { return d.Weekday() == w }
}

func before(a, b civil) bool {
	return a.year < b.year || a.year == b.year && (a.month < b.month || a.month == b.month && a.day < b.day)
}

// place is the end of a range: a day of a month, by number or by weekday.
type place struct {
	month time.Month
	nth   int
	ok    func(time.Time) bool
}

// runs lists the days from one place to another, beginning in each month or year from 2024 to 2028.
func runs(from, to place, step int, yearly bool) map[civil]bool {
	on := map[civil]bool{}
	last := func(year int, month time.Month) (civil, bool) {
		c, ok := find(year, month, to.nth, to.ok)
		if !ok && to.nth > 0 {
			return find(year, month, -1, anyDay)
		}
		return c, ok
	}
	for year := 2024; year <= 2028; year++ {
		for month := time.January; month <= time.December; month++ {
			if yearly && month != from.month {
				continue
			}
			first, ok := find(year, month, from.nth, from.ok)
			if !ok {
				continue
			}
			endYear, endMonth := year, month
			if yearly {
				endMonth = to.month
			}
			end, ok := last(endYear, endMonth)
			if ok && before(end, first) {
				if yearly {
					endYear++
				} else {
					endMonth++
				}
				end, ok = last(endYear, endMonth)
			}
			if ok {
				walk(first, end, step, on)
			}
		}
	}
	return on
}

type generator struct{ *rand.Rand }

func (g generator) nth(most int) int {
	n := 1 + g.IntN(most)
	if g.IntN(3) == 0 {
		return -n
	}
	return n
}

func (g generator) month() time.Month     { return time.Month(1 + g.IntN(12)) }
func (g generator) weekday() time.Weekday { return time.Weekday(g.IntN(7)) }

func (g generator) date() civil {
	d := time.Date(2025, 12, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, g.IntN(430))
	return civil{d.Year(), d.Month(), d.Day()}
}

func (c civil) String() string { return fmt.Sprintf("%d-%02d-%02d", c.year, c.month, c.day) }

// line makes a random line of each form.
func (g generator) line() modelLine {
	l := modelLine{kind: g.IntN(6), on: map[civil]bool{}}
	ranged, step, suffix := g.IntN(2) == 0, 1, ""
	if (ranged || l.kind == 0) && l.kind != 5 && g.IntN(2) == 0 {
		step = 1 + g.IntN(5)
		suffix = fmt.Sprintf(" / %d", step)
	}
	name := func(s fmt.Stringer) string { return strings.ToLower(s.String()) }
	switch l.kind {
	case 0:
		first, last := g.date(), g.date()
		if before(last, first) {
			first, last = last, first
		}
		l.days = first.String()
		if ranged {
			l.days += " - " + last.String()
		} else if last = first; step > 1 {
			last = civil{2028, 1, 1}
		}
		if !ranged && suffix != "" && step == 1 {
			last = civil{2028, 1, 1}
		}
		walk(first, last, step, l.on)
	case 1:
		from := place{g.month(), g.nth(31), anyDay}
		to := from
		l.days = fmt.Sprintf("%s %d", name(from.month), from.nth)
		if ranged {
			if to.nth = g.nth(31); g.IntN(2) == 0 {
				l.days += fmt.Sprintf(" - %d", to.nth)
			} else {
				to.month = g.month()
				l.days += fmt.Sprintf(" - %s %d", name(to.month), to.nth)
			}
		}
		l.on = runs(from, to, step, true)
	case 2:
		from := place{nth: g.nth(31), ok: anyDay}
		to := from
		l.days = fmt.Sprintf("day %d", from.nth)
		if ranged {
			to.nth = g.nth(31)
			l.days += fmt.Sprintf(" - %d", to.nth)
		}
		l.on = runs(from, to, step, false)
	case 3:
		a, b := g.weekday(), g.weekday()
		from := place{g.month(), g.nth(5), weekday(a)}
		to := from
		l.days = fmt.Sprintf("%s %d %s", name(a), from.nth, name(from.month))
		if ranged {
			to = place{g.month(), g.nth(5), weekday(b)}
			l.days += fmt.Sprintf(" - %s %d %s", name(b), to.nth, name(to.month))
		}
		l.on = runs(from, to, step, true)
	case 4:
		a, b := g.weekday(), g.weekday()
		from := place{nth: g.nth(5), ok: weekday(a)}
		to := from
		l.days = fmt.Sprintf("%s %d", name(a), from.nth)
		if ranged {
			to = place{nth: g.nth(5), ok: weekday(b)}
			l.days += fmt.Sprintf(" - %s %d", name(b), to.nth)
		}
		l.on = runs(from, to, step, false)
	case 5:
		w := g.weekday()
		l.days = name(w)
		first, _ := find(2024, 1, 1, weekday(w))
		walk(first, civil{2028, 12, 31}, 7, l.on)
	}
	l.days += suffix
	for range 1 + g.IntN(3) {
		start := 15 * g.IntN(96)
		l.times = append(l.times, minutes{start, start + 15*g.IntN((1440-start)/15+1)})
	}
	if g.IntN(4) == 0 {
		l.times = []minutes{{0, 1440}}
	}
	return l
}

// periods makes a few random periods that exclude each other, with their definitions.
func (g generator) periods(zone string) ([]*model, []monitor.Timeperiod) {
	var models []*model
	var definitions []monitor.Timeperiod
	for i := range 3 {
		m := &model{}
		d := monitor.Timeperiod{Name: fmt.Sprintf("p%d", i), Zone: zone}
		for range 1 + g.IntN(7) {
			l := g.line()
			m.lines = append(m.lines, l)
			d.Ranges = append(d.Ranges, l.String())
		}
		for j := range i {
			if g.IntN(2) == 0 {
				m.excludes = append(m.excludes, models[j])
				d.Exclude = append(d.Exclude, fmt.Sprintf("p%d", j))
			}
		}
		models, definitions = append(models, m), append(definitions, d)
	}
	return models, definitions
}

// compare checks all answers about [from, to) at each step against the model.
func compare(t *testing.T, m *model, p *calendar.Period, d monitor.Timeperiod, from, to time.Time, step time.Duration) {
	t.Helper()
	var held []bool
	for at := from; at.Before(to); at = at.Add(step) {
		held = append(held, m.holds(at))
	}
	// next and until are the indexes of the answers, worked out from the end backwards.
	next, until := len(held), len(held)
	for i := len(held) - 1; i >= 0; i-- {
		if i+1 < len(held) && held[i] != held[i+1] {
			until = i + 1
		}
		if held[i] {
			next = i
		}
		at := from.Add(time.Duration(i) * step)
		now := monitor.At(at)
		if got := p.Holds(now); got != held[i] {
			t.Fatalf("%+v\nHolds(%v) = %t", d, at, got)
		}
		if i%31 != 0 && next-i > 2 && until-i > 2 { // all of them would take long
			continue
		}
		if want := monitor.At(from.Add(time.Duration(next) * step)); next < len(held) {
			if got := p.Next(now); got != want {
				t.Fatalf("%+v\nNext(%v) = %v, want %v", d, at, got.Std().In(from.Location()), want.Std().In(from.Location()))
			}
		}
		if want := monitor.At(from.Add(time.Duration(until) * step)); until < len(held) {
			if got := p.Until(now); got != want {
				t.Fatalf("%+v\nUntil(%v) = %v, want %v", d, at, got.Std().In(from.Location()), want.Std().In(from.Location()))
			}
		}
	}
}

func load(t testing.TB, zone string) *time.Location {
	t.Helper()
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return location
}

func TestAYearOfRandomPeriodsIsThatOfTheModel(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(26, 11))}
	years := 14
	if raceDetector {
		years = 4 // "make slow" has all
	}
	for n := range years {
		zone := []string{"Europe/Berlin", "America/New_York"}[n%2]
		models, definitions := g.periods(zone)
		periods, err := calendar.Compile(definitions)
		if err != nil {
			t.Fatalf("%+v: %v", definitions, err)
		}
		location := load(t, zone)
		for i, p := range periods {
			from := time.Date(2026, 1, 1, 0, 0, 0, 0, location)
			compare(t, models[i], p, definitions[i], from, from.AddDate(1, 0, 0), 15*time.Minute)
		}
	}
}

// The clock is changed by an hour at night in Berlin and New York, by half an hour in Lord Howe, and at midnight in São
// Paulo, where the day in spring begins at 01:00.
func TestEachMinuteAroundAChangeOfTheClockIsThatOfTheModel(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(3, 29))}
	for _, change := range []struct{ zone, day string }{
		{"Europe/Berlin", "2026-03-29"},
		{"Europe/Berlin", "2026-10-25"},
		{"America/New_York", "2026-03-08"},
		{"America/New_York", "2026-11-01"},
		{"Australia/Lord_Howe", "2026-04-05"},
		{"Australia/Lord_Howe", "2026-10-04"},
		{"America/Sao_Paulo", "2018-02-18"},
		{"America/Sao_Paulo", "2018-11-04"},
	} {
		location := load(t, change.zone)
		day, err := time.Parse(time.DateOnly, change.day)
		if err != nil {
			t.Fatal(err)
		}
		for range 25 {
			l := modelLine{days: change.day, on: map[civil]bool{{day.Year(), day.Month(), day.Day()}: true}}
			for range 3 {
				start := g.IntN(240)
				l.times = append(l.times, minutes{start, start + g.IntN(120)})
			}
			every := modelLine{kind: 5, days: strings.ToLower(day.AddDate(0, 0, 1).Weekday().String()), on: map[civil]bool{}, times: []minutes{{0, 90}}}
			for i := -14; i < 28; i += 7 {
				d := day.AddDate(0, 0, i+1)
				every.on[civil{d.Year(), d.Month(), d.Day()}] = true
			}
			m := &model{lines: []modelLine{l, every}}
			d := monitor.Timeperiod{Name: "change", Zone: change.zone, Ranges: []string{l.String(), every.String()}}
			periods, err := calendar.Compile([]monitor.Timeperiod{d})
			if err != nil {
				t.Fatal(err)
			}
			from := time.Date(day.Year(), day.Month(), day.Day()-1, 12, 0, 0, 0, location)
			compare(t, m, periods[0], d, from, from.Add(72*time.Hour), time.Minute)
		}
	}
}
