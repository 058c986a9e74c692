package web

import (
	"errors"
	"html/template"
	"math"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/modules/export/web/sign"
)

// mostForm bounds a form, in bytes.
const mostForm = 16 << 10

// signData adds signing in and out.
func (m *Module) signData(mux *http.ServeMux) {
	mux.HandleFunc("POST /ui/sign-in", m.signIn)
	mux.HandleFunc("POST /ui/sign-out", m.signOut)
	mux.HandleFunc("POST /ui/seen", m.seen)
}

// seen is told by a page on which somebody did something. It lies beside the pages: a cookie that came with what is below data/ would be
// another one, which is sent along there only, and stays when he signs out or somebody else signs in.
func (m *Module) seen(w http.ResponseWriter, r *http.Request) {
	m.gate.Seen(w, r)
	w.WriteHeader(http.StatusNoContent)
}

// signing is what the page to sign in shows. It works without a script.
type signing struct {
	page
	// To is where to go then, relative to /ui/.
	To, Name, Error string
	// Text is the welcome of the definition.
	Text, Build string
	// Out says that he has just signed out, None that there is nobody who could sign in, and Open that the pages can be seen without.
	Out, None, Open bool
	// Stranger is whom a proxy names and nobody here knows.
	Stranger string
	// File is the users file, where the pages can be seen without signing in: others learn no paths.
	File string
}

func (m *Module) showSignIn(w http.ResponseWriter, r *http.Request, code int, s signing) {
	s.page, s.Build, s.Text = pageOf("sign-in"), loadAssets().build, m.welcome
	who := m.gate.Who(r)
	s.None, s.Open = m.gate.Users() == 0, who.Role >= sign.Read
	if who.Role == sign.Nobody {
		s.Stranger = who.Name
	}
	if s.Open {
		s.File = m.gate.File()
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	_ = m.shells.ExecuteTemplate(w, "sign-in.html", s) // the reader is gone; there is nobody to tell
}

// signIn takes the form.
func (m *Module) signIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, mostForm)
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/x-www-form-urlencoded" {
		http.Error(w, "send the form", http.StatusUnsupportedMediaType)
		return
	}
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form cannot be read, or is too long", http.StatusBadRequest)
		return
	}
	name, to := strings.TrimSpace(r.PostForm.Get("name")), destination(r.PostForm.Get("to"))
	err := m.gate.SignIn(w, r, name, withoutEnd(r.PostForm.Get("password")))
	if err == nil {
		lead(w, to, http.StatusSeeOther)
		return
	}
	code := http.StatusUnauthorized
	wait, tooOften := errors.AsType[sign.Wait](err)
	switch {
	case tooOften:
		code = http.StatusTooManyRequests
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(max(wait.For, time.Second).Seconds()))))
	case !errors.Is(err, sign.ErrWrong):
		code = http.StatusServiceUnavailable
	}
	m.showSignIn(w, r, code, signing{To: to, Name: name, Error: sentence(err.Error())})
}

// withoutEnd gives a password without the end of its line: programs send whole files, of which `onbu user add < file` took the first line.
func withoutEnd(password string) string {
	line, _ := strings.CutSuffix(password, "\n")
	line, _ = strings.CutSuffix(line, "\r")
	return line
}

func (m *Module) signOut(w http.ResponseWriter, r *http.Request) {
	m.gate.SignOut(w, r)
	lead(w, "sign-in?out=1", http.StatusSeeOther)
}

// destination gives where somebody wanted to go if that is one of the pages, with its filters; else the first one. A link to the page
// to sign in cannot lead elsewhere.
func destination(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || u.Opaque != "" || len(to) > 2000 {
		return "problems"
	}
	if !slices.ContainsFunc(pages(), func(p page) bool { return p.Path == u.Path && p.Path != "sign-in" }) {
		return "problems"
	}
	return (&url.URL{Path: u.Path, RawQuery: u.Query().Encode()}).String()
}

// toSignIn leads to the page to sign in, and from there back.
func toSignIn(w http.ResponseWriter, r *http.Request, p page) {
	to := p.Path
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	lead(w, "sign-in?to="+url.QueryEscape(destination(to)), http.StatusSeeOther)
}

func pageOf(path string) page {
	all := pages()
	return all[slices.IndexFunc(all, func(p page) bool { return p.Path == path })]
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }

// shell reads the pages' frames.
func shell() *template.Template {
	return template.Must(template.ParseFS(embedded, "page.html", "sign-in.html", "lost.html"))
}
