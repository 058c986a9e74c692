package booster

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/probe"
	"github.com/onbu/onbu/internal/snmp"
	"github.com/onbu/onbu/modules/check/booster/datasource"
	"github.com/onbu/onbu/modules/check/booster/rpn"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/perfdata"
)

// reading is what a device answered for one check, and what is made of it.
type reading struct {
	plan     *plan
	bindings []snmp.Binding
	maxima   map[string]float64
	before   *sample // nil if there is none
	sample   *sample
	values   []value // one for each item
}

// value is what is shown of an item.
type value struct {
	x        float64
	text     string
	textual  bool // text is shown, not x
	max, min limit
	// no says why there is nothing to show; failed that the device is the reason.
	no     string
	failed bool
}

// limit is a maximum or minimum, if there is one.
type limit struct {
	x     float64
	known bool
}

// judge reads the answers: bindings are those of the plan's OIDs, in their order.
func judge(p *plan, bindings []snmp.Binding, maxima map[string]float64, before *sample, at time.Time) *reading {
	r := &reading{plan: p, bindings: bindings, maxima: maxima, before: before, values: make([]value, len(p.items))}
	r.sample = &sample{plan: p, at: at, counters: make([]counter, len(p.items)), shown: make([]float64, len(p.items))}
	if p.uptime >= 0 {
		n, _, ok := count(&bindings[p.uptime], false)
		r.sample.uptime, r.sample.hasUptime = uint32(n), ok && n <= math.MaxUint32
	}
	for i := range p.items {
		r.values[i] = r.read(i)
		r.sample.shown[i] = math.NaN()
		if v := &r.values[i]; v.no == "" && !v.textual {
			r.sample.shown[i] = v.x
		}
	}
	return r
}

// early says that the check before is so near that it, not this one, is what the next is to be compared with.
func (r *reading) early() bool { return r.before != nil && r.sample.at.Sub(r.before.at) < tooSoon }

// doubtful says that the instance may have another name by now: the agent was restarted, or has none of its values.
func (r *reading) doubtful() bool {
	if r.before != nil && r.before.restarted(r.sample) {
		return true
	}
	for i := range r.plan.items {
		if !r.bindings[r.plan.items[i].value].Missing() {
			return false
		}
	}
	return true
}

// read makes the value of an item.
func (r *reading) read(i int) (v value) {
	it := &r.plan.items[i]
	b := &r.bindings[it.value]
	v.max, v.min = r.limit(it.max, it.Max), r.limit(it.min, it.Min)
	if x, ok := r.maxima[it.Name]; ok {
		v.max = limit{x, true}
	}
	switch {
	case b.Missing():
		v.no, v.failed = "Oid not found on the device: "+b.Name.String(), true
		return v
	case b.Status != 0:
		v.no, v.failed = fmt.Sprintf("The device refuses %v with error status %d", b.Name, b.Status), true
		return v
	case it.Type == datasource.Text:
		v.text, v.textual = text(b), true
		return v
	}
	wrapped := false
	if it.Type.Rate() {
		v.x, wrapped, v.no = r.rate(i, b)
	} else if x, ok := number(b); ok {
		v.x = x
	} else {
		v.no = fmt.Sprintf("%s is no number: %s", it.Name, shorten(text(b)))
	}
	if v.no != "" || r.early() && it.Type.Rate() {
		return v
	}
	v.calculate(it)
	if wrapped && v.no == "" && v.max.known && v.x > v.max.x {
		v.no = string(newLife) // so much is not possible
	}
	return v
}

// rate gives the rate of an item; when the check before is too near, what it showed.
func (r *reading) rate(i int, b *snmp.Binding) (x float64, wrapped bool, no string) {
	n, is64, ok := count(b, wide(r.plan.items[i].Type))
	if !ok {
		return 0, false, fmt.Sprintf("%s is no counter: %s", r.plan.items[i].Name, shorten(text(b)))
	}
	r.sample.counters[i] = counter{n, is64, true}
	if r.early() {
		if x, ok := r.before.last(r.plan, i); ok {
			return x, false, ""
		}
		return 0, false, string(notYet)
	}
	x, wrapped, why := r.before.rateOf(r.sample, i)
	return x, wrapped, string(why)
}

// calculate applies ds_calc.
func (v *value) calculate(it *item) {
	if it.Calc == nil {
		return
	}
	refs := [datasource.CalcRefs]rpn.Value{datasource.CalcMax: v.max.value(), datasource.CalcMin: v.min.value()}
	result, err := it.Calc.Eval(refs[:], rpn.Num(v.x))
	if err != nil {
		v.no = fmt.Sprintf("%s: ds_calc: %v", it.Name, err)
		return
	}
	v.x = result.X
}

func (l limit) value() rpn.Value {
	if !l.known {
		return rpn.Num(math.NaN())
	}
	return rpn.Num(l.x)
}

// limit gives a limit: what the device says goes before what the files say.
func (r *reading) limit(index int, l datasource.Limit) limit {
	if index >= 0 {
		if x, ok := number(&r.bindings[index]); ok {
			return limit{x, true}
		}
	}
	return limit{l.Value, l.Known}
}

func shorten(s string) string {
	if len(s) > 40 {
		return strconv.Quote(s[:40]) + "…"
	}
	return strconv.Quote(s)
}

// result says what was read, in the form of snmp_booster's second generation, and judges it.
func (r *reading) result() monitor.Outcome {
	var output, perf []byte
	failed, reason := 0, ""
	for i := range r.values {
		v := &r.values[i]
		if i > 0 {
			output = append(output, " # "...)
		}
		output = v.append(output, &r.plan.items[i])
		perf = v.appendPerf(perf, &r.plan.items[i])
		if v.failed {
			failed++
			if reason == "" {
				reason = v.no
			}
		}
	}
	if failed == len(r.values) {
		return probe.Say(monitor.Unknown, "%s", reason)
	}
	state, wrong := r.state()
	if wrong != "" {
		output = append(fmt.Appendf(nil, "TRIGGER ERROR: '%s' - ", wrong), output...)
	}
	return probe.Result(state, output, perf)
}

func (v *value) append(b []byte, it *item) []byte {
	if v.no != "" {
		if v.failed {
			return append(b, v.no...)
		}
		return append(append(append(b, it.Label...), ": "...), v.no...)
	}
	b = append(append(b, it.Label...), ": "...)
	if v.textual {
		b = append(b, strings.Join(strings.Fields(v.text), " ")...)
	} else {
		b = strconv.AppendFloat(b, v.x, 'f', 2, 64)
	}
	return append(b, it.Unit...)
}

// appendPerf appends performance data: label=valueUNIT;;;min;max. Texts have none, since they are no numbers.
func (v *value) appendPerf(b []byte, it *item) []byte {
	if v.no != "" || v.textual {
		return b
	}
	if len(b) > 0 {
		b = append(b, ' ')
	}
	b = perfdata.AppendLabel(b, it.Label)
	b = strconv.AppendFloat(append(b, '='), v.x, 'f', 2, 64)
	b = append(append(b, it.Unit...), ";;;"...)
	b = append(v.min.append(b), ';')
	return v.max.append(b)
}

func (l limit) append(b []byte) []byte {
	if !l.known {
		return b
	}
	return strconv.AppendFloat(b, l.x, 'f', 2, 64)
}
