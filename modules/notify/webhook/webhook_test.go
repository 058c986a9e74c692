package webhook_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/notify/webhook"
	"github.com/onbu/onbu/monitor"
)

var rewrite = flag.Bool("rewrite", false, "write what came out into testdata")

func action(service string) *monitor.Action {
	at := monitor.At(time.Date(2026, 3, 1, 2, 17, 5, 250e6, time.UTC))
	a := &monitor.Action{
		ID: "0123456789abcdef", Ref: monitor.Ref{Host: "db1", Service: service}, Contact: "ada", Time: at,
		Notice: &monitor.Notice{
			Type: "ACKNOWLEDGEMENT", Number: 2, Problem: 1<<63 + 1, State: monitor.Critical, StateType: monitor.Hard, Attempt: 3, MaxAttempts: 3,
			Since: at.Add(-3 * time.Minute), HostState: monitor.Up, HostAlias: "Main database", Address: "192.0.2.5",
			Output: "größer als \"5\" <b>&", LongOutput: "more\nlines", Perfdata: "time=1s", Author: "bob", Comment: "on it", Escalated: true,
			BusinessImpact: 4, Impacts: 12, Email: "ada@example.org", Pager: "+43", NotesURL: "https://wiki.example.org", ActionURL: "https://graphs.example.org",
		},
	}
	if service == "" {
		a.Notice = &monitor.Notice{Type: "PROBLEM", State: monitor.Unreachable, HostState: monitor.Unreachable, Since: at}
	}
	return a
}

func sender(t *testing.T, m *webhook.Module, args ...string) modules.Sender {
	t.Helper()
	s, err := m.Parse(append([]string{"notify_webhook"}, args...))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func send(t *testing.T, limit time.Duration, args ...string) error {
	t.Helper()
	m := webhook.New()
	defer m.Close()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	return sender(t, m, args...).Send(ctx, action("mysql"), false)
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func later(err error) bool {
	_, ok := errors.AsType[*modules.Later](err)
	return ok
}

// wrong wants an error with words in it, for good or not, without what is secret.
func wrong(t *testing.T, err error, again bool, words ...string) {
	t.Helper()
	if err == nil || later(err) != again {
		t.Errorf("got %v (to be tried again: %v), want an error (to be tried again: %v)", err, later(err), again)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
	for _, w := range []string{"t0ken", "geheim", "\n", "\r"} {
		if strings.Contains(err.Error(), w) {
			t.Errorf("error %q has %q in it", err, w)
		}
	}
}

func TestWhatIsPosted(t *testing.T) {
	var got bytes.Buffer
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(&got, "%s %s %s %s %s\n", r.Method, r.URL, r.Header.Get("Content-Type"), r.Header.Get("Idempotency-Key"), r.Header.Get("User-Agent"))
		text, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("X-Onbu-Signature")+r.Header.Get("X-Onbu-Timestamp") != "" {
			t.Errorf("%v; headers %v", err, r.Header)
		}
		if err := json.Indent(&got, text, "", "  "); err != nil {
			t.Error(err)
		}
		got.WriteString("\n")
	}))
	defer server.Close()
	s := sender(t, webhook.New(), "--url", server.URL+"/hook?x=1")
	for i, service := range []string{"mysql", ""} {
		if err := s.Send(t.Context(), action(service), i == 1); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join("testdata", "posts.txt")
	if *rewrite {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("(-want +got; -rewrite takes it over):\n%s", diff)
	}
}

func TestAReceiverCanCheckTheSignature(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		stamp := r.Header.Get("X-Onbu-Timestamp")
		mac := hmac.New(sha256.New, []byte("geheim"))
		fmt.Fprintf(mac, "%s.%s", stamp, body)
		if want := "sha256=" + hex.EncodeToString(mac.Sum(nil)); r.Header.Get("X-Onbu-Signature") != want {
			http.Error(w, "wrong signature", http.StatusForbidden)
		}
		if n, err := strconv.ParseInt(stamp, 10, 64); err != nil || time.Since(time.Unix(n, 0)).Abs() > time.Minute {
			http.Error(w, "too old", http.StatusForbidden)
		}
	}))
	defer server.Close()
	for _, secret := range []string{"geheim", "geheim\n", "geheim\r\nsecond line\n"} {
		if err := send(t, 10*time.Second, "--url", server.URL, "--secret-file", file(t, secret)); err != nil {
			t.Errorf("%q: %v", secret, err)
		}
	}
	wrong(t, send(t, 10*time.Second, "--url", server.URL, "--secret-file", file(t, "geheim ")), false, "403 Forbidden: wrong signature")
	wrong(t, send(t, 10*time.Second, "--url", server.URL, "--secret-file", file(t, "\n")), false, "first line is empty")
	wrong(t, send(t, 10*time.Second, "--url", server.URL, "--secret-file", "/nowhere/secret"), false, "--secret-file: open /nowhere/secret")
}

// A redirection would hand a signed message, and a token, to somebody else.
func TestARedirectionIsNotFollowed(t *testing.T) {
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	for _, code := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.RedirectHandler(other.URL, code))
		wrong(t, send(t, 10*time.Second, "--url", server.URL), false, strconv.Itoa(code), "redirections are not followed")
		server.Close()
	}
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("%d requests went elsewhere", n)
	}
}

func TestTheCertificateIsLookedAt(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	ca := file(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	if err := send(t, 10*time.Second, "--url", server.URL, "--ca", ca); err != nil {
		t.Error(err)
	}
	wrong(t, send(t, 10*time.Second, "--url", server.URL+"/t0ken"), false, "failed to verify certificate")
	wrong(t, send(t, 10*time.Second, "--url", server.URL, "--ca", file(t, "x")), false, "no certificate in it")
	wrong(t, send(t, 10*time.Second, "--url", server.URL, "--ca", "/nowhere/ca"), false, "--ca: open /nowhere/ca")
	plain := httptest.NewServer(server.Config.Handler)
	defer plain.Close()
	wrong(t, send(t, 10*time.Second, "--url", strings.Replace(plain.URL, "http:", "https:", 1)+"/t0ken"), false, "HTTP")
}

// What is in a URL besides the host may be a token; it is in no error, whatever goes wrong.
func TestNoErrorTellsTheURL(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := l.Addr().String()
	l.Close()
	for _, url := range []string{
		"http://" + dead + "/t0ken", "http://" + dead + "/a%20b?key=t0ken#t0ken", "http://me:t0ken@" + dead + "/", "http://t0ken:geheim@" + dead + "/\"t0ken\"",
		"https://" + dead + "/t0ken", "http://nowhere.invalid/t0ken",
	} {
		wrong(t, send(t, 400*time.Millisecond, "--url", url), true) // no time for a second try
	}
	hang := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // the end of a connection is seen only after that
		<-r.Context().Done()
	}))
	defer hang.Close()
	wrong(t, send(t, 100*time.Millisecond, "--url", hang.URL+"/t0ken?t0ken"), true, "deadline exceeded")
	bad := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "http://[::1/%zz")
		w.WriteHeader(http.StatusFound)
	}))
	defer bad.Close()
	if err := send(t, 5*time.Second, "--url", bad.URL+"/t0ken"); err == nil || strings.Contains(err.Error(), "t0ken") {
		t.Errorf("got %v", err)
	}
	for _, url := range []string{"http://exa mple/t0ken", "ftp://x/t0ken", "http:///t0ken", "://t0ken", "http://x/%zzt0ken", "t0ken", "http://x:y/t0ken"} {
		_, err := webhook.New().Parse([]string{"notify_webhook", "--url", url})
		wrong(t, err, false, "--url")
	}
}

func TestASilentServerMayHaveHeard(t *testing.T) {
	var heard atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		heard.Add(1)
		panic(http.ErrAbortHandler) // ends the connection without an answer
	}))
	defer server.Close()
	err := send(t, 10*time.Second, "--url", server.URL)
	wrong(t, err, true)
	if l, ok := errors.AsType[*modules.Later](err); !ok || !l.Perhaps || heard.Load() != 1 {
		t.Errorf("%v: perhaps heard %v, heard %d times; want one that may have been heard", err, ok && l.Perhaps, heard.Load())
	}
}

func TestALongAnswerIsCutShort(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		for line := strings.Repeat("\x1b[2Jnö ", 1000); ; {
			if _, err := io.WriteString(w, line); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	err := send(t, 10*time.Second, "--url", server.URL)
	wrong(t, err, false, "400 Bad Request: [2Jnö")
	if n := len([]rune(err.Error())); n > 400 || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("an error of %d characters: %q", n, err)
	}
}

func TestConnectionsAreKept(t *testing.T) {
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "fine") }))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	m := webhook.New()
	for range 5 { // each notification is parsed anew
		if err := sender(t, m, "--url", server.URL).Send(t.Context(), action("mysql"), false); err != nil {
			t.Fatal(err)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections for 5 posts", n)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"notify_webhook --url http://x", ""},
		{"/opt/notify_webhook -url=https://x:8443/a?b --secret-file /s --ca /c", ""},
		{"notify_webhook", "no --url given; it takes\n  --url"},
		{"notify_webhook --url", "flag needs an argument"},
		{"notify_webhook http://x", `"http://x" is no option`},
		{"notify_webhook --url http://x --token y", "flag provided but not defined: -token; it takes\n  --url"},
		{"notify_webhook --help", "it takes\n  --url"},
	} {
		s, err := webhook.New().Parse(strings.Fields(c.line))
		switch {
		case c.want == "" && (err != nil || s == nil):
			t.Errorf("%s: %v", c.line, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", c.line, err, c.want)
		}
	}
	if _, err := webhook.New().Parse([]string{"curl", "http://x"}); !errors.Is(err, modules.ErrNotMine) {
		t.Errorf("%v, want %v", err, modules.ErrNotMine)
	}
	if got := sender(t, webhook.New(), "--url", "https://me:t0ken@x:8443/t0ken?t0ken").Target(); got != "webhook x:8443" {
		t.Errorf("target %q", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("--url\x00https://me:t0ken@[::1]:8443/a?b#c\x00--secret-file\x00s\x00--ca\x00c")
	f.Fuzz(func(t *testing.T, args string) {
		s, err := webhook.New().Parse(append([]string{"notify_webhook"}, strings.Split(args, "\x00")...))
		if err == nil && strings.ContainsAny(s.Target(), "\r\n") {
			t.Errorf("target %q", s.Target())
		}
	})
}
