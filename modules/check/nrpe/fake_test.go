package nrpe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/onbu/onbu/internal/adh"
	"github.com/onbu/onbu/monitor"
)

// fake is a server whose every connection is left to a function; connections are closed when it returns.
type fake struct {
	addr  *net.TCPAddr
	count atomic.Int64 // connections so far
}

func serve(t testing.TB, talk func(conn net.Conn)) *fake {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	f := &fake{addr: l.Addr().(*net.TCPAddr)}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			f.count.Add(1)
			go func() {
				defer conn.Close()
				talk(conn)
			}()
		}
	}()
	return f
}

// probe parses a command line for the fake.
func (f *fake) probe(t testing.TB, m *Module, args string) *check {
	t.Helper()
	p, err := m.Parse(strings.Fields(fmt.Sprintf("check_nrpe -H %s -p %d %s", f.addr.IP, f.addr.Port, args)))
	if err != nil {
		t.Fatal(err)
	}
	return p.(*check)
}

func (f *fake) run(t testing.TB, m *Module, args string) monitor.Outcome {
	t.Helper()
	o, err := f.probe(t, m, args).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// query reads a query and gives its version, or 0.
func query(conn io.Reader) uint16 {
	b := make([]byte, minQuery)
	if _, err := io.ReadFull(conn, b); err != nil {
		return 0
	}
	return uint16(b[1])
}

// speaking answers queries of the given versions with text, and closes on others as nrpe does.
func speaking(text string, versions ...uint16) func(net.Conn) {
	return func(conn net.Conn) {
		v := query(conn)
		for _, known := range versions {
			if v == known {
				_, _ = conn.Write(respond(v, 0, text, v2Text))
			}
		}
	}
}

// TestPacketVersionsOfOldServersAreFoundAndRemembered counts connections: a version that is not known costs one.
func TestPacketVersionsOfOldServersAreFoundAndRemembered(t *testing.T) {
	for _, test := range []struct {
		name          string
		versions      []uint16
		args          string
		first, second int64
	}{
		{"nrpe 4", []uint16{2, 4}, "-n", 1, 1},
		{"nrpe 3", []uint16{2, 3}, "-n", 2, 1},
		{"nrpe 2", []uint16{2}, "-n", 3, 1},
		{"nrpe 4 and -3", []uint16{2, 4}, "-n -3", 2, 1},
		{"nrpe 4 and -2", []uint16{2, 4}, "-n -2", 1, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := serve(t, speaking("hello", test.versions...))
			m := New(Options{})
			for _, want := range []int64{test.first, test.second} {
				before := f.count.Load()
				if o := f.run(t, m, test.args); o.Output != "hello" || o.State != monitor.OK {
					t.Errorf("got %+v", o)
				}
				if got := f.count.Load() - before; got != want {
					t.Errorf("%d connections, want %d", got, want)
				}
			}
		})
	}
}

// TestUpgradedServerIsFoundAgain changes what a server speaks after it was remembered.
func TestUpgradedServerIsFoundAgain(t *testing.T) {
	var version atomic.Uint32
	version.Store(2)
	f := serve(t, func(conn net.Conn) { speaking("hello", uint16(version.Load()))(conn) })
	m := New(Options{})
	for _, v := range []uint32{2, 4, 3, 3} {
		version.Store(v)
		if o := f.run(t, m, "-n"); o.Output != "hello" {
			t.Errorf("version %d: %+v", v, o)
		}
		who := server{"127.0.0.1", uint16(f.addr.Port), habit{4, plain}}
		if got, vain := m.known.recall(question{who, defaultCommand}); got != (habit{uint16(v), plain}) || vain != 0 {
			t.Errorf("version %d: remembered %+v", v, got)
		}
	}
}

// TestACommandThatIsNotAllowedCostsOneConnection once all versions were tried: each is a complaint in the server's log
// (nrpe #236). What others of the same server get is not touched by it.
func TestACommandThatIsNotAllowedCostsOneConnection(t *testing.T) {
	var allowed atomic.Bool
	f := serve(t, func(conn net.Conn) {
		b := make([]byte, minQuery)
		_, _ = io.ReadFull(conn, b)
		if b[1] == 2 && (allowed.Load() || !bytes.Contains(b, []byte("secret"))) {
			_, _ = conn.Write(respond(2, 0, "hello", v2Text))
		}
	})
	m := New(Options{})
	for i, step := range []struct {
		args string
		want string
		cost int64
	}{
		{"-n -c secret", "Received 0 bytes", 3},
		{"-n -c secret", "Received 0 bytes", 1},
		{"-n -c fine", "hello", 3},
		{"-n -c secret", "Received 0 bytes", 1},
		{"-n -c fine", "hello", 1},
		{"-n -c secret", "hello", 1}, // allowed by now
		{"-n -c secret", "hello", 1},
	} {
		allowed.Store(i >= 5)
		before := f.count.Load()
		if o := f.run(t, m, step.args); !strings.Contains(o.Output, step.want) {
			t.Errorf("step %d: got %+v, want %q", i, o, step.want)
		}
		if got := f.count.Load() - before; got != step.cost {
			t.Errorf("step %d: %d connections, want %d", i, got, step.cost)
		}
	}
}

// TestAQuestionInDoubtIsPutInEachVersion lets a server answer that was silent in all of them before.
func TestAQuestionInDoubtIsPutInEachVersion(t *testing.T) {
	var speaks atomic.Bool
	f := serve(t, func(conn net.Conn) {
		if speaks.Load() {
			speaking("hello", 2)(conn)
		}
	})
	m := New(Options{})
	f.run(t, m, "-n")
	speaks.Store(true)
	var outputs []string
	for range 4 {
		outputs = append(outputs, f.run(t, m, "-n").Output)
	}
	if outputs[2] != "hello" || outputs[3] != "hello" || f.count.Load() != 3+3+3 {
		t.Errorf("%d connections, %q", f.count.Load(), outputs)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	m := memory{limit: 10}
	for i := range 100 {
		m.learn(server{host: fmt.Sprint(i)}, habit{4, plain})
	}
	for i := range 100 {
		m.doubt(question{query: fmt.Sprint(i)})
	}
	if len(m.habits) != 10 || len(m.doubts) != 10 {
		t.Errorf("%d servers and %d doubts are remembered, want 10", len(m.habits), len(m.doubts))
	}
	if last, _ := m.recall(question{server: server{host: "99"}}); last == (habit{}) {
		t.Error("the latest is forgotten")
	}
}

// TestMemoryFadesAfterAnHour is why a server that once answered in version 2 only is asked in version 4 again.
func TestMemoryFadesAfterAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := memory{limit: 10}
		m.learn(server{host: "h"}, habit{2, plain})
		time.Sleep(relearn)
		if got, _ := m.recall(question{server: server{host: "h"}}); got != (habit{2, plain}) {
			t.Errorf("after an hour: %+v", got)
		}
		time.Sleep(time.Second)
		if got, _ := m.recall(question{server: server{host: "h"}}); got != (habit{}) {
			t.Errorf("after more than an hour: %+v", got)
		}
	})
}

// TestForcedVersionTeachesOnlyItself runs -2 first: others must go on with version 4, which holds more text.
func TestForcedVersionTeachesOnlyItself(t *testing.T) {
	long := strings.Repeat("x", 5000)
	f := serve(t, func(conn net.Conn) {
		if v := query(conn); v == 4 {
			_, _ = conn.Write(respond(4, 0, long, 0))
		} else {
			_, _ = conn.Write(respond(2, 0, long, v2Text))
		}
	})
	m := New(Options{})
	if o := f.run(t, m, "-n -2"); len(o.Output) != v2Text-1 {
		t.Errorf("-2 gave %d bytes", len(o.Output))
	}
	if o := f.run(t, m, "-n"); o.Output != long {
		t.Errorf("after -2 there are %d bytes of output, want 5000", len(o.Output))
	}
}

// TestHostileServersAreNamed checks state and cause for servers that misbehave; each must let go by itself.
func TestHostileServersAreNamed(t *testing.T) {
	huge := respond(4, 0, strings.Repeat("x", 60000), 0)
	crc := respond(4, 0, "hello", 0)
	crc[4] ^= 1
	length := respond(4, 0, "hello", 0)
	copy(length[12:], "\x7f\xff\xff\xff")
	say := func(b []byte) func(net.Conn) {
		return func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 2000))
			_, _ = conn.Write(b)
		}
	}
	flood := func(b []byte) func(net.Conn) {
		return func(conn net.Conn) {
			for {
				if _, err := conn.Write(b); err != nil {
					return
				}
			}
		}
	}
	hang := func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }
	for _, test := range []struct {
		name, args string
		talk       func(net.Conn)
		state      monitor.State
		want       string
		late       bool
	}{
		{"closes at once", "-n", func(net.Conn) {}, monitor.Unknown, "CHECK_NRPE: ", false},
		{"closes after the query", "-n", func(c net.Conn) { query(c) }, monitor.Unknown, "Received 0 bytes from daemon.", false},
		{"closes in the middle", "-n", say(huge[:30000]), monitor.Unknown, "Receive underflow - only 30000 bytes received (60016 expected).", false},
		{"wrong CRC", "-n", say(crc), monitor.Unknown, "Response packet had invalid CRC32.", false},
		{"length 2147483647", "-n", say(length), monitor.Unknown, "invalid buffer size", false},
		{"garbage", "-n", say([]byte("HTTP/1.0 400 Bad Request\r\n\r\n")), monitor.Unknown, `begins with "HTTP/1.0 400 Bad Req`, false},
		{"TLS", "-n", say([]byte("\x15\x03\x01\x00\x02\x02\x46")), monitor.Unknown, "try without -n", false},
		{"garbage without end", "-n", flood(bytes.Repeat([]byte("y"), 1<<16)), monitor.Unknown, `begins with "yyyy`, false},
		{"silence", "-n -t 1", hang, monitor.Critical, "Socket timeout after 1 seconds.\nIt was waiting for the answer.", true},
		{"half an answer and silence", "-n -t 1:unknown", func(c net.Conn) { say(huge[:30000])(c); hang(c) }, monitor.Unknown, "CHECK_NRPE STATE UNKNOWN: Socket timeout after 1 seconds.", true},
		{"never closes", "-n", func(c net.Conn) { speaking("hello", 4)(c); hang(c) }, monitor.OK, "hello", false},
		{"silence for TLS", "-t 1", hang, monitor.Critical, "Socket timeout after 1 seconds.\nIt was shaking hands for TLS.", true},
		{"garbage for TLS", "", say([]byte("SSH-2.0-OpenSSH_9.2p1\r\n")), monitor.Critical, `does not speak TLS: it sent "SSH-2"`, false},
		{"garbage for TLS with certificates", "-S TLSv1.3", say([]byte("SSH-2.0-OpenSSH_9.2p1\r\n")), monitor.Critical, "does not look like a TLS handshake", false},
		{"closes for TLS", "-u", func(c net.Conn) { _, _ = c.Read(make([]byte, 2000)) }, monitor.Unknown, "Could not connect to 127.0.0.1: ", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := serve(t, test.talk).run(t, New(Options{}), test.args)
			if o.State != test.state || o.TimedOut != test.late || !strings.Contains(o.Output+"\n"+o.LongOutput, test.want) {
				t.Errorf("got %+v, want %s and %q", o, test.state.ServiceName(), test.want)
			}
		})
	}
}

func TestOutputIsMadeHarmless(t *testing.T) {
	f := serve(t, speaking("bell\a and \xff and\x00the rest|a=1", 4))
	o := f.run(t, New(Options{}), "-n")
	if strings.ContainsRune(o.Output, '\a') || !utf8.ValidString(o.Output) || strings.Contains(o.Output, "rest") {
		t.Errorf("got %+q", o.Output)
	}
}

func TestEnginesTimeLimitEndsTheCheck(t *testing.T) {
	f := serve(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	p := f.probe(t, New(Options{}), "-n -t 60")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	o, err := p.Run(ctx)
	if err != nil || !o.TimedOut || o.State != monitor.Critical || !strings.Contains(o.Output, "Stopped before its socket timeout of 60 seconds.") {
		t.Errorf("got %+v, %v", o, err)
	}
}

func TestCalledOffCheckIsNoResult(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := serve(t, func(conn net.Conn) {
		query(conn)
		cancel()
		_, _ = io.Copy(io.Discard, conn)
	})
	o, err := f.probe(t, New(Options{}), "-n -t 60").Run(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %+v, %v", o, err)
	}
}

// TestOwnTroubleIsAnError binds to an address that this machine does not have.
func TestOwnTroubleIsAnError(t *testing.T) {
	f := serve(t, speaking("hello", 4))
	o, err := f.probe(t, New(Options{}), "-n -b 192.0.2.1").Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "connecting to 127.0.0.1") {
		t.Errorf("got %+v, %v", o, err)
	}
}

// TestNamesAreLookedUpUnderTheTimeLimit asks a name server that never answers.
func TestNamesAreLookedUpUnderTheTimeLimit(t *testing.T) {
	mute := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	p, err := New(Options{Resolver: mute}).Parse([]string{"check_nrpe", "-H", "host.example", "-t", "1"})
	if err != nil {
		t.Fatal(err)
	}
	o, err := p.Run(t.Context())
	if err != nil || !o.TimedOut || o.LongOutput != "It was looking up the name." {
		t.Errorf("got %+v, %v", o, err)
	}
}

// TestAnonymousSessionsAreTakenUp counts what the server sees: one full handshake, then a session each time, and after
// the server has forgotten them a full one again, without a connection in vain.
func TestAnonymousSessionsAreTakenUp(t *testing.T) {
	var sessions atomic.Pointer[adh.Sessions]
	sessions.Store(adh.NewSessions(10))
	resumed := make(chan bool, 10)
	f := serve(t, func(conn net.Conn) {
		c := adh.Server(conn, adh.Config{Sessions: sessions.Load()})
		v := query(c)
		resumed <- c.Resumed()
		_, _ = c.Write(respond(v, 0, "hello", 0))
	})
	m := New(Options{})
	for i, want := range []bool{false, true, true, false, true} {
		if i == 3 {
			sessions.Store(adh.NewSessions(10))
		}
		if o := f.run(t, m, ""); o.Output != "hello" {
			t.Errorf("check %d: %+v", i, o)
		}
		if got := <-resumed; got != want || f.count.Load() != int64(i+1) {
			t.Errorf("check %d: resumed %t, want %t; %d connections", i, got, want, f.count.Load())
		}
	}
}

// TestSessionThatFailsCostsAnotherConnection lets the server refuse a session in the rudest way: the check must not.
func TestSessionThatFailsCostsAnotherConnection(t *testing.T) {
	sessions := adh.NewSessions(10)
	var rude atomic.Bool
	f := serve(t, func(conn net.Conn) {
		if rude.Swap(false) {
			return
		}
		c := adh.Server(conn, adh.Config{Sessions: sessions})
		_, _ = c.Write(respond(query(c), 0, "hello", 0))
	})
	m := New(Options{})
	f.run(t, m, "")
	rude.Store(true)
	if o := f.run(t, m, ""); o.Output != "hello" || f.count.Load() != 3 {
		t.Errorf("got %+v after %d connections, want 3", o, f.count.Load())
	}
}

// BenchmarkRun makes checks against a responder in this process, many at a time, so that both sides' work is counted.
func BenchmarkRun(b *testing.B) {
	sessions := adh.NewSessions(1000)
	for _, bench := range []struct {
		name, args string
		wrap       func(net.Conn) net.Conn
	}{
		{"plain", "-n", func(c net.Conn) net.Conn { return c }},
		{"ADH", "-d 2 -S TLSv1.2", func(c net.Conn) net.Conn { return adh.Server(c, adh.Config{}) }},
		{"ADH resumed", "-d 2 -S TLSv1.2", func(c net.Conn) net.Conn { return adh.Server(c, adh.Config{Sessions: sessions}) }},
		{"ECDH", "-L AECDH:@SECLEVEL=0 -S TLSv1.2", func(c net.Conn) net.Conn { return adh.Server(c, adh.Config{}) }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			f := serve(b, func(conn net.Conn) {
				conn = bench.wrap(conn)
				speaking("OK - fine|a=1", 4)(conn)
				conn.Close()
			})
			p := f.probe(b, New(Options{}), bench.args+" -c check_load")
			if o, err := p.Run(b.Context()); err != nil || o.State != monitor.OK { // what there is to learn is learnt
				b.Fatalf("got %+v, %v", o, err)
			}
			b.ReportAllocs()
			b.ResetTimer()
			b.SetParallelism(25)
			before := cpuTime()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if o, err := p.Run(b.Context()); err != nil || o.State != monitor.OK {
						b.Errorf("got %+v, %v", o, err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "checks/s")
			b.ReportMetric(float64((cpuTime()-before).Microseconds())/float64(b.N), "cpu-µs/check")
		})
	}
}

// cpuTime is what this process has used, of all threads, user and system.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
