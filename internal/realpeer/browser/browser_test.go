package browser_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/realpeer/browser"
)

const page = `<!doctype html><html lang="en"><title>Try</title><body>
<label>Name <input id="name"></label> <button aria-label="Say hello" id="hello">…</button> <p id="out"></p>
<script src="page.js"></script>`

const script = `
hello.onclick = (e) => { out.textContent = (e.isTrusted ? 'hello ' : 'forged ') + document.getElementById('name').value; performance.mark('said') }
performance.mark('ready')
if (location.search === '?bad') console.error('something is wrong')
if (location.search === '?inline') out.setAttribute('onclick', 'x()')
if (location.search === '?throws') setTimeout(() => nothing(), 0)
`

// served serves the page, with a policy that allows scripts of its own only.
func served(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; connect-src 'self'")
		switch r.URL.Path {
		case "/page.js":
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, script)
		case "/":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, page)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// hearing takes what a test would be failed with.
type hearing struct {
	testing.TB
	said []string
	ends []func()
}

func (h *hearing) Helper()          {}
func (h *hearing) Failed() bool     { return false }
func (h *hearing) Cleanup(f func()) { h.ends = append(h.ends, f) }
func (h *hearing) Errorf(text string, args ...any) {
	h.said = append(h.said, fmt.Sprintf(text, args...))
}

func TestTabs(t *testing.T) {
	b, url := browser.Start(t), served(t)
	t.Run("click and type as people do", func(t *testing.T) {
		tab := b.Tab(t)
		tab.Go(url)
		tab.Fill("Name", "anna")
		tab.Click("button", "Say hello")
		tab.Sees("hello anna")
		tab.Fill("Name", "ben")
		tab.Press(browser.Tabs + browser.Enter)
		tab.Sees("hello ben")
		tab.Misses("anna")
	})
	t.Run("say when the page was painted", func(t *testing.T) {
		p := b.Tab(t).Paints(url+"/", "ready")
		if p.First <= 0 || p.Marks["ready"] <= 0 {
			t.Errorf("painted %v with marks %v, want both", p.First, p.Marks)
		}
		t.Logf("first paint after %v, ready after %v", p.First, p.Marks["ready"])
	})
	t.Run("are as wide and as dark as asked", func(t *testing.T) {
		tab := b.Tab(t)
		tab.Size(390, 844)
		tab.Dark(true)
		tab.Go(url)
		tab.Until("it is dark", "matchMedia('(prefers-color-scheme: dark)').matches")
		if png := tab.Picture(); !strings.HasPrefix(string(png), "\x89PNG") {
			t.Errorf("the picture is no PNG: %.8q", png)
		}
	})
	for query, want := range map[string]string{"bad": "something is wrong", "inline": "Content Security Policy", "throws": "nothing is not defined"} {
		t.Run("fail their test when the page says: "+want, func(t *testing.T) {
			h := &hearing{TB: t}
			tab := b.Tab(h)
			tab.Go(url + "/?" + query)
			browser.Eval[bool](tab, "new Promise((done) => setTimeout(() => done(true), 50))") // its timers ran
			for _, end := range h.ends {
				end()
			}
			if got := strings.Join(h.said, "\n"); !strings.Contains(got, want) {
				t.Errorf("the test is told %q, want %q in it", got, want)
			}
		})
	}
}
