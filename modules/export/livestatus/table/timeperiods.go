package table

import (
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
)

func theTimeperiod(r *Row) (*monitor.Timeperiod, bool) { return r.timeperiod, r.timeperiod != nil }

// form is what kind of days a line of a timeperiod is about, as Nagios tells them apart.
type form uint8

const (
	weekday   form = iota // monday
	calendar              // 2026-12-24
	monthDate             // december 24
	monthDay              // day 24
	monthWeek             // monday 3 december
	weekDayOf             // monday 3
)

func timeperiodFields() []field[*monitor.Timeperiod] {
	fields := []field[*monitor.Timeperiod]{
		text("name", "the name", func(_ *Row, p *monitor.Timeperiod) string { return p.Name }),
		text("alias", "the alias", func(_ *Row, p *monitor.Timeperiod) string { return orElse(p.Alias, p.Name) }),
		truth("in", "whether it holds at present (0/1)", func(r *Row, _ *monitor.Timeperiod) bool { return r.holds(r.number) }),
		integer("id", "a number of the timeperiod, which holds until the next reload", func(r *Row, _ *monitor.Timeperiod) int64 { return int64(r.number) + 1 }),
		list("exclusions", "the timeperiods whose times are cut out", func(_ *Row, p *monitor.Timeperiod) []string { return p.Exclude }),
		rich("days", "the times of each day of the week from Sunday on, as pairs of seconds since midnight",
			func(_ *Row, p *monitor.Timeperiod) []string { return linesOf(p, weekday) }, func(_ *Row, p *monitor.Timeperiod) any { return week(p) }),
	}
	for _, x := range []struct {
		name, description string
		form              form
	}{
		{"exceptions_calendar_dates", "the lines about dates such as 2026-12-24", calendar},
		{"exceptions_month_date", "the lines about dates such as december 24", monthDate},
		{"exceptions_month_day", "the lines about days of months, such as day 24", monthDay},
		{"exceptions_month_week_day", "the lines such as monday 3 december", monthWeek},
		{"exceptions_week_day", "the lines such as monday 3", weekDayOf},
	} {
		fields = append(fields, list(x.name, x.description, func(_ *Row, p *monitor.Timeperiod) []string { return linesOf(p, x.form) }))
	}
	return fields
}

// linesOf gives the lines of one form, as they are written.
func linesOf(p *monitor.Timeperiod, f form) []string {
	var lines []string
	for _, line := range p.Ranges {
		if formOf(line) == f {
			lines = append(lines, line)
		}
	}
	return lines
}

// formOf tells what a line is about by its first words. The arbiter has let it pass, so it is one of them.
func formOf(line string) form {
	words := strings.Fields(strings.ToLower(line))
	if len(words) < 2 {
		return weekday
	}
	switch {
	case words[0][0] >= '0' && words[0][0] <= '9':
		return calendar
	case words[0] == "day":
		return monthDay
	case dayOf(words[0]) < 0:
		return monthDate
	case strings.Contains(words[1], ":"):
		return weekday
	}
	if len(words) > 2 && monthOf(words[2]) {
		return monthWeek
	}
	return weekDayOf
}

// dayOf gives the number of a weekday, Sunday 0; -1 if it is none.
func dayOf(word string) int {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(word, d.String()) {
			return int(d)
		}
	}
	return -1
}

func monthOf(word string) bool {
	for m := time.January; m <= time.December; m++ {
		if strings.EqualFold(word, m.String()) {
			return true
		}
	}
	return false
}

// week gives the times of each day of the week.
func week(p *monitor.Timeperiod) any {
	days := make([]any, 7)
	for i := range days {
		days[i] = []any{}
	}
	for _, line := range linesOf(p, weekday) {
		day, times, _ := strings.Cut(strings.TrimSpace(line), " ")
		i := dayOf(day)
		if i < 0 {
			continue
		}
		for span := range strings.SplitSeq(times, ",") {
			from, to, _ := strings.Cut(strings.TrimSpace(span), "-")
			days[i] = append(days[i].([]any), []any{clockOf(from), clockOf(to)})
		}
	}
	return days
}

// clockOf gives a time of day such as 09:00 in seconds.
func clockOf(text string) int64 {
	hour, minute, _ := strings.Cut(text, ":")
	h, _ := strconv.ParseInt(hour, 10, 64)
	m, _ := strconv.ParseInt(minute, 10, 64)
	return h*3600 + m*60
}

func (all *indexes) timeperiodTable() *Table {
	return &Table{
		Name: "timeperiods", Prefix: "timeperiod_", Columns: sorted(columns("", theTimeperiod, timeperiodFields()...)),
		Each: func(w *World, _ Narrow, yield func(*Row) bool) {
			all.each(w, func(x *index) []int32 { return x.Timeperiods }, func(r *Row, i int32) bool {
				r.number, r.timeperiod = i, &r.x.Base.Timeperiods[i]
				return yield(r)
			})
		},
	}
}
