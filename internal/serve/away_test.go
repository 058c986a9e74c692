package serve_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/serve"
)

func TestPagesThatAreAwayAnswerPeopleAndPrograms(t *testing.T) {
	for accept, want := range map[string]string{
		"text/html,*/*;q=0.8": "<p>it rests &lt;for now&gt;</p>",
		"application/json":    `{"error":"it rests \u003cfor now\u003e"}`,
		"text/event-stream":   `{"error":"it rests \u003cfor now\u003e"}`,
	} {
		r := httptest.NewRequest(http.MethodGet, "/ui/problems", nil)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		serve.Away(w, r, "it rests <for now>")
		if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s, want 503 with %s", accept, w.Code, w.Body, want)
		}
	}
}
