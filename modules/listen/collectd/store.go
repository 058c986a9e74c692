package collectd

import (
	"math"
	"slices"
	"strings"
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
	longestInterval = 24 * time.Hour
	// missed is how many intervals a metric may be missing before its service has it no more, and is forgotten.
	missed = 3
	// leastKept is how long a series is remembered at least.
	leastKept = 5 * time.Minute
	// future is how far ahead of ours a sender's clock may be.
	future = 10 * time.Minute
	// longestPerfdata bounds what one result carries.
	longestPerfdata = 64 << 10
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
}

func newStore(s *settings) *store {
	return &store{settings: s, series: map[string]*series{}, services: map[monitor.Ref]*service{}, sources: map[string]int{}}
}

// list takes a list of values; why it does not, if it does not.
func (s *store) list(source string, l *packet.List, now monitor.Time) (why string) {
	switch {
	case l.Time > now.Add(future):
		return early
	case l.Time < now.Add(-s.maxAge):
		return old
	}
	one, why := s.find(source, l)
	if one == nil {
		return why
	}
	if l.Time <= one.last {
		return stale
	}
	one.heard = now
	if one.service == nil {
		one.last = l.Time
		return nothing
	}
	one.take(l)
	one.wait = min(l.Interval, longestInterval)
	if one.wait <= 0 {
		one.wait = defaultInterval
	}
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
func (s *store) find(source string, l *packet.List) (*series, string) {
	s.key = s.key[:0]
	for _, part := range [...][]byte{l.Host, l.Plugin, l.PluginInstance, l.Type, l.TypeInstance} {
		s.key = append(append(s.key, part...), 0)
	}
	if one := s.series[string(s.key)]; one != nil {
		if len(one.counts) == len(l.Values) {
			return one, ""
		}
		s.drop(string(s.key), one) // the type has another form now
	}
	if len(s.series) >= s.most || s.sources[source] >= s.mostOfSource {
		return nil, full
	}
	one := s.open(source, l)
	s.series[string(s.key)] = one
	s.sources[source]++
	return one, ""
}

func (s *store) open(source string, l *packet.List) *series {
	one := &series{source: source, counts: make([]uint64, len(l.Values))}
	ref, shared, wanted := s.naming.service(&l.ID)
	if !wanted {
		return one
	}
	one.limits = s.naming.types.of(string(l.Type), len(l.Values))
	for _, label := range s.naming.metrics(&l.ID, shared, len(l.Values)) {
		one.metrics = append(one.metrics, metric{label: label, value: math.NaN()})
	}
	v := s.services[ref]
	if v == nil {
		v = &service{Ref: ref}
		s.services[ref] = v
	}
	v.series = append(v.series, one)
	one.service = v
	return one
}

// drop forgets a series, and its service with the last of them.
func (s *store) drop(key string, one *series) {
	delete(s.series, key)
	if s.sources[one.source]--; s.sources[one.source] <= 0 {
		delete(s.sources, one.source)
	}
	if v := one.service; v != nil {
		v.series = slices.DeleteFunc(v.series, func(other *series) bool { return other == one })
		if len(v.series) == 0 {
			delete(s.services, v.Ref)
		}
	}
}

// forget drops what was not heard of for long.
func (s *store) forget(now monitor.Time) {
	for key, one := range s.series {
		if now.Sub(one.heard) > max(missed*one.wait, leastKept) {
			s.drop(key, one)
		}
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
				break
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

// notice makes a notification a result, with the metrics that are known of its service, so that its triggers have them; false if
// nobody wants it.
func (s *store) notice(source string, n *packet.Notice, now monitor.Time) (monitor.Submission, string) {
	switch {
	case !s.notifications:
		return monitor.Submission{}, nothing
	case n.Time > now.Add(future):
		return monitor.Submission{}, early
	case n.Time < now.Add(-s.maxAge):
		return monitor.Submission{}, old
	}
	ref, _, wanted := s.naming.service(&n.ID)
	if !wanted || ref.Service == "" {
		return monitor.Submission{}, nothing
	}
	r := monitor.Submission{Ref: ref, Time: min(n.Time, now), Source: source}
	r.Output = strings.ToValidUTF8(strings.ReplaceAll(string(n.Message), "\n", " "), "?")
	switch n.Severity {
	case packet.Failure:
		r.State = monitor.Critical
	case packet.Warning:
		r.State = monitor.Warning
	}
	if v := s.services[ref]; v != nil {
		r.Perfdata = v.perfdata(now)
	}
	return r, ""
}
