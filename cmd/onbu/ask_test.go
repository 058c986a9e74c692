package main_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The names of hosts and services may hold slashes; the API knows which reading of a word is meant.
func TestExplainFindsNamesWithSlashes(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"web|": true, "web|http": true, "rack/1|": true, "rack/1|disk /": true}
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, service := r.URL.Query().Get("host"), r.URL.Query().Get("service")
		if !known[host+"|"+service] {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprintf(w, `{"error":"nothing is called %s and %s"}`, host, service)
			return
		}
		fmt.Fprintf(w, `{"host":%q,"service":%q,"why":["found %s and %s"]}`, host, service, host, service)
	}))
	defer api.Close()
	for _, x := range []struct {
		word, want string
		code       int
	}{
		{"web", "found web and ", 0},
		{"web/http", "found web and http", 0},
		{"rack/1", "found rack/1 and ", 0},
		{"rack/1/disk /", "found rack/1 and disk /", 0},
		{"db", "nothing is called db and ", 1},
		{"db/a/b", "nothing is called db and a/b", 1},
	} {
		out, code := call(t, "explain", "--http", strings.TrimPrefix(api.URL, "http://"), x.word)
		if code != x.code || !strings.Contains(out, x.want) {
			t.Errorf("explain %s: exit status %d, want %d with %q: %s", x.word, code, x.code, x.want, out)
		}
	}
}
