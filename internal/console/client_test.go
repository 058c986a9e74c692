package console_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/console"
	"github.com/onbu/onbu/monitor/api"
)

// daemon gives a client of a server with these answers.
func daemon(t *testing.T, answers map[string]http.HandlerFunc) *console.Client {
	t.Helper()
	mux := http.NewServeMux()
	for pattern, h := range answers {
		mux.HandleFunc(pattern, h)
	}
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return &console.Client{Addr: s.Listener.Addr().String()}
}

// says answers with a code and a text, and keeps what was asked.
func says(asked *string, code int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*asked = r.URL.RequestURI() + " " + string(body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = io.WriteString(w, text)
	}
}

func TestTheClientAsksAndReads(t *testing.T) {
	var asked string
	c := daemon(t, map[string]http.HandlerFunc{
		"GET /api/services": says(&asked, 200, `[{"host":"web","service":"http","state":"OK","new_field":1}]`),
		"GET /api/explain":  says(&asked, 200, `{"host":"web","shard":3,"why":["so"]}`),
		"POST /api/command": says(&asked, 202, `{"note":"stored"}`),
	})
	objects, err := c.Objects(t.Context(), "services", url.Values{"problems": {"1"}})
	if diff := cmp.Diff([]api.Object{{Host: "web", Service: "http", State: "OK"}}, objects); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if asked != "/api/services?problems=1 " {
		t.Errorf("asked %q", asked)
	}
	e, err := c.Explain(t.Context(), "w&b", "a b")
	if err != nil || e.Shard != 3 || e.Why[0] != "so" {
		t.Errorf("%+v, %v", e, err)
	}
	if asked != "/api/explain?host=w%26b&service=a+b " {
		t.Errorf("asked %q", asked)
	}
	note, err := c.Command(t.Context(), "ENABLE_NOTIFICATIONS")
	if note != "stored" || err != nil || asked != "/api/command ENABLE_NOTIFICATIONS" {
		t.Errorf("note %q, error %v, asked %q", note, err, asked)
	}
}

func TestARefusalSaysWhatTheDaemonSays(t *testing.T) {
	var asked string
	c := daemon(t, map[string]http.HandlerFunc{
		"GET /api/explain":  says(&asked, 404, `{"error":"no host is called wbe; there are web"}`),
		"POST /api/command": says(&asked, 400, `{"error":"no such command"}`),
	})
	_, err := c.Explain(t.Context(), "wbe", "")
	if r, ok := errors.AsType[*console.Refusal](err); !ok || r.Code != 404 || r.Text != "no host is called wbe; there are web" {
		t.Errorf("explain: %#v", err)
	}
	if _, err = c.Command(t.Context(), "X"); err == nil || err.Error() != "no such command" {
		t.Errorf("command: %v", err)
	}
}

func TestADaemonOfAnotherRoleIsNamedAsSuch(t *testing.T) {
	c := daemon(t, nil) // answers 404 in plain text
	_, err := c.Objects(t.Context(), "hosts", nil)
	if err == nil || !strings.Contains(err.Error(), "404") || !strings.Contains(err.Error(), "ask a broker") {
		t.Errorf("%v", err)
	}
}

func TestNobodyThereIsToldInWords(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	c := &console.Client{Addr: addr}
	_, err = c.Objects(t.Context(), "hosts", nil)
	if err == nil || !strings.Contains(err.Error(), "nobody listens on "+addr) || !strings.Contains(err.Error(), "--http") {
		t.Errorf("%v", err)
	}
}

func TestAnAnswerThatIsNoJSONIsAnError(t *testing.T) {
	var asked string
	c := daemon(t, map[string]http.HandlerFunc{
		"GET /api/hosts":    says(&asked, 200, "<html>"),
		"GET /api/services": says(&asked, 500, "<html>"),
	})
	for _, what := range []string{"hosts", "services"} {
		if got, err := c.Objects(t.Context(), what, nil); err == nil {
			t.Errorf("%s: %v and no error", what, got)
		}
	}
}
