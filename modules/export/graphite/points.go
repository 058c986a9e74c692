package graphite

import (
	"math"
	"slices"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
	"github.com/onbu/onbu/monitor/perfdata"
)

// hostFilter is how Shinken's filters name the metrics of host checks.
const hostFilter = "host_check"

// add encodes the metrics of a check. An error says that it cannot be known yet how they are called.
func (p *part) add(known *catalog.Catalog, c *monitor.Check) error {
	if c.NoPerfdata || c.Perfdata == "" {
		return nil
	}
	skipped, filtered := p.skip(c)
	if filtered && len(skipped) == 0 && c.Service != "" {
		return nil
	}
	path, ok := p.paths.append(p.pathBuf[:0], known, c.Ref)
	p.pathBuf = path
	if !ok {
		return p.strange(c)
	}
	at := p.stamp(c)
	for m := range perfdata.OfCheck(c) {
		if !slices.Contains(skipped, m.Label) {
			p.metric(path, &m, at)
		}
	}
	return nil
}

func (p *part) skip(c *monitor.Check) (labels []string, ok bool) {
	if len(p.skipped) == 0 {
		return nil, false
	}
	service := c.Service
	if service == "" {
		service = hostFilter
	}
	labels, ok = p.skipped[service]
	return labels, ok
}

// metric encodes a value and what is sent beside it.
func (p *part) metric(path []byte, m *perfdata.Metric, at int64) {
	factor := 1.0
	if p.baseUnits {
		factor, _ = perfdata.Base(m.Unit)
	}
	path = appendMetric(path, m.Label)
	p.pathBuf = path // it may have grown
	p.point(path, at, m.Value.Value*factor)
	if p.warn {
		p.bound(path, "_warn", at, limit(m.Warn), factor)
	}
	if p.crit {
		p.bound(path, "_crit", at, limit(m.Crit), factor)
	}
	if p.least {
		p.bound(path, "_min", at, m.Min, factor)
	}
	if p.most {
		p.bound(path, "_max", at, m.Max, factor)
	}
}

func (p *part) bound(path []byte, suffix string, at int64, n perfdata.Number, factor float64) {
	if n.Set {
		p.point(append(path, suffix...), at, n.Value*factor)
	}
}

// limit is the one number that a range comes to: its end, or its start where it has no end.
func limit(r perfdata.Range) perfdata.Number {
	switch {
	case !r.Set:
		return perfdata.Number{}
	case !math.IsInf(r.End, 0):
		return perfdata.Of(r.End)
	case !math.IsInf(r.Start, 0):
		return perfdata.Of(r.Start)
	}
	return perfdata.Number{}
}

// point encodes a point if it is for this target.
func (p *part) point(path []byte, at int64, value float64) {
	if math.IsInf(value, 0) || math.IsNaN(value) {
		return
	}
	if p.share == nil || p.share.of(path) == p.target {
		p.encoder.add(path, at, value)
	}
}
