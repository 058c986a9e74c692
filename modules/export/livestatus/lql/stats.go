package lql

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"github.com/onbu/onbu/modules/export/livestatus/table"
)

// rawStat is a column of statistics as it was read: one that counts what a filter lets pass, or an aggregate.
type rawStat struct {
	counts    *node
	aggregate string
	column    column
}

// stat is a column of statistics. Of its functions one is set, or none: that counts nothing.
type stat struct {
	counts    filter
	aggregate string
	number    func(*table.Row) float64
	whole     bool // number gives whole numbers
	perfdata  func(*table.Row) string
}

func (p *parser) statsHeader(rest string) {
	word, rest := field(rest)
	switch word {
	case "":
		p.fail(BadHeader, "empty stats line")
	case "sum", "min", "max", "avg", "std", "suminv", "avginv":
		name, _ := field(rest)
		if name == "" {
			p.fail(BadHeader, "missing column name in stats header")
		} else if p.another() {
			p.stats = append(p.stats, rawStat{aggregate: word, column: p.column(name)})
		}
	default:
		if n := p.comparison("stats", word, rest); n != nil {
			p.stats = append(p.stats, rawStat{counts: n})
		}
	}
}

// statsCombine makes one column of the last ones.
func (p *parser) statsCombine(name string, k kind, rest string) {
	n, ok := p.counted("Stats"+name, rest)
	if !ok {
		return
	}
	at := len(p.stats) - n
	var kids []*node
	for _, s := range slices.Backward(p.stats[max(at, 0):]) {
		if s.counts == nil {
			p.fail(BadHeader, "Can use Stats%s only on Stats: headers of filter type", name)
			return
		}
		kids = append(kids, s.counts)
	}
	if at < 0 {
		p.fail(BadHeader, "Invalid count for Stats%s: too few Stats: headers available", name)
		return
	}
	if p.another() {
		p.stats = append(p.stats[:at:at], rawStat{counts: &node{kind: k, kids: kids}})
	}
}

func (p *parser) statsNegate(rest string) {
	last := len(p.stats) - 1
	switch {
	case strings.Trim(rest, blanks) != "":
		p.fail(BadHeader, "StatsNegate: does not take any arguments")
	case last < 0:
		p.fail(BadHeader, "StatsNegate: no Stats: headers available")
	case p.stats[last].counts == nil:
		p.fail(BadHeader, "Can use StatsNegate only on Stats: headers of filter type")
	default:
		p.stats[last].counts = negation(p.stats[last].counts)
	}
}

// statistics makes the functions of the columns of statistics.
func (p *parser) statistics() {
	if len(p.stats) > 1 {
		p.memos = &memos{of: map[*table.Column]*memo{}}
		p.q.memos = p.memos
	}
	for _, s := range p.stats {
		p.q.stats = append(p.q.stats, p.stat(s))
	}
	p.memos = nil // conditions that are waited for look at rows of their own
}

// stat makes the functions of a column of statistics.
func (p *parser) stat(raw rawStat) stat {
	if raw.counts != nil {
		return stat{counts: p.compile(raw.counts)}
	}
	s := stat{aggregate: raw.aggregate}
	switch c := raw.column.of; {
	case c == nil:
	case c.Kind == table.Int || c.Kind == table.Time:
		of := c.Int
		s.number, s.whole = func(r *table.Row) float64 { return float64(of(r)) }, true
	case c.Kind == table.Float:
		s.number = c.Float
	case c.Kind == table.String && strings.HasSuffix(c.Name, "perf_data"):
		s.perfdata = c.Text
	}
	return s
}

// tally is the present value of a column of statistics.
type tally struct {
	count          int64
	sum, sumq, inv float64
	least, most    float64
	labels         map[string]*tally // of performance data
}

// mostLabels bounds what performance data may cost in a column of statistics; what is more is left out.
const mostLabels = 10_000

// labelSize is about how much a label of performance data costs, besides its text.
const labelSize = int64(unsafe.Sizeof(tally{})) + 64

// take folds a row in and says how many bytes are kept for that.
func (t *tally) take(s *stat, r *table.Row) int64 {
	switch {
	case s.counts != nil:
		if s.counts(r) {
			t.count++
		}
	case s.number != nil:
		t.add(s.number(r))
	case s.perfdata != nil:
		return t.perfdata(s.perfdata(r))
	}
	return 0
}

func (t *tally) add(v float64) {
	if t.count == 0 {
		t.least, t.most = v, v
	}
	t.count++
	t.sum += v
	t.sumq += v * v
	t.least, t.most = min(t.least, v), max(t.most, v)
	if v != 0 {
		t.inv += 1 / v
	}
}

// perfdata folds in each label=number of performance data. Labels that are quoted may not hold blanks here, as with Naemon.
func (t *tally) perfdata(text string) (kept int64) {
	for entry := range strings.FieldsSeq(text) {
		label, value, ok := strings.Cut(entry, "=")
		end := 0
		for end < len(value) && (value[end] >= '0' && value[end] <= '9' || value[end] == '.' || end == 0 && value[end] == '-') {
			end++
		}
		v, err := strconv.ParseFloat(value[:end], 64)
		if !ok || err != nil {
			continue
		}
		of := t.labels[label]
		if of == nil {
			if len(t.labels) >= mostLabels {
				continue
			}
			if t.labels == nil {
				t.labels = map[string]*tally{}
			}
			of = &tally{}
			t.labels[strings.Clone(label)] = of
			kept += labelSize + int64(len(label))
		}
		of.add(v)
	}
	return kept
}

// value is the aggregate. Over nothing it is 0, where Naemon prints "nan" for averages.
func (t *tally) value(aggregate string) float64 {
	n := float64(t.count)
	var v float64
	switch aggregate {
	case "sum":
		v = t.sum
	case "min":
		v = t.least
	case "max":
		v = t.most
	case "avg":
		v = t.sum / n
	case "suminv":
		v = t.inv
	case "avginv":
		v = t.inv / n
	case "std":
		if t.count > 1 {
			v = math.Sqrt(max(0, t.sumq-t.sum*t.sum/n) / (n - 1))
		}
	}
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

// result writes the value as a cell.
func (t *tally) result(e *encoder, s *stat) {
	switch {
	case s.perfdata != nil:
		e.textCell(t.perfdataText(s.aggregate))
	case s.number == nil:
		e.int(t.count)
	case s.whole && (s.aggregate == "sum" || s.aggregate == "min" || s.aggregate == "max"):
		e.int(int64(t.value(s.aggregate)))
	default:
		e.float(t.value(s.aggregate))
	}
}

func (t *tally) perfdataText(aggregate string) string {
	labels := make([]string, 0, len(t.labels))
	for label := range t.labels {
		labels = append(labels, label)
	}
	slices.Sort(labels)
	var b strings.Builder
	for i, label := range labels {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(label)
		b.WriteByte('=')
		b.WriteString(strconv.FormatFloat(t.labels[label].value(aggregate), 'f', 8, 64))
	}
	return b.String()
}
