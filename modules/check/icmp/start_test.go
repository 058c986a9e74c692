package icmp_test

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/icmp"
	"github.com/onbu/onbu/monitor"
)

// told is what a waiter was told.
type told struct {
	monitor.Outcome
	err error
}

// once is a waiter that is told once.
type once chan told

// Done implements modules.Waiter.
func (w once) Done(o monitor.Outcome, err error) {
	o.Output, o.Perfdata = strings.Clone(o.Output), strings.Clone(o.Perfdata)
	w <- told{o, err}
}

func TestStartAnswersAsRunDoes(t *testing.T) {
	network(t, "sysctl -q net.ipv4.ping_group_range=0\t0")
	m := module(t)
	for line := range strings.Lines(`check_icmp 127.0.0.1
		check_icmp -n 2 127.0.0.1 127.0.0.2
		check_icmp -n 2 -s 127.0.0.1 127.0.0.2
		check_icmp -n 1 localhost
		check_icmp -n 1 ::1
		check_icmp -n 1 -s 203.0.113.9 127.0.0.1
		check_icmp -n 1 name.invalid
		check_icmp -n 2 10.98.2.1
		check_icmp -n 1 -c 50,100% 10.97.0.9
		check_icmp -n 2 10.96.0.1
		check_host 127.0.0.1
		check_ping -H 127.0.0.1 -w 100,20% -c 500,60% -p 1
		check_ping -H localhost -w 100,20% -c 500,60% -p 1
		check_ping -H 10.96.0.1 -w 100,20% -c 500,60% -p 1
		check_ping -H 10.98.2.1 -w 100,20% -c 500,60% -p 1`) {
		line = strings.TrimSpace(line)
		want := comparable(ours(t, m, line))
		w := make(once, 1)
		starter(t, m, strings.Fields(line)...).Start(time.Now().Add(time.Minute), w)
		got := <-w
		if diff := cmp.Diff(want, comparable(got.Outcome)); diff != "" || got.err != nil {
			t.Errorf("%s: Run (-), Start (+), %v:\n%s", line, got.err, diff)
		}
	}
}

func TestCloseEndsWhatIsUnderWay(t *testing.T) {
	network(t, "")
	m := icmp.New(icmp.Options{Lookup: func(ctx context.Context, _, _ string) ([]netip.Addr, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}})
	w := make(once, 200)
	for i := range 100 {
		starter(t, m, "check_icmp", "-c", "60s,100%", "-t", "1000", fmt.Sprintf("10.97.0.%d", 2+i)).Start(time.Now().Add(time.Hour), w)
		starter(t, m, "check_icmp", fmt.Sprintf("name%d", i)).Start(time.Now().Add(time.Hour), w)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	for range 200 {
		if got := <-w; got.err == nil {
			t.Errorf("got %+v, want an error", got.Outcome)
		}
	}
	for _, line := range []string{"check_icmp 127.0.0.1", "check_icmp name"} {
		starter(t, m, strings.Fields(line)...).Start(time.Now().Add(time.Hour), w)
		if got := <-w; got.err == nil {
			t.Errorf("%s after Close: got %+v, want an error", line, got.Outcome)
		}
	}
}

func TestASlowNameServerIsAskedForFewNamesAtATime(t *testing.T) {
	const checks, most = 500, 64
	var now, peak atomic.Int64
	m := icmp.New(icmp.Options{Lookup: func(ctx context.Context, _, _ string) ([]netip.Addr, error) {
		n := now.Add(1)
		defer now.Add(-1)
		for old := peak.Load(); n > old && !peak.CompareAndSwap(old, n); old = peak.Load() {
		}
		<-ctx.Done()
		return nil, ctx.Err()
	}})
	defer m.Close()
	w := make(once, checks)
	until := time.Now().Add(100 * time.Millisecond)
	for i := range checks {
		starter(t, m, "check_icmp", fmt.Sprintf("name%d", i)).Start(until, w)
	}
	for range checks {
		got := <-w
		if want := "Temporary failure in name resolution"; got.err != nil || got.State != monitor.Unknown || !strings.Contains(got.Output, want) {
			t.Fatalf("got %+v, %v, want UNKNOWN, %s", got.Outcome, got.err, want)
		}
	}
	if peak.Load() > most {
		t.Errorf("%d lookups at once, want at most %d", peak.Load(), most)
	}
}

func TestALineIsSmall(t *testing.T) {
	const lines, limit = 100_000, 200
	m := icmp.New(icmp.Options{})
	for _, line := range []string{"check_icmp -w 100,20%% -c 500,60%% -n 5 -H 10.1.%d.%d", "check_ping -w 100,20%% -c 500,60%% -p 5 -H 10.1.%d.%d"} {
		argv := make([][]string, lines)
		for i := range argv {
			argv[i] = strings.Fields(fmt.Sprintf(line, i>>8&255, i&255))
		}
		probes := make([]modules.Probe, lines)
		before := heap()
		for i := range probes {
			var err error
			if probes[i], err = m.Parse(argv[i]); err != nil {
				t.Fatal(err)
			}
		}
		if each := (heap() - before) / lines; each > limit {
			t.Errorf("%s: %d bytes a line, want at most %d", line, each, limit)
		} else {
			t.Logf("%s: %d bytes a line", line, each)
		}
		runtime.KeepAlive(probes)
		runtime.KeepAlive(argv)
	}
}

func heap() uint64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

func TestAPingIsCheaperThanProBings(t *testing.T) {
	realpeer.Root(t, "raw ICMP sockets")
	const least = 3
	var said string
	for range tries {
		own, library := testing.Benchmark(started), testing.Benchmark(proBing)
		ratio := library.Extra["cpu-µs/op"] / own.Extra["cpu-µs/op"]
		said = fmt.Sprintf("%.1f µs of CPU a ping, pro-bing %.1f, %.1f times as much; %d allocations, pro-bing %d",
			own.Extra["cpu-µs/op"], library.Extra["cpu-µs/op"], ratio, own.AllocsPerOp(), library.AllocsPerOp())
		if ratio >= least && own.AllocsPerOp() == 0 && own.Extra["lost"] == 0 {
			t.Log(said)
			return
		}
	}
	t.Error(said)
}
