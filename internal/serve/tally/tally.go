// Package tally knows how listeners count what they take and what they refuse.
package tally

import (
	"context"
	"fmt"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// Tally counts for one listener. Any goroutine may use it.
type Tally struct {
	set          *metrics.Set
	kind, module string

	stored, unknown, foreign, over *metrics.Counter
}

// New begins to count for a module: kind is a word such as "nrdp" that stands in the names of the metrics. What was counted
// for a module of that name before goes on.
func New(e modules.Env, kind, module string) *Tally {
	t := &Tally{set: e.Metrics, kind: kind, module: module}
	t.stored, t.unknown, t.foreign, t.over = t.results("stored"), t.results("unknown"), t.results("foreign"), t.results("over")
	return t
}

func (t *Tally) results(became string) *metrics.Counter {
	return t.counter("results_total", "became", became)
}

func (t *Tally) counter(name, label, value string) *metrics.Counter {
	return t.set.GetOrCreateCounter(fmt.Sprintf("onbu_%s_%s{module=%q,%s=%q}", t.kind, name, t.module, label, value))
}

// Refused counts a connection, request, packet or file that was not taken. The reason is one of the caller's few words, never
// something that came from outside.
func (t *Tally) Refused(reason string) { t.counter("refused_total", "reason", reason).Inc() }

// Foreign counts results that the listener kept back because their sender may not speak for their hosts.
func (t *Tally) Foreign(n int) { t.foreign.Add(n) }

// Sink gives a sink that counts what becomes of all that goes into another.
func (t *Tally) Sink(of modules.Sink) Sink { return Sink{t, of} }

// Sink is a modules.Sink, and a modules.Bulk.
type Sink struct {
	*Tally
	of modules.Sink
}

// Submit implements modules.Sink.
func (s Sink) Submit(ctx context.Context, results []monitor.Submission) (modules.Receipt, error) {
	r, err := s.of.Submit(ctx, results)
	s.stored.Add(r.Stored)
	s.unknown.Add(r.Unknown)
	s.foreign.Add(r.Refused)
	s.over.Add(r.Over)
	return r, err
}

// Obey implements modules.Sink.
func (s Sink) Obey(ctx context.Context, line, source string) error {
	err := s.of.Obey(ctx, line, source)
	s.commands(err)
	return err
}

// ObeyAll implements modules.Bulk, one after the other if the other sink does not.
func (s Sink) ObeyAll(ctx context.Context, lines []string, source string) []error {
	bulk, ok := s.of.(modules.Bulk)
	if !ok {
		out := make([]error, len(lines))
		for i, line := range lines {
			out[i] = s.Obey(ctx, line, source)
		}
		return out
	}
	out := bulk.ObeyAll(ctx, lines, source)
	for _, err := range out {
		s.commands(err)
	}
	return out
}

// commands counts a command.
func (t *Tally) commands(err error) {
	became := "stored"
	if err != nil {
		became = "refused"
	}
	t.counter("commands_total", "became", became).Inc()
}
