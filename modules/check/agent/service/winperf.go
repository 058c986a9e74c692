package service

import (
	"math"
	"strings"
	"time"

	"github.com/onbu/onbu/modules/check/agent/section"
)

// winperf is what a performance object of Windows says: counters by instance, raw as Windows keeps them.
type winperf struct {
	name      string
	at        time.Time
	frequency float64 // of the clock that average timers count with; 0 if the agent does not say
	instances []string
	rows      map[winKey]*winRow
}

// winKey finds a row: that of a counter or, with base, of its base.
type winKey struct {
	offset string
	base   bool
}

// mostInstances and mostRows bound one object, and mostThings what other sections list.
const (
	mostInstances = 10_000
	mostRows      = 500
	mostThings    = 20_000
)

// winRow is a counter of all instances; offset is its index less that of the object. Some have a second row with their base.
type winRow struct {
	values []string
	kind   string
}

// newWinperf reads a section: "EPOCH INDEX [FREQUENCY]", then "N instances: NAME ..." unless the object has none, and lines
// of "OFFSET VALUE ... TYPE". Only the first object counts that has counters.
func newWinperf(sec *section.Section) *winperf {
	if sec == nil {
		return nil
	}
	w := &winperf{name: sec.Name, rows: map[winKey]*winRow{}}
	for _, words := range sec.Rows() {
		switch {
		case len(words) < 2:
		case isWinHeader(words):
			if len(w.rows) > 0 {
				return w
			}
			w.begin(words)
		case words[1] == "instances:":
			w.instances = words[2:min(len(words), mostInstances+2)]
		case len(words) >= 3 && !w.at.IsZero() && len(w.rows) < mostRows:
			r := &winRow{words[1 : len(words)-1], words[len(words)-1]}
			if key := (winKey{words[0], r.isBase()}); w.rows[key] == nil {
				w.rows[key] = r
			}
		}
	}
	return w
}

// isWinHeader says whether words are time, index and frequency: no counter's offset has a point.
func isWinHeader(words []string) bool {
	return len(words) <= 3 && strings.Contains(words[0], ".") && numbers(words) != nil
}

func (w *winperf) begin(words []string) {
	v := numbers(words)
	if v[0] < 0 || v[0] > 1e11 {
		return
	}
	whole, rest := math.Modf(v[0])
	w.at = time.Unix(int64(whole), int64(rest*1e9))
	w.instances, w.frequency = nil, 0
	if len(v) == 3 {
		w.frequency = v[2]
	}
}

// row gives the first row of an offset, or with base the one of its base; nil if there is none.
func (w *winperf) row(offset string, base bool) *winRow { return w.rows[winKey{offset, base}] }

// isBase knows the types of bases: PERF_AVERAGE_BASE, and PERF_PRECISION_TIMESTAMP, which has no name in the output.
func (r *winRow) isBase() bool {
	return strings.HasSuffix(r.kind, "_base") || r.kind == "type(40030500)" || r.kind == "type(40030400)" || r.kind == "type(40030401)"
}

// at gives the value of an instance.
func (r *winRow) at(instance int) (float64, bool) {
	if r == nil || instance >= len(r.values) {
		return 0, false
	}
	return numeral(r.values[instance])
}

// bits is 32 for the types whose counters have no more.
func (r *winRow) bits() int {
	switch r.kind {
	case "counter", "rawcount", "average_base", "sample_counter":
		return 32
	}
	return 0
}

// value gives a counter of an instance as it is.
func (w *winperf) value(offset string, instance int) (float64, bool) {
	return w.row(offset, false).at(instance)
}

// count gives a counter of an instance to make a rate of; 0 if it is not there.
func (w *winperf) count(offset string, instance int) count {
	r := w.row(offset, false)
	v, ok := r.at(instance)
	if !ok {
		return count{}
	}
	return count{v, r.bits()}
}

// rate gives how much a row of an instance grows in a second.
func (w *winperf) rate(in *Input, offset string, base bool, instance int, name string) (float64, bool) {
	r := w.row(offset, base)
	v, ok := r.at(instance)
	if !ok {
		return 0, false
	}
	key := w.name + "." + name + "." + offset
	if base {
		key += ".base"
	}
	return in.Counters.Rate(key, v, w.at, r.bits())
}
