package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/modules/export/web/sign"
)

// counter is a desk with a queue, at which all that is asked for takes a while.
type counter struct {
	m       *Module
	serve   http.HandlerFunc
	all     sync.WaitGroup
	mu      sync.Mutex
	answers map[string][]*httptest.ResponseRecorder // by who asked
}

func newCounter(t *testing.T, takes time.Duration) *counter {
	dir := t.TempDir()
	gate := sign.New(sign.Options{Users: filepath.Join(dir, "users"), State: dir, Log: slog.New(slog.DiscardHandler), Metrics: metrics.NewSet(), Name: "pages"})
	c := &counter{m: &Module{gate: gate}, answers: map[string][]*httptest.ResponseRecorder{}}
	c.serve = c.m.inLine(make(turns, atWork), func(http.ResponseWriter, *http.Request) { time.Sleep(takes) })
	return c
}

// ask has somebody ask so many times at once.
func (c *counter) ask(ctx context.Context, from string, times int) {
	for range times {
		c.all.Go(func() {
			r, w := httptest.NewRequestWithContext(ctx, "GET", "/", nil), httptest.NewRecorder()
			r.RemoteAddr = from + ":99"
			c.serve(w, r)
			c.mu.Lock()
			defer c.mu.Unlock()
			c.answers[from] = append(c.answers[from], w)
		})
	}
	synctest.Wait()
}

// codes counts what somebody was answered so far.
func (c *counter) codes(from string) map[int]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := map[int]int{}
	for _, w := range c.answers[from] {
		all[w.Code]++
	}
	return all
}

func (c *counter) figures() (placed, waiting, readers int) {
	q := &c.m.heavy
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.placed, q.waiting, len(q.by)
}

// Many people behind one address are one reader: what they ask for waits for its turn instead of being refused.
func TestWhoAsksForMuchAtOnceWaitsForHisTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const people = 60
		c := newCounter(t, 100*time.Millisecond)
		c.ask(t.Context(), "192.0.2.1", people)
		if got := c.codes("192.0.2.1"); len(got) != 0 {
			t.Fatalf("at once: %v", got)
		}
		c.ask(t.Context(), "192.0.2.2", 1)
		time.Sleep((eachHeavy/atWork + 1) * 100 * time.Millisecond)
		synctest.Wait()
		if got := c.codes("192.0.2.2"); got[http.StatusOK] != 1 {
			t.Errorf("another reader waited for more than one may have under way: %v", got)
		}
		c.all.Wait()
		if got := c.codes("192.0.2.1"); got[http.StatusOK] != people {
			t.Errorf("at last: %v", got)
		}
	})
}

func TestNobodyWaitsInLineWithoutBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(t, time.Hour)
		c.ask(t.Context(), "192.0.2.1", eachHeavy+eachInLine+3)
		if got := c.codes("192.0.2.1"); len(got) != 1 || got[http.StatusTooManyRequests] != 3 {
			t.Fatalf("at once: %v", got)
		}
		const words = `{"error":"too much is asked of these pages at once: try again in a moment"}`
		if got := strings.TrimSpace(c.answers["192.0.2.1"][0].Body.String()); got != words {
			t.Errorf("got %s", got)
		}
		for reader := 2; reader <= 40; reader++ {
			c.ask(t.Context(), fmt.Sprint("192.0.2.", reader), eachHeavy+eachInLine)
		}
		if placed, waiting, _ := c.figures(); placed != mostHeavy || waiting > mostInLine {
			t.Errorf("%d have a place, %d wait", placed, waiting)
		}
		time.Sleep(mostWait)
		synctest.Wait()
		if got := c.codes("192.0.2.1"); got[http.StatusServiceUnavailable] != eachHeavy+eachInLine-atWork {
			t.Errorf("after as long as one waits: %v", got)
		}
		c.all.Wait()
		if placed, waiting, readers := c.figures(); placed != 0 || waiting != 0 || readers != 0 {
			t.Errorf("when all have gone, %d have a place, %d wait, of %d readers", placed, waiting, readers)
		}
	})
}

func TestWhoGoesAwayLeavesTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(t, time.Second)
		gone, goes := context.WithCancel(t.Context())
		c.ask(t.Context(), "192.0.2.1", eachHeavy)
		c.ask(gone, "192.0.2.1", eachInLine)
		goes()
		synctest.Wait()
		if placed, waiting, _ := c.figures(); placed != eachHeavy || waiting != 0 {
			t.Errorf("%d have a place, %d wait", placed, waiting)
		}
		c.ask(t.Context(), "192.0.2.1", 1)
		c.all.Wait()
		if got := c.codes("192.0.2.1"); got[http.StatusOK] != eachHeavy+1 {
			t.Errorf("got %v", got)
		}
	})
}
