package calendar_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/calendar"
)

func compile(t testing.TB, definitions ...monitor.Timeperiod) *calendar.Period {
	t.Helper()
	periods, err := calendar.Compile(definitions)
	if err != nil {
		t.Fatal(err)
	}
	return periods[0]
}

func in(zone string, lines ...string) monitor.Timeperiod {
	return monitor.Timeperiod{Name: "p", Zone: zone, Ranges: lines}
}

func at(t testing.TB, zone, text string) monitor.Time {
	t.Helper()
	moment, err := time.ParseInLocation(time.DateTime, text, load(t, zone))
	if err != nil {
		t.Fatal(err)
	}
	return monitor.At(moment)
}

// The forms are those of Nagios' manual, "Timeperiod Definition", with the days that its comments name.
func TestEachFormMeansItsDays(t *testing.T) {
	for line, want := range map[string][]string{
		"monday 00:00-24:00":                                  {"2026-06-01", "2026-06-08", "2026-06-15", "2026-06-22", "2026-06-29"},
		"2026-06-28 00:00-24:00":                              {"2026-06-28"},
		"2026-06-28 - 2026-07-02 00:00-24:00":                 {"2026-06-28", "2026-06-29", "2026-06-30"},
		"2026-05-28 / 10 00:00-24:00":                         {"2026-06-07", "2026-06-17", "2026-06-27"},
		"2026-05-30 - 2026-06-09 / 3 00:00-24:00":             {"2026-06-02", "2026-06-05", "2026-06-08"},
		"june 30 00:00-24:00":                                 {"2026-06-30"},
		"june -1 00:00-24:00":                                 {"2026-06-30"},
		"june 28 - july 4 00:00-24:00":                        {"2026-06-28", "2026-06-29", "2026-06-30"},
		"june 1 - 9 / 4 00:00-24:00":                          {"2026-06-01", "2026-06-05", "2026-06-09"},
		"june 29 - june 2 00:00-24:00":                        {"2026-06-01", "2026-06-02", "2026-06-29", "2026-06-30"},
		"day 1 00:00-24:00":                                   {"2026-06-01"},
		"day -1 00:00-24:00":                                  {"2026-06-30"},
		"day 31 00:00-24:00":                                  nil,
		"day 28 - 31 00:00-24:00":                             {"2026-06-28", "2026-06-29", "2026-06-30"},
		"day 29 - day 2 00:00-24:00":                          {"2026-06-01", "2026-06-02", "2026-06-29", "2026-06-30"},
		"day 1-15/7 00:00-24:00":                              {"2026-06-01", "2026-06-08", "2026-06-15"},
		"monday 3 june 00:00-24:00":                           {"2026-06-15"},
		"tuesday -1 june 00:00-24:00":                         {"2026-06-30"},
		"monday 5 june - thursday 1 july 00:00-24:00":         {"2026-06-29", "2026-06-30"},
		"sunday 1 january - monday 1 june / 50 00:00-24:00":   nil,
		"thursday -1 00:00-24:00":                             {"2026-06-25"},
		"wednesday 5 00:00-24:00":                             nil,
		"monday 1 - 3 / 7 00:00-24:00":                        {"2026-06-01", "2026-06-08", "2026-06-15"},
		"monday 1 - wednesday 1 00:00-24:00":                  {"2026-06-01", "2026-06-02", "2026-06-03"},
		"friday -1 - tuesday 1 00:00-24:00":                   {"2026-06-01", "2026-06-02", "2026-06-26", "2026-06-27", "2026-06-28", "2026-06-29", "2026-06-30"},
		"  Monday   2   JUNE   09:00-10:00 , 23:00 - 24:00  ": {"2026-06-08"},
	} {
		p := compile(t, in("UTC", line))
		var got []string
		for day := at(t, "UTC", "2026-06-01 23:30:00"); day < at(t, "UTC", "2026-07-01 00:00:00"); day = day.Add(24 * time.Hour) {
			if p.Holds(day) {
				got = append(got, day.Std().UTC().Format(time.DateOnly))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", line, diff)
		}
	}
}

// A calendar date goes before a date in a month, and so on down to a plain weekday. 2026-06-15 is the third Monday.
func TestTheMoreExactFormDecidesTheWholeDay(t *testing.T) {
	lines := []string{
		"monday 06:00-07:00", "monday 3 05:00-06:00", "monday 3 june 04:00-05:00",
		"day 15 03:00-04:00", "june 15 02:00-03:00", "2026-06-15 01:00-02:00",
	}
	for n := range lines {
		p := compile(t, in("UTC", lines[:n+1]...))
		want := at(t, "UTC", "2026-06-15 06:00:00").Add(-time.Duration(n) * time.Hour)
		if got := p.Next(at(t, "UTC", "2026-06-15 00:00:00")); got != want {
			t.Errorf("%s: begins at %v, want %v", lines[n], got.Std().UTC(), want.Std().UTC())
		}
	}
	first := compile(t, in("UTC", "day 15 01:00-02:00", "day 10 - 20 03:00-04:00"))
	if got, want := first.Next(at(t, "UTC", "2026-06-15 00:00:00")), at(t, "UTC", "2026-06-15 01:00:00"); got != want {
		t.Errorf("of two lines of a kind the first counts: got %v", got.Std().UTC())
	}
}

func TestNilAndWholePeriodsHoldAlways(t *testing.T) {
	now := at(t, "UTC", "2026-06-15 12:00:00")
	var week []string
	for _, day := range strings.Fields("sunday monday tuesday wednesday thursday friday saturday") {
		week = append(week, day+" 00:00-12:00,12:00-24:00")
	}
	for name, p := range map[string]*calendar.Period{"nil": nil, "24x7": compile(t, in("", week...))} {
		if !p.Holds(now) || p.Next(now) != now || p.Until(now) != 0 {
			t.Errorf("%s: got %t, %v, %v", name, p.Holds(now), p.Next(now), p.Until(now))
		}
	}
	if (*calendar.Period)(nil).Name() != "" || compile(t, in("", week...)).Name() != "p" {
		t.Error("wrong names")
	}
}

func TestNeverHasAnEnd(t *testing.T) {
	now := at(t, "UTC", "2026-06-15 12:00:00")
	for _, p := range []*calendar.Period{
		compile(t, in("UTC")),
		compile(t, in("UTC", "monday 00:00-00:00")),
		compile(t, in("UTC", "monday 22:00-06:00")),
		compile(t, in("UTC", "2020-01-01 00:00-24:00")),
		compile(t, in("UTC", "february 30 00:00-24:00")),
	} {
		if p.Holds(now) || p.Next(now) != 0 || p.Until(now) != 0 {
			t.Errorf("got %t, %v, %v; want never", p.Holds(now), p.Next(now), p.Until(now))
		}
	}
	leap := compile(t, in("UTC", "february 29 00:00-24:00"))
	if got, want := leap.Next(at(t, "UTC", "2096-03-01 00:00:00")), at(t, "UTC", "2104-02-29 00:00:00"); got != want {
		t.Errorf("the leap day after 2096 comes %v, want %v", got.Std().UTC(), want.Std().UTC())
	}
}

func TestExcludedTimesAreCutOut(t *testing.T) {
	work := in("Europe/Berlin", "monday 09:00-17:00")
	work.Exclude = []string{"lunch", "holidays"}
	lunch := monitor.Timeperiod{Name: "lunch", Zone: "UTC", Ranges: []string{"monday 10:00-11:00"}, Exclude: []string{"late"}}
	late := monitor.Timeperiod{Name: "late", Zone: "UTC", Ranges: []string{"monday 10:30-12:00"}}
	holidays := monitor.Timeperiod{Name: "holidays", Zone: "Europe/Berlin", Ranges: []string{"2026-06-22 00:00-24:00"}}
	p := compile(t, work, lunch, late, holidays)
	var got []string
	now := at(t, "UTC", "2026-06-15 00:00:00")
	for range 6 {
		now = p.Until(now)
		got = append(got, now.Std().UTC().Format("02 15:04"))
	}
	// Berlin is two hours ahead of UTC; the 22nd is a holiday.
	want := []string{"15 07:00", "15 10:00", "15 10:30", "15 15:00", "29 07:00", "29 10:00"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	all := in("UTC", "monday 00:00-24:00")
	all.Exclude = []string{"same"}
	never := compile(t, all, monitor.Timeperiod{Name: "same", Zone: "UTC", Ranges: []string{"monday 00:00-24:00"}})
	if got := never.Next(now); got != 0 {
		t.Errorf("all cut out: next is %v, want never", got)
	}
}

// The table is the manual of mistakes.
func TestMistakesAreNamedAllAtOnce(t *testing.T) {
	const forms = `; days are written as in "monday", "monday 3", "monday -1 may", "day 15", "december 24", "2026-12-24", ` +
		`two of a kind with " - " between them, and " / 2" after them for every second day`
	for line, want := range map[string]string{
		"monday":                              `no times of day; add them after the day, as in 09:00-17:00 or 00:00-24:00`,
		"mondai 09:00-17:00":                  `"mondai" is not a day; did you mean "monday"?`,
		"easter 09:00-17:00":                  `"easter" is not a day` + forms,
		"09:00-17:00":                         `"" is not a day` + forms,
		"monday 09:00":                        `"09:00" is not a range of times; write it as 09:00-17:00`,
		"monday 09:00-17:00,":                 `"" is not a range of times; write it as 09:00-17:00`,
		"monday 9-17:00":                      `"9-17:00" is not a range of times; write it as 09:00-17:00`,
		"monday 09:00-25:00":                  `there is no "25:00"; times of day go from 00:00 to 24:00`,
		"monday 09:00-24:01":                  `there is no "24:01"; times of day go from 00:00 to 24:00`,
		"monday 09:00-17:0x":                  `"17:0x" is not a time of day; write it as HH:MM`,
		"monday - friday 09:00-17:00":         `a range of weekdays is not possible; write one line for each`,
		"monday / 2 09:00-17:00":              `"/" needs a range of days before it, as in "day 1 - 31 / 2"`,
		"monday 6 09:00-17:00":                `6 after monday is out of range; use 1 to 5, or -1 to -5 counted from the end of the month`,
		"monday 0 09:00-17:00":                `0 after monday is out of range; use 1 to 5, or -1 to -5 counted from the end of the month`,
		"monday 1 mai 09:00-17:00":            `"mai" is not a month` + forms,
		"december 32 09:00-17:00":             `32 after december is out of range; use 1 to 31, or -1 to -31 counted from the end of the month`,
		"december 09:00-17:00":                `after december belongs a number` + forms,
		"day 1 - monday 2 09:00-17:00":        `the range begins with one kind of day and ends with another` + forms,
		"day 1 - 5 / 0 09:00-17:00":           `after "/" belongs a number of days, as in "/ 2" for every second day`,
		"2026-02-30 09:00-17:00":              `"2026-02-30" is not a date of the calendar; write it as YYYY-MM-DD`,
		"2026-12 09:00-17:00":                 `"2026-12" is not a date of the calendar; write it as YYYY-MM-DD`,
		"2026-12-24 - 2026-12-01 09:00-17:00": `the range ends before it begins; change the two dates over`,
		"2026-12-24 monday 09:00-17:00":       `"monday" does not belong between the days and the times` + forms,
	} {
		err := calendar.Check(in("", line, "tuesday 09:00-17:00"))
		if want = `timeperiod p: line "` + line + `": ` + want; err == nil || err.Error() != want {
			t.Errorf("%s\n got %v\nwant %s", line, err, want)
		}
	}
	_, err := calendar.Compile([]monitor.Timeperiod{
		{Name: "a", Zone: "Mars/Base", Ranges: []string{"x 1:00-2:00", "monday 1:00-2:00"}, Exclude: []string{"b", "werk"}},
		{Name: "b", Exclude: []string{"c"}},
		{Name: "c", Exclude: []string{"a"}},
		{Name: "b"},
		{Name: "work"},
		{Name: "self", Exclude: []string{"self", "nothing like it"}},
	})
	want := `timeperiod b: defined twice; remove one or rename it
timeperiod a: time zone "Mars/Base": unknown time zone Mars/Base; use a name such as Europe/Berlin, or leave it out for the machine's own
timeperiod a: line "x 1:00-2:00": "x" is not a day` + forms + `
timeperiod a: excludes "werk", which is not defined; did you mean "work"?
timeperiod self: excludes "nothing like it", which is not defined; define it or remove it from exclude
timeperiod a: excludes itself: a -> b -> c -> a; remove one of these
timeperiod self: excludes itself: self -> self; remove one of these`
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDoubtsNameRangesThatNeverHold(t *testing.T) {
	got := calendar.Doubts(in("", "monday 22:00-06:00,07:00-08:00", "tuesday 00:00-00:00", "nonsense"))
	want := []string{`timeperiod p: line "monday 22:00-06:00,07:00-08:00": 22:00-06:00 ends before it begins and so never holds, as in Nagios; ` +
		`for a night write 22:00-24:00 here and 00:00-06:00 on the day after`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnsweringAllocatesNothing(t *testing.T) {
	p := busy(t)
	now := at(t, "Europe/Berlin", "2026-06-15 12:00:00")
	if n := testing.AllocsPerRun(100, func() {
		p.Holds(now)
		p.Next(now)
		p.Until(now)
	}); n != 0 {
		t.Errorf("got %v allocations, want none", n)
	}
}

// busy is a period as a large site has it: office hours, holidays, a maintenance window.
func busy(t testing.TB) *calendar.Period {
	work := in("Europe/Berlin", "monday 08:00-18:00", "tuesday 08:00-18:00", "wednesday 08:00-18:00", "thursday 08:00-18:00",
		"friday 08:00-16:00", "saturday -1 09:00-12:00")
	work.Exclude = []string{"holidays", "maintenance"}
	holidays := monitor.Timeperiod{Name: "holidays", Zone: "Europe/Berlin", Ranges: []string{
		"january 1 00:00-24:00", "may 1 00:00-24:00", "october 3 00:00-24:00", "december 24 - 26 00:00-24:00", "2026-04-03 00:00-24:00",
	}}
	maintenance := monitor.Timeperiod{Name: "maintenance", Zone: "Europe/Berlin", Ranges: []string{"tuesday 2 08:00-10:00"}}
	return compile(t, work, holidays, maintenance)
}

func TestAWatchAnswersAsItsPeriodDoes(t *testing.T) {
	var none calendar.Watch
	now := at(t, "Europe/Berlin", "2026-03-01 00:00:00")
	if !none.Holds(now) || none.Next(now) != now {
		t.Error("the zero Watch does not hold always")
	}
	for _, p := range []*calendar.Period{busy(t), compile(t, in("UTC", "2026-03-10 00:00-24:00")), compile(t, in("UTC"))} {
		w := p.Watch()
		for _, step := range []time.Duration{17 * time.Minute, -31 * time.Minute, 50 * time.Hour} {
			for range 300 {
				now = now.Add(step)
				if w.Holds(now) != p.Holds(now) || w.Next(now) != p.Next(now) {
					t.Fatalf("%v: %t, %v; want %t, %v", now.Std(), w.Holds(now), w.Next(now), p.Holds(now), p.Next(now))
				}
			}
			now = at(t, "Europe/Berlin", "2026-03-20 00:00:00")
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, line := range []string{
		"monday 09:00-17:00,20:00-21:00", "2026-01-01 - 2026-02-01 / 3 00:00-24:00", "tuesday -1 april - friday 2 may / 6 00:00-24:00",
		"day 1-15/5 00:00-24:00", "february 29 00:00-24:00", "- / : - :", "1-1-1:", "day 31 - -31 22:00-06:00",
	} {
		f.Add(line, int64(1_781_524_800e9))
	}
	f.Fuzz(func(t *testing.T, line string, moment int64) {
		d := in("Europe/Berlin", line)
		if calendar.Check(d) != nil {
			return
		}
		calendar.Doubts(d)
		p := compile(t, d)
		now := monitor.Time(uint64(moment) % 8e18)
		next, until := p.Next(now), p.Until(now)
		switch holds := p.Holds(now); {
		case holds && next != now:
			t.Errorf("%q holds at %d, but next is %d", line, now, next)
		case !holds && next != 0 && (next <= now || !p.Holds(next) || p.Holds(next-1)):
			t.Errorf("%q: next of %d is %d, which is no beginning", line, now, next)
		case until != 0 && (until <= now || p.Holds(until) == holds || p.Holds(until-1) != holds):
			t.Errorf("%q: until of %d is %d, which is no end", line, now, until)
		}
	})
}

func BenchmarkHolds(b *testing.B) {
	for name, p := range map[string]*calendar.Period{
		"office": busy(b),
		"week":   compile(b, in("Europe/Berlin", "monday 08:00-18:00", "sunday 00:00-24:00")),
	} {
		b.Run(name, func(b *testing.B) {
			now := at(b, "Europe/Berlin", "2026-06-15 12:00:00")
			b.ReportAllocs()
			for b.Loop() {
				p.Holds(now)
			}
		})
	}
}

func BenchmarkWatch(b *testing.B) {
	w := busy(b).Watch()
	now := at(b, "Europe/Berlin", "2026-06-15 12:00:00")
	b.ReportAllocs()
	for b.Loop() {
		w.Holds(now)
	}
}

func BenchmarkNext(b *testing.B) {
	now := at(b, "Europe/Berlin", "2026-06-20 12:00:00")
	for name, p := range map[string]*calendar.Period{
		"office": busy(b),
		"never":  compile(b, in("Europe/Berlin", "2020-01-01 00:00-24:00", "february 30 00:00-24:00")),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Next(now)
			}
		})
	}
}
