package probe_test

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/probe"
	"github.com/onbu/onbu/internal/probe/probetest"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/perfdata"
)

var syntax = probe.Syntax{
	Aliases: map[string]string{"-to": "-t"},
	Options: []probe.Option{
		{ID: 'a', Long: "all"},
		{ID: 't', Long: "timeout", Argument: probe.Value},
		{ID: 'S', Long: "ssl", Argument: probe.OptionalValue},
		{ID: probe.LongOnly, Long: "sni", Argument: probe.Value},
		{ID: 'h', Long: "host", Argument: probe.Value},
		{ID: 'h', Long: "hostname", Argument: probe.Value},
	},
}

func parse(s probe.Syntax, line string) (got []string, err error) {
	rest, err := s.Parse(strings.Fields(line), func(id rune, value string) error {
		if value == "bad" {
			return errors.New("bad value")
		}
		got = append(got, strconv.QuoteRune(id)+"="+value)
		return nil
	})
	return append(append(got, "|"), rest...), err
}

func TestCommandLinesAreReadAsByGetopt(t *testing.T) {
	ordered := syntax
	ordered.InOrder = true
	tests := []struct {
		syntax     probe.Syntax
		line, want string
	}{
		{syntax, "-a -t 5 x", "'a'= 't'=5 | x"},
		{syntax, "-at5", "'a'= 't'=5 |"},
		{syntax, "-ta", "'t'=a |"},
		{syntax, "-S1.2 -S x", "'S'=1.2 'S'= | x"},
		{syntax, "-aS -t -a", "'a'= 'S'= 't'=-a |"},
		{syntax, "--ssl --ssl=1 --ss", "'S'= 'S'=1 'S'= |"},
		{syntax, "--timeout 5 --timeout=6 --t=7", "'t'=5 't'=6 't'=7 |"},
		{syntax, "--sni=x=y --sni=", "'Ā'=x=y 'Ā'= |"},
		{syntax, "--host a --hostname b --hostn c --ho d", "'h'=a 'h'=b 'h'=c 'h'=d |"},
		{syntax, "-to 5", "'t'=5 |"},
		{syntax, "x -a y -- -t z", "'a'= | x y -t z"},
		{syntax, "-", "| -"},
		{ordered, "-a x -t 5", "'a'= | x -t 5"},
		{ordered, "-a -- -t", "'a'= | -t"},
	}
	for _, tt := range tests {
		got, err := parse(tt.syntax, tt.line)
		if diff := cmp.Diff(strings.Fields(tt.want), got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", tt.line, err, diff)
		}
	}
}

func TestBadCommandLinesNameTheOption(t *testing.T) {
	for line, want := range map[string]string{
		"-x": "-x is not known", "-ax": "-x is not known", "--nope": "--nope is not known", "--s": "--ssl or --sni",
		"-t": "-t needs a value", "--timeout": "--timeout needs a value", "--all=1": "--all takes no value", "-t bad": "bad value",
		"-é": "-é is not known", "-Ā": "-Ā is not known",
	} {
		if _, err := parse(syntax, line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
}

func TestACertificatesLifeIsToldAsByThePlugins(t *testing.T) {
	now := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	days := probe.Days{Warn: 30, Crit: 5}
	tests := []struct {
		left  time.Duration
		state monitor.State
		want  string
	}{
		{31 * 24 * time.Hour, monitor.OK, "OK - Certificate 'cn' will expire on Tue Dec 22 10:00:00 2026 +0000."},
		{31*24*time.Hour - time.Second, monitor.Warning, "WARNING - Certificate 'cn' expires in 30 day(s) (Tue Dec 22 09:59:59 2026 +0000)."},
		{6 * 24 * time.Hour, monitor.Warning, "WARNING - Certificate 'cn' expires in 6 day(s) (Fri Nov 27 10:00:00 2026 +0000)."},
		{5 * 24 * time.Hour, monitor.Critical, "CRITICAL - Certificate 'cn' expires in 5 day(s) (Thu Nov 26 10:00:00 2026 +0000)."},
		{24*time.Hour - time.Second, monitor.Critical, "CRITICAL - Certificate 'cn' expires in 23 hours (Sun Nov 22 09:59:59 2026 +0000)"},
		{time.Hour - time.Second, monitor.Critical, "CRITICAL - Certificate 'cn' expires in 59 minutes (Sat Nov 21 10:59:59 2026 +0000)"},
		{0, monitor.Critical, "CRITICAL - Certificate 'cn' just expired (Sat Nov 21 10:00:00 2026 +0000)."},
		{-time.Second, monitor.Critical, "CRITICAL - Certificate 'cn' expired on Sat Nov 21 09:59:59 2026 +0000."},
		{-15 * 24 * time.Hour, monitor.Critical, "CRITICAL - Certificate 'cn' expired on Fri Nov  6 10:00:00 2026 +0000."},
	}
	for _, tt := range tests {
		cert := &x509.Certificate{NotAfter: now.Add(tt.left), Subject: pkix.Name{Names: []pkix.AttributeTypeAndValue{
			{Type: []int{2, 5, 4, 10}, Value: "o"}, {Type: []int{2, 5, 4, 3}, Value: "cn"}, {Type: []int{2, 5, 4, 3}, Value: "other"},
		}}}
		if state, text := days.Judge(cert, now); state != tt.state || text != tt.want {
			t.Errorf("%v left: %v %q, want %v %q", tt.left, state, text, tt.state, tt.want)
		}
	}
}

func TestPerformanceDataIsFperfdatas(t *testing.T) {
	var none perfdata.Number
	got := probe.AppendSeconds([]byte("x "), "time", 123_456_789, none, perfdata.Of(2.5), perfdata.Of(0), perfdata.Of(10))
	if want := "x time=0.123457s;;2.500000;0.000000;10.000000"; string(got) != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestWhatATargetSaysBringsNoPerformanceData(t *testing.T) {
	got := probe.Result(monitor.OK, []byte("a|x=1\r\nb|y=2\x1b[31m\n"), []byte("z=3"))
	want := monitor.Outcome{Output: "a x=1", LongOutput: "b y=2", Perfdata: "z=3"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func dial(t *testing.T, ctx context.Context, host, port string, family probe.Family) (*probe.Conn, error) {
	t.Helper()
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	target, err := probe.NewTarget(host, n, family, nil)
	if err != nil {
		t.Fatal(err)
	}
	return target.Dial(ctx, nil)
}

func TestWhoeverClosesFirstLeavesNoTimeWait(t *testing.T) {
	seen := make(chan error, 1)
	port := probetest.Serve(t, func(c net.Conn) {
		_, err := c.Read(make([]byte, 1))
		seen <- err
	})
	c, err := dial(t, t.Context(), "127.0.0.1", port, probe.AnyFamily)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if err := <-seen; !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the server saw %v, want a reset", err)
	}
}

func TestAConnectionThatThePeerClosedIsClosedInPeace(t *testing.T) {
	seen := make(chan error, 1)
	port := probetest.Serve(t, func(c net.Conn) {
		_ = c.(*net.TCPConn).CloseWrite()
		_, err := c.Read(make([]byte, 1))
		seen <- err
	})
	c, err := dial(t, t.Context(), "localhost", port, probe.IPv4)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); err != io.EOF {
		t.Fatal(err)
	}
	c.Close()
	if err := <-seen; err != io.EOF {
		t.Errorf("the server saw %v, want the end", err)
	}
}

func TestAConnectionEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	port := probetest.Serve(t, probetest.Say("x"))
	c, err := dial(t, ctx, "127.0.0.1", port, probe.AnyFamily)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	buf := make([]byte, 1)
	if n, quiet, err := c.ReadWithin(buf, time.Minute); n != 1 || quiet || err != nil {
		t.Fatal(n, quiet, err)
	}
	if _, quiet, err := c.ReadWithin(buf, time.Millisecond); !quiet || !probe.TimedOut(err) {
		t.Errorf("quiet %v, %v", quiet, err)
	}
	cancel()
	if _, err := c.Read(buf); !probe.TimedOut(err) {
		t.Errorf("read: %v", err)
	}
	if _, quiet, err := c.ReadWithin(buf, time.Minute); quiet || !probe.TimedOut(err) {
		t.Errorf("read within a minute: quiet %v, %v", quiet, err)
	}
}

func TestConnectionsThatFailSayWhy(t *testing.T) {
	_, err := dial(t, t.Context(), "127.0.0.1", "0", probe.AnyFamily)
	if refused, ok := errors.AsType[*probe.ConnectError](err); !ok ||
		refused.Error() != "connect to address 127.0.0.1 and port 0: Connection refused" || !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("refused: %v", err)
	}
	_, err = dial(t, t.Context(), "127.0.0.1", "80", probe.IPv6)
	if lookup, ok := errors.AsType[*probe.LookupError](err); !ok || lookup.Reason != "Address family for hostname not supported" {
		t.Errorf("wrong family: %v", err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = dial(t, over, "127.0.0.1", "80", probe.AnyFamily); !probe.TimedOut(err) {
		t.Errorf("over: %v", err)
	}
	if probe.TimedOut(syscall.ETIMEDOUT) || !probe.Local(syscall.EADDRNOTAVAIL) || probe.Local(syscall.ECONNREFUSED) {
		t.Error("the kernel's errors are mixed up")
	}
}

func FuzzCommandLinesNeverPanic(f *testing.F) {
	for _, seed := range []string{"-at5 --sni=x -- y", "-S", "--host a", "-to x", "- -- -"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		got, err := syntax.Parse(strings.Split(line, " "), func(rune, string) error { return nil })
		if err == nil && len(got) > len(strings.Split(line, " ")) {
			t.Errorf("%q: more operands than words: %q", line, got)
		}
	})
}
