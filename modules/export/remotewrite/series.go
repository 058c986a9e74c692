package remotewrite

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/outbound"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
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
	labels []label
	// vars are custom variables that become labels, and catalog says their values; nil if there are none.
	vars    []variable
	catalog func() *catalog.Catalog
}

type label struct{ name, value string }

// variable is a custom variable and the name of the label that it becomes.
type variable struct{ name, label string }

// ours are the names of labels that every series may have.
var ours = []string{"__name__", "host", "metric", "service", "unit"}

func readWriter(s *modules.Settings, o modules.Outlook) *writer {
	w := &writer{
		prefix: s.Text("prefix", "onbu_"), byName: s.Choice("naming", "label", "label", "name") == "name",
		base: s.Bool("base_units", false), states: s.Bool("states", false), bounds: s.Bool("thresholds", false), catalog: o.Catalog,
	}
	if w.prefix != "" && metricName(w.prefix) != w.prefix {
		s.Wrong("prefix", "the name of a series has letters, digits, _ and : only, and no digit first")
	}
	for _, l := range s.All("label") {
		name, value, ok := strings.Cut(l.Value, "=")
		if name, value = strings.TrimSpace(name), strings.TrimSpace(value); !ok || !free(name) || value == "" {
			s.WrongAt(l, "%q: write it as name=value; the name has letters, digits and _ only and is none of %s", l.Value, strings.Join(ours, ", "))
			continue
		}
		if slices.ContainsFunc(w.labels, func(l label) bool { return l.name == name }) {
			s.WrongAt(l, "there are two labels %s", name)
			continue
		}
		w.labels = append(w.labels, label{name, value})
	}
	for _, word := range s.Words("label_vars") {
		name := strings.ToUpper(strings.TrimPrefix(word, "_"))
		if !free(strings.ToLower(name)) {
			s.Wrong("label_vars", "%s: letters, digits and _ only make the name of a label", word)
			continue
		}
		w.vars = append(w.vars, variable{name, strings.ToLower(name)})
	}
	slices.SortFunc(w.labels, func(a, b label) int { return cmp.Compare(a.name, b.name) })
	return w
}

// free says whether a label of the user's may have that name.
func free(name string) bool {
	return name != "" && labelName(name) == name && !slices.Contains(ours, name) && !strings.HasPrefix(name, "__")
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
		if at, ok := edge(r.is); ok {
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

// edge gives the end of a range that a value is most likely to cross: the upper one where there is one.
func edge(r perfdata.Range) (at float64, ok bool) {
	at = r.End
	if math.IsInf(at, 0) {
		at = r.Start
	}
	return at, r.Set && !math.IsInf(at, 0)
}

// plain adds a series that is not a metric's.
func (p *point) plain(name string, value float64) { p.add(p.w.prefix+name, "", "", value) }

func (p *point) add(name, metric, unit string, value float64) {
	c := p.check
	p.all = append(p.all[:0], label{"__name__", name}, label{"host", c.Host}, label{"metric", metric}, label{"service", c.Service}, label{"unit", unit})
	if extra := p.extras(); len(extra) > 0 {
		p.all = append(p.all, extra...)
		slices.SortStableFunc(p.all, func(a, b label) int { return cmp.Compare(a.name, b.name) })
	}
	p.batch.Bytes = appendSeries(p.batch.Bytes, p.all, value, time.Duration(p.at).Milliseconds())
	p.batch.Cut(c)
}

// extras gives the user's labels for the object at hand.
func (p *point) extras() []label {
	if !p.known {
		p.known, p.extra = true, p.w.labels
		if len(p.w.vars) > 0 {
			p.extra = p.w.withVars(p.check.Ref)
		}
	}
	return p.extra
}

// withVars gives the user's labels for an object: a custom variable of it, else of its host, comes before a fixed label.
func (w *writer) withVars(r monitor.Ref) []label {
	c, all := w.catalog(), slices.Clone(w.labels)
	for _, v := range w.vars {
		value, ok := c.Var(r, v.name)
		if !ok && !r.IsHost() {
			value, ok = c.Var(monitor.Ref{Host: r.Host}, v.name)
		}
		if !ok {
			continue
		}
		all = slices.DeleteFunc(all, func(l label) bool { return l.name == v.label })
		all = append(all, label{v.label, value})
	}
	return all
}
