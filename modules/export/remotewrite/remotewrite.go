// Package remotewrite knows how checks become samples in Prometheus' remote write protocol 1.0
// (https://prometheus.io/docs/specs/prw/remote_write_spec/): a snappy block of protocol buffers in an HTTP post. VictoriaMetrics,
// Prometheus, Mimir, Thanos and Cortex take it.
package remotewrite

import (
	"context"
	"net/http"

	"github.com/klauspost/compress/s2"

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
	w := readWriter(s, o)
	return &Module{s.Name(), outbound.NewPump(s, e, "remotewrite", "", outbound.Format{
		Encode: w.encode, Wrap: wrap, Header: header(),
	})}
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

// wrap makes the body of a WriteRequest: its time series stand one behind the other, so that any run of them is one.
func wrap(dst, series []byte) []byte { return s2.EncodeSnappy(dst[:cap(dst)], series) }

func header() http.Header {
	h := http.Header{}
	h.Set("Content-Encoding", "snappy")
	h.Set("Content-Type", "application/x-protobuf")
	h.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	return h
}
