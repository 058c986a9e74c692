package web_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/export/web"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// pages gives the pages of a module with some settings, over an engine that knows nothing.
func pages(t *testing.T, settings ...string) http.Handler {
	t.Helper()
	m := &monitor.Module{Name: "pages", Type: "web"}
	for _, line := range settings {
		name, value, _ := strings.Cut(line, " ")
		m.Settings = append(m.Settings, monitor.Setting{Name: name, Value: value})
	}
	api := http.NewServeMux()
	api.HandleFunc("GET /api/summary", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"hosts":{}}`)) })
	s := modules.Read(m)
	e := web.New(s, modules.Env{Log: slog.New(slog.DiscardHandler), Metrics: metrics.NewSet()}, modules.Outlook{
		Catalog: func() *catalog.Catalog { return catalog.New(nil) }, View: func() *view.Snapshot { return &view.Snapshot{} }, API: api,
	})
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return e.(modules.Paged).Pages()
}

func ask(h http.Handler, method, path string, head ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for _, line := range head {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// In every page all that it uses is there, and nothing is written into it that the policy would not run.
func TestPagesUseWhatTheServerHas(t *testing.T) {
	h := pages(t)
	used := regexp.MustCompile(`(?:src|href)="(static/[^"]+)"`)
	for _, page := range []string{"problems", "object", "tree", "engine", "piggyback", "simulate", "sign-in"} {
		w := ask(h, "GET", "/ui/"+page)
		if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: %d, policy %q", page, w.Code, w.Header().Get("Content-Security-Policy"))
		}
		found := used.FindAllStringSubmatch(w.Body.String(), -1)
		if len(found) < 5 {
			t.Errorf("%s uses only %q", page, found)
		}
		for _, m := range found {
			if f := ask(h, "GET", "/ui/"+m[1]); f.Code != http.StatusOK || f.Header().Get("Content-Type") == "" || !strings.Contains(f.Header().Get("Cache-Control"), "immutable") {
				t.Errorf("%s uses %s: %d, %v", page, m[1], f.Code, f.Header())
			}
		}
		if bad := regexp.MustCompile(`<script>|<style|style="|\son[a-z]+="`).FindString(w.Body.String()); bad != "" {
			t.Errorf("%s has %q in it", page, bad)
		}
	}
}

func TestFilesOfAnotherBuildAreNotKept(t *testing.T) {
	w := ask(pages(t), "GET", "/ui/static/old/app.css", "Accept-Encoding: gzip")
	if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Content-Encoding") != "gzip" {
		t.Errorf("got %d %v", w.Code, w.Header())
	}
	if w := ask(pages(t), "GET", "/ui/static/old/..%2fpage.html"); w.Code != http.StatusNotFound {
		t.Errorf("a file that is none: %d", w.Code)
	}
}

func TestPagesCanBeTurnedOff(t *testing.T) {
	if w := ask(pages(t, "enabled 0"), "GET", "/ui/problems"); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "enabled 0") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestTheAPIIsPassedOn(t *testing.T) {
	if w := ask(pages(t), "GET", "/ui/data/summary"); w.Code != http.StatusOK || w.Body.String() != `{"hosts":{}}` {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestWhatAnotherSiteSendsIsRefusedWithWhatToDo(t *testing.T) {
	w := ask(pages(t), "POST", "/ui/data/command", "Origin: https://evil.example", "Sec-Fetch-Site: cross-site")
	if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), `{"error":"`) || !strings.Contains(w.Body.String(), "origins") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}
