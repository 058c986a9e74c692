package collectd

import (
	"math"
	"time"

	"github.com/onbu/onbu/modules/listen/collectd/packet"
	"github.com/onbu/onbu/monitor"
)

// series is what one sender measures again and again: an ID with its values.
type series struct {
	source  string   // who sent it first
	service *service // nil if nobody wants it
	strange bool     // nobody knows its host or service
	gone    bool
	limits  []dataSource // nil if the type is not known
	last    monitor.Time // as measured
	heard   monitor.Time // as it came
	wait    time.Duration
	counts  []uint64 // as they were last
	metrics []metric
}

// metric is a value as the service has it.
type metric struct {
	label string
	value float64 // NaN if it is not known
	at    monitor.Time
}

// take puts new values in the place of the old ones; rates are worked out of what grew since.
func (s *series) take(l *packet.List) {
	seconds := 0.0
	if s.last != 0 {
		seconds = l.Time.Sub(s.last).Seconds()
	}
	for i, v := range l.Values {
		m := &s.metrics[i]
		m.value, m.at = rate(v, s.counts[i], seconds), l.Time
		if s.limits != nil && (m.value < s.limits[i].min || m.value > s.limits[i].max) {
			m.value = math.NaN()
		}
		s.counts[i] = v.Count
	}
	s.last = l.Time
}

// rate gives a value as it is shown: a Gauge as it is, of the others how much a second. seconds is the time since the one before;
// 0 if there was none, and then there is no rate either.
func rate(v packet.Value, before uint64, seconds float64) float64 {
	switch {
	case v.Kind == packet.Gauge:
		if math.IsInf(v.Number, 0) {
			return math.NaN()
		}
		return v.Number
	case seconds <= 0:
		return math.NaN()
	case v.Kind == packet.Derive:
		return float64(int64(v.Count-before)) / seconds
	case v.Kind == packet.Absolute: // counted since it was last read
		return float64(v.Count) / seconds
	}
	return float64(grown(v.Count, before)) / seconds
}

// grown gives how far a counter has come, also over its end: that of 32 bits if it was below (collectd's counter_diff).
func grown(now, before uint64) uint64 {
	if now < before && before <= math.MaxUint32 {
		return math.MaxUint32 - before + now + 1
	}
	return now - before
}
