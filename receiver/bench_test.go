package receiver_test

import (
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/natsbus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/receiver"
)

// The configuration that the benchmarks submit results for.
const (
	benchHosts  = 1000
	benchShards = 16
)

// onDisk gives a receiver at work on a server with a synced store.
func onDisk(b *testing.B) *receiver.Receiver {
	b.Helper()
	server, err := natsbus.StartServer(natsbus.ServerOptions{Dir: b.TempDir()})
	must(b, err)
	b.Cleanup(func() { server.Close() })
	c, err := server.Connect(b.Context(), natsbus.Options{})
	must(b, err)
	b.Cleanup(func() { c.Close() })
	must(b, c.Prepare(b.Context()))
	d := monitor.Directory{Generation: 1, Shards: benchShards, Hosts: map[string]monitor.Shard{}}
	for i := range benchHosts {
		d.Hosts[fmt.Sprint("host-", i)] = monitor.Shard(i % benchShards)
	}
	must(b, c.PutBlob(b.Context(), bus.CFG, wire.DirectoryName(1), wire.Marshal(d)))
	_, err = c.Put(b.Context(), bus.CFG, "current", wire.Marshal(wire.Generation{Number: 1, Shards: benchShards}), 0)
	must(b, err)
	r := receiver.New(receiver.Options{Boot: "b", Name: "bench", Bus: c, Log: slog.New(slog.DiscardHandler)})
	go r.Run(b.Context())
	return r
}

// BenchmarkSubmit stores results for hosts of all shards; each sender waits for its own before it sends more. ns/op is of
// one result.
func BenchmarkSubmit(b *testing.B) {
	for _, by := range []struct{ senders, batch int }{{1, 1}, {16, 1}, {2000, 1}, {1, 100}, {16, 100}, {4, 1000}} {
		b.Run(fmt.Sprintf("senders=%d/batch=%d", by.senders, by.batch), func(b *testing.B) {
			r := onDisk(b)
			_, err := r.Submit(b.Context(), results(0, 1))
			must(b, err)
			b.ReportAllocs()
			b.ResetTimer()
			var wg sync.WaitGroup
			for s := range by.senders {
				wg.Go(func() {
					own := results(s, by.batch)
					for i := s * by.batch; i < b.N; i += by.senders * by.batch {
						receipt, err := r.Submit(b.Context(), own)
						if err != nil || receipt.Stored != by.batch {
							b.Errorf("%+v: %v", receipt, err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "results/s")
		})
	}
}

func results(from, n int) []monitor.Submission {
	var all []monitor.Submission
	for i := range n {
		all = append(all, monitor.Submission{
			Ref:     monitor.Ref{Host: fmt.Sprint("host-", (from*n+i)%benchHosts), Service: "disk"},
			Source:  "nsca 10.0.0.7",
			Outcome: monitor.Outcome{State: monitor.Warning, Output: "DISK WARNING - free space: / 5326 MB (11%)", Perfdata: "/=41372MB;38000;42000;0;46698"},
		})
	}
	return all
}
