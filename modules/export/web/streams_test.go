package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// visitor is somebody who has opened something that lasts.
type visitor struct {
	*httptest.ResponseRecorder
	leave context.CancelFunc
	ended chan struct{}
}

func (v *visitor) gone() {
	v.leave()
	<-v.ended
}

// visit opens something that may last, and waits until it is open or refused.
func (d *desk) visit(who, path string, head ...string) *visitor {
	ctx, cancel := context.WithCancel(context.Background())
	r := httptest.NewRequestWithContext(ctx, "GET", "/ui/"+path, nil)
	for _, line := range append(head, "X-Remote-User: "+who) {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	v := &visitor{httptest.NewRecorder(), cancel, make(chan struct{})}
	go func() {
		defer close(v.ended)
		d.pages.ServeHTTP(v, r)
	}()
	synctest.Wait()
	return v
}

// all are some visitors who came one after the other.
func (d *desk) all(n int, who, path string) (came []*visitor) {
	for range n {
		came = append(came, d.visit(who, path))
	}
	return came
}

// One with many tabs, or a script, leaves room for others; and all of them leave room for those who sign in or ask whether all is well.
func TestOpenPagesAreBoundedForEachAndInAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		came := d.all(256, "ada", "data/object?host=web")
		if w := d.visit("ada", "data/object?host=web"); w.Code != http.StatusTooManyRequests || !strings.Contains(w.Body.String(), "ada has 256 pages open already") {
			t.Errorf("one more of ada's: %d %s", w.Code, w.Body)
		}
		browser := d.visit("ada", "data/tree/live", "Accept: text/event-stream")
		if got, want := browser.Body.String(), "event: refused\ndata: {\"error\":\"ada has 256 pages open already: close some\",\"status\":429}\n\n"; browser.Code != http.StatusOK || !strings.HasSuffix(got, want) {
			t.Errorf("her browser is told %d %q", browser.Code, got)
		}
		came = append(came, d.all(256, "bob", "data/object?host=web")...)
		came = append(came, d.all(128, "eve", "data/object?host=web")...)
		if w := d.visit("eve", "data/object?host=web"); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "there are 640 pages open already") {
			t.Errorf("one more than there may be: %d %s", w.Code, w.Body)
		}
		if w := d.visit("eve", "data/me"); w.Code != http.StatusOK {
			t.Errorf("other things are refused too: %d", w.Code)
		}
		for _, v := range came[:2] {
			v.gone()
		}
		again := d.visit("ada", "data/object?host=web")
		if again.Code != http.StatusOK {
			t.Errorf("after two are closed: %d %s", again.Code, again.Body)
		}
		for _, v := range append(came[2:], again) {
			v.gone()
		}
		time.Sleep(time.Minute) // nobody looks any more
	})
}

func TestOneReaderDoesNotTakeAllFilters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		var came []*visitor
		for i := range 48 {
			came = append(came, d.visit("ada", fmt.Sprint("data/problems/live?q=", i)))
		}
		if w := d.visit("ada", "data/problems/live?q=x"); w.Code != http.StatusTooManyRequests {
			t.Errorf("one more of ada's: %d %s", w.Code, w.Body)
		}
		for _, open := range []struct{ who, path string }{{"ada", "data/problems/live?q=7"}, {"bob", "data/problems/live?q=x"}} {
			w := d.visit(open.who, open.path)
			if w.Code != http.StatusOK {
				t.Errorf("%s: %d %s", open.path, w.Code, w.Body)
			}
			came = append(came, w)
		}
		for _, v := range came {
			v.gone()
		}
		w := d.visit("ada", "data/problems/live?q=x")
		if w.Code != http.StatusOK {
			t.Errorf("when all are closed: %d %s", w.Code, w.Body)
		}
		w.gone()
		time.Sleep(time.Minute) // nobody looks any more
	})
}

// Following a check lasts: of 50 places one reader has five, for a quarter of an hour, and has them back when he goes.
func TestChecksThatAreFollowedAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		came := d.all(5, "ada", "data/object-trace?host=web")
		if w := d.visit("ada", "data/object-trace?host=web"); w.Code != http.StatusTooManyRequests || !strings.Contains(w.Body.String(), "ada has 5 checks followed already") {
			t.Errorf("one more of ada's: %d %s", w.Code, w.Body)
		}
		bob := d.visit("bob", "data/object-trace?host=web&wait=900")
		if d.followed() != 6 {
			t.Errorf("%d checks are followed, want 6", d.followed())
		}
		came[0].gone()
		again := d.visit("ada", "data/object-trace?host=web")
		if d.followed() != 6 {
			t.Errorf("when one is gone and another has come, %d", d.followed())
		}
		for _, wait := range []string{"901", "86400", "-1", "NaN", "x"} {
			if w := d.visit("eve", "data/object-trace?host=web&wait="+wait); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "at most 900") {
				t.Errorf("wait=%s: %d %s", wait, w.Code, w.Body)
			}
		}
		for _, v := range append(came[1:], bob, again) {
			v.gone()
		}
		if d.followed() != 0 {
			t.Errorf("when all are gone, %d", d.followed())
		}
	})
}
