package scheduler_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/natsbus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler"
)

// BenchmarkPassive applies passive results, 512 in a message, of which changing ones in a hundred change the state: from the
// bus on a disk, over 16 shards, until their positions are in the journal. ns/op is of one result.
func BenchmarkPassive(b *testing.B) {
	for _, changing := range []int{0, 10} {
		b.Run(fmt.Sprintf("changing=%d%%", changing), func(b *testing.B) { benchPassive(b, changing) })
	}
}

func benchPassive(b *testing.B, changing int) {
	const shards, hosts, services, each = 16, 100, 10, 512
	server, err := natsbus.StartServer(natsbus.ServerOptions{Dir: b.TempDir()})
	check := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	check(err)
	b.Cleanup(func() { server.Close() })
	c, err := server.Connect(b.Context(), natsbus.Options{})
	check(err)
	b.Cleanup(func() { c.Close() })
	check(c.Prepare(b.Context()))
	for shard := range shards {
		inv := inventory(hosts, services, 0)
		inv.Generation, inv.Shard, inv.Shards = 1, monitor.Shard(shard), shards
		check(c.PutBlob(b.Context(), bus.CFG, wire.InventoryName(1, monitor.Shard(shard)), wire.Marshal(inv)))
	}
	_, err = c.Put(b.Context(), bus.CFG, "current", wire.Marshal(wire.Generation{Number: 1, Shards: shards}), 0)
	check(err)
	set := metrics.NewSet()
	s := scheduler.New(scheduler.Options{Name: "bench", Boot: "b", Bus: c, Log: quiet(), Metrics: set})
	go s.Run(b.Context())

	n := 0
	send := func(total int) {
		var wg sync.WaitGroup
		for shard := range shards {
			wg.Go(func() {
				for left, m := total/shards, 0; left > 0; left, m = left-each, m+1 {
					batch := passiveResults(min(each, left), hosts, services, changing, m)
					check(c.Append(b.Context(), bus.Passive(uint16(shard), "r"), wire.AppendBatch(nil, batch), ""))
				}
			})
		}
		wg.Wait()
		n += total / shards * shards
	}
	applied := set.GetOrCreateCounter("onbu_passive_results_total")
	wait := func() {
		for applied.Get() < uint64(n) && b.Context().Err() == nil {
			time.Sleep(time.Millisecond)
		}
	}
	send(shards * hosts * services)
	wait()
	b.ReportAllocs()
	b.ResetTimer()
	send(b.N)
	wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "results/s")
	b.StopTimer()
	stays, goes := 0, 0
	for shard := range uint16(shards) {
		_, err := c.Replay(b.Context(), shard, 0, func(msgs []bus.Msg) error {
			for _, m := range msgs {
				if bus.KindOf(m.Subject) == bus.KindQuiet {
					goes += len(m.Data)
				} else {
					stays += len(m.Data)
				}
			}
			return nil
		})
		check(err)
	}
	b.ReportMetric(float64(stays)/float64(n), "B-stay/result")
	b.ReportMetric(float64(goes)/float64(n), "B-go/result")
}

func passiveResults(n, hosts, services, changing, round int) []monitor.Submission {
	out := make([]monitor.Submission, n)
	for i := range out {
		state := monitor.OK
		if i%100 < changing {
			state = monitor.State(round % 2 * 2)
		}
		out[i] = monitor.Submission{
			Ref: monitor.Ref{Host: fmt.Sprint("host", i/services%hosts), Service: fmt.Sprint("service", i%services)}, Source: "nsca 10.0.0.7",
			Outcome: monitor.Outcome{State: state, Output: "DISK OK - free space: / 5326 MB (61%)", Perfdata: "/=41372MB;38000;42000;0;46698"},
		}
	}
	return out
}
