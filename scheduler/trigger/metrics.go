package trigger

import "github.com/onbu/onbu/monitor/perfdata"

// parsing is how much more than looking at it it costs to parse performance data.
const parsing = 2

// metric is one of an object's that was parsed.
type metric struct {
	label string
	value float64
	set   bool
}

// metricSize is about how many bytes a metric takes.
const metricSize = 40

// metricOf gives the value of a metric; false if the object does not have it. The performance data of an object is parsed once.
func (c *court) metricOf(o *object, name string) (float64, bool, error) {
	if !o.parsed {
		if err := c.charge(parsing*len(o.perfdata), 0); err != nil {
			return 0, false, err
		}
		o.parse()
		if err := c.charge(0, len(o.metrics)*metricSize); err != nil {
			return 0, false, err
		}
	}
	if err := c.charge(len(o.metrics), 0); err != nil {
		return 0, false, err
	}
	for i := range o.metrics {
		if m := &o.metrics[i]; m.label == name {
			return m.value, m.set, nil
		}
	}
	return 0, false, nil
}

func (o *object) parse() {
	o.parsed, o.metrics = true, nil
	for m, err := range perfdata.All(o.perfdata) {
		if err == nil {
			o.metrics = append(o.metrics, metric{m.Label, m.Value.Value, m.Value.Set})
		}
	}
}

// metric looks for one metric only, and keeps nothing.
func (o *object) metric(name string) (float64, bool) {
	for m, err := range perfdata.All(o.perfdata) {
		if err == nil && m.Label == name {
			return m.Value.Value, m.Value.Set
		}
	}
	return 0, false
}
