package simulate

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
)

// longest is the longest time that a script may speak of.
const longest = 10 * 366 * 24 * time.Hour

// units are those of Duration, the longest first.
var units = []struct {
	name   string
	length time.Duration
}{
	{"w", 7 * 24 * time.Hour},
	{"d", 24 * time.Hour},
	{"h", time.Hour},
	{"ms", time.Millisecond},
	{"m", time.Minute},
	{"s", time.Second},
}

// Duration reads a time such as 90s, 10m, 1h30m, 1.5h, 1d or 2w.
func Duration(text string) (time.Duration, error) {
	wrong := fmt.Errorf("%q is no time: write it like 90s, 10m, 1h30m, 1d or 2w", text)
	if text == "0" {
		return 0, nil
	}
	if text == "" {
		return 0, wrong
	}
	all := time.Duration(0)
	for rest := text; rest != ""; {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789."))
		n, err := strconv.ParseFloat(rest[:digits], 64)
		length, after, ok := unit(rest[digits:])
		if err != nil || !ok {
			return 0, wrong
		}
		if n > float64(longest)/float64(length) {
			return 0, fmt.Errorf("%q is too long: a script may speak of ten years", text)
		}
		all += time.Duration(n * float64(length)).Round(time.Millisecond)
		rest = after
	}
	if all > longest {
		return 0, fmt.Errorf("%q is too long: a script may speak of ten years", text)
	}
	return all, nil
}

func unit(text string) (length time.Duration, after string, ok bool) {
	for _, u := range units {
		if after, ok := strings.CutPrefix(text, u.name); ok {
			return u.length, after, true
		}
	}
	return 0, "", false
}

// ParseStart reads when a script begins: a date, with or without a time of day.
func ParseStart(text string, zone *time.Location) (time.Time, error) {
	text, _, _ = strings.Cut(text, "#")
	text = strings.Join(strings.Fields(text), " ")
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly, "2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil && t.Year() >= 1971 && t.Year() <= 2200 {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no beginning: write it like 2026-01-05 08:00, between 1971 and 2200", text)
}

// moment reads when something happens: a time since the start, a time of day, or a date with one.
func (r *reader) moment(w *words) (monitor.Time, error) {
	word, ok, err := w.next()
	switch {
	case err != nil:
		return 0, err
	case !ok:
		return 0, errors.New("a time is missing")
	}
	if _, err := time.Parse(time.DateOnly, word); err != nil {
		return r.time(word)
	}
	clock, ok, _ := w.next()
	if !ok {
		return 0, fmt.Errorf("a time of day is missing behind %q", word)
	}
	t, err := ParseStart(word+" "+clock, r.Zone)
	if err != nil {
		return 0, err
	}
	return r.notBefore(t, word+" "+clock)
}

// time reads one word: a time since the start, or a time of day of which the first that is to come counts.
func (r *reader) time(word string) (monitor.Time, error) {
	if !strings.Contains(word, ":") {
		d, err := Duration(word)
		return r.script.start.Add(d), err
	}
	for _, layout := range []string{"15:04", "15:04:05"} {
		clock, err := time.Parse(layout, word)
		if err != nil {
			continue
		}
		start := r.script.Start()
		t := time.Date(start.Year(), start.Month(), start.Day(), clock.Hour(), clock.Minute(), clock.Second(), 0, r.Zone)
		if t.Before(start) {
			t = time.Date(start.Year(), start.Month(), start.Day()+1, clock.Hour(), clock.Minute(), clock.Second(), 0, r.Zone)
		}
		return monitor.At(t), nil
	}
	return 0, fmt.Errorf("%q is no time of day: write it like 14:30", word)
}

func (r *reader) notBefore(t time.Time, text string) (monitor.Time, error) {
	switch at := monitor.At(t); {
	case at < r.script.start:
		return 0, fmt.Errorf("%s is before the script begins, at %s", text, r.script.Start().Format(time.DateTime))
	case at > r.script.start.Add(longest):
		return 0, fmt.Errorf("%s is more than ten years after the script begins", text)
	default:
		return at, nil
	}
}
