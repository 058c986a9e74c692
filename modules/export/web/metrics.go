package web

import (
	"math"

	"github.com/onbu/onbu/monitor/perfdata"
)

// mostMetrics bounds how many metrics of an object are shown.
const mostMetrics = 300

// metric is a measured value as pages show it.
type metric struct {
	Label string `json:"label"`
	// Value is nil where the plugin could not find it out.
	Value *float64 `json:"value"`
	Unit  string   `json:"unit,omitempty"`
	Warn  *bounds  `json:"warn,omitempty"`
	Crit  *bounds  `json:"crit,omitempty"`
	Min   *float64 `json:"min,omitempty"`
	Max   *float64 `json:"max,omitempty"`
}

// bounds is a threshold: values outside of Start and End are bad, or with Inside those between them. nil is no end.
type bounds struct {
	Text   string   `json:"text"`
	Start  *float64 `json:"start"`
	End    *float64 `json:"end"`
	Inside bool     `json:"inside,omitempty"`
}

// metricsOf reads performance data; more is how many metrics there are besides those that it gives.
func metricsOf(text string) (all []metric, more int) {
	all = []metric{}
	for m, err := range perfdata.All(text) {
		switch {
		case err != nil:
		case len(all) == mostMetrics:
			more++
		default:
			all = append(all, metric{
				Label: m.Label, Value: numberOf(m.Value), Unit: m.Unit, Warn: boundsOf(m.Warn), Crit: boundsOf(m.Crit), Min: numberOf(m.Min), Max: numberOf(m.Max),
			})
		}
	}
	return all, more
}

func numberOf(n perfdata.Number) *float64 {
	if !n.Set {
		return nil
	}
	return &n.Value
}

func boundsOf(r perfdata.Range) *bounds {
	if !r.Set {
		return nil
	}
	return &bounds{Text: r.String(), Start: finite(r.Start), End: finite(r.End), Inside: r.Inside}
}

func finite(v float64) *float64 {
	if math.IsInf(v, 0) {
		return nil
	}
	return &v
}
