package receiver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
)

// sink is a Receiver as one of its listeners sees it: with what the listener's definition allows to those who send to it.
type sink struct {
	r      *Receiver
	hosts  modules.Globs
	quotas *quotas // nil for none

	stored, unknown, refused, over *metrics.Counter
}

// sinkFor gives the Sink of a listener, whose results are loose or belong together.
func (r *Receiver) sinkFor(listener string, l modules.Limits, loose bool) *sink {
	s := &sink{r: r, hosts: l.Hosts}
	if l.Quota > 0 {
		s.quotas = newQuotas(l.Quota, l.Burst, loose)
	}
	count := func(what string) *metrics.Counter {
		return r.o.Metrics.GetOrCreateCounter(fmt.Sprintf("onbu_receiver_submitted_total{listener=%q,result=%q}", listener, what))
	}
	s.stored, s.unknown, s.refused, s.over = count("stored"), count("unknown"), count("refused"), count("over_quota")
	return s
}

// Submit implements modules.Sink.
func (s *sink) Submit(ctx context.Context, results []monitor.Submission) (modules.Receipt, error) {
	var receipt modules.Receipt
	err := s.r.submitAll(ctx, results, s, &receipt)
	s.stored.Add(receipt.Stored)
	s.unknown.Add(receipt.Unknown)
	s.refused.Add(receipt.Refused)
	s.over.Add(receipt.Over)
	return receipt, err
}

// Obey implements modules.Sink.
func (s *sink) Obey(ctx context.Context, line, source string) error {
	return s.ObeyAll(ctx, []string{line}, source)[0]
}

// ObeyAll implements modules.Bulk. A listener that may speak for some hosts only gives no commands for others, nor for all.
func (s *sink) ObeyAll(ctx context.Context, lines []string, source string) []error {
	if s.quotas == nil && len(s.hosts) == 0 {
		out := s.r.ObeyAll(ctx, lines, source)
		s.count(lines, out)
		return out
	}
	out := make([]error, len(lines))
	var allowed []string
	var places []int
	left := s.quotas.take(source, len(lines), time.Now())
	for i, line := range lines {
		if out[i] = s.allows(ctx, line, source, i >= left); out[i] == nil {
			allowed, places = append(allowed, line), append(places, i)
		}
	}
	for i, err := range s.r.ObeyAll(ctx, allowed, source) {
		out[places[i]] = err
	}
	s.count(lines, out)
	return out
}

// count counts the results among commands that are stored, or for nobody. What else is refused was counted before.
func (s *sink) count(lines []string, out []error) {
	for i, line := range lines {
		var nobody notKnown
		switch {
		case errors.As(out[i], &nobody):
			s.unknown.Inc()
		case out[i] == nil && isResult(line):
			s.stored.Inc()
		}
	}
}

func isResult(line string) bool {
	name := command.Name(line)
	return name == "PROCESS_HOST_CHECK_RESULT" || name == "PROCESS_SERVICE_CHECK_RESULT"
}

// tooMany is the refusal of what is over a quota.
type tooMany struct{ Refusal }

// Is makes it a modules.ErrOver.
func (t tooMany) Is(target error) bool { return target == modules.ErrOver }

// Unwrap gives the refusal.
func (t tooMany) Unwrap() error { return t.Refusal }

// allows says why a command, which may be over the quota, is not taken, before anybody looks at what it wants; nil if it is.
func (s *sink) allows(ctx context.Context, line, source string, over bool) error {
	req, err := parse(line, source)
	if err != nil {
		s.r.refused.Inc()
		return err
	}
	if over {
		s.over.Inc()
		return tooMany{Refusal{req.Name + ": too many from " + source}}
	}
	if len(s.hosts) == 0 {
		return nil
	}
	b, err := s.r.current(ctx)
	_, result := req.Submission()
	if err == nil && (!s.speaksFor(b, req.Ref.Host) || !result && req.Beyond()) {
		s.refused.Inc()
		err = Refusal{fmt.Sprintf("%s: whoever sends to this listener may not give this command for %q; its definition says for which hosts (hosts)", req.Name, req.Ref.Host)}
	}
	return err
}

// speaksFor says whether the listener's senders may speak for a host, by its name.
func (s *sink) speaksFor(b *book, host string) bool {
	if len(s.hosts) == 0 {
		return true
	}
	return host != "" && s.hosts.Fit(b.nameOf(host))
}

// NameOf implements modules.Naming.
func (s *sink) NameOf(host string) string {
	if b := s.r.book.Load(); b != nil {
		return b.nameOf(host)
	}
	return host
}

// Knows implements modules.Knowing.
func (s *sink) Knows(ref monitor.Ref) bool {
	b := s.r.book.Load()
	if b == nil {
		return true
	}
	_, known := b.find(&ref)
	return known && s.speaksFor(b, ref.Host)
}
