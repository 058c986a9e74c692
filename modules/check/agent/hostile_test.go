package agent_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/probe/probetest"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// endless writes the same piece until nobody listens any more or there was that much.
func endless(head, piece string, most int64) func(net.Conn) {
	block := bytes.Repeat([]byte(piece), max(1, (64<<10)/len(piece)))
	return func(c net.Conn) {
		defer c.Close()
		_, err := io.WriteString(c, head)
		for sent := int64(0); err == nil && sent < most; sent += int64(len(block)) {
			_, err = c.Write(block)
		}
	}
}

// headers writes piggyback headers that differ.
func headers(n int, format string) func(net.Conn) {
	return func(c net.Conn) {
		defer c.Close()
		var b []byte
		for i := range n {
			b = fmt.Appendf(b, format, i)
			if len(b) > 64<<10 || i == n-1 {
				if _, err := c.Write(b); err != nil {
					return
				}
				b = b[:0]
			}
		}
	}
}

// growth is how much more memory was in use at most than at the beginning while f ran. What the collector had not come to yet does
// not count: how much that is depends on how fast the machine is.
func growth(f func()) uint64 {
	held := func() uint64 {
		s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
		metrics.Read(s)
		return s[0].Value.Uint64() + s[1].Value.Uint64()
	}
	defer debug.SetGCPercent(debug.SetGCPercent(25)) // it is to be looked often
	runtime.GC()
	before := held()
	var most atomic.Uint64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			most.Store(max(most.Load(), held()))
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
	}()
	f()
	close(stop)
	<-done
	return most.Load() - min(before, most.Load())
}

func TestHostileAgentsCostABoundedAmount(t *testing.T) {
	good, _ := serve(t, always(output))
	const much = 1 << 30
	names := "<<<<" + strings.Repeat("../", 20_000) + ">>>>\n<<<a>>>\nx\n" + "<<<<*>>>>\n<<<a>>>\nx\n<<<<a.>>>>\n<<<a>>>\nx\n<<<<x/y\x00>>>>\n<<<a>>>\nx\n<<<<>>>>\n"
	for _, c := range []struct {
		about string
		talk  func(net.Conn)
		more  string
		state monitor.State
		want  string
	}{
		{about: "1 GB of output", talk: endless("<<<a>>>\n", "all work and no play\n", much), state: monitor.Unknown, want: "Output is larger than 16 MiB"},
		{about: "an endless section without lines", talk: endless("<<<a>>>\n", "x", much), state: monitor.Unknown, want: "in endless lines"},
		{about: "zeros", talk: endless("<<", "\x00", much), state: monitor.Unknown, want: "in endless lines"},
		{about: "1 GB for another host", talk: endless("<<<a>>>\n<<<<vm>>>>\n<<<b>>>\n", "all work and no play\n", much), state: monitor.Unknown, want: "more than 64 MiB that is too much"},
		{about: "1,000,000 hosts", talk: headers(1_000_000, "<<<<host%d>>>>\n<<<a>>>\nx\n"), state: monitor.Warning, want: "were left out"},
		{about: "1,000,000 sections", talk: headers(1_000_000, "<<<s%d>>>\n"), state: monitor.Warning, want: "larger than any agent's"},
		{about: "10,000,000 lines", talk: endless("<<<a>>>\n", "x\n", 20_000_000), state: monitor.Unknown, want: "larger than"},
		{about: "8,000,000 lines", talk: endless("<<<a>>>\n", "x\n", 16_000_000), state: monitor.Warning, want: "larger than any agent's"},
		{about: "names that are none", talk: endless("<<<check_mk>>>\nVersion: 1\n", names, 1), state: monitor.Warning, want: "Version: 1"},
		{about: "no UTF-8", talk: endless("<<<a\xff>>>\n<<<b>>>\n", "\xc3\x28\xff\xfe\n", 1<<20), state: monitor.OK, want: "1 sections"},
		{about: "an encrypted output without end", talk: endless("03Salted__12345678", "all work and no play", much), more: "--legacy-key x", state: monitor.Unknown, want: "larger than"},
		{about: "one byte after the other", talk: trickle, more: "-t 1", state: monitor.Critical, want: "did not end within the time limit"},
	} {
		m := module(t, &courier{})
		port := probetest.Serve(t, c.talk)
		var got, other monitor.Outcome
		more := growth(func() {
			done := make(chan struct{})
			go func() {
				defer close(done)
				other = run(t, m, modules.Object{Host: "good"}, "-H 127.0.0.1 -p "+good)
			}()
			got = run(t, m, modules.Object{Host: "bad"}, "-H 127.0.0.1 -p "+port+" "+c.more)
			<-done
		})
		if got.State != c.state || !strings.Contains(got.Output, c.want) {
			t.Errorf("%s: %v %.300s", c.about, got.State, got.Output)
		}
		if other.State != monitor.OK {
			t.Errorf("%s: another host is %v: %s", c.about, other.State, other.Output)
		}
		t.Logf("%s: %d MB more", c.about, more/1e6)
		if more > 64e6 {
			t.Errorf("%s took %d MB of memory", c.about, more/1e6)
		}
	}
}

// trickle is an agent that would take years.
func trickle(c net.Conn) {
	_, err := io.WriteString(c, "<<<a>>>\n")
	for err == nil {
		time.Sleep(20 * time.Millisecond)
		_, err = io.WriteString(c, "x")
	}
}
