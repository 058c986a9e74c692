package courier_test

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/natsbus"
	"github.com/onbu/onbu/internal/courier"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// guest is what a hypervisor says of one guest, with figures that differ from guest to guest and from time to time.
func guest(n, round, size int) []byte {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "<<<esx_vsphere_vm_%d:sep(0)>>>\nconfig.uuid 4230ab1f-aa4e-%08x-%d\nsummary.quickStats.guestMemoryUsage %d\nsummary.quickStats.overallCpuUsage %d\nguest.toolsVersionStatus guestToolsCurrent\nruntime.powerState poweredOn\nsummary.quickStats.uptimeSeconds %d\n",
			i, n*7919+i, i, (n*31+round*17+i*101)%8192, (n*13+round*7+i*57)%4266, 5375+round*60+n)
	}
	return []byte(b.String()[:size])
}

// started starts a courier on a bus with a store on disk that knows n guests.
func started(tb testing.TB, dir string, n int) (*courier.Courier, bus.Conn) {
	tb.Helper()
	s, err := natsbus.StartServer(natsbus.ServerOptions{Dir: dir})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	c, err := s.Connect(tb.Context(), natsbus.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { c.Close() })
	d := monitor.Directory{Generation: 1, Shards: 16, Hosts: map[string]monitor.Shard{}}
	for i := range n {
		d.Hosts[fmt.Sprint("vm", i)] = monitor.Shard(i % 16)
	}
	must := func(err error) {
		if err != nil {
			tb.Helper()
			tb.Fatal(err)
		}
	}
	must(c.Prepare(tb.Context()))
	must(c.PutBlob(tb.Context(), bus.CFG, wire.DirectoryName(1), wire.Marshal(d)))
	e, _ := c.Get(tb.Context(), bus.CFG, "current")
	_, err = c.Put(tb.Context(), bus.CFG, "current", wire.Marshal(wire.Generation{Number: 1, Shards: 16}), e.Revision)
	must(err)
	post := courier.New(courier.Options{Bus: c})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- post.Run(ctx) }()
	tb.Cleanup(func() { cancel(); must(<-ended) })
	return post, c
}

func BenchmarkDeliverTenThousand(b *testing.B) {
	const hosts, each = 10_000, 4 << 10
	dir := b.TempDir()
	c, _ := started(b, dir, hosts)
	blocks := make([]modules.Block, hosts)
	for i := range blocks {
		blocks[i] = modules.Block{Name: fmt.Append(nil, "vm", i), Data: guest(i, 1, each)}
	}
	b.SetBytes(hosts * each)
	b.ReportAllocs()
	for b.Loop() {
		out, err := c.Deliver(b.Context(), modules.Delivery{Source: "esx1", At: monitor.At(time.Now()), Blocks: blocks})
		if err != nil || out.Kept != hosts {
			b.Fatal(out, err)
		}
	}
	b.ReportMetric(float64(size(b, dir, "PB"))/(1<<20), "MiB-stored")
}

func BenchmarkDeliverNothing(b *testing.B) {
	c, _ := started(b, b.TempDir(), 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Deliver(b.Context(), modules.Delivery{Source: "web1", At: monitor.At(time.Now())}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPayloads(b *testing.B) {
	const hosts = 10_000
	c, _ := started(b, b.TempDir(), hosts)
	for _, source := range []string{"esx1", "esx2"} {
		var blocks []modules.Block
		for i := range hosts {
			blocks = append(blocks, modules.Block{Name: fmt.Append(nil, "vm", i), Data: guest(i, 1, 4<<10)})
		}
		if _, err := c.Deliver(b.Context(), modules.Delivery{Source: source, At: monitor.At(time.Now()), Blocks: blocks}); err != nil {
			b.Fatal(err)
		}
	}
	for _, one := range []struct {
		name, host, address string
		want                int
	}{{"two sources", "vm77", "", 2}, {"two sources and an address", "vm77", "10.0.0.77", 2}, {"nothing", "web1", "", 0}} {
		b.Run(one.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				out, err := c.Payloads(b.Context(), one.host, one.address, 0)
				if err != nil || len(out.Payloads) != one.want {
					b.Fatal(out, err)
				}
			}
		})
	}
}

// size is how many bytes a stream takes on disk.
func size(tb testing.TB, dir, stream string) (total int64) {
	tb.Helper()
	err := filepath.WalkDir(filepath.Join(dir, "jetstream"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, "/streams/"+stream+"/") {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return total
}
