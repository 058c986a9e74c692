package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/realpeer/browser"
)

// aroundWalks are about what is the same on every page.
func aroundWalks() []walk {
	return []walk{
		{"a wrong password is refused in words, the right one leads to the page that was meant", signIn},
		{"keys lead to every page, and to the search", leadingKeys},
		{"light and dark are chosen, and stay chosen", lightAndDark},
		{"nothing is wider than a phone", onAPhone},
		{"who may only read has no buttons, and is refused", readOnly},
	}
}

// all are the pages that a key leads to.
var all = map[string]string{"p": "problems", "t": "tree", "e": "engine", "b": "piggyback", "s": "simulate"}

func signIn(t *testing.T, s *site, b *browser.Browser) {
	tab := b.Tab(t)
	tab.Allow("401")
	tab.Go(s.at("sign-in?to=tree"))
	tab.Fill("Name", "anna")
	tab.Fill("Password", "wrong")
	tab.Press(browser.Enter)
	tab.Sees("The name or the password is wrong")
	tab.Fill("Password", password("anna"))
	tab.Press(browser.Enter)
	tab.Until("it is the page of the tree", "document.body.dataset.page === 'tree' && document.body.dataset.who === 'anna'")
	tab.Click("", "Signed in as anna")
	tab.Click("button", "Sign out")
	tab.Sees("You are signed out")
}

func leadingKeys(t *testing.T, s *site, b *browser.Browser) {
	tab := b.Tab(t)
	tab.Go(s.at("problems"))
	for _, key := range []string{"t", "e", "b", "s", "p"} {
		tab.Until("its script is there", "document.getElementById('main').childElementCount > 0")
		tab.Press("g" + key)
		tab.Until("it is the page "+all[key], "document.body.dataset.page === '"+all[key]+"' && document.readyState === 'complete'")
	}
	tab.Until("its script is there", "document.getElementById('main').childElementCount > 0")
	tab.Press("/")
	tab.Until("the search has the focus", "document.activeElement.id === 'seek'")
	tab.Press(browser.Escape + "?")
}

func lightAndDark(t *testing.T, s *site, b *browser.Browser) {
	tab := b.Tab(t)
	tab.Dark(true)
	tab.Go(s.at("problems"))
	const colour = "getComputedStyle(document.body).color"
	dark := browser.Eval[string](tab, colour)
	tab.Click("button", "Light or dark")
	tab.Until("it is light", colour+" !== '"+dark+"'")
	tab.Go(s.at("tree"))
	tab.Until("it stays light", colour+" !== '"+dark+"'")
}

func onAPhone(t *testing.T, s *site, b *browser.Browser) {
	tab := b.Tab(t)
	tab.Size(390, 844)
	s.host("access", 1, strings.Repeat("a-very-long-word-that-has-no-place-to-break", 8))
	for _, page := range []string{"problems", "tree", "engine", "piggyback", "simulate", "sign-in", "object?host=access", "object?host=core&service=tick"} {
		tab.Go(s.at(page))
		tab.Until(page+" shows something", "document.getElementById('main').innerText.trim().length > 0")
		if wide := browser.Eval[int](tab, "document.documentElement.scrollWidth"); wide > 390 {
			t.Errorf("%s is %d pixels wide", page, wide)
		}
	}
}

func readOnly(t *testing.T, s *site, b *browser.Browser) {
	s.service("core", "disk", 2, "full")
	tab := s.signedIn(t, b, "reader", "problems")
	tab.Allow("403")
	tab.Sees("core/disk")
	if n := browser.Eval[int](tab, "[...document.querySelectorAll('button')].filter((b) => b.innerText.includes('Acknowledge')).length"); n != 0 {
		t.Errorf("there are %d buttons to acknowledge", n)
	}
	const order = `fetch('data/command', {method: 'POST', headers: {'Content-Type': 'application/json'},
		body: JSON.stringify({do: 'acknowledge', objects: [{host: 'core', service: 'disk'}], text: 'x'})}).then((r) => r.status)`
	if code := browser.Eval[int](tab, order); code != http.StatusForbidden {
		t.Errorf("a command of somebody who may only read is answered with %d", code)
	}
}
