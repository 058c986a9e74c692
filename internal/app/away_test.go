package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/monitor/api"
)

func TestPagesOfABrokerThatRestsSayByWhomWhyAndHowTheyComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, membus.New().Connect("test"), "broker")
		for state, want := range map[string][]string{
			api.Maintenance:  {"the broker of node alpha is in maintenance since 2000-01-01 ", ", by anna: kernel &lt;6&gt;.", "onbu node maintenance off alpha"},
			api.Disconnected: {"the broker of node alpha is disconnected since 2000-01-01 ", ", by anna: kernel &lt;6&gt;.", "onbu node reconnect alpha"},
		} {
			n.order(api.Order{State: state, Why: "kernel <6>", By: "anna"})
			for _, path := range []string{"/ui/", "/ui/engine", "/ui/data/summary"} {
				r := httptest.NewRequest(http.MethodGet, path, nil)
				r.Header.Set("Accept", "text/html")
				w := httptest.NewRecorder()
				n.server.ServeHTTP(w, r)
				for _, part := range want {
					if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), part) {
						t.Errorf("%s %s: %d %s, want %s", state, path, w.Code, w.Body, part)
					}
				}
			}
		}
		if err := n.stop(); err != nil {
			t.Error(err)
		}
	})
}
