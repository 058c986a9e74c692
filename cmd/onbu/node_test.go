package main_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestWhatCannotBeMeantIsNotOrdered(t *testing.T) {
	for _, x := range []struct {
		words []string
		want  string
	}{
		{[]string{"node", "replace", "a", "a", "--yes"}, "a cannot replace itself"},
		{[]string{"nodes", "--keys", "operator"}, "give its address with --bus"},
	} {
		// Nobody listens there: what is refused is refused before anybody is asked.
		out, code := call(t, append(x.words, "--http", "127.0.0.1:1")...)
		if code == 0 || !strings.Contains(out, x.want) {
			t.Errorf("%v: exit status %d, want %q: %s", x.words, code, x.want, out)
		}
	}
}

func TestAnOrderWithoutAPurposeIsNotGiven(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/nodes", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `[{"node":"beta","role":"poller","state":"up"}]`)
	})
	mux.HandleFunc("GET /api/nodes/plan", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) })
	mux.HandleFunc("POST /api/nodes/order", func(http.ResponseWriter, *http.Request) { t.Error("an order is given") })
	s := httptest.NewServer(mux)
	defer s.Close()
	for _, x := range []struct {
		words []string
		code  int
		want  string
	}{
		{[]string{"node", "reconnect", "beta"}, 0, "beta was not in maintenance and not disconnected: nothing to do"},
		{[]string{"node", "maintenance", "off", "beta"}, 0, "beta was not in maintenance"},
		{[]string{"node", "replace", "beta", "delta"}, 1, "no node is called delta: start onbu there first"},
	} {
		out, code := call(t, append(x.words, "--http", s.Listener.Addr().String())...)
		if code != x.code || !strings.Contains(out, x.want) {
			t.Errorf("%v: exit status %d, want %q: %s", x.words, code, x.want, out)
		}
	}
}
