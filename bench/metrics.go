package bench

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// metrics is what is needed of Onbu's /metrics, by check module.
type metrics struct {
	checks  map[string]int64
	latency map[string]histogram // of every check, in seconds
	running int64                // checks under way
	values  map[string]float64   // of all metrics, by name with labels
}

func (m metrics) total() int64 {
	var n int64
	for _, checks := range m.checks {
		n += checks
	}
	return n
}

// parseMetrics reads the Prometheus text format, and keeps the buckets of the one histogram that is needed.
func parseMetrics(r io.Reader) (metrics, error) {
	m := metrics{checks: map[string]int64{}, latency: map[string]histogram{}, values: map[string]float64{}}
	s := bufio.NewScanner(r)
	for s.Scan() {
		at := strings.LastIndexByte(s.Text(), ' ')
		if at < 0 || s.Text()[0] == '#' {
			continue
		}
		metric := s.Text()[:at]
		value, err := strconv.ParseFloat(s.Text()[at+1:], 64)
		if err != nil {
			return m, fmt.Errorf("metrics: %q cannot be read", s.Text())
		}
		if err := m.take(metric, value); err != nil {
			return m, fmt.Errorf("metrics: %q: %w", s.Text(), err)
		}
	}
	m.running = int64(m.values["onbu_poller_running"])
	if n := m.values["onbu_passive_results_total"]; n > 0 {
		m.checks[passive] = int64(n)
	}
	return m, s.Err()
}

// take keeps the value of a metric.
func (m *metrics) take(metric string, value float64) error {
	name, labels, _ := strings.Cut(metric, "{")
	switch name {
	case "onbu_check_latency_seconds_bucket":
		b, err := parseRange(label(labels, "vmrange"))
		if err != nil {
			return err
		}
		b.count = int64(value)
		module := label(labels, "module")
		m.latency[module] = append(m.latency[module], b)
		return nil
	case "onbu_checks_total":
		m.checks[label(labels, "module")] = int64(value)
	}
	if !strings.HasSuffix(name, "_bucket") {
		m.values[metric] = value
	}
	return nil
}

// label gives the value of a label; empty if it is not there.
func label(labels, name string) string {
	_, rest, found := strings.Cut(labels, name+`="`)
	if !found {
		return ""
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// histogram is a histogram of VictoriaMetrics: 18 buckets for each power of ten, each 13.6 % wide. Empty ones are left out.
type histogram []bucket

// bucket counts values above from and not above to.
type bucket struct {
	from, to float64
	count    int64
}

// parseRange reads a vmrange label, such as 1.000e-03...1.136e-03.
func parseRange(text string) (bucket, error) {
	from, to, found := strings.Cut(text, "...")
	if !found {
		return bucket{}, fmt.Errorf("vmrange %q is not FROM...TO", text)
	}
	var b bucket
	var err error
	if b.from, err = strconv.ParseFloat(from, 64); err != nil {
		return b, err
	}
	b.to, err = strconv.ParseFloat(to, 64)
	return b, err
}

// since gives what came on top of an earlier reading.
func (h histogram) since(earlier histogram) histogram {
	before := map[float64]int64{}
	for _, b := range earlier {
		before[b.from] = b.count
	}
	var out histogram
	for _, b := range h {
		if b.count -= before[b.from]; b.count > 0 {
			out = append(out, b)
		}
	}
	return out
}

// quantile gives a value that at least the share q of all is not above: the upper bound of the bucket in which it
// lies, so it errs by up to 13.6 %, and never to the good. It is 0 for an empty histogram.
func (h histogram) quantile(q float64) float64 {
	sorted := slices.SortedFunc(slices.Values(h), func(a, b bucket) int { return cmp.Compare(a.from, b.from) })
	var all, seen int64
	for _, b := range sorted {
		all += b.count
	}
	rank := int64(math.Ceil(q * float64(all)))
	for _, b := range sorted {
		if seen += b.count; seen >= rank {
			return b.to
		}
	}
	return 0
}
