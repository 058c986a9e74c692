// Package influx knows how checks become points in InfluxDB's line protocol over HTTP
// (https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/), version 1 (/write) and 2 (/api/v2/write). InfluxDB,
// VictoriaMetrics, Telegraf and QuestDB take it.
package influx

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/onbu/onbu/internal/outbound"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// Module is the exporter.
type Module struct {
	name string
	pump *outbound.Pump
}

// New reads the settings of a module.
func New(s *modules.Settings, e modules.Env, o modules.Outlook) modules.Exporter {
	w := &writer{
		measurement: s.Text("measurement", "onbu_perf"), stateMeasurement: s.Text("state_measurement", "onbu_state"),
		base: s.Bool("base_units", false), states: s.Bool("states", false), bounds: s.Bool("thresholds", false),
		labels: outbound.ReadLabels(s, o, "tag", "host", "metric", "service", "unit"),
	}
	if w.measurement == "" || w.stateMeasurement == "" {
		s.Wrong("measurement", "it must not be empty")
	}
	f := outbound.Format{Encode: w.encode, Wrap: plain, Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}}
	if s.Bool("gzip", true) {
		f.Wrap = newPacker().pack
		f.Header.Set("Content-Encoding", "gzip")
	}
	precision := s.Choice("precision", "ms", "s", "ms", "us", "ns")
	w.tick = map[string]time.Duration{"s": time.Second, "ms": time.Millisecond, "us": time.Microsecond, "ns": 1}[precision]
	pump := outbound.NewPump(s, e, "influx", "http://127.0.0.1:8086", f)
	address(s, pump.Client(), precision)
	return &Module{s.Name(), pump}
}

// address adds to the url where in the server points belong.
func address(s *modules.Settings, c *outbound.Client, precision string) {
	database, policy := s.Text("database", ""), s.Text("retention_policy", "")
	org, bucket := s.Text("org", ""), s.Text("bucket", "")
	two := s.Int("version", map[bool]int{true: 2, false: 1}[bucket != ""], 1, 2) == 2
	switch {
	case two && bucket == "":
		s.Wrong("bucket", "it is missing: version 2 writes into a bucket of an org")
	case two && database+policy != "":
		s.Wrong("database", "version 2 has a bucket instead")
	case !two && bucket+org != "":
		s.Wrong("bucket", "version 1 has a database instead")
	}
	if two {
		c.Extend("/api/v2/write", url.Values{"org": {org}, "bucket": {bucket}, "precision": {precision}})
		return
	}
	if precision == "us" {
		precision = "u"
	}
	c.Extend("/write", url.Values{"db": {database}, "rp": {policy}, "precision": {precision}})
}

// Name implements modules.Exporter.
func (m *Module) Name() string { return m.name }

// To implements modules.Bound.
func (m *Module) To() string { return m.pump.Client().To() }

// Wants implements modules.Exporter.
func (m *Module) Wants() modules.Wants { return modules.Wants{Checks: true} }

// Export implements modules.Exporter.
func (m *Module) Export(ctx context.Context, broks []monitor.Brok) error {
	return m.pump.Send(ctx, broks)
}

// Refused implements modules.Refusing.
func (m *Module) Refused() uint64 { return m.pump.Refused() }

// Close implements modules.Closer.
func (m *Module) Close() error { return m.pump.Close() }

func plain(dst, points []byte) []byte { return append(dst, points...) }

// packer packs bodies with gzip. Any goroutine may use it.
type packer struct{ writers sync.Pool }

func newPacker() *packer {
	return &packer{sync.Pool{New: func() any {
		w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is one that it knows
		return w
	}}}
}

func (p *packer) pack(dst, points []byte) []byte {
	w := p.writers.Get().(*gzip.Writer)
	defer p.writers.Put(w)
	out := bytes.NewBuffer(dst)
	w.Reset(out)
	_, _ = w.Write(points) // a buffer takes everything
	_ = w.Close()
	return out.Bytes()
}
