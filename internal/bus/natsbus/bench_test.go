package natsbus_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/natsbus"
)

func prepared(b *testing.B) (*natsbus.Server, *natsbus.Conn) {
	b.Helper()
	s := startServer(b, b.TempDir())
	c, err := s.Connect(b.Context(), natsbus.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	if err := c.Prepare(b.Context()); err != nil {
		b.Fatal(err)
	}
	return s, c
}

// sized makes n records of 300 bytes.
func sized(shard uint16, n int) []bus.Record {
	data := make([]byte, 300)
	var out []bus.Record
	for range n {
		out = append(out, bus.Record{Subject: bus.States(shard), Data: data})
	}
	return out
}

func BenchmarkCommit(b *testing.B) {
	for _, n := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("records=%d", n), func(b *testing.B) {
			_, c := prepared(b)
			fence, err := c.Claim(b.Context(), 1, nil)
			if err != nil {
				b.Fatal(err)
			}
			records := sized(1, n)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				i++
				if _, err := c.Commit(b.Context(), fence, fmt.Sprint(i), records); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(i*n)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

func BenchmarkCommitOfManyShards(b *testing.B) {
	_, c := prepared(b)
	const shards, n = 16, 16
	var fences [shards]bus.Fence
	for i := range fences {
		var err error
		if fences[i], err = c.Claim(b.Context(), uint16(i), nil); err != nil {
			b.Fatal(err)
		}
	}
	round := 0
	for b.Loop() {
		round++
		var wg sync.WaitGroup
		for shard, fence := range fences {
			wg.Go(func() {
				if _, err := c.Commit(b.Context(), fence, fmt.Sprint(round), sized(uint16(shard), n)); err != nil {
					b.Error(err)
				}
			})
		}
		wg.Wait()
	}
	b.ReportMetric(float64(round*shards*n)/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkAppend(b *testing.B) {
	for name, subject := range map[string]bus.Subject{
		"memory": bus.Results(1, "p"), "synced": bus.Passive(1, "h"), "lazy": bus.Perf(1),
	} {
		b.Run(name+"/20KB", func(b *testing.B) {
			_, c := prepared(b)
			data := make([]byte, 20<<10)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if err := c.Append(b.Context(), subject, data, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkPublish(b *testing.B) {
	for _, size := range []int{200, 20 << 10} {
		b.Run(fmt.Sprintf("bytes=%d", size), func(b *testing.B) {
			s, c := prepared(b)
			other := connect(b, s, "subscriber")
			arrived := make(chan struct{}, 1<<20)
			stop, err := other.Subscribe(bus.Jobs("p"), func(bus.Msg) { arrived <- struct{}{} })
			if err != nil {
				b.Fatal(err)
			}
			defer stop()
			data := make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			sent := 0
			for b.Loop() {
				if err := c.Publish(bus.Jobs("p"), data); err != nil {
					b.Fatal(err)
				}
				if sent++; sent > 1000 { // a thousand may be under way
					<-arrived
				}
			}
		})
	}
}

func BenchmarkReplay(b *testing.B) {
	_, c := prepared(b)
	fence, err := c.Claim(b.Context(), 1, nil)
	if err != nil {
		b.Fatal(err)
	}
	const total = 100_000
	for i := range total / 1000 {
		if _, err := c.Commit(b.Context(), fence, fmt.Sprint(i), sized(1, 1000)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		if _, err := c.Replay(b.Context(), 1, 0, func(batch []bus.Msg) error { n += len(batch); return nil }); err != nil || n != total {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(total*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkReadDurable(b *testing.B) {
	_, c := prepared(b)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	data := make([]byte, 300)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 2500 {
				if err := c.Append(ctx, bus.Perf(1), data, ""); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	round := 0
	for b.Loop() {
		round++
		n := 0
		done, cancel := context.WithCancel(ctx)
		c.Read(done, bus.Cursor{Stream: bus.PERF, Durable: fmt.Sprint("d", round)}, func(batch []bus.Msg) error {
			if n += len(batch); n == 20_000 {
				cancel()
			}
			return nil
		})
	}
	b.ReportMetric(20_000*float64(round)/b.Elapsed().Seconds(), "messages/s")
}

// BenchmarkStart starts an empty server, connects and prepares; it reports what the process takes.
func BenchmarkStart(b *testing.B) {
	var ready time.Duration
	for b.Loop() {
		begin := time.Now()
		s, err := natsbus.StartServer(natsbus.ServerOptions{Dir: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		c, err := s.Connect(b.Context(), natsbus.Options{})
		if err != nil {
			b.Fatal(err)
		}
		ready += time.Since(begin)
		if err := c.Prepare(b.Context()); err != nil {
			b.Fatal(err)
		}
		c.Close()
		s.Close()
	}
	b.ReportMetric(float64(ready.Milliseconds())/float64(b.N), "ms-to-connected")
	b.ReportMetric(rss(b), "MB-RSS")
}

// rss is the resident memory of this process in MB, from /proc; 0 where there is none.
func rss(b *testing.B) float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, line, _ := strings.Cut(string(text), "VmRSS:")
	var kb float64
	if _, err := fmt.Sscan(line, &kb); err != nil {
		b.Fatal(err)
	}
	return kb / 1024
}
