package perfdata

import (
	"iter"

	"github.com/onbu/onbu/monitor"
)

// OfCheck reads the metrics that a check is to be remembered by: those with a value, in order, without what cannot be read; none
// if the object has process_perf_data 0.
func OfCheck(c *monitor.Check) iter.Seq[Metric] {
	return func(yield func(Metric) bool) {
		if c.NoPerfdata {
			return
		}
		for m, err := range All(c.Perfdata) {
			if err == nil && m.Value.Set && !yield(m) {
				return
			}
		}
	}
}
