package e2e_test

import (
	"testing"

	"github.com/onbu/onbu/internal/realpeer/browser"
)

// walk is what somebody does in a browser, and what is to come of it.
type walk struct {
	claim string
	walk  func(t *testing.T, s *site, b *browser.Browser)
}

// TestPages walks through the pages. The walks share an engine and a browser; each begins with hosts and services that are fine.
func TestPages(t *testing.T) {
	b := browser.Start(t)
	s := open(t)
	for _, walks := range [][]walk{aroundWalks(), streamWalks(), problemWalks(), otherWalks(), actionWalks(), looksWalks(), proxyWalks(), brokersWalks(), lostWalks()} {
		for _, w := range walks {
			t.Run(w.claim, func(t *testing.T) {
				mine := &site{t: t, Client: s.Client, engine: s.engine}
				mine.calm()
				w.walk(t, mine, b)
			})
		}
	}
}
