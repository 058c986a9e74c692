package broker

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestTheFirstModuleWithPagesShowsThem(t *testing.T) {
	var p paged
	got := func() string {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest("GET", "/ui/", nil))
		if w.Code == http.StatusServiceUnavailable {
			return "none"
		}
		return w.Body.String()
	}
	page := func(name string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(name)) })
	}
	if got() != "none" {
		t.Errorf("without a module: %s", got())
	}
	one := p.show(page("one"))
	two := p.show(page("two"))
	if got() != "one" {
		t.Errorf("with two: %s", got())
	}
	one()
	if got() != "two" {
		t.Errorf("after the first has ended: %s", got())
	}
	two()
	if got() != "none" {
		t.Errorf("after both: %s", got())
	}
}

// A proxy may have the pages below a folder of its own: the way to them is told relative to where they were asked for.
func TestTheWayToThePagesIsRelative(t *testing.T) {
	mux := http.NewServeMux()
	New(Options{Name: "b"}).Handle(mux)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/ui", nil))
	if got := w.Header().Get("Location"); w.Code != http.StatusFound || got != "ui/" {
		t.Errorf("got %d to %q", w.Code, got)
	}
}
