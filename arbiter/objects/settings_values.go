package objects

import (
	"math"
	"time"

	"github.com/onbu/onbu/monitor"
)

// attempts reads max_check_attempts, which Nagios wants of everything and Shinken takes to be 1.
func (l *loader) attempts(v *view) uint16 {
	a := v.get(keyMaxCheckAttempts)
	if !a.given() {
		if !l.shinken && !v.base.broken {
			l.errorAt(v.pos(), "this %s has no max_check_attempts, and neither have its templates: add one", v.kind)
		}
		return 1
	}
	n, _ := leading(a.s)
	if n < 1 {
		l.errorAt(a.pos, "max_check_attempts is %q: it must be 1 or more", a.s)
		return 1
	}
	return uint16(clamp(n, 1, math.MaxUint16))
}

func clamp(n, least, most float64) float64 { return max(least, min(n, most)) }

// checkInterval reads check_interval. Shinken takes a host's 0 for 5 minutes (shinken/objects/schedulingitem.py, schedule).
func (l *loader) checkInterval(v *view) time.Duration {
	d := l.units(v, keyCheckInterval, 5)
	if l.shinken && v.kind == kHost && (d == 0 || !v.get(keyCheckInterval).given()) {
		return 5 * time.Minute
	}
	return d
}

func (l *loader) defaultRepeat() float64 {
	if l.shinken {
		return 60
	}
	return 30
}

// units reads a number of time units.
func (l *loader) units(v *view, k key, fallback float64) time.Duration {
	n := l.num(v, k, fallback)
	if n < 0 {
		l.errorAt(v.get(k).pos, "%s is %q: it must not be below 0", known.names[k], v.str(k))
		n = fallback
	}
	return duration(n, l.config.Options.Interval)
}

func (l *loader) num(v *view, k key, fallback float64) float64 {
	val := v.get(k)
	if !val.given() {
		return fallback
	}
	n, _ := leading(val.s)
	return n
}

func (l *loader) on(v *view, k key, fallback bool) bool {
	val := v.get(k)
	if !val.given() {
		return fallback
	}
	on, _ := l.onOff(val.s, val.pos, known.names[k])
	return on
}

func (l *loader) switches(v *view) monitor.Switch {
	var set monitor.Switch
	for _, s := range []struct {
		key key
		bit monitor.Switch
		on  bool
	}{
		{keyActiveChecks, monitor.ActiveChecks, true},
		{keyPassiveChecks, monitor.PassiveChecks, true},
		{keyNotifications, monitor.Notifications, true},
		{keyEventHandlerEnabled, monitor.EventHandlers, !l.shinken},
		{keyFlapDetection, monitor.FlapDetection, true},
		{keyCheckFreshness, monitor.FreshnessChecks, false},
		{keyObsess, monitor.Obsess, !l.shinken},
		{keyPerfdata, monitor.ProcessPerfdata, true},
	} {
		if l.on(v, s.key, s.on) {
			set |= s.bit
		}
	}
	return set
}

func (l *loader) period(v *view, k key) int32 {
	val := v.get(k)
	if !val.given() || val.s == "" {
		return monitor.None
	}
	i, ok := l.one(kTimeperiod, val.s, val.pos, known.names[k])
	if !ok {
		return monitor.None
	}
	return int32(i)
}

// optionsOf reads a set of options; checkItems has complained of letters that there are not.
func (l *loader) optionsOf(v *view, k key, fallback string) monitor.Option {
	val := v.get(k)
	if !val.given() {
		val.s = fallback
	}
	set, _ := optionSet(v.kind, k, val.s)
	return set
}

// initialState reads o, d, u or o, w, u, c. Unset is Pending.
func initialState(v *view) monitor.State {
	states := map[string]monitor.State{"o": monitor.Up, "d": monitor.Down, "u": monitor.Unreachable}
	if v.kind == kService {
		states = map[string]monitor.State{
			"o": monitor.OK, "w": monitor.Warning, "u": monitor.Unknown, "c": monitor.Critical,
		}
	}
	if s, ok := states[v.str(keyInitialState)]; ok {
		return s
	}
	return monitor.Pending
}

// flap gives the thresholds; 0 and less mean those of the main file.
func (l *loader) flap(v *view) (low, high float32) {
	o := &l.config.Options
	low, high = o.LowServiceFlap, o.HighServiceFlap
	if v.kind == kHost {
		low, high = o.LowHostFlap, o.HighHostFlap
	}
	if n := l.num(v, keyLowFlap, 0); n > 0 {
		low = float32(n)
	}
	if n := l.num(v, keyHighFlap, 0); n > 0 {
		high = float32(n)
	}
	return low, high
}

// tag reads a poller_tag; Shinken writes None for none.
func tag(v *view, k key) string {
	if s := v.str(k); s != "None" {
		return s
	}
	return ""
}

func (l *loader) impact(v *view, k key, fallback float64) int8 {
	return int8(clamp(l.num(v, k, fallback), math.MinInt8, math.MaxInt8))
}
