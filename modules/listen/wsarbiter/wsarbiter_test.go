package wsarbiter_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/serve/sinktest"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/listen/wsarbiter"
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
	s := modules.Read(sinktest.Define("ws", "ws_arbiter", append([]string{"port " + port}, settings...)...))
	l := wsarbiter.New(s, sinktest.Env())
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	b.url = "http://127.0.0.1:" + port + "/"
	sinktest.Listen(t, l, &b.sink, "127.0.0.1:"+port)
	return b
}

// want posts a form to a path as name:password, unless that is empty.
func (b *bench) want(code int, text, path, form, as string) {
	b.t.Helper()
	r, err := http.NewRequest("POST", b.url+path, strings.NewReader(form))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if name, password, ok := strings.Cut(as, ":"); ok {
		r.SetBasicAuth(name, password)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != code || strings.TrimSpace(string(got)) != text {
		b.t.Errorf("%s %s as %q: got %d %s %v, want %d %s", path, form, as, answer.StatusCode, got, err, code, text)
	}
}

func TestTakesFormsAsGLPISendsThem(t *testing.T) {
	b := listening(t)
	b.want(200, "", "push_check_result", "host_name=web1&service_description=disk&return_code=1&output=DISK+WARN%7C%2F%3D80%25&time_stamp=1365446900", "")
	b.want(200, "", "push_check_result", "host_name=a&service_description=&return_code=1&output=x&time_stamp=20&host_name=b&service_description=s&return_code=9&time_stamp=10", "")
	b.want(200, "", "push_check_result", "host_name=a", "")
	b.want(400, "number of return codes does not match number of hosts", "push_check_result", "host_name=a&return_code=1&return_code=2", "")
	b.want(400, "result 1: it needs a host_name, and a whole number as return_code", "push_check_result", "host_name=a&return_code=OK", "")
	b.want(400, "result 1: time_stamp is not Unix seconds", "push_check_result", "host_name=a&return_code=0&time_stamp=99999999999999999999", "")
	out := func(state monitor.State, output, perf string) monitor.Outcome {
		return monitor.Outcome{State: state, Output: output, Perfdata: perf}
	}
	from := "ws_arbiter 127.0.0.1"
	want := []monitor.Submission{
		{Ref: monitor.Ref{Host: "web1", Service: "disk"}, Time: 1365446900e9, Source: from, Outcome: out(1, "DISK WARN", "/=80%")},
		{Ref: monitor.Ref{Host: "b", Service: "s"}, Time: 10e9, Source: from, Outcome: out(3, "(No output returned from plugin)", "")},
		{Ref: monitor.Ref{Host: "a"}, Time: 20e9, Source: from, Outcome: out(1, "x", "")},
	}
	if diff := cmp.Diff(want, b.sink.Results()); diff != "" {
		t.Error(diff)
	}
}

func TestAsksForTheNameAndPassword(t *testing.T) {
	b := listening(t, "username glpi", "password S3cret")
	form := "host_name=a&return_code=0"
	b.want(401, "Authentication required", "push_check_result", form, "")
	b.want(403, "Authentication denied", "push_check_result", form, "glpi:wrong")
	b.want(403, "Authentication denied", "push_check_result", form, "wrong:S3cret")
	b.want(200, "", "push_check_result", form, "glpi:S3cret")
	if got := b.sink.Results(); len(got) != 1 || got[0].Source != "ws_arbiter glpi" {
		t.Errorf("got %+v", got)
	}
}

func TestMakesCommandsOfForms(t *testing.T) {
	b := listening(t, "username glpi", "password S3cret", "token db Datab4se db*")
	as := "glpi:S3cret"
	b.want(200, "", "restart", "time_stamp=5", as)
	b.want(200, "", "reload", "time_stamp=5", as)
	b.want(200, "", "acknowledge", "time_stamp=5&host_name=a&comment=one;two%0ASHUTDOWN_PROGRAM", as)
	b.want(200, "", "acknowledge", "time_stamp=5&host_name=a&service_description=s&action=delete", as)
	b.want(200, "", "downtime", "time_stamp=5&host_name=a&service_description=s&start_time=7&end_time=9&author=ada", as)
	b.want(200, "", "downtime", "time_stamp=5&host_name=a&action=delete", as)
	b.want(200, "", "recheck", "time_stamp=5&host_name=a&service_description=s", as)
	b.want(400, "Missing parameter host_name", "recheck", "", as)
	b.want(400, "action is add or delete", "downtime", "host_name=a&action=x", as)
	b.want(400, "no field may have semicolons or line ends in it", "recheck", "host_name=a%0A[5] SHUTDOWN_PROGRAM", as)
	b.want(400, "time_stamp is not Unix seconds", "recheck", "host_name=a&time_stamp=1] X", as)
	b.want(400, "no host is called so", "recheck", "host_name=a&time_stamp=5", "db:Datab4se")
	b.want(200, "", "recheck", "host_name=db1&time_stamp=5", "db:Datab4se")
	want := []string{
		"ws_arbiter glpi: [5] RESTART_PROGRAM", "ws_arbiter glpi: [5] RELOAD_CONFIG",
		"ws_arbiter glpi: [5] ACKNOWLEDGE_HOST_PROBLEM;a;1;0;1;anonymous;one two SHUTDOWN_PROGRAM",
		"ws_arbiter glpi: [5] REMOVE_SVC_ACKNOWLEDGEMENT;a;s",
		"ws_arbiter glpi: [5] SCHEDULE_SVC_DOWNTIME;a;s;7;9;1;0;86400;ada;No comment",
		"ws_arbiter glpi: [5] DEL_ALL_HOST_DOWNTIMES;a", "ws_arbiter glpi: [5] SCHEDULE_FORCED_SVC_CHECK;a;s;5",
		"ws_arbiter db: [5] SCHEDULE_FORCED_HOST_CHECK;db1;5",
	}
	if diff := cmp.Diff(want, b.sink.Commands()); diff != "" {
		t.Error(diff)
	}
}

func TestWhoHasNoNameGivesNoCommands(t *testing.T) {
	listening(t).want(404, "404 page not found", "restart", "", "")
	listening(t, "routes restart").want(200, "", "restart", "", "")
}

func TestSaysSoWhenItCannotStore(t *testing.T) {
	b := listening(t)
	b.sink.Answer = func(_ context.Context, r []monitor.Submission) (modules.Receipt, error) {
		if r[0].State == monitor.OK {
			return modules.Receipt{Over: 1}, nil
		}
		return modules.Receipt{}, errors.New("full")
	}
	b.want(429, "more results than the quota allows: send them again, slower", "push_check_result", "host_name=a&return_code=0", "")
	b.want(503, "it could not be stored in time: send it again", "push_check_result", "host_name=a&return_code=1", "")
}

func TestJudgesItsDefinition(t *testing.T) {
	for setting, want := range map[string]string{
		"password x":          "without it the password counts for nothing",
		"username glpi":       "nobody could sign in as glpi",
		"routes push,restart": `there is no "push"`,
		"usernam x":           "did you mean username",
	} {
		s := modules.Read(sinktest.Define("ws", "ws_arbiter", setting))
		wsarbiter.New(s, sinktest.Env())
		if err := s.Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", setting, err, want)
		}
	}
}
