package web

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestACrowdIsServedSomeAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		now, most := 0, 0
		h := make(turns, atWork).bounded(func(http.ResponseWriter, *http.Request) {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(3 * time.Second)
			mu.Lock()
			now--
			mu.Unlock()
		})
		codes := map[int]int{}
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				w := httptest.NewRecorder()
				h(w, httptest.NewRequest("GET", "/", nil))
				mu.Lock()
				defer mu.Unlock()
				codes[w.Code]++
			})
		}
		all.Wait()
		// Two every three seconds: at 0, 3, 6 and 9; at 10 the others have waited long enough.
		if most != atWork || codes[http.StatusOK] != 8 || codes[http.StatusServiceUnavailable] != 2 {
			t.Errorf("%d at once, %v", most, codes)
		}
	})
}
