package webhook

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// far is the other side without a network in between, so that time is virtual. It gives one answer after the other, the
// last for ever: a status, or "" for none, or "silence" for none after the request was there.
type far struct {
	answers []string
	after   string // Retry-After
	began   time.Time
	at      []time.Duration
}

func (f *far) RoundTrip(req *http.Request) (*http.Response, error) {
	f.at = append(f.at, time.Since(f.began))
	answer := f.answers[min(len(f.at), len(f.answers))-1]
	if answer == "silence" {
		httptrace.ContextClientTrace(req.Context()).WroteRequest(httptrace.WroteRequestInfo{})
	}
	if answer == "" || answer == "silence" {
		return nil, errors.New("connection reset")
	}
	code := map[string]int{"200": 200, "204": 204, "301": 301, "400": 400, "404": 404, "408": 408, "429": 429, "500": 500, "503": 503}[answer]
	header := http.Header{}
	if f.after != "" {
		header.Set("Retry-After", f.after)
	}
	return &http.Response{
		StatusCode: code, Status: answer + " " + http.StatusText(code), Header: header, Body: io.NopCloser(strings.NewReader("told why")), Request: req,
	}, nil
}

func TestAnswersAndWhenItIsTriedAgain(t *testing.T) {
	const ms = time.Millisecond
	date := time.Date(2000, 1, 1, 0, 1, 30, 0, time.UTC).Format(http.TimeFormat) // a bubble begins at midnight of that day
	for _, c := range []struct {
		name, answers, after string
		limit                time.Duration
		at                   []time.Duration
		want                 string
		later                time.Duration // -1: final
		perhaps              bool
	}{
		{"200", "200", "", 30 * time.Second, []time.Duration{0}, "", -1, false},
		{"204", "204", "", 30 * time.Second, []time.Duration{0}, "", -1, false},
		{"third time lucky", "503 500 200", "", 30 * time.Second, []time.Duration{0, 500 * ms, 1500 * ms}, "", -1, false},
		{"in trouble", "503", "", 30 * time.Second, []time.Duration{0, 500 * ms, 1500 * ms}, "503 Service Unavailable: told why", 0, false},
		{"408", "408", "", 30 * time.Second, []time.Duration{0, 500 * ms, 1500 * ms}, "408 Request Timeout", 0, false},
		{"asks for a pause", "429", "17", 30 * time.Second, []time.Duration{0}, "429 Too Many Requests", 17 * time.Second, false},
		{"asks for a pause until", "503", date, 30 * time.Second, []time.Duration{0}, "503", 90 * time.Second, false},
		{"asks for a week", "503", "604800", 30 * time.Second, []time.Duration{0}, "503", time.Hour, false},
		{"asks for a pause in the past", "503", "Fri, 31 Dec 1999 23:00:00 GMT", 30 * time.Second, []time.Duration{0, 500 * ms, 1500 * ms}, "503", 0, false},
		{"asks for nonsense", "503", "soon", 30 * time.Second, []time.Duration{0, 500 * ms, 1500 * ms}, "503", 0, false},
		{"asks for less than nothing", "503", "-1", 30 * time.Second, []time.Duration{0, 500 * ms, 1500 * ms}, "503", 0, false},
		{"400", "400", "17", 30 * time.Second, []time.Duration{0}, "400 Bad Request: told why", -1, false},
		{"404", "404", "", 30 * time.Second, []time.Duration{0}, "404 Not Found", -1, false},
		{"301", "301", "", 30 * time.Second, []time.Duration{0}, "redirections are not followed", -1, false},
		{"500, then wrong", "500 404", "", 30 * time.Second, []time.Duration{0, 500 * ms}, "404 Not Found", -1, false},
		{"no answer", "", "", 30 * time.Second, []time.Duration{0, 500 * ms, 1500 * ms}, "connection reset", 0, false},
		{"no answer to what it had", "silence", "", 30 * time.Second, []time.Duration{0}, "connection reset", 0, true},
		{"little time", "503", "", time.Second, []time.Duration{0, 500 * ms}, "503", 0, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := &far{answers: strings.Split(c.answers, " "), after: c.after, began: time.Now()}
			m := New()
			m.clients.byTrust = map[string]*http.Client{"": {Transport: f, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
			s, err := m.Parse([]string{program, "--url", "http://far.example.org/token"})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), c.limit)
			defer cancel()
			err = s.Send(ctx, &monitor.Action{ID: "x", Notice: &monitor.Notice{}}, false)
			if !slices.Equal(f.at, c.at) {
				t.Errorf("%s: tried at %v, want %v", c.name, f.at, c.at)
			}
			later, temporary := errors.AsType[*modules.Later](err)
			switch {
			case c.want == "":
				if err != nil {
					t.Errorf("%s: %v", c.name, err)
				}
			case err == nil || !strings.Contains(err.Error(), c.want) || temporary != (c.later >= 0):
				t.Errorf("%s: %v (later: %v), want %q", c.name, err, temporary, c.want)
			case temporary && (later.After != c.later || later.Perhaps != c.perhaps):
				t.Errorf("%s: again after %s, perhaps heard: %v; want %s, %v", c.name, later.After, later.Perhaps, c.later, c.perhaps)
			}
		})
	}
}
