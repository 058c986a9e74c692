package tcp_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/probe/probetest"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/tcp"
	"github.com/onbu/onbu/monitor"
)

func TestLinesThatAreLeftToThePluginSayWhy(t *testing.T) {
	tests := []struct{ line, want string }{
		{"check_tcp -p 80 -v", "option -v"},
		{"check_tcp --verbose -p 80", "option -v"},
		{"check_tcp -p 80 -W 3", "option -W"},
		{"check_tcp --protocol x -p 80", "option --protocol"},
		{"check_tcp --extra-opts=x -p 80", "--extra-opts"},
		{"check_tcp -p 80 -x", "option -x"},
		{"check_tcp -p 80 --ma=3 --m=3", "--m may be"},
		{"check_tcp -p", "needs a value"},
		{"check_tcp -p 0", "option -p"},
		{"check_tcp -p 65536", "option -p"},
		{"check_tcp -p http", "option -p"},
		{"check_tcp -p +80", "option -p"},
		{"check_tcp -p 80 -t 0", "option -t"},
		{"check_tcp -p 80 -w 1s", "option -w"},
		{"check_tcp -p 80 -c -1", "option -c"},
		{"check_tcp -p 80 -r unknown", "option -r"},
		{"check_tcp -p 80 -M bad", "option -M"},
		{"check_tcp -p 80 -D x", "option -D"},
		{"check_tcp -p 80 -D 30,", "option -D"},
		{"check_tcp -p 80 -S=x", "option -="},
		{"check_tcp -p 80 --ssl=x", "takes no value"},
		{`check_tcp -p 80 -E -s x\`, "option -s"},
		{"check_tcp -p 80 -H 127.1", "not supported"},
		{"check_tcp -p 80 -H 0x7f000001", "not supported"},
		{"check_tcp -p 80 -H a/b", "neither a name nor an address"},
		{"check_tcp -p 80 -H [::1]", "neither a name nor an address"},
		{"check_tcp -H /" + strings.Repeat("x", 108), "too long"},
		{"check_tcp", "no arguments"},
		{"check_ssh", "no arguments"},
		{"check_ssh -p 22", "neither a name nor an address"},
		{"check_ssh host http", "port"},
		{"check_ssh -v host", "option -v"},
		{"check_ssh -S host", "option -S"},
		{"check_udp -p 53 -s a -e b", "not a command line"},
		{"", "empty"},
	}
	for _, tt := range tests {
		p, err := tcp.New(tcp.Options{}).Parse(strings.Fields(tt.line))
		if err == nil || p != nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: probe %v, error %v; want an error with %q", tt.line, p, err, tt.want)
		}
	}
}

func TestForeignProgramsAreNotMine(t *testing.T) {
	for _, program := range []string{"check_ping", "/usr/lib/nagios/plugins/check_udp", "check_tcp.pl", ""} {
		if _, err := tcp.New(tcp.Options{}).Parse([]string{program, "-H", "x"}); !errors.Is(err, modules.ErrNotMine) {
			t.Errorf("%q: %v, want ErrNotMine", program, err)
		}
	}
}

func TestEveryProgramItNamesIsParsed(t *testing.T) {
	m := tcp.New(tcp.Options{})
	if !slices.Contains(m.Programs(), "check_tcp") || !slices.Contains(m.Programs(), "check_ssh") {
		t.Errorf("programs %v", m.Programs())
	}
	for _, program := range m.Programs() {
		if _, err := m.Parse([]string{"/opt/plugins/" + program, "-H", "db1.example", "-p", "99"}); err != nil {
			t.Errorf("%s: %v", program, err)
		}
	}
}

func TestAnOutcomeNamesItsCause(t *testing.T) {
	flood := probetest.Serve(t, func(c net.Conn) {
		block := make([]byte, 64<<10)
		for {
			if _, err := c.Write(block); err != nil {
				return
			}
		}
	})
	hang := probetest.Serve(t, probetest.Hang)
	drop := probetest.Serve(t, func(net.Conn) {})
	escape := probetest.Serve(t, probetest.Say("220 \x1b[31mred|x=1;2\xff\r\n"))
	tests := []struct {
		line  string
		state monitor.State
		want  string
	}{
		{"check_tcp -p " + drop + " -S", monitor.Critical, "CRITICAL - Cannot make SSL connection.\n"},
		{"check_tcp -p " + hang + " -S -t 1", monitor.Critical, "waiting for the TLS handshake of 127.0.0.1:" + hang},
		{"check_tcp -p " + hang + " -e x -t 1", monitor.Critical, "talking to 127.0.0.1:" + hang + ", 0 bytes received"},
		{"check_ssh -t 1 127.0.0.1 " + hang, monitor.Critical, "waiting for the banner of 127.0.0.1:" + hang},
		{"check_tcp -p " + flood + " -e x", monitor.Warning, "TCP WARNING - Unexpected response"},
		{"check_tcp -p " + escape + " -e 220", monitor.OK, "[220 red x=1:2\ufffd]"},
		{"check_ssh -H nosuch.invalid", monitor.Unknown, "check_ssh: Invalid hostname/address - nosuch.invalid\nName or service"},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) { wantOutcome(t, tt.line, tt.state, tt.want) })
	}
}

func wantOutcome(t *testing.T, line string, state monitor.State, text string) {
	t.Helper()
	o := probetest.Run(t, tcp.New(tcp.Options{}), strings.Fields(line)...)
	if all := o.Output + "\n" + o.LongOutput; o.State != state || !strings.Contains(all, text) {
		t.Errorf("%s: state %v, text %q; want %v and %q", line, o.State, all, state, text)
	}
}

func TestTheEnginesTimeLimitEndsACheck(t *testing.T) {
	port := probetest.Serve(t, probetest.Hang)
	for _, line := range []string{"check_tcp -e x -p ", "check_tcp -S -p ", "check_tcp -d 60 -p ", "check_ssh -H 127.0.0.1 -p "} {
		p, err := tcp.New(tcp.Options{}).Parse(strings.Fields(line + port))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		o, err := p.Run(ctx)
		if err != nil || !o.TimedOut || o.State != monitor.Critical || !strings.Contains(o.Output, "engine's time limit") {
			t.Errorf("%s: %+v, %v", line, o, err)
		}
	}
}

func TestACancelledCheckIsAnErrorAndNotAnOutcome(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	port := probetest.Serve(t, func(c net.Conn) {
		cancel()
		probetest.Hang(c)
	})
	p, err := tcp.New(tcp.Options{}).Parse([]string{"check_tcp", "-p", port, "-e", "x"})
	if err != nil {
		t.Fatal(err)
	}
	if o, err := p.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%+v, %v; want the cancellation", o, err)
	}
}

func TestAResolverThatHangsEndsWithTheCheck(t *testing.T) {
	hanging := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	p, err := tcp.New(tcp.Options{Resolver: hanging}).Parse([]string{"check_tcp", "-p", "80", "-H", "web.example"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if o, err := p.Run(ctx); err != nil || !o.TimedOut || !strings.Contains(o.LongOutput, "connecting to web.example:80") {
		t.Errorf("%+v, %v", o, err)
	}
}

// TestSessionsAreTakenUpUnlessTheCertificateIsLookedAt, which a session would bring along from its first handshake.
func TestSessionsAreTakenUpUnlessTheCertificateIsLookedAt(t *testing.T) {
	port, seen := probetest.ServeTLSSeen(t, probetest.Say("220 hello\r\n"))
	module := tcp.New(tcp.Options{})
	for i, step := range []struct {
		args    string
		resumed bool
	}{{"-S -e 220", false}, {"-S -e 220", true}, {"-D 30 -e 220", false}, {"-D 30 -e 220", false}, {"-S -e 220", true}} {
		o := probetest.Run(t, module, strings.Fields("check_tcp -H 127.0.0.1 -p "+port+" "+step.args)...)
		if got := (<-seen).DidResume; o.State != monitor.OK || got != step.resumed {
			t.Errorf("step %d, %s: %+v, resumed %t, want %t", i, step.args, o, got, step.resumed)
		}
	}
}

func FuzzParseNeverPanics(f *testing.F) {
	for _, seed := range []string{
		"check_tcp -H a -p 1 -e x -AjSE -q bye", "check_ssh host 22", "check_nntp --sni=x --certificate 3,4 -e y",
		"check_tcp x -- -p 3", `check_ftp -E -s \n\\`, "check_tcp -H /a/b", "check_ssh -4t3 -P2.0 h",
	} {
		f.Add(seed)
	}
	m := tcp.New(tcp.Options{})
	f.Fuzz(func(t *testing.T, line string) {
		p, err := m.Parse(strings.Split(line, " "))
		if (p == nil) == (err == nil) {
			t.Errorf("%q: probe %v and error %v", line, p, err)
		}
	})
}

func BenchmarkCheckTCP(b *testing.B) {
	benchmark(b, "check_tcp", "-H", "127.0.0.1", "-p", probetest.Serve(b, probetest.Hang))
}

func BenchmarkCheckFTP(b *testing.B) {
	benchmark(b, "check_ftp", "-H", "127.0.0.1", "-p", probetest.Serve(b, probetest.Say("220 ready\r\n")))
}

func BenchmarkCheckSSH(b *testing.B) {
	benchmark(b, "check_ssh", "-p", probetest.Serve(b, probetest.Say("SSH-2.0-x\r\n")), "127.0.0.1")
}

func benchmark(b *testing.B, argv ...string) {
	p, err := tcp.New(tcp.Options{}).Parse(argv)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if o, err := p.Run(b.Context()); err != nil || o.State != monitor.OK {
			b.Fatal(o, err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	m := tcp.New(tcp.Options{})
	argv := strings.Fields("/usr/lib/nagios/plugins/check_tcp -H 10.1.2.3 -p 443 -w 1 -c 2 -t 5")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Parse(argv); err != nil {
			b.Fatal(err)
		}
	}
}
