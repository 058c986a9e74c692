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

	stored, unknown, foreign, over, commands, refusedCommands *metrics.Counter
}

// New begins to count for a module: kind is a word such as "nrdp" that stands in the names of the metrics. What was counted
// for a module of that name before goes on.
func New(e modules.Env, kind, module string) *Tally {
	t := &Tally{set: e.Metrics, kind: kind, module: module}
	t.stored, t.unknown, t.foreign, t.over = t.results("stored"), t.results("unknown"), t.results("foreign"), t.results("over")
	t.commands, t.refusedCommands = t.counter("commands_total", "became", "stored"), t.counter("commands_total", "became", "refused")
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
func (t *Tally) Sink(of modules.Sink) modules.Sink { return counting{t, of} }

type counting struct {
	*Tally
	of modules.Sink
}

// Submit implements modules.Sink.
func (c counting) Submit(ctx context.Context, results []monitor.Submission) (modules.Receipt, error) {
	r, err := c.of.Submit(ctx, results)
	c.stored.Add(r.Stored)
	c.unknown.Add(r.Unknown)
	c.foreign.Add(r.Refused)
	c.over.Add(r.Over)
	return r, err
}

// Obey implements modules.Sink.
func (c counting) Obey(ctx context.Context, line, source string) error {
	err := c.of.Obey(ctx, line, source)
	if err == nil {
		c.commands.Inc()
	} else if ctx.Err() == nil {
		c.refusedCommands.Inc()
	}
	return err
}
