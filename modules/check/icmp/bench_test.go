package icmp_test

import (
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	probing "github.com/prometheus-community/pro-bing"
	"golang.org/x/sys/unix"

	"github.com/onbu/onbu/internal/mmsg"
	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/icmp"
	"github.com/onbu/onbu/monitor"
)

// again is a waiter whose check begins again, from another goroutine, as long as there is something left to do.
type again struct {
	turns chan<- *again
	probe modules.Starter
	bad   *atomic.Int64
}

// Done implements modules.Waiter.
func (a *again) Done(o monitor.Outcome, err error) {
	if err != nil || o.State != monitor.OK {
		a.bad.Add(1)
	}
	a.turns <- a
}

func starter(b testing.TB, m *icmp.Module, argv ...string) modules.Starter {
	b.Helper()
	p, err := m.Parse(argv)
	if err != nil {
		b.Fatal(err)
	}
	return p.(modules.Starter)
}

// BenchmarkPing makes checks of one packet from command line to performance data: a thousand under way with this package,
// as the poller has them, and ten with pro-bing, which loses packets when there are more (its sockets get each other's
// replies too).
func BenchmarkPing(b *testing.B) {
	realpeer.Root(b, "raw ICMP sockets")
	b.Run("onbu/raw", started)
	b.Run("bare/raw", bare)
	b.Run("onbu/ping", func(b *testing.B) {
		network(b, "sysctl -q net.ipv4.ping_group_range=0\t0")
		started(b)
	})
	b.Run("pro-bing", proBing)
}

// proBing makes ten pings at a time with pro-bing.
func proBing(b *testing.B) {
	names := hosts(10)
	var lost atomic.Int64
	atOnce(b, len(names), func(i int) error {
		p := probing.New(names[i])
		p.Count, p.Timeout = 1, 10*time.Second
		p.SetPrivileged(true)
		err := p.Run()
		if p.Statistics().PacketsRecv != 1 {
			lost.Add(1)
		}
		return err
	})
	b.ReportMetric(float64(lost.Load()), "lost")
}

// started makes checks with Start, a thousand at a time.
func started(b *testing.B) {
	m := module(b)
	var bad atomic.Int64
	all := hosts(1000)
	turns := make(chan *again, len(all))
	for _, host := range all {
		turns <- &again{turns, starter(b, m, "check_icmp", "-n", "1", "-c", "60s,100%", host), &bad}
	}
	for range len(all) { // opens the socket, and makes the pools what they will be
		a := <-turns
		a.probe.Start(time.Now().Add(time.Minute), a)
	}
	b.ReportAllocs()
	b.ResetTimer()
	before := processorTime(b)
	var wg sync.WaitGroup
	wg.Go(func() { // not in the thread of the network namespace, which would be switched to each time
		for range b.N {
			a := <-turns
			a.probe.Start(time.Now().Add(time.Minute), a)
		}
		for range len(all) {
			<-turns
		}
	})
	wg.Wait()
	report(b, before)
	b.ReportMetric(float64(bad.Load()), "lost")
}

// bare sends and receives the same packets and does nothing else: what the kernel costs.
func bare(b *testing.B) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_ICMP)
	if err != nil {
		b.Fatal(err)
	}
	const icmpFilter, onlyReplies = 1, ^1
	if err := unix.SetsockoptInt(fd, unix.SOL_RAW, icmpFilter, onlyReplies); err != nil {
		b.Fatal(err)
	}
	file := os.NewFile(uintptr(fd), "icmp")
	defer file.Close()
	socket, err := mmsg.New(file)
	if err != nil {
		b.Fatal(err)
	}
	request := append([]byte{8, 0, 0xf7, 0xff}, make([]byte, 72)...)
	out, in := mmsg.ForSending(16), mmsg.ForReceiving(mmsg.Batch, 256, 64)
	all := hosts(1000)
	b.ResetTimer()
	before := processorTime(b)
	for n := 0; n < b.N; {
		out.Reset()
		for out.Add(request, netip.AddrPortFrom(netip.MustParseAddr(all[n%len(all)]), 0), nil) {
			n++
		}
		if _, err := socket.Send(out, 0); err != nil {
			b.Fatal(err)
		}
		for left := out.Len(); left > 0; left -= in.Len() {
			if err := socket.Receive(in); err != nil {
				b.Fatal(err)
			}
		}
	}
	report(b, before)
}

// atOnce calls f b.N times from n goroutines, each with a number of its own, and reports the rate and the processor time.
func atOnce(b *testing.B, n int, f func(i int) error) {
	b.ReportAllocs()
	b.ResetTimer()
	before := processorTime(b)
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := f(i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	report(b, before)
}

func report(b *testing.B, before time.Duration) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pings/s")
	b.ReportMetric(float64((processorTime(b)-before).Nanoseconds())/1e3/float64(b.N), "cpu-µs/op")
}

func processorTime(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
