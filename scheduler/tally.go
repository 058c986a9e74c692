package scheduler

import (
	"strings"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/monitor"
)

// tally counts the checks of one step of a shard, so that the meter, which all shards share, is told once a step and not
// once a check. The shard's loop owns it.
type tally struct {
	passive int
	modules []*moduleTally // there are few
	last    int            // the one that was counted last
}

// moduleTally is what is counted for a check module.
type moduleTally struct {
	name          string
	meter         moduleMeter
	checks        int
	latency, took metrics.Histogram
}

// check counts one result that was applied.
func (t *tally) check(c *monitor.Check) {
	if c.CheckType == monitor.Passive {
		t.passive++
		return
	}
	one := t.module(c.Module)
	one.checks++
	one.latency.Update(c.Latency.Seconds())
	one.took.Update(c.Execution.Seconds())
}

func (t *tally) module(name string) *moduleTally {
	if t.last < len(t.modules) && t.modules[t.last].name == name {
		return t.modules[t.last]
	}
	for i := range t.modules {
		if t.modules[i].name == name {
			t.last = i
			return t.modules[i]
		}
	}
	t.last = len(t.modules)
	t.modules = append(t.modules, &moduleTally{name: strings.Clone(name)})
	return t.modules[t.last]
}

// flush tells the meter.
func (t *tally) flush(m *meter) {
	if t.passive > 0 {
		m.passive.Add(t.passive)
		t.passive = 0
	}
	for _, one := range t.modules {
		if one.checks == 0 {
			continue
		}
		if one.meter.checks == nil {
			one.meter = m.module(one.name)
		}
		one.meter.checks.Add(one.checks)
		one.meter.latency.Merge(&one.latency)
		one.meter.took.Merge(&one.took)
		one.checks = 0
		one.latency.Reset()
		one.took.Reset()
	}
}
