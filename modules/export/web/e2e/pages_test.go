package e2e_test

import (
	"testing"

	"github.com/onbu/onbu/broker"
	"github.com/onbu/onbu/internal/realpeer/browser"
)

// TestPages walks through the pages. The walks share an engine and a browser; each begins with hosts and services that are fine.
func TestPages(t *testing.T) {
	b := browser.Start(t)
	s := open(t)
	for _, w := range []struct {
		claim string
		walk  func(t *testing.T, s *site, b *browser.Browser)
	}{
		{"a wrong password is refused in words, the right one leads to the page that was meant", signingIn},
		{"a root problem has what follows from it folded under it", rootsFirst},
	} {
		t.Run(w.claim, func(t *testing.T) {
			mine := &site{t: t, Client: s.Client}
			w.walk(t, mine, b)
			mine.calm()
		})
	}
}

func signingIn(t *testing.T, s *site, b *browser.Browser) {
	tab := b.Tab(t)
	tab.Allow("401")
	tab.Go(s.at("sign-in?to=tree"))
	tab.Fill("Name", "anna")
	tab.Fill("Password", "wrong")
	tab.Press(browser.Enter)
	tab.Has("alert", "")
	tab.Fill("Password", password("anna"))
	tab.Press(browser.Enter)
	tab.Until("it is the page of the tree", "document.body.dataset.page === 'tree' && document.body.dataset.who === 'anna'")
	tab.Click("button", "anna")
	tab.Until("signed out", "document.body.dataset.who === ''")
}

func rootsFirst(t *testing.T, s *site, b *browser.Browser) {
	s.host("access", 1, "no answer")
	s.host("srv-1", 1, "no answer")
	s.seen("srv-1", "", "is out of reach", func(o *broker.Object) bool { return o.State == "UNREACHABLE" })
	tab := b.Tab(t)
	tab.Go(s.at("problems"))
	tab.Sees("access")
	tab.Sees("no answer")
	unowned(t, tab)
}
