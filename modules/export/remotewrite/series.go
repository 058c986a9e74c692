package remotewrite

import (
	"cmp"
	"slices"
	"time"

	"github.com/onbu/onbu/internal/outbound"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/perfdata"
)

// writer makes time series of checks. It is immutable.
type writer struct {
	prefix string
	// byName makes the label of a metric part of the name of its series, rather than a label.
	byName bool
	base   bool // values are turned into base units
	states bool
	bounds bool // thresholds, minimum and maximum
	labels outbound.Labels
}

type label = outbound.Label

func readWriter(s *modules.Settings, o modules.Outlook) *writer {
	w := &writer{
		prefix: s.Text("prefix", "onbu_"), byName: s.Choice("naming", "label", "label", "name") == "name",
		base: s.Bool("base_units", false), states: s.Bool("states", false), bounds: s.Bool("thresholds", false),
		labels: outbound.ReadLabels(s, o, "label", "host", "metric", "service", "unit"),
	}
	if w.prefix != "" && metricName(w.prefix) != w.prefix {
		s.Wrong("prefix", "the name of a series has letters, digits, _ and : only, and no digit first")
	}
	return w
}

// encode adds the series of a check to b, each with one sample.
func (w *writer) encode(b *outbound.Batch, c *monitor.Check) {
	p := point{w: w, batch: b, check: c, at: cmp.Or(c.Started, c.Time)}
	for m := range perfdata.OfCheck(c) {
		p.metric(&m)
	}
	if w.states {
		p.plain("state", float64(c.State))
		p.plain("state_type", float64(c.Type))
		p.plain("check_attempt", float64(c.Attempt))
		p.plain("check_latency_seconds", c.Latency.Seconds())
		p.plain("check_execution_seconds", c.Execution.Seconds())
	}
}

// point adds series of one check.
type point struct {
	w     *writer
	batch *outbound.Batch
	check *monitor.Check
	at    monitor.Time
	extra []label // the user's, sorted, once it is known
	known bool
	all   []label // of the series at hand
}

func (p *point) metric(m *perfdata.Metric) {
	factor, unit := 1.0, m.Unit
	if p.w.base {
		factor, unit = perfdata.Base(unit)
	}
	name, labelOf := p.w.prefix+"perf", m.Label
	if p.w.byName {
		name, labelOf = metricName(p.w.prefix+"perf_"+m.Label), ""
	}
	add := func(suffix string, value float64) { p.add(name+suffix, labelOf, unit, value*factor) }
	add("", m.Value.Value)
	if !p.w.bounds {
		return
	}
	for _, r := range []struct {
		suffix string
		is     perfdata.Range
	}{{"_warn", m.Warn}, {"_crit", m.Crit}} {
		if at, ok := r.is.Edge(); ok {
			add(r.suffix, at)
		}
	}
	for _, n := range []struct {
		suffix string
		is     perfdata.Number
	}{{"_min", m.Min}, {"_max", m.Max}} {
		if n.is.Set {
			add(n.suffix, n.is.Value)
		}
	}
}

// plain adds a series that is not a metric's.
func (p *point) plain(name string, value float64) { p.add(p.w.prefix+name, "", "", value) }

func (p *point) add(name, metric, unit string, value float64) {
	c := p.check
	p.all = append(p.all[:0],
		label{Name: "__name__", Value: name}, label{Name: "host", Value: c.Host}, label{Name: "metric", Value: metric},
		label{Name: "service", Value: c.Service}, label{Name: "unit", Value: unit})
	if extra := p.extras(); len(extra) > 0 {
		p.all = append(p.all, extra...)
		slices.SortStableFunc(p.all, func(a, b label) int { return cmp.Compare(a.Name, b.Name) })
	}
	p.batch.Bytes = appendSeries(p.batch.Bytes, p.all, value, time.Duration(p.at).Milliseconds())
	p.batch.Cut(c)
}

// extras gives the user's labels for the object at hand.
func (p *point) extras() []label {
	if !p.known {
		p.known, p.extra = true, p.w.labels.Of(p.check.Ref)
	}
	return p.extra
}
