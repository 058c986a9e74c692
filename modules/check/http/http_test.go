package http_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/probe/probetest"
	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/http"
	"github.com/onbu/onbu/monitor"
)

func TestLinesThatAreLeftToThePluginSayWhy(t *testing.T) {
	tests := []struct{ line, want string }{
		{"check_http -I x -v", "option -v"},
		{"check_http -I x --extra-opts", "--extra-opts"},
		{"check_http -I x --http-version=1.1", "--http-version"},
		{"check_http -I x -D", "option -D"},
		{"check_http -I x -p 0", "option -p"},
		{"check_http -I x -t 0", "option -t"},
		{"check_http -I x -w 1s", "option -w"},
		{"check_http -I x -c 2:1", "option -c"},
		{"check_http -I x -H a:b", "option -H"},
		{"check_http -H [::1]:80", "option -H"},
		{"check_http -I x -S1.1", "option -S"},
		{"check_http -I x -S1.3", "option -S"},
		{"check_http -I x -S2", "option -S"},
		{"check_http -I x -C soon", "option -C"},
		{"check_http -I x -J cert.pem", "option -J"},
		{"check_http -I x -j CONNECT -S", "option -j"},
		{"check_http -I x -j CONNECT:GET", "option -j"},
		{"check_http -I x -f curl", "option -f"},
		{"check_http -I x -m 1:", "option -m"},
		{"check_http -I x -M soon", "option -M"},
		{"check_http -I x -M", "needs a value"},
		{"check_http -I x --max-redirs=-1", "--max-redirs"},
		{`check_http -I x -r (a)\1`, "option -r"},
		{`check_http -I x -r \d+`, "option -r"},
		{"check_http -I x -r (?i)a", "option -r"},
		{"check_http -I x -r a+?", "option -r"},
		{"check_http -I x -r a{,3}", "option -r"},
		{"check_http -I x -r a{x", "option -r"},
		{`check_http -I x -r [\d]`, "option -r"},
		{"check_http -I x -r [[.a.]]", "option -r"},
		{"check_http -I x -r (a", "option -r"},
		{"check_http -I x -r " + strings.Repeat("a", 1024), "option -r"},
		{"check_http -I 127.1", "not supported"},
		{"check_http", "neither a name nor an address"},
		{"check_http -S", "neither a name nor an address"},
		{"check_curl -I x -f follow", "option -f"},
		{"check_curl -I x -f sticky", "option -f"},
		{"check_curl -I x --http-version=2", "--http-version"},
		{"check_curl -I x --ca-cert=x", "--ca-cert"},
		{"check_curl -I x -D", "option -D"},
		{"check_curl -I x --enable-automatic-decompression", "--enable-automatic-decompression"},
		{"check_curl -I x -b a:b", "option -b"},
		{"check_curl -I x -j PUT", "option -j"},
		{"check_curl -I x -u http://y/", "option -u"},
		{"check_curl -I x -u /a/../b", "option -u"},
		{"check_curl -I x -e HTTP/2", "option -e"},
		{"check_curl -I x -k Accept:", "option -k"},
		{"check_curl -I x -C 30 --continue-after-certificate", "--continue-after-certificate"},
		{"", "empty"},
	}
	for _, tt := range tests {
		p, err := http.New(http.Options{}).Parse(strings.Fields(tt.line))
		if err == nil || p != nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: probe %v, error %v; want an error with %q", tt.line, p, err, tt.want)
		}
	}
}

func TestForeignProgramsAreNotMine(t *testing.T) {
	for _, program := range []string{"check_https", "/usr/lib/nagios/plugins/check_tcp", ""} {
		if _, err := http.New(http.Options{}).Parse([]string{program, "-H", "x"}); !errors.Is(err, modules.ErrNotMine) {
			t.Errorf("%q: %v, want ErrNotMine", program, err)
		}
	}
}

// endless gives a talk that answers with a head and then with the same again and again, as fast as it is read.
func endless(head, again string) func(net.Conn) {
	block := []byte(strings.Repeat(again, 1+(64<<10)/len(again)))
	return func(c net.Conn) {
		_, err := io.WriteString(c, head)
		for err == nil {
			_, err = c.Write(block)
		}
	}
}

// loris gives a talk that sends a byte now and then.
func loris(c net.Conn) {
	for _, b := range []byte("HTTP/1.1 200 OK\r\nX-Slow: " + strings.Repeat("z", 1000)) {
		if _, err := c.Write([]byte{b}); err != nil {
			return
		}
		time.Sleep(20 * time.Millisecond) // the fake's own pace, nothing waits for it
	}
}

func TestHostileServersGetABoundedCheck(t *testing.T) {
	const page = "HTTP/1.1 200 OK\r\nServer: x\r\n\r\n"
	headers := probetest.Serve(t, endless("HTTP/1.1 200 OK\r\n", "X-More: and more\r\n"))
	oneHeader := probetest.Serve(t, endless("HTTP/1.1 200 OK\r\nX:", "y"))
	body := probetest.Serve(t, endless(page, "0123456789abcdef"))
	chunks := probetest.Serve(t, endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "4000\r\n"+strings.Repeat("m", 0x4000)+"\r\n"))
	slow := probetest.Serve(t, loris)
	escapes := probetest.Serve(t, answer("HTTP/1.1 200 \x1b[31mred|x=1\r\n\r\n"))
	tests := []struct {
		line  string
		state monitor.State
		want  string
	}{
		{"check_http -p " + headers, monitor.Unknown, "headers longer than 65536 bytes"},
		{"check_http -p " + oneHeader, monitor.Unknown, "headers longer than 65536 bytes"},
		{"check_http -p " + body, monitor.Unknown, "page too long"},
		{"check_http -s nope -p " + body, monitor.Unknown, "page too long"},
		{"check_http -p " + chunks, monitor.Unknown, "page too long"},
		{"check_http -s nope -p " + chunks, monitor.Unknown, "page too long"},
		{"check_http -N -p " + body, monitor.OK, "HTTP OK"},
		{"check_http -t 1 -p " + slow, monitor.Critical, "CRITICAL - Socket timeout after 1 seconds\nwhile reading the answer of 127.0.0.1:" + slow},
		{"check_http -p " + escapes, monitor.OK, "HTTP OK: HTTP/1.1 200 red x=1 - "},
		{"check_curl -p " + headers, monitor.Unknown, "headers longer than 65536 bytes"},
		{"check_curl -p " + body, monitor.Unknown, "page too long"},
		{"check_curl -s nope -p " + chunks, monitor.Unknown, "page too long"},
		{"check_curl -t 1 -p " + slow, monitor.Critical, "cURL returned 28 - Operation timed out after 1"},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			o := probetest.Run(t, http.New(http.Options{}), strings.Fields(tt.line+" -I 127.0.0.1")...)
			runtime.ReadMemStats(&after)
			if all := o.Output + "\n" + o.LongOutput; o.State != tt.state || !strings.Contains(all, tt.want) {
				t.Errorf("state %v, text %.300q; want %v and %q", o.State, all, tt.state, tt.want)
			}
			if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 64 {
				t.Errorf("it took %d MiB of memory", used)
			}
		})
	}
}

func TestTheEnginesTimeLimitEndsACheck(t *testing.T) {
	port := probetest.Serve(t, probetest.Hang)
	for _, line := range []string{"check_http -I 127.0.0.1 -p ", "check_curl -I 127.0.0.1 -p ", "check_http -S -I 127.0.0.1 -p "} {
		p, err := http.New(http.Options{}).Parse(strings.Fields(line + port))
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
	p, err := http.New(http.Options{}).Parse([]string{"check_http", "-p", port, "-I", "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	if o, err := p.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%+v, %v; want the cancellation", o, err)
	}
}

func TestAMissingClientCertificateIsNamed(t *testing.T) {
	o := probetest.Run(t, http.New(http.Options{}), "check_http", "-I", "127.0.0.1", "-J", "/nosuch.pem", "-K", "/nosuch.key")
	if o.State != monitor.Unknown || !strings.Contains(o.Output, "/nosuch.pem") {
		t.Errorf("%+v", o)
	}
}

func TestAClientCertificateIsShown(t *testing.T) {
	dir := realpeer.Dir(t)
	mine := probetest.Certificate(t, "client.example", time.Hour)
	key, err := x509.MarshalPKCS8PrivateKey(mine.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	realpeer.File(t, dir, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: mine.Certificate[0]})))
	realpeer.File(t, dir, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
	config := &tls.Config{
		Certificates: []tls.Certificate{probetest.Certificate(t, "server.example", time.Hour)},
		ClientAuth:   tls.RequireAnyClientCert,
	}
	port := probetest.Serve(t, func(c net.Conn) {
		secure := tls.Server(c, config)
		defer secure.Close()
		if secure.Handshake() == nil {
			answer("HTTP/1.1 200 " + secure.ConnectionState().PeerCertificates[0].Subject.CommonName + "\r\n\r\n")(secure)
		}
	})
	got := probetest.Same(t, http.New(http.Options{}),
		"check_http", "-I", "127.0.0.1", "-p", port, "-J", dir+"/cert.pem", "-K", dir+"/key.pem")
	if !strings.HasPrefix(got.Output, "HTTP OK: HTTP/1.1 200 client.example - ") {
		t.Errorf("%+v", got)
	}
}

func TestNginxIsMeasuredToTheByte(t *testing.T) {
	nginx := realpeer.Program(t, "/usr/sbin/nginx", "nginx-light")
	dir := realpeer.Dir(t)
	port := strconv.Itoa(realpeer.Port(t))
	realpeer.File(t, dir, "page.txt", strings.Repeat("nginx says hello\n", 5000))
	config := realpeer.File(t, dir, "nginx.conf", "daemon off; master_process off; error_log stderr; pid "+dir+"/pid; events {}\n"+
		"http { access_log off; client_body_temp_path "+dir+"/b; proxy_temp_path "+dir+"/p; fastcgi_temp_path "+dir+"/f; "+
		"uwsgi_temp_path "+dir+"/u; scgi_temp_path "+dir+"/s; "+
		"server { listen 127.0.0.1:"+port+"; root "+dir+"; location = /old { return 301 /page.txt; } } }\n")
	realpeer.Start(t, nginx, "-p", dir, "-c", config).Listening(t, "127.0.0.1:"+port)
	module := http.New(http.Options{})
	for _, line := range []string{
		"check_http -I 127.0.0.1 -u /page.txt -p ",
		"check_http -H 127.0.0.1 -u /page.txt -s hello -m 85000 -M 1d -p ",
		"check_http -H 127.0.0.1 -u /old -p ",
		"check_http -H 127.0.0.1 -u /old -f follow -p ",
		"check_http -H 127.0.0.1 -u /missing -p ",
		"check_http -H 127.0.0.1 -j HEAD -u /page.txt -p ",
		"check_curl -H 127.0.0.1 -u /page.txt -s hello -m 85000 -M 1d -p ",
		"check_curl -H 127.0.0.1 -N -u /page.txt -p ",
	} {
		if strings.HasPrefix(line, "check_curl") {
			if out, _ := exec.Command(realpeer.Program(t, "check_curl", "monitoring-plugins-standard"), "-V").Output(); len(out) == 0 {
				continue
			}
		}
		probetest.Same(t, module, strings.Fields(line+port)...)
	}
}

func TestAResolverThatHangsEndsWithTheCheck(t *testing.T) {
	hanging := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	p, err := http.New(http.Options{Resolver: hanging}).Parse([]string{"check_http", "-H", "web.example"})
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
	port, seen := probetest.ServeTLSSeen(t, answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"))
	module := http.New(http.Options{})
	for i, step := range []struct {
		args    string
		resumed bool
	}{
		{"check_http -S", false},
		{"check_http -S", true},
		{"check_http -S -C 30 --continue-after-certificate", false},
		{"check_http -S -C 30", false},
		{"check_http -S", true},
		{"check_curl -S -C 30", false},
		{"check_curl -S", false}, // another name is sent
		{"check_curl -S", true},
	} {
		o := probetest.Run(t, module, strings.Fields(step.args+" -I 127.0.0.1 -p "+port)...)
		if got := (<-seen).DidResume; o.State != monitor.OK || got != step.resumed {
			t.Errorf("step %d, %s: %+v, resumed %t, want %t", i, step.args, o, got, step.resumed)
		}
	}
}

func FuzzParseNeverPanics(f *testing.F) {
	for _, seed := range append(prefixed("check_http ", httpLines), prefixed("check_curl ", lines)...) {
		f.Add(seed)
	}
	m := http.New(http.Options{})
	f.Fuzz(func(t *testing.T, line string) {
		p, err := m.Parse(strings.Split(line, " "))
		if (p == nil) == (err == nil) {
			t.Errorf("%q: probe %v and error %v", line, p, err)
		}
	})
}

func BenchmarkCheckHTTP(b *testing.B) {
	benchmark(b, "check_http", "-I", "127.0.0.1", "-p", probetest.Serve(b, quick("HTTP/1.1 200 OK\r\nServer: x\r\n\r\nhello")))
}

func BenchmarkCheckHTTPContent(b *testing.B) {
	page := "HTTP/1.1 200 OK\r\nServer: x\r\n\r\n" + strings.Repeat("content of a page\n", 1000)
	benchmark(b, "check_http", "-H", "www.example", "-I", "127.0.0.1", "-s", "of a", "-p", probetest.Serve(b, quick(page)))
}

func BenchmarkCheckHTTPS(b *testing.B) {
	port := probetest.ServeTLS(b, "x", time.Hour, quick("HTTP/1.1 200 OK\r\nServer: x\r\n\r\nhello"))
	benchmark(b, "check_http", "-I", "127.0.0.1", "-S", "-p", port)
}

// quick answers without a look at the request, so that the benchmark measures the client.
func quick(text string) func(net.Conn) {
	answer := []byte(text)
	return func(c net.Conn) {
		var request [1024]byte
		_, _ = c.Read(request[:])
		_, _ = c.Write(answer)
	}
}

func benchmark(b *testing.B, argv ...string) {
	p, err := http.New(http.Options{}).Parse(argv)
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
	m := http.New(http.Options{})
	argv := strings.Fields("/usr/lib/nagios/plugins/check_http -H www.example -I 10.1.2.3 -S --sni -u /health -s OK -w 1 -c 2")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Parse(argv); err != nil {
			b.Fatal(err)
		}
	}
}
