package collectd

import (
	"math"
	"time"

	"github.com/onbu/onbu/modules/listen/collectd/packet"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/perfdata"
)

const (
	// settle is how long a service waits at most for the rest of what was measured with the first value.
	settle = 2 * time.Second
	// defaultInterval is collectd's, for senders that do not say theirs.
	defaultInterval = 10 * time.Second
	longestInterval = time.Hour
	// missed is how many intervals a metric may be missing before its service has it no more, and is forgotten.
	missed = 3
	// leastKept is how long a series is remembered at least.
	leastKept = 5 * time.Minute
	// future is how far ahead of ours a sender's clock may be. What comes from there makes the true values old for as long.
	future = time.Minute
	// longestPerfdata bounds what one result carries.
	longestPerfdata = 64 << 10
	// mostOfService is how many series a service has: more do not fit into what one result carries.
	mostOfService = 2000
)

// Why lists are not taken.
const (
	stale   = "stale"
	old     = "age"
	early   = "future"
	full    = "series"
	nothing = "not_wanted"
)

// service gathers metrics until they are submitted together.
type service struct {
	monitor.Ref
	series   []*series
	strange  bool // nobody knows it
	source   string
	interval time.Duration
	newest   monitor.Time // of the values that wait
	sent     monitor.Time // when it was last submitted
	due      monitor.Time // when it is next; 0 if nothing new waits
}

// store holds the series of all senders. It is not safe for concurrent use.
type store struct {
	*settings
	series   map[string]*series
	services map[monitor.Ref]*service
	sources  map[string]int // series of each
	pending  []*service
	key      []byte
	heard    heard // notifications

	knows func(monitor.Ref) bool // says whether a host or service is configured
	// strange counts the series of what nobody knows; swept is when room was last made.
	strange int
	swept   monitor.Time
}

func newStore(s *settings) *store {
	return &store{
		settings: s, series: map[string]*series{}, services: map[monitor.Ref]*service{}, sources: map[string]int{}, heard: heard{most: s.most},
		knows: func(monitor.Ref) bool { return true },
	}
}

// list takes a list of values; why it does not, if it does not.
func (s *store) list(source string, l *packet.List, now monitor.Time) (why string) {
	switch {
	case l.Time > now.Add(future):
		return early
	case l.Time < now.Add(-s.maxAge):
		return old
	}
	one, why := s.find(source, l, now)
	if one == nil {
		return why
	}
	if l.Time <= one.last {
		return stale
	}
	one.heard, one.wait = now, min(l.Interval, longestInterval)
	if one.wait <= 0 {
		one.wait = defaultInterval
	}
	if one.service == nil {
		one.last = l.Time
		return nothing
	}
	one.take(l)
	s.lay(one.service, one, source, now)
	return ""
}

// lay has a service submitted once per interval, and soon after the first of its values came.
func (s *store) lay(v *service, one *series, source string, now monitor.Time) {
	v.source, v.interval, v.newest = source, one.wait, max(v.newest, one.last)
	if v.due != 0 {
		return
	}
	v.due = max(now.Add(min(settle, one.wait/2)), v.sent.Add(one.wait))
	s.pending = append(s.pending, v)
}

// find gives the series of a list, a new one if there is none yet and there is room.
func (s *store) find(source string, l *packet.List, now monitor.Time) (*series, string) {
	s.identify(&l.ID)
	if one := s.series[string(s.key)]; one != nil {
		if len(one.counts) != len(l.Values) {
			s.form(one, l) // the type has another one now
		}
		return one, ""
	}
	if s.sources[source] >= s.mostOfSource {
		return nil, full
	}
	one := s.open(l, now)
	if one == nil {
		return nil, full
	}
	one.source = source
	s.series[string(s.key)] = one
	s.sources[source]++
	return one, ""
}

// identify makes the key of an ID.
func (s *store) identify(id *packet.ID) {
	s.key = s.key[:0]
	for _, part := range [...][]byte{id.Host, id.Plugin, id.PluginInstance, id.Type, id.TypeInstance} {
		s.key = append(append(s.key, part...), 0)
	}
}

// open makes a series, and its service if there is none yet; nil if there is no room.
func (s *store) open(l *packet.List, now monitor.Time) *series {
	ref, _, wanted := s.naming.service(&l.ID)
	if !wanted {
		ref.Service = ""
	}
	one := &series{strange: !s.knows(ref)}
	if !s.room(one.strange, now) {
		return nil
	}
	if wanted {
		v := s.services[ref]
		if v == nil {
			v = &service{Ref: ref, strange: one.strange}
			s.services[ref] = v
		}
		if len(v.series) >= mostOfService {
			return nil
		}
		v.series = append(v.series, one)
		one.service = v
	}
	if one.strange {
		s.strange++
	}
	s.form(one, l)
	return one
}

// form gives a series as many values as a list has, none of which is known.
func (s *store) form(one *series, l *packet.List) {
	one.counts, one.metrics, one.limits, one.last = make([]uint64, len(l.Values)), nil, nil, 0
	if one.service == nil {
		return
	}
	_, shared, _ := s.naming.service(&l.ID)
	one.limits = s.naming.types.of(string(l.Type), len(l.Values))
	for _, label := range s.naming.metrics(&l.ID, shared, len(l.Values)) {
		one.metrics = append(one.metrics, metric{label: label, value: math.NaN()})
	}
}

// collect appends the results that are due.
func (s *store) collect(results []monitor.Submission, now monitor.Time) []monitor.Submission {
	kept := s.pending[:0]
	for _, v := range s.pending {
		if v.due > now {
			kept = append(kept, v)
			continue
		}
		v.sent, v.due = now, 0
		if metrics := v.perfdata(now); metrics != "" {
			results = append(results, monitor.Submission{
				Ref: v.Ref, Time: min(v.newest, now), Source: v.source, Keep: true,
				Outcome: monitor.Outcome{Output: "CollectD", Perfdata: metrics},
			})
		}
	}
	clear(s.pending[len(kept):])
	s.pending = kept
	return results
}

// perfdata gives the metrics of a service that are not too old. What is not known is U; a service of which nothing is known yet
// has none.
func (v *service) perfdata(now monitor.Time) string {
	var b []byte
	some := false
	for _, one := range v.series {
		if now.Sub(one.heard) > missed*one.wait || one.last == 0 {
			continue
		}
		for i := range one.metrics {
			m := perfdata.Metric{Label: one.metrics[i].label}
			if x := one.metrics[i].value; !math.IsNaN(x) {
				m.Value, some = perfdata.Of(x), true
			}
			if len(b)+len(m.Label)+40 > longestPerfdata {
				return string(b)
			}
			if len(b) > 0 {
				b = append(b, ' ')
			}
			b = m.Append(b)
		}
	}
	if !some {
		return ""
	}
	return string(b)
}
