package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/onbu/onbu/modules/export/web/sign"
)

// page is one that people go to.
type page struct {
	// Path is below /ui/, and Script its module in static/js, without .js.
	Path, Script string
	// Title is what the tab of the browser says, Nav what the navigation says; empty for a page that is not in it.
	Title, Nav string
	// Key is the letter that leads to it after g.
	Key string
	// Style is a sheet of the page's own beside app.css, in static, without .css; empty for most.
	Style string
}

// pages are all of them, in the order of the navigation.
func pages() []page {
	return []page{
		{Path: "problems", Script: "problems", Title: "Problems", Nav: "Problems", Key: "p", Style: "problems"},
		{Path: "object", Script: "object", Title: "Object", Style: "object"},
		{Path: "tree", Script: "tree", Title: "Tree", Nav: "Tree", Key: "t"},
		{Path: "engine", Script: "engine", Title: "Engine", Nav: "Engine", Key: "e", Style: "engine"},
		{Path: "piggyback", Script: "piggyback", Title: "Piggyback", Nav: "Piggyback", Key: "b", Style: "engine"},
		{Path: "simulate", Script: "simulate", Title: "Simulate", Nav: "Simulate", Key: "s"},
		{Path: "sign-in", Script: "sign-in", Title: "Sign in"},
	}
}

// policy lets a page use what this server gives it, and nothing else: a text that a check has made can become no script.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// routes gives the handler of everything below /ui/.
func (m *Module) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ui/{$}", func(w http.ResponseWriter, r *http.Request) { lead(w, "problems", http.StatusFound) })
	for _, p := range pages() {
		mux.HandleFunc("GET /ui/"+p.Path, func(w http.ResponseWriter, r *http.Request) { m.show(w, r, p) })
	}
	for _, add := range []func(*http.ServeMux){m.frameData, m.problemData, m.objectData, m.treeData, m.engineData, m.simulateData, m.signData, m.commandData, m.nodeData} {
		add(mux)
	}
	mux.HandleFunc("GET /ui/{path...}", m.lost)
	mux.Handle("GET /ui/static/{build}/{file...}", loadAssets())
	return guarded(m.guard.Handler(m.gate.While(mux)))
}

// guarded says to browsers what these pages are not to be used for.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// lead sends a browser to a page, relative to where it has the pages: a proxy may have put them elsewhere, so that http.Redirect, which
// makes paths absolute, would lead out.
func lead(w http.ResponseWriter, to string, code int) {
	w.Header().Set("Location", to)
	w.WriteHeader(code)
}

// show answers with the frame of a page; its script asks for what is in it.
func (m *Module) show(w http.ResponseWriter, r *http.Request, p page) {
	q := r.URL.Query()
	switch who := m.gate.Who(r); {
	case p.Path == "sign-in":
		m.showSignIn(w, r, http.StatusOK, signing{To: destination(q.Get("to")), Out: q.Has("out")})
	case who.Role < sign.Read:
		toSignIn(w, r, p)
	default:
		m.gate.Seen(w, r)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = m.shells.ExecuteTemplate(w, "page.html", struct { // the reader is gone; there is nobody to tell
			page
			All   []page
			Who   sign.Person
			Build string
			Needs []string // scripts that the page's own one imports
		}{p, pages(), who, loadAssets().build, needs()[p.Path]})
	}
}

// mostPosted bounds what a page may send.
const mostPosted = 1 << 20

// allow answers with what next gives, as JSON, to whoever has at least a role. Its errors are answered with their words.
func (m *Module) allow(least sign.Role, next func(r *http.Request, who sign.Person) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who := m.gate.Who(r)
		if who.Role < least {
			refuse(w, denied(who, least))
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, mostPosted)
		v, err := next(r, who)
		if err != nil {
			refuse(w, err)
			return
		}
		answer(w, http.StatusOK, v)
	}
}

// status is an error with the HTTP status that says it to programs.
type status struct {
	code int
	text string
}

// Error implements error.
func (s status) Error() string { return s.text }

// failure gives an error that is answered with a status.
func failure(code int, format string, args ...any) error {
	return status{code, fmt.Sprintf(format, args...)}
}

func denied(who sign.Person, least sign.Role) error {
	if who.Name == "" {
		return failure(http.StatusUnauthorized, "sign in first")
	}
	if who.Role == sign.Nobody {
		return failure(http.StatusForbidden, "the proxy says that you are %s, who has no role here: the users file does not name him, and proxy_role is none", who.Name)
	}
	return failure(http.StatusForbidden, "%s may %s; this takes the role %s", who.Name, strings.ToLower(who.Role.String()), least)
}

func answer(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v) // the reader is gone; there is nobody to tell
}

// statusOf gives how an error is answered.
func statusOf(err error) status {
	if known := (status{}); errors.As(err, &known) {
		return known
	}
	return status{http.StatusInternalServerError, err.Error()}
}

func refuse(w http.ResponseWriter, err error) {
	s := statusOf(err)
	answer(w, s.code, map[string]string{"error": s.text})
}
