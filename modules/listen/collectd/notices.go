package collectd

import (
	"strings"

	"github.com/onbu/onbu/modules/listen/collectd/packet"
	"github.com/onbu/onbu/monitor"
)

// mostHeard is how many identifiers of one service notifications are remembered for.
const mostHeard = 500

// heard holds the time of the last notification of each identifier, by service. Its zero value with a bound is ready to use.
type heard struct {
	of      map[monitor.Ref]map[string]monitor.Time
	n, most int // identifiers
}

// take says why a notification is not taken: it is not newer than the last of its identifier, so that nobody who saw one may send
// it again, or there is no room.
func (h *heard) take(ref monitor.Ref, key []byte, at monitor.Time) (why string) {
	of := h.of[ref]
	last, known := of[string(key)]
	switch {
	case at <= last:
		return stale
	case !known && (len(of) >= mostHeard || h.n >= h.most):
		return full
	case h.of == nil:
		h.of = map[monitor.Ref]map[string]monitor.Time{}
	}
	if of == nil {
		of = map[string]monitor.Time{}
		h.of[ref] = of
	}
	if !known {
		h.n++
	}
	of[string(key)] = at
	return ""
}

// forget drops what came before a time: what is as old is not taken anyway.
func (h *heard) forget(before monitor.Time) {
	for ref, of := range h.of {
		for key, at := range of {
			if at < before {
				delete(of, key)
				h.n--
			}
		}
		if len(of) == 0 {
			delete(h.of, ref)
		}
	}
}

// notice makes a notification a result, with the metrics that are known of its service, so that its triggers have them; why it does
// not, if it does not.
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
	if s.knows(ref) { // else it changes nothing, however often it comes
		s.identify(&n.ID)
		if why := s.heard.take(ref, s.key, n.Time); why != "" {
			return monitor.Submission{}, why
		}
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
