package objects

import (
	"strconv"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// loadTimeperiods reads the time periods. Their ranges are looked at by opts.CheckPeriod.
func (l *loader) loadTimeperiods() {
	for i, r := range l.objects[kTimeperiod] {
		v := l.look(r)
		t := Timeperiod{Pos: v.pos()}
		t.Name, t.Alias = l.names[kTimeperiod][i], v.str(keyAlias)
		if t.Alias == "" && !l.shinken {
			l.errorAt(v.pos(), "time period %q has no alias: give it one, Nagios does not start without", t.Name)
		}
		t.Ranges = l.ranges(v)
		exclude := v.get(keyExclude)
		in, _ := l.pick(kTimeperiod, exclude, "exclude")
		for _, x := range in {
			t.Exclude = append(t.Exclude, l.names[kTimeperiod][x])
		}
		l.excludes = append(l.excludes, in)
		l.config.Timeperiods = append(l.config.Timeperiods, t)
		l.checkPeriod(v, t.Timeperiod)
	}
}

// checkPeriod asks those who know time periods, and looks which line they speak of.
func (l *loader) checkPeriod(v *view, t monitor.Timeperiod) {
	if l.opts.CheckPeriod != nil {
		for _, err := range parts(l.opts.CheckPeriod(t)) {
			l.errorAt(linePos(v, err.Error()), "%v", err)
		}
	}
	if l.opts.DoubtPeriod != nil {
		for _, doubt := range l.opts.DoubtPeriod(t) {
			l.warnAt(linePos(v, doubt), "%s", doubt)
		}
	}
}

// parts takes joined errors apart.
func parts(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// linePos finds the line of a time period that a text quotes.
func linePos(v *view, quoting string) Pos {
	for i := range v.items {
		it := &v.items[i]
		if it.key == keyFree && strings.Contains(quoting, strconv.Quote(v.src.value(it))) {
			return Pos{v.ref.file, v.def.line + uint32(it.delta)}
		}
	}
	return v.pos()
}

// ranges gives the lines of a time period that are not directives, its own before those of its templates.
func (l *loader) ranges(v *view) []string {
	var list []string
	for i := range v.items {
		if v.items[i].key == keyFree {
			list = append(list, v.src.value(&v.items[i]))
		}
	}
	for _, t := range v.base.tags {
		r, ok := l.templates[kTimeperiod][t]
		if !ok {
			continue
		}
		s, d := l.sources[r.file], l.def(r)
		for i := range s.items[d.first : d.first+d.count] {
			if it := &s.items[int(d.first)+i]; it.key == keyFree {
				list = append(list, s.value(it))
			}
		}
	}
	return list
}
