package http_test

import (
	"bufio"
	"fmt"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/probe/probetest"
	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/modules/check/http"
	"github.com/onbu/onbu/monitor"
)

// answer gives a talk that reads the head of a request, answers, and hangs up.
func answer(text string) func(net.Conn) {
	return func(c net.Conn) {
		if _, err := nethttp.ReadRequest(bufio.NewReader(c)); err != nil {
			return
		}
		_, _ = c.Write([]byte(text))
	}
}

// site is a server whose pages the tables ask for.
func site(t *testing.T) string {
	t.Helper()
	mux := nethttp.NewServeMux()
	mux.HandleFunc("/", func(w nethttp.ResponseWriter, r *nethttp.Request) {
		w.Header().Set("X-Host", r.Host)
		w.Header().Set("X-Proto", r.Proto)
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprintf(w, "Hello\nlovely World\n%s\n%s\n%s\n", r.Method, r.URL, strings.Repeat("z", 3000))
	})
	mux.HandleFunc("/status/{code}", func(w nethttp.ResponseWriter, r *nethttp.Request) {
		code, _ := strconv.Atoi(r.PathValue("code"))
		w.WriteHeader(code)
	})
	mux.HandleFunc("/chunked", func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		for _, part := range []string{"Hel", "lo", " chunks\n"} {
			_, _ = w.Write([]byte(part))
			_ = nethttp.NewResponseController(w).Flush()
		}
	})
	mux.HandleFunc("/echo", func(w nethttp.ResponseWriter, r *nethttp.Request) {
		r.Header.Del("User-Agent")
		_ = r.Header.Write(w)
		_, _ = bufio.NewReader(r.Body).WriteTo(w)
	})
	mux.HandleFunc("/agent", func(w nethttp.ResponseWriter, r *nethttp.Request) { fmt.Fprintln(w, r.UserAgent()) })
	mux.HandleFunc("/private", func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if user, password, _ := r.BasicAuth(); user != "joe" || password != "se:cret" {
			w.WriteHeader(nethttp.StatusUnauthorized)
		}
	})
	mux.HandleFunc("/aged", func(w nethttp.ResponseWriter, r *nethttp.Request) {
		d, _ := time.ParseDuration(r.URL.Query().Get("d"))
		w.Header().Set("Date", "Sat, 21 Nov 2026 10:00:00 GMT")
		w.Header().Set("Last-Modified", time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC).Add(-d).Format(nethttp.TimeFormat))
	})
	mux.HandleFunc("/to", func(w nethttp.ResponseWriter, r *nethttp.Request) {
		w.Header()["Location"] = []string{r.URL.Query().Get("l")}
		w.WriteHeader(nethttp.StatusFound)
	})
	mux.HandleFunc("/round/{n}", func(w nethttp.ResponseWriter, r *nethttp.Request) {
		n, _ := strconv.Atoi(r.PathValue("n"))
		w.Header().Set("Location", "/round/"+strconv.Itoa(n+1))
		w.WriteHeader(nethttp.StatusMovedPermanently)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL[strings.LastIndexByte(server.URL, ':')+1:]
}

// targets starts what the tables talk to and gives the ports by name, as they stand in the tables.
func targets(t *testing.T) *strings.Replacer {
	t.Helper()
	const ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
	return strings.NewReplacer(append([]string{
		"SITE", site(t),
		"DROP", probetest.Serve(t, answer("")),
		"GARBAGE", probetest.Serve(t, answer("\x16\x03 garbage\r\n")),
		"SHORT", probetest.Serve(t, answer("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello")),
		"BARE", probetest.Serve(t, answer("HTTP/1.0 200 OK\r\n\r\nhello\nworld\n\nmore\n")),
		"LF", probetest.Serve(t, answer("HTTP/1.0 200 Fine\nServer: old\nX: y\n\nhello\n")),
		"NUL", probetest.Serve(t, answer("HTTP/1.0 200 OK\r\nServer: a\r\n\r\nhe\x00llo\n")),
		"ODD", probetest.Serve(t, answer("HTTP/1.0 2000 Odd\r\nServer: a\r\n\r\nx\n")),
		"SIX", probetest.Serve(t, answer("HTTP/1.0 600 Odd\r\nServer: a\r\n\r\nx\n")),
		"NOREASON", probetest.Serve(t, answer("HTTP/1.1 200\r\nServer: a\r\n\r\nx\n")),
		"CONTINUE", probetest.Serve(t, answer("HTTP/1.1 100 Continue\r\n\r\n"+ok)),
		"BADCHUNK", probetest.Serve(t, answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello")),
		"CUTCHUNK", probetest.Serve(t, answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")),
		"NOCHUNK", probetest.Serve(t, answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")),
		"NOLOC", probetest.Serve(t, answer("HTTP/1.1 302 Found\r\nX: y\r\n\r\n")),
		"EMPTYLOC", probetest.Serve(t, answer("HTTP/1.1 302 Found\r\nLocation:\r\nX: y\r\n\r\n")),
		"TLSGONE", probetest.ServeTLS(t, "gone.example", 10*probetest.Day+time.Hour, answer("HTTP/1.1 404 Gone\r\n\r\n")),
	}, probetest.Places(t, answer(ok))...)...)
}

// lines are what both programs are asked; HTTP is the program.
var lines = []string{
	"-I 127.0.0.1 -p SITE",
	"-H localhost -p SITE -4",
	"-H www.example -I 127.0.0.1 -p SITE -u /a?b=c -d www.example:SITE",
	"--hostname=www.example --IP-address 127.0.0.1 --port=SITE --url=/a --string lovely",
	"127.0.0.1 www.example -p SITE",
	"-I 127.0.0.1 -p SITE -s lovely -m 100:9000",
	"-I 127.0.0.1 -p SITE -s nope",
	"-I 127.0.0.1 -p SITE -s a-string-that-is-much-longer-than-thirty-bytes",
	"-I 127.0.0.1 -p SITE -d X-Proto",
	"-I 127.0.0.1 -p SITE -d nope",
	"-I 127.0.0.1 -p SITE -r ^lovely.W[a-z]+d$",
	"-I 127.0.0.1 -p SITE -r ^LOVELY",
	"-I 127.0.0.1 -p SITE -R ^LOVELY",
	"-I 127.0.0.1 -p SITE -r Hello[^a]lovely",
	"-I 127.0.0.1 -p SITE -l -r Hello[^a]lovely",
	"-I 127.0.0.1 -p SITE -l -r Hello.lovely",
	"-I 127.0.0.1 -p SITE -r Hello.lovely",
	"-I 127.0.0.1 -p SITE -r (lovely|ugly)[[:space:]]World --invert-regex",
	"-I 127.0.0.1 -p SITE --ereg z{300,}|nope --invert-regex",
	"-I 127.0.0.1 -p SITE -r z{200}$",
	"-I 127.0.0.1 -p SITE -m 100",
	"-I 127.0.0.1 -p SITE -m 10000",
	"-I 127.0.0.1 -p SITE -m 1:100",
	"-I 127.0.0.1 -p SITE -w 5 -c 9",
	"-I 127.0.0.1 -p SITE -w 0.000001 -c 30",
	"-I 127.0.0.1 -p SITE -c 0.0000001",
	"-I 127.0.0.1 -p SITE -w 10: -c @20:30 -t 25",
	"-I 127.0.0.1 -p SITE -e 200",
	"-I 127.0.0.1 -p SITE -e 301,200",
	"-I 127.0.0.1 -p SITE -e 301,404",
	"-I 127.0.0.1 -p SITE -E",
	"-I 127.0.0.1 -p SITE -L",
	"-I 127.0.0.1 -p SITE -N",
	"-I 127.0.0.1 -p SITE -B -u /echo -k X-One:1 -k X-Two:2 -j GET -s X-Two",
	"-I 127.0.0.1 -p SITE -u /echo -P a=b -s a=b",
	"-I 127.0.0.1 -p SITE -u /echo -P a=b -T text/weird -s text/weird",
	"-I 127.0.0.1 -p SITE -u /echo -P a=b -j POST -s application/x-www-form",
	"-I 127.0.0.1 -p SITE -u /agent -A Mozilla/5 -B",
	"-I 127.0.0.1 -p SITE -u /private -a joe:se:cret",
	"-I 127.0.0.1 -p SITE -u /private -a joe:wrong",
	"-I 127.0.0.1 -H www.example -p SITE -k Host:other.example -d other.example",
	"-I 127.0.0.1 -p SITE -j HEAD",
	"-I 127.0.0.1 -p SITE -u /chunked -s Hello",
	"-I 127.0.0.1 -H x.example -p SITE -u /chunked -s Hello",
	"-I 127.0.0.1 -p SITE -u /status/404",
	"-I 127.0.0.1 -p SITE -u /status/503",
	"-I 127.0.0.1 -p SITE -u /status/204",
	"-I 127.0.0.1 -p SITE -u /status/404 -e 404",
	"-I 127.0.0.1 -p SITE -u /status/301",
	"-I 127.0.0.1 -p SITE -u /status/301 -f warning",
	"-I 127.0.0.1 -p SITE -u /status/301 -f critical",
	"-I 127.0.0.1 -p SITE -u /status/301 --onredirect=unknown",
	"-I 127.0.0.1 -p SITE -u /aged?d=10s -M 60",
	"-I 127.0.0.1 -p SITE -u /aged?d=100s -M 1m",
	"-I 127.0.0.1 -p SITE -u /aged?d=100h -M 1d",
	"-I 127.0.0.1 -p SITE -u /aged?d=-100s -M 2h",
	"-I 127.0.0.1 -p SITE -M 10 -m 5:6",
	"-I 127.0.0.1 -p BARE -M 10",
	"-I 127.0.0.1 -p BARE",
	"-I 127.0.0.1 -p NUL",
	"-I 127.0.0.1 -p SIX",
	"-I 127.0.0.1 -p GARBAGE -e 200",
	"-I 127.0.0.1 -p DROP",
	"-I 127.0.0.1 -p SHORT",
	"-I 127.0.0.1 -p NOCHUNK",
	"-I 127.0.0.1 -p CLOSED",
	"-I 127.0.0.1 -p CLOSED -S -L",
	"-I 127.0.0.1 -p HANG -t 1",
	"-I 127.0.0.1 -p HANG -S -t 1",
	"-H nosuch.invalid",
	"-H www.example -I nosuch.invalid -S",
	"-I 127.0.0.1 -p TLS60 -S",
	"-I 127.0.0.1 -p TLS60 --ssl=1.2 -E",
	"-I 127.0.0.1 -H sixty.example -p TLS60 -S1.2+ --sni -s hello",
	"-I 127.0.0.1 -p TLS60 -C 30",
	"-I 127.0.0.1 -p TLS60 -C 90,70",
	"-I 127.0.0.1 -p TLSGONE -C 30,5",
	"-I 127.0.0.1 -p TLSGONE -S",
	"-I 127.0.0.1 -p TLSHOURS --certificate=0",
	"-I 127.0.0.1 -p TLSOLD -C 30,14 -L",
	"-I 127.0.0.1 -p TLSOLD -S",
}

// httpLines are for check_http only: check_curl does something else, or what it does is left to it.
var httpLines = []string{
	"-H 127.0.0.1:SITE",
	"-S -H 127.0.0.1:TLS60",
	"-wt 5 -ct 6 -to 7 -hn localhost -p SITE -4 -nohtml",
	"-I 127.0.0.1 -p SITE -k Host:other.example -d other.example",
	"-I 127.0.0.1 -p SITE -u relative",
	"-I 127.0.0.1 -p SITE -b joe:proxy -u /echo -s Proxy-Auth",
	"-I 127.0.0.1 -p GARBAGE",
	"-I 127.0.0.1 -p NOCHUNK -r ^$",
	"-I 127.0.0.1 -p LF -d old -s hello",
	"-I 127.0.0.1 -p BARE -d hello -s more",
	"-I 127.0.0.1 -p BARE -d more",
	"-I 127.0.0.1 -p ODD",
	"-I 127.0.0.1 -p NOREASON",
	"-I 127.0.0.1 -p CONTINUE",
	"-I 127.0.0.1 -p BADCHUNK -s hello",
	"-I 127.0.0.1 -p BADCHUNK",
	"-I 127.0.0.1 -p CUTCHUNK",
	"-I 127.0.0.1 -p CUTCHUNK -N",
	"-I 127.0.0.1 -p SITE -d nah -s nope -r nope -m 9999 -e 200",
	"-I 127.0.0.1 -p TLS60 -C 30 --continue-after-certificate",
	"-I 127.0.0.1 -p TLS60 -C 70 --continue-after-certificate -s hello",
	"-I 127.0.0.1 -p TLSGONE -C 5 --continue-after-certificate",
	"-I 127.0.0.1 -p SITE -S",
	"-I 127.0.0.1 -p SITE -f follow -u /to?l=/there",
	"-I 127.0.0.1 -p SITE -f follow -u /to?l=there -B",
	"-H 127.0.0.1 -p SITE -f follow -u /to?l=http://127.0.0.1:SITE/there",
	"-H 127.0.0.1 -p SITE -f follow -u /to?l=http://127.0.0.1:CLOSED",
	"-H 127.0.0.1 -p SITE -f follow -u /to?l=https://127.0.0.1:TLS60/ -L",
	"-H 127.0.0.1 -p SITE -f sticky -u /to?l=http://nosuch.invalid:SITE/x -d nosuch",
	"-H 127.0.0.1 -p SITE -f stickyport -u /to?l=http://nosuch.invalid:CLOSED/x -d nosuch",
	"-H 127.0.0.1 -p SITE -f follow -u /to?l=//nosuch.invalid/x",
	"-H 127.0.0.1 -p SITE -f follow -u /to?l=http://127.0.0.1:99999/x",
	"-H 127.0.0.1 -p SITE -f follow -u /round/1",
	"-H 127.0.0.1 -p SITE -f follow -u /round/1 --max-redirs=3 -L",
	"-H 127.0.0.1 -p SITE -f follow -u /to?l=/to?l=/to",
	"-I 127.0.0.1 -p NOLOC -f follow",
	"-I 127.0.0.1 -p EMPTYLOC -f follow",
	"-H 127.0.0.1 -p SITE -f follow -u /to?l=/status/404",
}

func TestEveryCommandLineGivesWhatThePluginGives(t *testing.T) {
	ports := targets(t)
	module := http.New(http.Options{})
	for _, line := range append(prefixed("check_http ", httpLines), append(prefixed("check_http ", lines), prefixed("check_curl ", lines)...)...) {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			argv := strings.Fields(ports.Replace(line))
			if argv[0] == "check_curl" {
				needsCurl(t)
				sameAsCurl(t, module, argv)
				return
			}
			probetest.Same(t, module, argv...)
		})
	}
}

func prefixed(program string, lines []string) []string {
	all := make([]string, len(lines))
	for i, line := range lines {
		all[i] = program + line
	}
	return all
}

func needsCurl(t *testing.T) {
	t.Helper()
	if out, _ := exec.Command(realpeer.Program(t, "check_curl", "monitoring-plugins-standard"), "-V").Output(); len(out) == 0 {
		realpeer.Skip(t, "check_curl does not start: apt-get install liburiparser1")
	}
}

// waited is how long libcurl says it waited; its version and OpenSSL's words differ from one machine to the next.
var waited = regexp.MustCompile(`after \d+ m(illi)?s(econds)?`)

// sameAsCurl compares like probetest.Same, but for times in the text.
func sameAsCurl(t *testing.T, module *http.Module, argv []string) {
	t.Helper()
	want := probetest.Plugin(t, argv...)
	if !waited.MatchString(want.Output) {
		probetest.Same(t, module, argv...)
		return
	}
	got := probetest.Run(t, module, argv...)
	gotText, wantText := waited.ReplaceAllString(got.Output, "T"), waited.ReplaceAllString(want.Output, "T")
	if got.State != want.State || gotText != wantText || got.State != monitor.Critical {
		t.Errorf("%v:\n  module: %v %q\n  plugin: %v %q", argv, got.State, gotText, want.State, wantText)
	}
}
