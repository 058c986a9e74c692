package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAPageThatIsNotThereLeadsHome(t *testing.T) {
	d := newDesk(t)
	for _, test := range []struct {
		path, accept string
		want         []string
	}{
		{"/ui/problms", "text/html,*/*", []string{"There is no such page", `href="problems"`, "<code>problms</code>", `href="static/`}},
		{"/ui/a/%3Cb%3E", "text/html", []string{`href="../problems"`, "<code>a/&lt;b&gt;</code>", `href="../static/`}},
		{"/ui/data/no", "application/json", []string{`{"error":"there is nothing at this path"}`}},
	} {
		r := httptest.NewRequest(http.MethodGet, test.path, nil)
		r.Header.Set("Accept", test.accept)
		w := httptest.NewRecorder()
		d.pages.ServeHTTP(w, r)
		for _, part := range test.want {
			if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), part) {
				t.Errorf("%s: %d %s, want 404 with %s", test.path, w.Code, w.Body, part)
			}
		}
	}
}
