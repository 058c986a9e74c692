package calendar

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/nearest"
)

// Compile makes Periods out of definitions, in the same order. When there are mistakes it gives no Period and all
// mistakes joined, each with the name of its timeperiod.
//
// Zones are looked up with time.LoadLocation; the empty one is time.Local.
func Compile(definitions []monitor.Timeperiod) ([]*Period, error) {
	c := compiler{definitions: definitions, byName: make(map[string]int, len(definitions))}
	for i, d := range definitions {
		if _, twice := c.byName[d.Name]; twice {
			c.mistake(d.Name, errors.New("defined twice; remove one or rename it"))
			continue
		}
		c.byName[d.Name] = i
	}
	for _, d := range definitions {
		c.periods = append(c.periods, c.compile(d))
	}
	c.link()
	if len(c.mistakes) > 0 {
		return nil, errors.Join(c.mistakes...)
	}
	for _, p := range c.periods {
		p.always = len(p.excludes) == 0 && p.days.always()
	}
	return c.periods, nil
}

// Check gives all mistakes in the ranges and the zone of one definition, joined; nil if there are none. What it excludes is
// not looked at: that takes Compile.
func Check(definition monitor.Timeperiod) error {
	var c compiler
	c.compile(definition)
	return errors.Join(c.mistakes...)
}

// Doubts tells what is allowed in a definition but was hardly meant so, one sentence for each.
func Doubts(definition monitor.Timeperiod) []string {
	var doubts []string
	for _, text := range definition.Ranges {
		l, err := parseLine(text)
		if err != nil {
			continue
		}
		for _, s := range l.spans {
			if s.start > s.end || s.start == s.end && s.start != 0 {
				doubts = append(doubts, fmt.Sprintf("timeperiod %s: line %q: %s ends before it begins and so never holds, as in Nagios; "+
					"for a night write %s-24:00 here and 00:00-%s on the day after", definition.Name, text, s, clock(s.start), clock(s.end)))
			}
		}
	}
	return doubts
}

type compiler struct {
	definitions []monitor.Timeperiod
	byName      map[string]int
	periods     []*Period
	mistakes    []error
}

func (c *compiler) mistake(period string, err error) {
	c.mistakes = append(c.mistakes, fmt.Errorf("timeperiod %s: %w", period, err))
}

// compile makes a Period that excludes nothing yet.
func (c *compiler) compile(d monitor.Timeperiod) *Period {
	p := &Period{name: d.Name, zone: time.Local}
	if d.Zone != "" {
		zone, err := time.LoadLocation(d.Zone)
		if err != nil {
			c.mistake(d.Name, fmt.Errorf("time zone %q: %w; use a name such as Europe/Berlin, or leave it out for the machine's own", d.Zone, err))
		} else {
			p.zone = zone
		}
	}
	for _, text := range d.Ranges {
		l, err := parseLine(text)
		if err != nil {
			c.mistake(d.Name, fmt.Errorf("line %q: %w", text, err))
			continue
		}
		p.add(l)
	}
	slices.SortStableFunc(p.rules, func(a, b rule) int { return int(a.kind) - int(b.kind) })
	return p
}

// add takes a line in. Of several lines for the same plain weekday the last one counts, as in Nagios.
func (p *Period) add(l line) {
	l.times = tidy(slices.Clone(l.spans))
	if l.kind == everyWeekday {
		p.weekdays[l.from.weekday] = l.times
		return
	}
	p.rules = append(p.rules, l.rule)
}

// link resolves what the periods exclude, and refuses circles.
func (c *compiler) link() {
	for i, d := range c.definitions {
		for _, name := range d.Exclude {
			j, ok := c.byName[name]
			if !ok {
				c.mistake(d.Name, fmt.Errorf("excludes %q, which is not defined%s", name, c.suggest(name)))
				continue
			}
			c.periods[i].excludes = append(c.periods[i].excludes, c.periods[j])
		}
	}
	done := make(map[*Period]bool, len(c.periods))
	for _, p := range c.periods {
		c.findCircle(p, nil, done)
	}
}

// findCircle reports each circle once: periods that were walked through before are done.
func (c *compiler) findCircle(p *Period, path []*Period, done map[*Period]bool) {
	if i := slices.Index(path, p); i >= 0 {
		var names []string
		for _, q := range append(path[i:], p) {
			names = append(names, q.name)
		}
		c.mistake(p.name, fmt.Errorf("excludes itself: %s; remove one of these", strings.Join(names, " -> ")))
		return
	}
	if done[p] {
		return
	}
	path = append(path, p)
	for _, x := range p.excludes {
		c.findCircle(x, path, done)
	}
	done[p] = true
}

func (c *compiler) suggest(name string) string {
	names := func(yield func(string) bool) {
		for _, d := range c.definitions {
			if !yield(d.Name) {
				return
			}
		}
	}
	if near := nearest.Of(name, names); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return "; define it or remove it from exclude"
}
