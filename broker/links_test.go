package broker_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// linked answers questions about other sites as a receiver with links does.
func (s *site) linked() {
	s.t.Helper()
	stop, err := s.bus.Subscribe(bus.AskSites(), func(m bus.Msg) {
		var q wire.SitesQuestion
		s.must(wire.Unmarshal(m.Data, &q))
		a := wire.SitesAnswer{Site: "berlin"}
		switch q.Kind {
		case wire.AskLinks:
			a.Links = []wire.SiteLink{{Site: "paris", There: true, Way: "dials", Hosts: 3, RTT: time.Second}}
		case wire.AskOrphans:
			a.Orphans = []wire.SiteOrphans{{Site: "paris", Names: []string{"vm8"}, Cut: true}}
		case wire.AskForget:
			a.Refused = "no site is known as " + q.Site
		}
		s.must(m.Reply(wire.Marshal(a)))
	})
	s.must(err)
	s.t.Cleanup(stop)
}

func TestOtherSitesAreAskedWhereThereAreLinks(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		s.enforce(1, map[string]monitor.Shard{"vm1": 0})
		stop := s.run()
		defer stop()
		s.payloads(time.Now())
		if w := s.raw("/api/links"); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "--links") {
			t.Errorf("without links: %d %s", w.Code, w.Body)
		}
		if w := s.raw("/api/piggyback/orphans"); strings.TrimSpace(w.Body.String()) != `[{"site":"","names":["vm3"]}]` {
			t.Errorf("orphans without links: %s", w.Body)
		}
		s.linked()
		if w := s.raw("/api/links"); !strings.Contains(w.Body.String(), `{"site":"paris","there":true,"way":"dials",`) {
			t.Errorf("links: %s", w.Body)
		}
		if w := s.raw("/api/piggyback/orphans"); strings.TrimSpace(w.Body.String()) != `[{"site":"paris","names":["vm8"],"error":"more than these 1; ask there for all"}]` {
			t.Errorf("orphans: %s", w.Body)
		}
	})
}

func TestAPageInABrowserForgetsNoSite(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		s.enforce(1, map[string]monitor.Shard{"vm1": 0})
		stop := s.run()
		defer stop()
		s.linked()
		mux := http.NewServeMux()
		s.broker.Handle(mux)
		for origin, want := range map[string]string{"http://evil.example": "web pages", "": "no site is known as rome"} {
			w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/api/links/forget?site=rome", nil)
			if origin != "" {
				r.Header.Set("Origin", origin)
			}
			if mux.ServeHTTP(w, r); w.Code < 400 || !strings.Contains(w.Body.String(), want) {
				t.Errorf("from %q: %d %s, want %s", origin, w.Code, w.Body, want)
			}
		}
	})
}
