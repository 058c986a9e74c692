package nsca

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/internal/serve"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/listen/nsca/packet"
	"github.com/onbu/onbu/monitor"
)

// sink keeps what is submitted.
type sink struct {
	mu      sync.Mutex
	more    sync.Cond
	results []monitor.Submission
	batches int
	block   chan struct{} // not nil: Submit waits until it is closed
	fail    bool          // Submit stores nothing, and says so when its context ends
}

func newSink() *sink {
	s := &sink{}
	s.more.L = &s.mu
	return s
}

func (s *sink) Submit(ctx context.Context, results []monitor.Submission) (modules.Receipt, error) {
	if s.fail {
		<-ctx.Done()
		return modules.Receipt{Unknown: 1}, ctx.Err()
	}
	if s.block != nil {
		<-s.block
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.results = append(s.results, results...)
	s.batches++
	s.more.Broadcast()
	return modules.Receipt{Stored: len(results)}, nil
}

func (s *sink) Obey(context.Context, string, string) error { return nil }

// wait gives the results once there are n, and forgets them.
func (s *sink) wait(n int) []monitor.Submission {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.results) < n {
		s.more.Wait()
	}
	got := s.results
	s.results = nil
	return got
}

// defined builds a listener from the lines of its definition.
func defined(t testing.TB, lines ...string) (*Listener, error) {
	t.Helper()
	m := &monitor.Module{Name: "n", Type: "nsca", File: "nsca.cfg", Line: 1}
	for i, line := range lines {
		name, value, _ := strings.Cut(line, " ")
		m.Settings = append(m.Settings, monitor.Setting{Name: name, Value: value, Line: uint32(i + 2)})
	}
	s := modules.Read(m)
	l := New(s, modules.Env{Log: slog.New(slog.DiscardHandler), Metrics: metrics.NewSet()}).(*Listener)
	s.Limits()
	return l, s.Err()
}

// listening has a listener at work on a port of its own until the test is over. The port is open before anybody knows its number: a number that
// was free a moment ago may be taken, by another test or by a connection.
func listening(t testing.TB, lines ...string) (*Listener, *sink, string) {
	t.Helper()
	l, err := defined(t, lines...)
	if err != nil {
		t.Fatal(err)
	}
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := newSink()
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() {
		over <- serve.Serve(ctx, port, l.port, func(ctx context.Context, c *serve.Conn) { l.converse(ctx, c, s) })
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-over; err != nil {
			t.Error(err)
		}
	})
	return l, s, port.Addr().String()
}

// sent is what a test compares of a result.
func sent(results []monitor.Submission) []string {
	var all []string
	for _, r := range results {
		all = append(all, fmt.Sprintf("%s %d %s|%s|%s from %s", r.Ref, r.State, r.Output, r.LongOutput, r.Perfdata, r.Source))
	}
	return all
}

func TestEveryMethodOfSendNSCA(t *testing.T) {
	program := realpeer.Program(t, "send_nsca", "nsca-client")
	input := "web01\tHTTP check\t2\tCRITICAL - no answer; none | time=10s;5;8\nand more\n\x17web01\t1\tgone\n\x17web01\tüml\t-1\tC:\\new\x17web01\tfour\t4\tx"
	want := []string{
		"web01/HTTP check 2 CRITICAL - no answer: none|and more|time=10s;5;8 from nsca 127.0.0.1",
		"web01 1 gone|| from nsca 127.0.0.1",
		`web01/üml 3 C:\new|| from nsca 127.0.0.1`,
		"web01/four 3 x|| from nsca 127.0.0.1",
	}
	for _, m := range packet.Methods() {
		t.Run(m.String(), func(t *testing.T) {
			t.Parallel()
			_, s, addr := listening(t, fmt.Sprint("encryption_method ", int(m)), "password S3cr3t-Passw0rd")
			dir := t.TempDir()
			cfg := realpeer.File(t, dir, "send_nsca.cfg", fmt.Sprintf("password=S3cr3t-Passw0rd\nencryption_method=%d\n", int(m)))
			_, port, _ := net.SplitHostPort(addr)
			for _, args := range [][]string{nil, {"--legacy-2-7-mode"}} {
				c := exec.Command(program, append([]string{"-H", "127.0.0.1", "-p", port, "-c", cfg}, args...)...)
				c.Stdin = strings.NewReader(input)
				if out, err := c.CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				if diff := cmp.Diff(want, sent(s.wait(len(want)))); diff != "" {
					t.Errorf("%v (-want +got):\n%s", args, diff)
				}
			}
		})
	}
}

// peer is a sender of tests.
type peer struct {
	net.Conn
	init [packet.InitSize]byte
	*packet.Encoder
}

func connect(t testing.TB, addr string, k *packet.Key) *peer {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	p := &peer{Conn: c}
	if _, err := io.ReadFull(c, p.init[:]); err != nil {
		t.Fatal(err)
	}
	p.Encoder = packet.NewEncoder(k, p.init[:])
	return p
}

func (p *peer) send(t testing.TB, raw []byte) {
	t.Helper()
	if _, err := p.Write(raw); err != nil {
		t.Error(err)
	}
}

// closed waits until the server has closed the connection.
func (p *peer) closed() { _, _ = io.Copy(io.Discard, p) }

func secret(t testing.TB) *packet.Key {
	t.Helper()
	k, err := packet.NewKey(14, "secret")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func result(host string) packet.Packet {
	return packet.Packet{Host: []byte(host), Service: []byte("s"), Output: []byte("o")}
}

// honest sends one result and checks that it is the only one that arrives.
func honest(t testing.TB, s *sink, addr string) {
	t.Helper()
	p := connect(t, addr, secret(t))
	p.send(t, p.Append(nil, result("honest"), packet.Long))
	if got := sent(s.wait(1)); len(got) != 1 || !strings.HasPrefix(got[0], "honest/s 0 o") {
		t.Errorf("stored %v, want the honest one alone", got)
	}
	p.Close()
}

func TestHostilePacketsGiveNothingAndDisturbNobody(t *testing.T) {
	l, s, addr := listening(t, "encryption_method 14", "password secret")
	first := connect(t, addr, secret(t))
	recorded := first.Append(nil, result("replayed"), packet.Short)
	first.send(t, bytes.Clone(recorded))
	s.wait(1)
	shifted := func(p *peer, seconds uint32) []byte {
		init := p.init
		for i, now := 0, uint32(time.Now().Unix())+seconds; i < 4; i++ {
			init[128+i] = byte(now >> (24 - 8*i))
		}
		return packet.NewEncoder(secret(t), init[:]).Append(nil, result("shifted"), packet.Long)
	}
	wrong, err := packet.NewKey(14, "guessed")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		raw    func(p *peer) []byte
		reason string
		hangUp bool
	}{
		"forged": {func(p *peer) []byte {
			return packet.NewEncoder(wrong, p.init[:]).Append(nil, result("forged"), packet.Long)
		}, badVersion, false},
		"in clear":    {func(p *peer) []byte { return append([]byte{0, 3}, make([]byte, packet.Long)...) }, badVersion, false},
		"replayed":    {func(*peer) []byte { return bytes.Clone(recorded) }, badVersion, false},
		"stale":       {func(p *peer) []byte { return shifted(p, ^uint32(0)-3600) }, badAge, false},
		"from future": {func(p *peer) []byte { return shifted(p, 3600) }, badAge, false},
		"flipped": {func(p *peer) []byte {
			raw := p.Append(nil, result("flipped"), packet.Long)
			raw[300] ^= 4
			return raw
		}, badSum, false},
		"truncated":       {func(p *peer) []byte { return p.Append(nil, result("truncated"), packet.Long)[:4000] }, cutOff, true},
		"short truncated": {func(p *peer) []byte { return p.Append(nil, result("truncated"), packet.Short)[:700] }, cutOff, true},
		"http":            {func(*peer) []byte { return []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n") }, badVersion, false},
		"noise":           {func(*peer) []byte { return bytes.Repeat([]byte("\xff\x00\x17"), 3000) }, badVersion, false},
		"foreign name":    {func(p *peer) []byte { return p.Append(nil, result("a\nb"), packet.Long) }, badName, true},
		"no name":         {func(p *peer) []byte { return p.Append(nil, result(""), packet.Long) }, badName, true},
		"host state": {func(p *peer) []byte {
			return p.Append(nil, packet.Packet{Host: []byte("h"), Code: 3}, packet.Long)
		}, badCode, true},
	} {
		before := l.refused[test.reason].Get()
		p := connect(t, addr, secret(t))
		_, _ = p.Write(test.raw(p)) // it may be refused before it is all there
		if test.hangUp {
			_ = p.Conn.(*net.TCPConn).CloseWrite()
		}
		p.closed()
		if got := l.refused[test.reason].Get() - before; got != 1 {
			t.Errorf("%s: %d refused for their %s, want 1", name, got, test.reason)
		}
		honest(t, s, addr)
	}
}

func TestIdleConnectionsLockNobodyOut(t *testing.T) {
	const many = 5000
	l, s, addr := listening(t, "encryption_method 14", "password secret", "max_connections 2000", "max_connections_per_source 1000")
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	idle := make([]net.Conn, 0, many)
	defer func() {
		for _, c := range idle {
			c.Close()
		}
	}()
	for i := range many {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		idle = append(idle, c)
		if i%1000 == 500 {
			honest(t, s, addr)
		}
	}
	honest(t, s, addr)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if used := int64(after.HeapInuse+after.StackInuse) - int64(before.HeapInuse+before.StackInuse); used > 64<<20 {
		t.Errorf("%d connections cost %d MB", many, used>>20)
	}
	if n := l.refused["idle_closed"].Get(); n < many-1000 {
		t.Errorf("%d were closed for idleness, want %d at least", n, many-1000)
	}
}

func TestAStoreThatIsSlowGetsLargerBatchesAndHoldsUpTheSender(t *testing.T) {
	_, s, addr := listening(t, "encryption_method 14", "password secret")
	s.block = make(chan struct{})
	p := connect(t, addr, secret(t))
	const many = 2000
	var raw []byte
	for i := range many {
		raw = p.Append(raw, result(fmt.Sprint(i)), packet.Short)
	}
	written := make(chan struct{})
	go func() { p.send(t, raw); close(written) }()
	close(s.block)
	got := s.wait(many)
	<-written
	for i, r := range got {
		if r.Host != fmt.Sprint(i) {
			t.Fatalf("result %d is that of host %s: order is lost", i, r.Host)
		}
	}
	if s.batches > many/4 {
		t.Errorf("%d results came in %d batches", many, s.batches)
	}
}

func TestSourcesHaveTheirOwnPasswordMethodAndHosts(t *testing.T) {
	l, s, addr := listening(t, "encryption_method 14", "password general", "source 10.0.0.0/8,::1 encryption_method=1",
		"source 127.0.0.0/8 encryption_method=3 password=wide", "source 127.0.0.1 hosts=web*,db? encryption_method=14 password=secret")
	p := connect(t, addr, secret(t))
	var raw []byte
	for _, host := range []string{"web1", "mail", "db1", "db12"} {
		raw = p.Append(raw, result(host), packet.Short)
	}
	p.send(t, raw)
	var hosts []string
	for _, r := range s.wait(2) {
		hosts = append(hosts, r.Host)
	}
	if !slices.Equal(hosts, []string{"web1", "db1"}) || l.refused[foreignHost].Get() != 2 {
		t.Errorf("stored %v, %d refused for their host", hosts, l.refused[foreignHost].Get())
	}
}

func TestAllowedHosts(t *testing.T) {
	l, _, addr := listening(t, "encryption_method 1", "allowed_hosts 10.0.0.0/8 192.168.0.1")
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if n, _ := io.Copy(io.Discard, c); n != 0 {
		t.Errorf("%d bytes for an address that is not allowed", n)
	}
	if l.refused["address"].Get() == 0 {
		t.Error("it is not counted")
	}
}

func TestOutputThatFillsItsRoomLosesItsLastMetric(t *testing.T) {
	_, s, addr := listening(t, "encryption_method 14", "password secret")
	p := connect(t, addr, secret(t))
	for _, size := range []int{packet.Short, packet.Long} {
		r := result("h")
		r.Output = []byte("x|a=1 b=" + strings.Repeat("9", 5000))
		p.send(t, p.Append(nil, r, size))
		if got := s.wait(1)[0].Perfdata; got != "a=1" {
			t.Errorf("size %d: perfdata %.20s…, want a=1: half a number is a wrong one", size, got)
		}
	}
}
