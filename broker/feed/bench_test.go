package feed_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/broker/feed"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/natsbus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// drain counts what it takes.
type drain struct {
	name string
	left atomic.Int64
	done chan struct{}
}

func (d *drain) Name() string { return d.name }

func (d *drain) Wants() modules.Wants { return modules.Wants{Checks: true, Past: true} }

func (d *drain) Export(_ context.Context, broks []monitor.Brok) error {
	if d.left.Add(-int64(len(broks))) == 0 {
		close(d.done)
	}
	return nil
}

// BenchmarkDrain has a module that was away take what waits for it in a NATS server of this process: messages of 500 checks.
func BenchmarkDrain(b *testing.B) {
	const messages, each = 200, 500
	server, err := natsbus.StartServer(natsbus.ServerOptions{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { server.Close() })
	conn, err := server.Connect(b.Context(), natsbus.Options{Name: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	if err := conn.Prepare(b.Context()); err != nil {
		b.Fatal(err)
	}
	checks := make([]monitor.Check, each)
	for i := range checks {
		checks[i] = monitor.Check{Ref: monitor.Ref{Host: "host.example.org", Service: fmt.Sprint("service", i)}, Output: "DISK OK - free space: / 3326 MB (56%)", Perfdata: "/=2643MB;5948;5958;0;5968"}
	}
	for range messages {
		if err := conn.Append(b.Context(), bus.Perf(1), wire.AppendBatch(nil, checks), ""); err != nil {
			b.Fatal(err)
		}
	}
	f := feed.New(feed.Options{
		Bus: conn, Broker: "b", Boot: "1", Log: slog.New(slog.DiscardHandler), Metrics: metrics.NewSet(), Decode: decode,
	})
	for n := 0; b.Loop(); n++ {
		d := &drain{name: fmt.Sprint("m", n), done: make(chan struct{})}
		d.left.Store(messages * each)
		ctx, cancel := context.WithCancel(b.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			f.Host(ctx, d, feed.Asked{})
		}()
		<-d.done
		cancel()
		<-ended
	}
	b.ReportMetric(messages*each*float64(b.N)/b.Elapsed().Seconds(), "checks/s")
}

func decode(d *wire.Decoder, m bus.Msg) ([]monitor.Brok, error) {
	checks, err := wire.DecodeBatch(d, m.Data, []monitor.Check(nil))
	broks := make([]monitor.Brok, len(checks))
	for i := range checks {
		broks[i] = checks[i].Brok()
	}
	return broks, err
}
