package nscaweb_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/serve/sinktest"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/listen/nscaweb"
	"github.com/onbu/onbu/monitor"
)

type bench struct {
	t    *testing.T
	url  string
	sink sinktest.Sink
}

func listening(t *testing.T, settings ...string) *bench {
	t.Helper()
	b := &bench{t: t}
	port := sinktest.Port(t)
	s := modules.Read(sinktest.Define("q", "nscaweb", append([]string{"port " + port}, settings...)...))
	l := nscaweb.New(s, sinktest.Env())
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	b.url = "http://127.0.0.1:" + port
	sinktest.Listen(t, l, &b.sink, "127.0.0.1:"+port)
	return b
}

func (b *bench) want(code int, text, path, name, password, input string) {
	b.t.Helper()
	form := url.Values{"username": {name}, "password": {password}, "input": {input}}
	answer, err := http.PostForm(b.url+path, form)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != code || !strings.Contains(string(got), text) || text == "" && len(got) > 0 {
		b.t.Errorf("%q: got %d %s %v, want %d %s", input, answer.StatusCode, got, err, code, text)
	}
}

func TestTakesLines(t *testing.T) {
	b := listening(t, "username default", "password changeme", "token db Datab4se db*", "commands 1")
	b.want(200, "", "/queue", "default", "changeme", "[7] PROCESS_SERVICE_CHECK_RESULT;web;http;2;bad\\nworse|a=1  \n\n[8] PROCESS_HOST_CHECK_RESULT;web;1;down\r\n")
	b.want(200, "", "/queue/central", "default", "changeme", "[9] DISABLE_HOST_CHECK;web")
	b.want(200, "", "/queue", "db", "Datab4se", "[9] PROCESS_HOST_CHECK_RESULT;db1;0;up\n[9] PROCESS_HOST_CHECK_RESULT;web;0;up")
	b.want(400, "1 lines were not taken, all others were", "/queue", "default", "changeme", "NONSENSE\n[9] PROCESS_HOST_CHECK_RESULT;last;0;up")
	b.want(400, "from the command file only", "/queue", "default", "changeme", "[9] PROCESS_FILE;/etc/passwd;1")
	for _, wrong := range [][2]string{{"", ""}, {"default", ""}, {"default", "x"}, {"x", "changeme"}, {"", "changeme"}} {
		b.want(401, "send the username", "/queue", wrong[0], wrong[1], "[9] PROCESS_HOST_CHECK_RESULT;web;0;up")
	}
	want := []monitor.Submission{
		{
			Ref: monitor.Ref{Host: "web", Service: "http"}, Time: 7e9, Source: "nscaweb default",
			Outcome: monitor.Outcome{State: 2, Output: "bad", LongOutput: "worse", Perfdata: "a=1"},
		},
		{Ref: monitor.Ref{Host: "web"}, Time: 8e9, Source: "nscaweb default", Outcome: monitor.Outcome{State: 1, Output: "down"}},
		{Ref: monitor.Ref{Host: "db1"}, Time: 9e9, Source: "nscaweb db", Outcome: monitor.Outcome{Output: "up"}},
		{Ref: monitor.Ref{Host: "last"}, Time: 9e9, Source: "nscaweb default", Outcome: monitor.Outcome{Output: "up"}},
	}
	if diff := cmp.Diff(want, b.sink.Results()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"nscaweb default: [9] DISABLE_HOST_CHECK;web"}, b.sink.Commands()); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyResultsUnlessToldOtherwise(t *testing.T) {
	b := listening(t, "anonymous 1")
	b.want(400, "only passive results", "/queue", "", "", "[9] SHUTDOWN_PROGRAM\n[9] PROCESS_HOST_CHECK_RESULT;web;0;up")
	if c, r := b.sink.Commands(), b.sink.Results(); len(c) != 0 || len(r) != 1 || r[0].Source != "nscaweb 127.0.0.1" {
		t.Errorf("got %v and %+v", c, r)
	}
}

func TestJudgesItsDefinition(t *testing.T) {
	for setting, want := range map[string]string{"quota 0": "nobody could send anything", "username x": "both username and password"} {
		s := modules.Read(sinktest.Define("q", "nscaweb", setting))
		nscaweb.New(s, sinktest.Env())
		if err := s.Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", setting, err, want)
		}
	}
}
