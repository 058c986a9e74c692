package app

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestPeopleAreShownThePagesAndProgramsTheList(t *testing.T) {
	for _, tt := range []struct {
		roles        []string
		accept, want string
	}{
		{[]string{"broker"}, "text/html,*/*", "ui/"},
		{[]string{"broker"}, "*/*", ""},
		{[]string{"poller"}, "text/html", ""},
	} {
		s := newServer(&App{o: Options{Roles: tt.roles}})
		r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
		r.Header.Set("Accept", tt.accept)
		s.ServeHTTP(w, r)
		if got := w.Header().Get("Location"); got != tt.want || tt.want == "" && !strings.Contains(w.Body.String(), "/api/hosts") {
			t.Errorf("%v, %s: %d to %q: %s", tt.roles, tt.accept, w.Code, got, w.Body)
		}
	}
}
