package syslog_test

import (
	"bufio"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/export/syslog"
	"github.com/onbu/onbu/monitor"
)

func build(t *testing.T, set ...string) (modules.Exporter, error) {
	t.Helper()
	m := &monitor.Module{Name: "log", Type: "syslog", File: "x.cfg"}
	for i := 0; i < len(set); i += 2 {
		m.Settings = append(m.Settings, monitor.Setting{Name: set[i], Value: set[i+1]})
	}
	s := modules.Read(m)
	x := syslog.New(s, modules.Env{Log: slog.New(slog.DiscardHandler), Metrics: metrics.NewSet()}, modules.Outlook{})
	t.Cleanup(func() { _ = x.(modules.Closer).Close() })
	return x, s.Err()
}

func module(t *testing.T, set ...string) modules.Exporter {
	t.Helper()
	x, err := build(t, set...)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// line makes a brok that is one line of the log.
func line(text string) monitor.Brok {
	return monitor.Brok{Kind: monitor.BrokLog, Time: monitor.At(time.Date(2026, 11, 2, 7, 8, 9, 123456789, time.Local)), Text: text}
}

// heard takes one connection and gives what came over it.
func heard(t *testing.T, do func(port string)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			got <- err.Error()
			return
		}
		defer c.Close()
		text, _ := io.ReadAll(c)
		got <- string(text)
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	do(port)
	return <-got
}

func TestMessages(t *testing.T) {
	zone := time.Date(2026, 11, 2, 7, 8, 9, 0, time.Local).Format("Z07:00")
	five := "1 2026-11-02T07:08:09.123456" + zone + " mon onbu "
	for _, c := range []struct{ text, format, want string }{
		{"SERVICE ALERT: web;disk;CRITICAL;HARD;3;full", "rfc5424", "<130>" + five + "PID SERVICE-ALERT - SERVICE ALERT: web;disk;CRITICAL;HARD;3;full"},
		{"SERVICE ALERT: web;disk;WARNING;SOFT;1;fül", "rfc3164", "<132>Nov  2 07:08:09 mon onbu[PID]: SERVICE ALERT: web;disk;WARNING;SOFT;1;fül"},
		{"SERVICE ALERT: web;disk;UNKNOWN;SOFT;1;", "rfc3164", "<131>Nov  2 07:08:09 mon onbu[PID]: SERVICE ALERT: web;disk;UNKNOWN;SOFT;1;"},
		{"HOST ALERT: web;DOWN;HARD;3;x", "rfc3164", "<130>Nov  2 07:08:09 mon onbu[PID]: HOST ALERT: web;DOWN;HARD;3;x"},
		{"HOST ALERT: web;UP;HARD;1;x", "rfc3164", "<133>Nov  2 07:08:09 mon onbu[PID]: HOST ALERT: web;UP;HARD;1;x"},
		{"HOST ALERT: web;UNREACHABLE;HARD;1;x", "rfc3164", "<131>Nov  2 07:08:09 mon onbu[PID]: HOST ALERT: web;UNREACHABLE;HARD;1;x"},
		{"HOST DOWNTIME ALERT: web;STARTED; x", "rfc3164", "<133>Nov  2 07:08:09 mon onbu[PID]: HOST DOWNTIME ALERT: web;STARTED; x"},
		{"EXTERNAL COMMAND: X;y", "rfc5424", "<134>" + five + "PID EXTERNAL-COMMAND - EXTERNAL COMMAND: X;y"},
		{"two\nlines: x", "rfc5424", "<134>" + five + "PID - - two lines: x"},
		{"\xffno text", "rfc5424", "<134>" + five + "PID - - \ufffdno text"},
	} {
		got := heard(t, func(port string) {
			x := module(t, "transport", "tcp", "host", "127.0.0.1", "port", port, "format", c.format, "hostname", "mon", "framing", "lf")
			if err := x.Export(t.Context(), []monitor.Brok{line(c.text)}); err != nil {
				t.Error(err)
			}
		})
		got = strings.ReplaceAll(strings.TrimSuffix(got, "\n"), fmt.Sprint(os.Getpid()), "PID")
		if got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
}

func TestLongMessagesAreCutBetweenCharacters(t *testing.T) {
	got := heard(t, func(port string) {
		x := module(t, "transport", "tcp", "port", port, "max_message", "500")
		if err := x.Export(t.Context(), []monitor.Brok{line("x" + strings.Repeat("ä", 1000)), line("short")}); err != nil {
			t.Error(err)
		}
	})
	in := bufio.NewReader(strings.NewReader(got))
	var sizes []int
	for {
		var n int
		if _, err := fmt.Fscanf(in, "%d ", &n); err != nil {
			break
		}
		text := make([]byte, n)
		if _, err := io.ReadFull(in, text); err != nil || !strings.Contains(string(text), "onbu") {
			t.Fatalf("%q: %v", text, err)
		}
		if strings.ToValidUTF8(string(text), "?") != string(text) {
			t.Error("cut inside of a character")
		}
		sizes = append(sizes, n)
	}
	if len(sizes) != 2 || sizes[0] > 500 || sizes[0] < 497 {
		t.Errorf("sizes %d", sizes)
	}
}

func TestOnlyLinesThatWereAskedFor(t *testing.T) {
	got := heard(t, func(port string) {
		x := module(t, "transport", "tcp", "port", port, "lines", "alert, Notification")
		err := x.Export(t.Context(), []monitor.Brok{line("EXTERNAL COMMAND: A;b"), line("HOST ALERT: h;UP;HARD;1;x"), {Kind: monitor.BrokState}, line("misc")})
		if err != nil {
			t.Error(err)
		}
	})
	if strings.Count(got, "<") != 1 || !strings.Contains(got, "HOST ALERT: h") {
		t.Errorf("got %q", got)
	}
}

func TestNothingIsTakenAsSentThatWasNotRead(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	hold := make(chan struct{})
	defer close(hold)
	do := make(chan func(net.Conn), 1)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			(<-do)(c)
		}
	}()
	x := module(t, "transport", "tcp", "port", port, "timeout", "300ms")
	for name, peer := range map[string]func(net.Conn){
		"resets": func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0); c.Close() },
		"hangs":  func(c net.Conn) { go func() { <-hold; c.Close() }() },
	} {
		do <- peer
		if err := x.Export(t.Context(), []monitor.Brok{line("x")}); err == nil {
			t.Errorf("the other side %s, and there is no error", name)
		}
	}
	blind := module(t, "transport", "tcp", "port", port, "confirm", "0")
	do <- func(c net.Conn) { go func() { <-hold; c.Close() }() }
	if err := blind.Export(t.Context(), []monitor.Brok{line("x")}); err != nil {
		t.Errorf("confirm 0: %v", err)
	}
}

func TestTheLocalSocketMayComeBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	x := module(t, "socket", path)
	if err := x.Export(t.Context(), []monitor.Brok{line("x")}); err == nil {
		t.Error("no error without a socket")
	}
	for range 2 {
		c, err := net.ListenPacket("unixgram", path)
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Export(t.Context(), []monitor.Brok{line("x")}); err != nil {
			err = x.Export(t.Context(), []monitor.Brok{line("x")}) // the first one after the end of a socket tells of that end
			if err != nil {
				t.Error(err)
			}
		}
		text := make([]byte, 1000)
		n, _, err := c.ReadFrom(text)
		if want := regexp.MustCompile(`^<134>Nov  2 07:08:09 onbu\[\d+\]: x$`); err != nil || !want.Match(text[:n]) {
			t.Errorf("got %q, %v", text[:n], err)
		}
		c.Close()
		_ = os.Remove(path)
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		set  []string
		want string
	}{
		{[]string{"transport", "udpp"}, "did you mean udp?"},
		{[]string{"lines", "alerts"}, "is no sort of line"},
		{[]string{"facility", "local8"}, "facility is"},
		{[]string{"severity_critical", "bad"}, "severity_critical is"},
	} {
		if _, err := build(t, c.set...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.set, err, c.want)
		}
	}
}

func TestOverTLSWithAnAuthorityOfItsOwn(t *testing.T) {
	https := httptest.NewTLSServer(nil) // for its certificate
	defer https.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: https.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: https.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := make(chan string, 2)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			text, _ := io.ReadAll(c)
			got <- string(text)
			c.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	if err := module(t, "transport", "tls", "port", port).Export(t.Context(), []monitor.Brok{line("secret")}); err == nil || <-got != "" {
		t.Errorf("a server that nobody vouches for: %v", err)
	}
	if err := module(t, "transport", "tls", "port", port, "ca_file", ca).Export(t.Context(), []monitor.Brok{line("secret")}); err != nil {
		t.Fatal(err)
	}
	if text := <-got; !strings.HasSuffix(text, " secret") {
		t.Errorf("got %q", text)
	}
}

func TestTheClusterLogComesWhenItIsWantedWhateverTheLinesAre(t *testing.T) {
	deed := line("CLUSTER LOG: one;scheduler;shard-taken;shard 3;its owner two is dead")
	got := heard(t, func(port string) {
		m := module(t, "transport", "tcp", "host", "127.0.0.1", "port", port, "framing", "lf", "lines", "alert", "cluster_log", "1")
		if !m.Wants().Deeds {
			t.Error("it does not ask for the cluster log")
		}
		if err := m.Export(t.Context(), []monitor.Brok{line("something else"), deed}); err != nil {
			t.Error(err)
		}
	})
	if !strings.HasSuffix(got, " - "+deed.Text+"\n") || strings.Contains(got, "else") {
		t.Errorf("got %q", got)
	}
	if module(t, "transport", "tcp", "host", "127.0.0.1").Wants().Deeds {
		t.Error("it asks for the cluster log although nobody wants it")
	}
}
