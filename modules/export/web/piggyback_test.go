package web_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/export/web"
	"github.com/onbu/onbu/monitor"
)

func TestACrowdThatAsksForPayloadsIsWorkedOnByTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, answered atomic.Int32
		let := make(chan struct{})
		api := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			now.Add(1)
			defer now.Add(-1)
			<-let
			_, _ = w.Write([]byte("{}"))
		})
		pages := web.New(modules.Read(&monitor.Module{Name: "pages", Type: "web"}), modules.Env{Log: slog.New(slog.DiscardHandler), Metrics: metrics.NewSet()},
			modules.Outlook{API: api}).(modules.Paged).Pages()
		for range 10 {
			go func() {
				w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/ui/data/piggyback/overlaps", nil)
				r.RemoteAddr, r.Host = "127.0.0.1:9", "127.0.0.1"
				if pages.ServeHTTP(w, r); w.Code == http.StatusOK {
					answered.Add(1)
				}
			}()
		}
		synctest.Wait()
		if n := now.Load(); n != 2 {
			t.Errorf("%d are worked on at once, want 2", n)
		}
		close(let)
		synctest.Wait()
		if n := answered.Load(); n != 10 {
			t.Errorf("%d of 10 were answered", n)
		}
	})
}
