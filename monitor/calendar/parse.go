package calendar

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor/nearest"
)

// line is one parsed line of a definition: a rule, or for everyWeekday only from.weekday, and the times as written.
type line struct {
	rule
	spans []span
}

// mostSpans bounds how many times of day one line may name.
const mostSpans = 1440

// parseLine reads a line: days, then times.
func parseLine(text string) (line, error) {
	dates, clocks, err := parts(strings.ToLower(text))
	if err != nil {
		return line{}, err
	}
	s := scanner{rest: dates}
	r, err := s.rule()
	if err != nil {
		return line{}, err
	}
	spans, err := parseTimes(clocks)
	return line{rule: r, spans: spans}, err
}

// parts divides a line before the hour of its first time of day.
func parts(text string) (dates, clocks string, err error) {
	colon := strings.IndexByte(text, ':')
	if colon < 0 {
		return "", "", errors.New("no times of day; add them after the day, as in 09:00-17:00 or 00:00-24:00")
	}
	dates = strings.TrimRight(text[:colon], "0123456789")
	if words := strings.Fields(dates); len(words) > 0 && strings.HasSuffix(words[len(words)-1], "-") {
		return "", "", fmt.Errorf("%q is not a range of times; write it as 09:00-17:00", words[len(words)-1]+text[len(dates):])
	}
	return dates, text[len(dates):], nil
}

// parseTimes reads 09:00-12:00,13:00-17:30.
func parseTimes(text string) ([]span, error) {
	var spans []span
	for part := range strings.SplitSeq(text, ",") {
		from, to, ok := strings.Cut(part, "-")
		if !ok {
			return nil, fmt.Errorf("%q is not a range of times; write it as 09:00-17:00", strings.TrimSpace(part))
		}
		start, err := parseClock(from)
		if err != nil {
			return nil, err
		}
		end, err := parseClock(to)
		if err != nil {
			return nil, err
		}
		if spans = append(spans, span{start, end}); len(spans) > mostSpans {
			return nil, fmt.Errorf("more than %d times of day", mostSpans)
		}
	}
	return spans, nil
}

// parseClock reads HH:MM, up to 24:00, into seconds.
func parseClock(text string) (int32, error) {
	text = strings.TrimSpace(text)
	hours, minutes, _ := strings.Cut(text, ":")
	h, ok1 := digits(hours, 2)
	m, ok2 := digits(minutes, 2)
	switch {
	case !ok1 || !ok2:
		return 0, fmt.Errorf("%q is not a time of day; write it as HH:MM", text)
	case m > 59 || h > 24 || h == 24 && m > 0:
		return 0, fmt.Errorf("there is no %q; times of day go from 00:00 to 24:00", text)
	}
	return int32(h*3600 + m*60), nil
}

// digits reads a number of at most so many digits without a sign.
func digits(text string, most int) (int, bool) {
	if text == "" || len(text) > most || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}

// String gives the span as it is written.
func (s span) String() string { return clock(s.start) + "-" + clock(s.end) }

func clock(second int32) string { return fmt.Sprintf("%02d:%02d", second/3600, second/60%60) }

// scanner reads the days of a line from left to right. Blanks between words may be left out, as in Nagios.
type scanner struct{ rest string }

// rule reads a whole list of days: one, or a range of them, and a step.
func (s *scanner) rule() (rule, error) {
	r := rule{step: 1}
	var err error
	if r.kind, r.from, err = s.point(); err != nil {
		return rule{}, err
	}
	r.to = r.from
	ranged := s.symbol('-')
	if ranged {
		if r.to, err = s.end(r.kind, r.from); err != nil {
			return rule{}, err
		}
	}
	if s.symbol('/') {
		if r.step, err = s.step(r.kind, ranged); err != nil {
			return rule{}, err
		}
		r.endless = !ranged
	}
	if rest := strings.TrimSpace(s.rest); rest != "" {
		return rule{}, fmt.Errorf("%q does not belong between the days and the times%s", rest, forms)
	}
	return r, nil
}

// forms is the hint for everything that is not a day.
const forms = `; days are written as in "monday", "monday 3", "monday -1 may", "day 15", "december 24", "2026-12-24", ` +
	`two of a kind with " - " between them, and " / 2" after them for every second day`

// point reads one day.
func (s *scanner) point() (kind, point, error) {
	if s.skip(); s.rest != "" && s.rest[0] >= '0' && s.rest[0] <= '9' {
		p, err := s.date()
		return calendarDate, p, err
	}
	word := s.word()
	if weekday := slices.Index(weekdays(), word); weekday >= 0 {
		return s.weekday(point{weekday: time.Weekday(weekday)})
	}
	p := point{month: time.Month(slices.Index(months(), word) + 1)}
	switch {
	case p.month > 0:
		err := s.place(&p, word, 31)
		return monthDate, p, err
	case word == "day":
		err := s.place(&p, word, 31)
		return monthDay, p, err
	}
	if near := nearest.Of(word, slices.Values(slices.Concat(weekdays(), months(), []string{"day"}))); near != "" {
		return 0, p, fmt.Errorf("%q is not a day; did you mean %q?", word, near)
	}
	return 0, p, fmt.Errorf("%q is not a day%s", strings.TrimSpace(word+s.rest), forms)
}

// weekday reads what may follow the name of a weekday: its place in the month, and the month.
func (s *scanner) weekday(p point) (kind, point, error) {
	if s.skip(); !s.atPlace() {
		return everyWeekday, p, nil
	}
	if err := s.place(&p, weekdays()[p.weekday], 5); err != nil {
		return 0, p, err
	}
	word := s.word()
	if word == "" {
		return offsetWeekday, p, nil
	}
	if p.month = time.Month(slices.Index(months(), word) + 1); p.month > 0 {
		return monthWeekday, p, nil
	}
	return 0, p, fmt.Errorf("%q is not a month%s", word, forms)
}

// end reads the last day of a range: a day of the same kind, or only its number where that is enough.
func (s *scanner) end(k kind, from point) (point, error) {
	if k == everyWeekday {
		return point{}, errors.New(`a range of weekdays is not possible; write one line for each`)
	}
	if s.skip(); s.atPlace() && k != calendarDate && k != monthWeekday {
		most := 31
		if k == offsetWeekday {
			most = 5
		}
		err := s.place(&from, "the range", most)
		return from, err
	}
	endKind, to, err := s.point()
	switch {
	case err != nil:
		return to, err
	case endKind != k:
		return to, errors.New("the range begins with one kind of day and ends with another" + forms)
	case k == calendarDate && to.number < from.number:
		return to, errors.New("the range ends before it begins; change the two dates over")
	}
	return to, nil
}

// step reads the number after a slash.
func (s *scanner) step(k kind, ranged bool) (int, error) {
	n, ok := s.number()
	switch {
	case !ok || n < 1 || n > 100_000:
		return 0, errors.New(`after "/" belongs a number of days, as in "/ 2" for every second day`)
	case !ranged && k != calendarDate:
		return 0, errors.New(`"/" needs a range of days before it, as in "day 1 - 31 / 2"`)
	}
	return n, nil
}

// place reads the day of the month, or the place of a weekday in it.
func (s *scanner) place(p *point, after string, most int) error {
	n, ok := s.number()
	switch {
	case !ok:
		return fmt.Errorf("after %s belongs a number%s", after, forms)
	case n == 0 || n > most || n < -most:
		return fmt.Errorf("%d after %s is out of range; use 1 to %d, or -1 to -%d counted from the end of the month", n, after, most, most)
	}
	p.nth = n
	return nil
}

// date reads YYYY-MM-DD.
func (s *scanner) date() (point, error) {
	text := s.rest
	if i := strings.IndexAny(text, " \t/"); i >= 0 {
		text = text[:i]
	}
	if len(text) > len("2026-12-24") {
		text = text[:len("2026-12-24")]
	}
	day, err := time.Parse("2006-1-2", strings.TrimRight(text, "-"))
	if err != nil || day.Year() < 1000 {
		return point{}, fmt.Errorf("%q is not a date of the calendar; write it as YYYY-MM-DD", text)
	}
	s.rest = s.rest[len(strings.TrimRight(text, "-")):]
	return point{number: dayNumber(day.Date())}, nil
}

// atPlace says whether a number, or something that was meant to be one, comes next: not a name, and not the sign of a
// range or a step.
func (s *scanner) atPlace() bool {
	text := strings.TrimPrefix(s.rest, "-")
	return text != "" && '0' <= text[0] && text[0] <= '9'
}

func (s *scanner) skip() { s.rest = strings.TrimLeft(s.rest, " \t") }

// symbol takes a single sign if it comes next.
func (s *scanner) symbol(sign byte) bool {
	if s.skip(); s.rest == "" || s.rest[0] != sign {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// word takes letters; empty if something else comes next.
func (s *scanner) word() string {
	s.skip()
	n := 0
	for n < len(s.rest) && 'a' <= s.rest[n] && s.rest[n] <= 'z' {
		n++
	}
	word := s.rest[:n]
	s.rest = s.rest[n:]
	return word
}

// number takes a whole number, which may have a minus.
func (s *scanner) number() (int, bool) {
	s.skip()
	text, negative := strings.CutPrefix(s.rest, "-")
	n := 0
	for n < len(text) && '0' <= text[n] && text[n] <= '9' {
		n++
	}
	value, ok := digits(text[:n], 6)
	if !ok {
		return 0, false
	}
	s.rest = text[n:]
	if negative {
		return -value, true
	}
	return value, true
}

func weekdays() []string {
	return []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
}

func months() []string {
	return []string{
		"january", "february", "march", "april", "may", "june",
		"july", "august", "september", "october", "november", "december",
	}
}
