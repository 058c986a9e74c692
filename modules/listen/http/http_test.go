package http_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	nethttp "net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/serve/sinktest"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/listen/http"
	"github.com/onbu/onbu/monitor"
)

// bench is a listener at work with two senders, of whom one may speak for databases only.
type bench struct {
	t    *testing.T
	url  string
	sink sinktest.Sink
	env  modules.Env
}

func listening(t *testing.T, settings ...string) *bench {
	t.Helper()
	b := &bench{t: t, env: sinktest.Env()}
	port := sinktest.Port(t)
	settings = append([]string{"port " + port, "token backup B4ckup db-*,nas", "token all 4ll"}, settings...)
	s := modules.Read(sinktest.Define("h", "http", settings...))
	l := http.New(s, b.env)
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	b.url = "http://127.0.0.1:" + port + "/results"
	sinktest.Listen(t, l, &b.sink, "127.0.0.1:"+port)
	return b
}

// post sends a body as sender "all", unless headers say otherwise, and gives the status and the answer.
func (b *bench) post(body string, headers ...string) (int, string) {
	b.t.Helper()
	r, err := nethttp.NewRequest("POST", b.url, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer 4ll")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	answer, err := nethttp.DefaultClient.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer.StatusCode, strings.TrimSpace(string(text))
}

func (b *bench) want(code int, text, body string, headers ...string) {
	b.t.Helper()
	if len(body) > 200 {
		defer b.t.Log("the body begins", body[:200])
	}
	if gotCode, got := b.post(body, headers...); gotCode != code || !strings.Contains(got, text) {
		b.t.Errorf("%.200s %q: got %d %s, want %d %s", body, headers, gotCode, got, code, text)
	}
}

func TestStoresOneManyAndLines(t *testing.T) {
	b := listening(t)
	hourAgo := time.Now().Add(-time.Hour).Truncate(time.Second)
	b.want(200, `{"stored":1,"not_taken":0,"over":0}`, fmt.Sprintf(`{"host":"web1","state":"DOWN","output":"no answer|rta=1ms","time":%d.5}`, hourAgo.Unix()))
	b.want(200, `"stored":2`, `[{"host":"web1","service":"disk","state":2,"output":"full","long_output":"a\nb","perfdata":"/=9"},
		{"host":"web2","service":"disk","state":"warning","output":"x|a=1\ny|b=2","perfdata":"c=3","time":"`+hourAgo.UTC().Format(time.RFC3339)+`","id":"7"}]`)
	b.want(200, `"stored":2`, `{"host":"a","state":0}`+"\n"+`{"host":"b","state":"2"}`+"\n", "Idempotency-Key: k")
	at := monitor.At(hourAgo)
	out := func(state monitor.State, texts ...string) monitor.Outcome {
		return monitor.Outcome{State: state, Output: texts[0], LongOutput: texts[1], Perfdata: texts[2]}
	}
	none := "(No output returned from plugin)"
	want := []monitor.Submission{
		{Ref: monitor.Ref{Host: "web1"}, Time: at + 5e8, Source: "http all", Outcome: out(1, "no answer", "", "rta=1ms")},
		{Ref: monitor.Ref{Host: "web1", Service: "disk"}, Source: "http all", Outcome: out(2, "full", "a\nb", "/=9")},
		{Ref: monitor.Ref{Host: "web2", Service: "disk"}, Time: at, Source: "http all", Outcome: out(1, "x", "y", "a=1 b=2 c=3"), ID: "all/7"},
		{Ref: monitor.Ref{Host: "a"}, Source: "http all", Outcome: out(0, none, "", ""), ID: "all/k/0"},
		{Ref: monitor.Ref{Host: "b"}, Source: "http all", Outcome: out(2, none, "", ""), ID: "all/k/1"},
	}
	if diff := cmp.Diff(want, b.sink.Results()); diff != "" {
		t.Error(diff)
	}
}

func TestNamesEachMistakeAndStoresNothing(t *testing.T) {
	b := listening(t)
	code, text := b.post(`[{"host":"a","state":0}, {"state":0}, {"host":"a","state":"FULL"}, {"host":"a","state":3}, {"host":"a","servcie":"x","state":0},
		{"host":7,"state":0}, 5, {"host":"a","state":0,"time":"soon"}, {"host":"a","state":0,"time":5000000000}, {"host":"a\u0007","state":0}, {"host":"a"},
		{"host":"a","service":"s","state":[[1]]}, {"host":"a","state":1e400}, {"host":"a","state":0,"time":1}]`)
	var got struct{ Mistakes []struct{ Index int } }
	if err := json.Unmarshal([]byte(text), &got); err != nil || code != 400 || len(got.Mistakes) != 13 {
		t.Fatalf("got %d %s (%v), want 400 and 13 mistakes", code, text, err)
	}
	for i, m := range got.Mistakes {
		if m.Index != i+1 {
			t.Errorf("mistake %d is said to be in result %d", i, m.Index)
		}
	}
	for _, words := range []string{"nothing was stored", "host is missing", `state is \"FULL\"`, "did you mean service", "want a text, not number", "in the future", "days ago; is the sender", "control characters", "state is missing"} {
		if !strings.Contains(text, words) {
			t.Errorf("%s: says nothing of %q", text, words)
		}
	}
	if n := len(b.sink.Results()); n != 0 {
		t.Errorf("%d results were stored", n)
	}
}

func TestRefusesWhatIsNoResult(t *testing.T) {
	b := listening(t, "max_results 3", "max_body 1K")
	for _, body := range []string{"", "  ", "[]", "nonsense", "[", `[{"host":"a","state":0}`, `[{"host":"a","state":0}] x`, `{"host":"a",`, strings.Repeat("[", 1000), "\x00"} {
		b.want(400, `"error"`, body)
	}
	b.want(413, "more than 3 results", strings.Repeat(`{"host":"a","state":0}`, 4))
	b.want(413, "larger than 1024", strings.Repeat(" ", 2000))
	b.want(400, "Idempotency-Key", `{"host":"a","state":0}`, "Idempotency-Key: "+strings.Repeat("k", 201))
	b.want(415, "gzip", `{"host":"a","state":0}`, "Content-Encoding: br")
	b.want(403, "web pages", `{"host":"a","state":0}`, "Origin: http://example.org")
	if n := len(b.sink.Results()); n != 0 {
		t.Errorf("%d results were stored", n)
	}
}

func TestAnswersAllWhoMayNotSendAlike(t *testing.T) {
	b := listening(t)
	_, first := b.post("{}", "Authorization: ")
	for _, h := range []string{"Bearer x", "Bearer ", "Bearer 4l", "Basic YWxsOg==", "Basic YmFja3VwOjRsbA==", "Basic OjRsbA==", "Digest 4ll", "4ll"} {
		if code, got := b.post("{}", "Authorization: "+h); code != 401 || got != first {
			t.Errorf("%s: got %d %s, want what others get: %s", h, code, got, first)
		}
	}
	b.want(200, `"stored":1`, `{"host":"a","state":0}`, "Authorization: Basic YWxsOjRsbA==") // all:4ll
	if got := sinktest.Metric(b.env, `onbu_http_refused_total{module="h",reason="token"}`); got != "9" {
		t.Errorf("%s requests were counted as refused, want 9", got)
	}
}

func TestASenderSpeaksForItsOwnHostsOnly(t *testing.T) {
	b := listening(t)
	b.sink.Names = map[string]string{"10.0.0.1": "db-9", "db-x": "web9"} // the second a host whose address looks like another's name
	b.want(200, `{"stored":3,"not_taken":2,"over":0}`, `[{"host":"10.0.0.1","state":0},{"host":"db-x","state":0},{"host":"db-1","state":0},{"host":"web1","state":0},{"host":"nas","state":0}]`, "Authorization: Bearer B4ckup")
	if got := sinktest.Metric(b.env, `onbu_http_refused_total{module="h",reason="foreign"}`); got != "2" {
		t.Errorf("%s results were counted as foreign, want 2", got)
	}
	for _, s := range b.sink.Results() {
		if s.Host == "web1" || s.Host == "db-x" || s.Source != "http backup" {
			t.Errorf("got %s of %s", s.Host, s.Source)
		}
	}
}

func TestUnpacksGzipWithinBounds(t *testing.T) {
	b := listening(t, "max_body 100K")
	pack := func(text string) string {
		var buf bytes.Buffer
		w := gzip.NewWriter(&buf)
		_, err := io.WriteString(w, text)
		if err = errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		return buf.String()
	}
	b.want(200, `"stored":1`, pack(`{"host":"a","state":0}`), "Content-Encoding: gzip")
	b.want(413, "larger than 102400", pack(strings.Repeat(" ", 5<<20)), "Content-Encoding: gzip")
	b.want(400, "could not be read", pack(strings.Repeat("x", 1000))[:20], "Content-Encoding: gzip")
	b.want(400, "could not be read", `{"host":"a","state":0}`, "Content-Encoding: gzip")
}

func TestTellsSendersToComeAgain(t *testing.T) {
	b := listening(t)
	b.sink.Answer = func(_ context.Context, r []monitor.Submission) (modules.Receipt, error) {
		if r[0].Host == "slow" {
			return modules.Receipt{}, context.DeadlineExceeded
		}
		return modules.Receipt{Stored: 1, Over: len(r) - 1}, nil
	}
	b.want(503, "send it again", `{"host":"slow","state":0}`)
	b.want(429, `{"stored":1,"not_taken":0,"over":1`, `[{"host":"a","state":0},{"host":"b","state":0}]`)
}

func TestOnlyPostIsServed(t *testing.T) {
	b := listening(t)
	answer, err := nethttp.Get(b.url)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != 405 {
		t.Errorf("GET is answered with %d", answer.StatusCode)
	}
}

func TestSaysWhichAddressIsTaken(t *testing.T) {
	b := listening(t)
	port := strings.TrimSuffix(strings.TrimPrefix(b.url, "http://127.0.0.1:"), "/results")
	s := modules.Read(sinktest.Define("second", "http", "port "+port, "anonymous 1"))
	err := http.New(s, sinktest.Env()).Listen(t.Context(), &b.sink)
	if err == nil || !strings.Contains(err.Error(), "127.0.0.1:"+port+" is taken") {
		t.Errorf("got %v", err)
	}
}

func TestJudgesItsDefinition(t *testing.T) {
	for _, c := range []struct{ settings, want string }{
		{"", "nobody could send anything"},
		{"anonymous 1", ""},
		{"anonymous 1\ntoken a b", "leave out one"},
		{"token a", "write a name, the secret"},
		{"token a S3CR3T\ntoken a S3CR3T", "a has a token already"},
		{"token a b\nport 70000", "port"},
		{"token a b\nallowed_hosts 10.0.0.0/8 web1", `"web1" is neither an address`},
		{"token a b\ntls_cert /x", "both tls_cert and tls_key"},
		{"token a b\nmax_bodi 3", "did you mean max_body"},
	} {
		s := modules.Read(sinktest.Define("h", "http", strings.Split(c.settings, "\n")...))
		if c.settings == "" {
			s = modules.Read(sinktest.Define("h", "http"))
		}
		http.New(s, sinktest.Env())
		got := fmt.Sprint(s.Err())
		if c.want == "" && s.Err() != nil || !strings.Contains(got, c.want) || strings.Contains(got, "S3CR3T") {
			t.Errorf("%s: got %s, want %q", c.settings, got, c.want)
		}
	}
}

// BenchmarkRequests sends requests of some results over one connection to a sink that stores nothing.
func BenchmarkRequests(b *testing.B) {
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprintf("results=%d", n), func(b *testing.B) {
			port := sinktest.Port(b)
			s := modules.Read(sinktest.Define("h", "http", "port "+port, "token all 4ll"))
			sinktest.Listen(b, http.New(s, sinktest.Env()), nowhere{}, "127.0.0.1:"+port)
			one := fmt.Sprintf(`{"host":"web0001","service":"disk /var","state":"WARNING","output":"80 %% of 100 GB used | /var=80%%;75;90","time":%d}`, time.Now().Unix())
			body := strings.Repeat(one+"\n", n)
			for b.Loop() {
				r, _ := nethttp.NewRequest("POST", "http://127.0.0.1:"+port+"/results", strings.NewReader(body))
				r.Header.Set("Authorization", "Bearer 4ll")
				answer, err := nethttp.DefaultClient.Do(r)
				if err != nil || answer.StatusCode != 200 {
					b.Fatal(answer, err)
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "results/s")
		})
	}
}

// nowhere says that it has stored what it gets.
type nowhere struct{}

func (nowhere) Submit(_ context.Context, r []monitor.Submission) (modules.Receipt, error) {
	return modules.Receipt{Stored: len(r)}, nil
}

func (nowhere) Obey(context.Context, string, string) error { return nil }
