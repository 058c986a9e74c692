package calendar_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/calendar"
)

// everyForm is a line of each form of days, with ranges and steps, that between them mean most days of a year; some begin
// or end on days on which clocks are changed, and some of the times on those days are there twice or not at all.
func everyForm() []modelLine {
	line := func(kind int, days string, on map[civil]bool, times ...minutes) modelLine {
		return modelLine{kind: kind, days: days, on: on, times: times}
	}
	one := func(from, to civil, step int) map[civil]bool {
		on := map[civil]bool{}
		walk(from, to, step, on)
		return on
	}
	first, _ := find(2024, 1, 1, weekday(time.Monday))
	sunday, _ := find(2024, 1, 1, weekday(time.Sunday))
	night, late := minutes{105, 185}, minutes{1290, 1440}
	return []modelLine{
		line(0, "2026-12-24", one(civil{2026, 12, 24}, civil{2026, 12, 24}, 1), minutes{0, 60}),
		line(0, "2026-03-28 - 2026-04-06 / 2", one(civil{2026, 3, 28}, civil{2026, 4, 6}, 2), night),
		line(0, "2026-10-25", one(civil{2026, 10, 25}, civil{2026, 10, 25}, 1), minutes{90, 150}, minutes{165, 200}),
		line(1, "december 25", runs(place{12, 25, anyDay}, place{12, 25, anyDay}, 1, true), minutes{0, 1440}),
		line(1, "october 2 - october 7 / 2", runs(place{10, 2, anyDay}, place{10, 7, anyDay}, 2, true), minutes{0, 150}),
		line(1, "december 29 - january 3", runs(place{12, 29, anyDay}, place{1, 3, anyDay}, 1, true), late),
		line(1, "february -1", runs(place{2, -1, anyDay}, place{2, -1, anyDay}, 1, true), minutes{600, 601}),
		line(2, "day 1 - 15 / 5", runs(place{nth: 1, ok: anyDay}, place{nth: 15, ok: anyDay}, 5, false), minutes{60, 240}),
		line(2, "day -1", runs(place{nth: -1, ok: anyDay}, place{nth: -1, ok: anyDay}, 1, false), late),
		line(3, "tuesday -1 april", runs(place{4, -1, weekday(time.Tuesday)}, place{4, -1, weekday(time.Tuesday)}, 1, true), minutes{0, 1440}),
		line(3, "sunday 1 april - tuesday 2 may / 3", runs(place{4, 1, weekday(time.Sunday)}, place{5, 2, weekday(time.Tuesday)}, 3, true), night),
		line(4, "monday 3", runs(place{nth: 3, ok: weekday(time.Monday)}, place{nth: 3, ok: weekday(time.Monday)}, 1, false), minutes{0, 30}, late),
		line(4, "friday -1 - sunday -1", runs(place{nth: -1, ok: weekday(time.Friday)}, place{nth: -1, ok: weekday(time.Sunday)}, 1, false), minutes{30, 1400}),
		line(5, "monday", one(first, civil{2028, 12, 31}, 7), minutes{540, 1020}),
		line(5, "sunday", one(sunday, civil{2028, 12, 31}, 7), minutes{0, 121}, minutes{130, 1440}),
	}
}

// define writes a model down as a definition.
func define(name, zone string, lines []modelLine, exclude ...string) monitor.Timeperiod {
	d := monitor.Timeperiod{Name: name, Zone: zone, Exclude: exclude}
	for _, l := range lines {
		d.Ranges = append(d.Ranges, l.String())
	}
	return d
}

// A year with both changes of the clock, minute by minute: by an hour in Berlin, in the other half of the year and at
// midnight in Santiago, by half an hour in Lord Howe, twice each way in Casablanca. Holds, Next and Until are asked of a
// period that has a line of each form, with another one cut out of it, which counts in another zone; in Berlin also of the
// whole period and of a random one. The race detector sees Berlin only: "make slow" asks in all zones.
func TestEachMinuteOfAYearIsThatOfTheModel(t *testing.T) {
	zones := []string{"Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "Africa/Casablanca"}
	if raceDetector {
		zones = zones[:1]
	}
	for i, zone := range zones {
		t.Run(strings.ReplaceAll(zone, "/", "_"), func(t *testing.T) {
			t.Parallel()
			g := generator{rand.New(rand.NewPCG(20, uint64(i)))}
			models, definitions := g.periods(zone)
			all := &model{lines: everyForm(), zone: load(t, zone)}
			cut := &model{lines: models[0].lines, zone: load(t, "America/New_York")}
			rest := &model{lines: all.lines, excludes: []*model{cut}, zone: all.zone}
			definitions = append(definitions,
				define("all", zone, all.lines), define("cut", "America/New_York", cut.lines), define("rest", zone, all.lines, "cut"))
			periods, err := calendar.Compile(definitions)
			if err != nil {
				t.Fatal(err)
			}
			from := time.Date(2026, 1, 1, 0, 0, 0, 0, all.zone)
			for n, m := range map[int]*model{5: rest, 2: models[2], 3: all} {
				if n != 5 && (i > 0 || raceDetector) {
					continue
				}
				compare(t, m, periods[n], definitions[n], from, from.AddDate(1, 0, 0), time.Minute)
			}
		})
	}
}

// However they are asked, the three answers fit together: nothing holds between a moment and Next of it, all is the same
// between a moment and Until of it, and a Watch says the same.
func TestHoldsNextAndUntilFitTogether(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(16, 16))}
	for n := range 30 {
		zone := []string{"Europe/Berlin", "Australia/Lord_Howe", "America/Santiago"}[n%3]
		_, definitions := g.periods(zone)
		periods, err := calendar.Compile(definitions)
		if err != nil {
			t.Fatal(err)
		}
		p := periods[2]
		watch := p.Watch()
		for range 300 {
			now := monitor.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).Add(time.Duration(g.Int64N(int64(365 * 24 * time.Hour))))
			if wrong := misfit(p, now, g.Int64N); wrong != "" {
				t.Fatalf("%+v at %v: %s", definitions, now.Std().UTC(), wrong)
			}
			if watch.Holds(now) != p.Holds(now) || watch.Next(now) != p.Next(now) {
				t.Fatalf("%+v at %v: the watch says otherwise", definitions, now.Std().UTC())
			}
		}
	}
}

func misfit(p *calendar.Period, now monitor.Time, random func(int64) int64) string {
	holds, next, until := p.Holds(now), p.Next(now), p.Until(now)
	switch {
	case holds != (next == now):
		return fmt.Sprintf("holds: %t, next: %v", holds, next.Std().UTC())
	case !holds && next != until:
		return fmt.Sprintf("next %v, until %v", next.Std().UTC(), until.Std().UTC())
	case until == 0:
		return ""
	case p.Holds(until) == holds || p.Holds(until-1) != holds:
		return fmt.Sprintf("nothing changes at until, %v", until.Std().UTC())
	}
	for range 5 {
		if between := now.Add(time.Duration(random(int64(until - now)))); p.Holds(between) != holds {
			return fmt.Sprintf("another answer at %v, before %v", between.Std().UTC(), until.Std().UTC())
		}
	}
	return ""
}
