package http

import (
	"bytes"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/realpeer"
)

// TestExpressionsMatchAsInC compares with GNU grep -E, which uses the C library's expressions. With -z its lines end in
// NUL, so that the text may hold line feeds.
func TestExpressionsMatchAsInC(t *testing.T) {
	grep := realpeer.Program(t, "grep", "grep")
	texts := []string{"hello world", "", "a.b", "x\ty", "[]", "aaa", "foo-bar_9", "(paren)", "a\\b", "^", "AbC"}
	patterns := []string{
		`hello`, `^hello`, `world$`, `h.llo`, `[a-c]+`, `[^a-c]`, `[]]`, `[^]]`, `\.`, `a{3}`, `a{2,}`, `a{1,2}b?`, `(a|x)+`,
		`[[:digit:]]`, `[[:space:]_]`, `\w+-\w+`, `\bworld`, `\Borld`, `\(`, `\\`, `\^`, `()`, `o w`, `[.]`, `a|`, `\s`, `\S`, `\W`,
		`^$`, `^[^ ]*$`, `[a\]`, `x*`, `(^|-)bar`, `[(-)]`, `b+c`,
	}
	for _, pattern := range patterns {
		re, err := compile(pattern, false, false)
		if errors.Is(err, errNotTheSame) {
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		for _, text := range texts {
			cmd := exec.Command(grep, "-Eqe", pattern)
			cmd.Stdin = strings.NewReader(text + "\n")
			want := cmd.Run() == nil
			if got := re.MatchString(text); got != want {
				t.Errorf("%q in %q: %v, grep says %v", pattern, text, got, want)
			}
		}
	}
}

func TestLinesAreTextsOfTheirOwnUnlessSpanned(t *testing.T) {
	const text = "one\ntwo\nthree"
	tests := []struct {
		pattern    string
		lines, all bool
	}{
		{"^two$", true, false},
		{"one.two", false, true},
		{"one[^x]two", false, true},
		{"one[^]]two", false, true},
		{"^one", true, true},
		{"^one.*three$", false, true},
	}
	for _, tt := range tests {
		for _, span := range []bool{false, true} {
			re, err := compile(tt.pattern, false, span)
			if err != nil {
				t.Fatal(err)
			}
			want := tt.lines
			if span {
				want = tt.all
			}
			if got := re.MatchString(text); got != want {
				t.Errorf("%s, line span %v: %v, want %v", tt.pattern, span, got, want)
			}
		}
	}
}

func TestLocationsLeadWhereCheckHTTPGoes(t *testing.T) {
	from := hop{host: "www.example", address: "10.0.0.1", path: "/a/b?c=/d", port: 8080, virtual: 8080, scheme: "http"}
	secure := from
	secure.tls = true
	tests := []struct {
		from  hop
		value string
		want  hop
		ok    bool
	}{
		{from, "/x?y", hop{address: "www.example", path: "/x?y", port: 8080, scheme: "http"}, true},
		{from, "x", hop{address: "www.example", path: "/a/b?c=/x", port: 8080, scheme: "http"}, true},
		{from, "http://h", hop{address: "h", path: "/", port: 80, scheme: "http"}, true},
		{from, "https://h/", hop{address: "h", path: "/", port: 443, scheme: "https", tls: true}, true},
		{from, "HTTPS://h/p q", hop{address: "h", path: "/p", port: 80, scheme: "HTTPS"}, true},
		{from, "http://h:81", hop{address: "h", path: "/", port: 81, scheme: "http"}, true},
		{from, "http://h:81/p", hop{address: "h", path: "/p", port: 81, scheme: "http"}, true},
		{secure, "//h/p", hop{address: "h", path: "/p", port: 443, scheme: "https", tls: true}, true},
		{from, "//h/p", hop{address: "h", path: "/p", port: 80, scheme: "http"}, true},
		{from, "//h/", hop{address: "www.example", path: "//h/", port: 8080, scheme: "http"}, true},
		{from, "<x>", hop{}, false},
		{from, "", hop{}, false},
	}
	for _, tt := range tests {
		got, ok := tt.from.follow(tt.value)
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(hop{})); ok != tt.ok || diff != "" {
			t.Errorf("%q: %v, want %v; difference\n%s", tt.value, ok, tt.ok, diff)
		}
	}
}

// FuzzAnswersAreTakenApart feeds servers' answers in pieces to both readers: neither may panic, read past the limits, or
// hold more than was sent.
func FuzzAnswersAreTakenApart(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.0 200 OK\n\nx", "x", "\r\n\r\n", "HTTP/1.1 200",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: http://a:1/b\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffff\r\n",
		"HTTP/2 200\r\n\r\n", "HTTP/1.1 204 No\r\nContent-Length: -1\r\n\r\n",
	} {
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, answer []byte, wanted bool) {
		for _, curl := range []bool{false, true} {
			c := newCheck(curl, New(Options{}))
			c.showBody, c.redirect.follow = wanted, true
			buf := c.buffers.get()
			var p page
			var err error
			if curl {
				err = c.collectAsCurl(iotest.OneByteReader(bytes.NewReader(answer)), buf, &p)
			} else {
				err = c.collect(iotest.DataErrReader(bytes.NewReader(answer)), buf, &p)
			}
			if p.size > len(answer) || len(p.body) > len(answer) {
				t.Errorf("curl %v: %d bytes of answer, size %d, body %d", curl, len(answer), p.size, len(p.body))
			}
			if err != nil || p.size == 0 {
				continue
			}
			r := &running{check: c, hop: c.first}
			if curl {
				_ = r.judgeAsCurl(nil, &p)
			} else {
				_, _, _ = r.judge(0, &p)
			}
		}
	})
}

func TestAnAnswerIsTakenApartHoweverItArrives(t *testing.T) {
	const answer = "HTTP/1.1 200 OK\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
	for name, reader := range map[string]io.Reader{
		"at once":     strings.NewReader(answer),
		"with an end": iotest.DataErrReader(strings.NewReader(answer)),
		"bytewise":    iotest.OneByteReader(strings.NewReader(answer)),
	} {
		c := newCheck(false, New(Options{}))
		c.showBody = true
		buf := c.buffers.get()
		var p page
		if err := c.collect(reader, buf, &p); err != nil {
			t.Fatal(err)
		}
		if string(p.body) != "hello world" || string(p.status) != "HTTP/1.1 200 OK" || p.size != len(answer) || p.broken != nil {
			t.Errorf("%s: status %q, body %q, size %d, broken %v", name, p.status, p.body, p.size, p.broken)
		}
	}
}
