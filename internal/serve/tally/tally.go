// Package tally knows how listeners count what they refuse. What becomes of the results that they hand on the receiver counts.
package tally

import (
	"fmt"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/modules"
)

// Tally counts for one listener. Any goroutine may use it.
type Tally struct {
	set          *metrics.Set
	kind, module string
}

// New begins to count for a module: kind is a word such as "nrdp" that stands in the names of the metrics. What was counted
// for a module of that name before goes on.
func New(e modules.Env, kind, module string) *Tally {
	return &Tally{set: e.Metrics, kind: kind, module: module}
}

// Refused counts a connection, request, message or file that was not taken. The reason is one of the caller's few words, never
// something that came from outside.
func (t *Tally) Refused(reason string) { t.counter(reason).Inc() }

// Foreign counts results and commands for hosts that their sender may not speak for.
func (t *Tally) Foreign(n int) {
	if n > 0 {
		t.counter("foreign").Add(n)
	}
}

func (t *Tally) counter(reason string) *metrics.Counter {
	return t.set.GetOrCreateCounter(fmt.Sprintf("onbu_%s_refused_total{module=%q,reason=%q}", t.kind, t.module, reason))
}
