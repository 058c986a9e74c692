package icmp_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	probing "github.com/prometheus-community/pro-bing"
	"golang.org/x/sys/unix"

	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/icmp"
	"github.com/onbu/onbu/monitor"
)

var (
	_ modules.Check  = icmp.New(icmp.Options{})
	_ modules.Closer = icmp.New(icmp.Options{})
)

// refused are lines that the plugins refuse, or read in a way of their own.
const refused = `
	check_icmp
	check_icmp -n 1
	check_icmp -v 127.0.0.1
	check_icmp --version
	check_icmp -n 21 127.0.0.1
	check_icmp -n 0 127.0.0.1
	check_icmp -n 010 127.0.0.1
	check_icmp -n -1 127.0.0.1
	check_icmp 127.0.0.1 -n
	check_icmp -w x 127.0.0.1
	check_icmp -w 100%,20 127.0.0.1
	check_icmp -w 5,20% 127.0.0.1
	check_icmp -w 100,200% 127.0.0.1
	check_icmp -w 100.05,20% 127.0.0.1
	check_icmp -w 0,20% 127.0.0.1
	check_icmp -i 1h 127.0.0.1
	check_icmp -i .5 127.0.0.1
	check_icmp -b 10 127.0.0.1
	check_icmp -b 65508 127.0.0.1
	check_icmp -4 -6 127.0.0.1
	check_icmp -4 ::1
	check_icmp -6 127.0.0.1
	check_icmp 127.0.0.1 ::1
	check_icmp 0.0.0.0
	check_icmp 255.255.255.255
	check_icmp 224.0.0.1
	check_icmp fe80::1%lo
	check_icmp ::ffff:127.0.0.1
	check_icmp -s lo 127.0.0.1
	check_icmp -s 127.0.0.1 ::1
	check_icmp a/b
	check_ping
	check_ping -H 127.0.0.1
	check_ping -H 127.0.0.1 -w 100,20%
	check_ping -H 127.0.0.1 -w 100,20% -c 500
	check_ping -H 127.0.0.1 -w 100,20% -c 50,60%
	check_ping -H 127.0.0.1 -w 100,70% -c 500,60%
	check_ping -H 127.0.0.1 -w 100,20 -c 500,60
	check_ping -H 127.0.0.1 -w 100, -c 500,60%
	check_ping -H 127.0.0.1 -w ,20% -c 500,60%
	check_ping -H 127.0.0.1 -w % -c 500,60%
	check_ping -H 127.0.0.1 -w 1e2,20% -c 500,60%
	check_ping -H 127.0.0.1 -w 100,20% -c 500,60% -p 0
	check_ping -H 127.0.0.1 -w 100,20% -c 500,60% -v
	check_ping -H 127.0.0.1 -w 100,20% -c 500,60% --extra-opts
	check_ping -H 127.0.0.1 -w 100,20% -c 500,60% --link=yes
	check_ping -H 127.0.0.1 -w 100,20% -c 500,60% --packets
	check_ping -H 127.0.0.1,127.0.0.2 -w 100,20% -c 500,60%
	check_ping -H 127.0.0.1 -w 100,20% -c 500,60% -6
	check_ping 127.0.0.1 20 60 100 500
`

func TestRefusedLinesAreThePluginsToAnswer(t *testing.T) {
	m := module(t)
	for line := range strings.Lines(refused) {
		argv := strings.Fields(line)
		if len(argv) == 0 {
			continue
		}
		if p, err := m.Parse(argv); err == nil || errors.Is(err, modules.ErrNotMine) || p != nil {
			t.Errorf("%q: got %v, %v, want an error that says why", argv, p, err)
		}
	}
	for _, argv := range [][]string{nil, {"check_fping", "127.0.0.1"}, {"check_icmp/x", "127.0.0.1"}} {
		if _, err := m.Parse(argv); !errors.Is(err, modules.ErrNotMine) {
			t.Errorf("%q: got %v, want ErrNotMine", argv, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	m := icmp.New(icmp.Options{})
	for line := range strings.Lines(refused + "check_icmp -n1 -w 200.5ms,40% ::1\ncheck_ping -Ha -w1:2% -c3,4% -L\ncheck_host -- a b") {
		f.Add(strings.TrimSpace(line))
	}
	f.Fuzz(func(t *testing.T, line string) {
		argv := strings.Split(line, " ")
		if p, err := m.Parse(argv); (p == nil) != (err != nil) {
			t.Errorf("%q: got %v and %v, want one of them", argv, p, err)
		}
	})
}

// hosts gives n addresses of 127.0.0.0/8.
func hosts(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = netip.AddrFrom4([4]byte{127, byte(1 + i>>16), byte(i >> 8), byte(i)}).String()
	}
	return names
}

func TestAThousandRunsAtOnceAreAllAnswered(t *testing.T) {
	realpeer.Root(t, "raw ICMP sockets")
	allAnswered(t)
}

func TestAThousandRunsOnAPingSocketWithoutAnyPrivilege(t *testing.T) {
	network(t, "sysctl -q net.ipv4.ping_group_range=0\t0")
	giveUpCapabilities(t)
	allAnswered(t)
}

// allAnswered runs a thousand checks at once.
func allAnswered(t *testing.T) {
	t.Helper()
	m := module(t)
	ours(t, m, "check_icmp -n 1 127.0.0.1") // opens the socket in the test's thread
	var wg sync.WaitGroup
	for _, host := range hosts(1000) {
		wg.Go(func() {
			o := ours(t, m, "check_icmp -n 3 -w 5s,1% -c 6s,2% "+host)
			if o.State != monitor.OK {
				t.Errorf("%s: got %s", host, o.Output)
			}
		})
	}
	wg.Wait()
	got := m.Counters()
	got.Foreign = 0 // other programs may be pinging
	got.Sent, got.Late = got.Sent-got.Late, 0
	if want := (icmp.Counters{Sent: 3001, Replies: 3001}); got != want {
		t.Errorf("got counters %+v, want %+v", got, want)
	}
}

func TestRawSocketsDoNotGetEachOthersReplies(t *testing.T) {
	network(t, "") // where nobody else pings, and ping sockets are not allowed
	m := module(t)
	for _, host := range append(hosts(10), "::1", "::1") {
		ours(t, m, "check_icmp -n 1 "+host)
	}
	got := m.Counters()
	got.Sent, got.Late = got.Sent-got.Late, 0
	if want := (icmp.Counters{Sent: 12, Replies: 12}); got != want {
		t.Errorf("got counters %+v, want %+v", got, want)
	}
}

// giveUpCapabilities takes all rights from the test's thread, which network has locked to it. On Linux they are a thread's.
func giveUpCapabilities(t *testing.T) {
	t.Helper()
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	if err := unix.Capset(&header, &none[0]); err != nil {
		t.Fatal(err)
	}
}

func TestStatisticsAgreeWithProBing(t *testing.T) {
	realpeer.Root(t, "raw ICMP sockets")
	pinger := probing.New("127.0.0.1")
	pinger.Count, pinger.Interval, pinger.Timeout = 5, time.Millisecond, 10*time.Second
	pinger.SetPrivileged(true)
	if err := pinger.Run(); err != nil {
		t.Fatal(err)
	}
	want := pinger.Statistics()
	var rta, slowest, fastest float64
	var loss int
	perf := ours(t, module(t), "check_icmp -n 5 127.0.0.1").Perfdata
	if _, err := fmt.Sscanf(perf, "rta=%fms;200.000;500.000;0; pl=%d%%;40;80;; rtmax=%fms;;;; rtmin=%fms;;;;", &rta, &loss, &slowest, &fastest); err != nil {
		t.Fatalf("%s: %v", perf, err)
	}
	if float64(loss) != want.PacketLoss || want.PacketsRecv != 5 {
		t.Errorf("got %d%% loss, pro-bing %v%%", loss, want.PacketLoss)
	}
	if fastest <= 0 || fastest > rta || rta > slowest {
		t.Errorf("%s: not in order", perf)
	}
	// Both measure a round trip inside one kernel: tens of microseconds, if nobody else keeps the processors.
	if ratio := fastest / (float64(want.MinRtt) / 1e6); ratio > 100 || ratio < 0.01 {
		t.Errorf("got %v ms at best, pro-bing %v", fastest, want.MinRtt)
	}
}

func TestADeadlineMakesLostPacketsAndACancelAnError(t *testing.T) {
	network(t, "")
	m := module(t)
	for _, line := range []string{
		"check_icmp -n 5 -c 60s,100% -t 100 10.97.0.9",
		"check_ping -H 10.97.0.9 -w 100,20% -c 5000,100%",
	} {
		p, err := m.Parse(strings.Fields(line))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		o, err := p.Run(ctx)
		cancel()
		if err != nil || o.State != monitor.Critical || !strings.Contains(o.Output, "100%") {
			t.Errorf("%s: at the deadline got %+v, %v, want CRITICAL with 100 %% loss", line, o, err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(20*time.Millisecond, cancel)
		if o, err := p.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: cancelled, got %+v, %v, want the cause", line, o, err)
		}
	}
}

func TestNamesAreLookedUpAtEachRun(t *testing.T) {
	realpeer.Root(t, "raw ICMP sockets")
	asked := make(chan string, 10)
	m := icmp.New(icmp.Options{Lookup: func(_ context.Context, network, name string) ([]netip.Addr, error) {
		asked <- network + " " + name
		switch {
		case name == "gone":
			return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
		case name == "slow":
			return nil, &net.DNSError{Err: "i/o timeout", Name: name, IsTimeout: true}
		case network == "ip6" && name == "old":
			return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
		case network == "ip6":
			return []netip.Addr{netip.MustParseAddr("::1")}, nil
		}
		return []netip.Addr{netip.MustParseAddr("::ffff:127.0.0.5"), netip.MustParseAddr("127.0.0.6")}, nil
	}})
	defer m.Close()
	tests := []struct {
		line, want string
		state      monitor.State
		asked      []string
	}{
		{"check_icmp -n 1 web", "OK - web: rta N", 0, []string{"ip web"}},
		{"check_icmp -n 1 -6 web", "OK - web: rta N", 0, []string{"ip6 web"}},
		{"check_rta_multi -n 1 web", "OK - web: rta Nms, lost 0% :: web: rta N", 0, []string{"ip web"}},
		{"check_icmp -n 1 gone", "check_icmp: Failed to resolve gone: Name or service not known", 3, []string{"ip gone"}},
		{"check_icmp -n 1 slow", "check_icmp: Failed to resolve slow: Temporary failure in name resolution", 3, []string{"ip slow"}},
		{"check_ping -p 1 -w 1000,1% -c 1000,1% web", "PING OK", 0, []string{"ip6 web"}},
		{"check_ping -p 1 -w 1000,1% -c 1000,1% old", "PING OK", 0, []string{"ip6 old", "ip4 old"}},
		{"check_ping -p 1 -w 1000,1% -c 1000,1% -4 web", "PING OK", 0, []string{"ip4 web"}},
		{"check_ping -p 1 -w 1000,1% -c 1000,1% gone", "check_ping: Invalid hostname/address - gone", 3, []string{"ip6 gone", "ip4 gone"}},
	}
	for _, tt := range tests {
		got := comparable(ours(t, m, tt.line))
		if !strings.HasPrefix(got.Output, tt.want) || got.State != tt.state {
			t.Errorf("%s: got %d %s, want %d %s…", tt.line, got.State, got.Output, tt.state, tt.want)
		}
		for _, want := range tt.asked {
			if got := <-asked; got != want {
				t.Errorf("%s: asked for %q, want %q", tt.line, got, want)
			}
		}
	}
}

func TestWithoutTheRightTheErrorSaysWhatToDo(t *testing.T) {
	network(t, "") // where net.ipv4.ping_group_range is closed, as in every new one
	giveUpCapabilities(t)
	p, err := icmp.New(icmp.Options{}).Parse([]string{"check_icmp", "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Run(t.Context())
	if !errors.Is(err, os.ErrPermission) {
		t.Fatalf("got %v, want a permission error", err)
	}
	for _, want := range []string{"net.ipv4.ping_group_range", "CAP_NET_RAW"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %q, want it to name %s", err, want)
		}
	}
}

func TestAfterCloseRunsFail(t *testing.T) {
	m := icmp.New(icmp.Options{})
	p, err := m.Parse([]string{"check_icmp", "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if o, err := p.Run(t.Context()); err == nil {
		t.Errorf("got %+v, want an error", o)
	}
}
