package e2e_test

import (
	"testing"

	"github.com/onbu/onbu/internal/realpeer/browser"
	"github.com/onbu/onbu/monitor/api"
)

// lostWalks are about pages whose engine is not there, or does not work. They come last: the engine is another one afterwards.
func lostWalks() []walk {
	return []walk{
		{"a node is disconnected, which its pages say, and go on by themselves when it is connected again", restingBroker},
		{"pages whose engine ends say since when they are not up to date, and go on by themselves", lostEngine},
	}
}

func restingBroker(t *testing.T, s *site, b *browser.Browser) {
	look, engine := b.Tab(t), s.signedIn(t, b, "boss", "engine")
	for _, tab := range []*browser.Tab{look, engine} {
		tab.Allow("503")
	}
	const away = "the broker of node alpha is disconnected since"
	look.Go(s.at("problems"))
	look.Sees("All is well")
	s.order(engine, "", "disconnected")
	engine.Sees("Not up to date since")
	look.Sees(away)
	look.Sees("by boss: a new disk. The pages of another broker show the same. These are back after: onbu node reconnect alpha")
	look.Go(s.at("tree"))
	look.Sees(away)
	s.eventually("it is connected again", func() error { return s.Order(s.t.Context(), api.Order{Node: "alpha", State: "up"}) })
	look.Until("the page has come by itself", "document.querySelector('[role=treeitem]')")
	engine.Until("the other page is up to date by itself", "document.getElementById('stale').hidden && document.getElementById('pulse').dataset.state === 'on'")
}

func lostEngine(t *testing.T, s *site, b *browser.Browser) {
	problems, object := b.Tab(t), b.Tab(t)
	for _, tab := range []*browser.Tab{problems, object} {
		tab.Allow("net::ERR_")
		tab.Allow("503") // until a scheduler has the host again
	}
	problems.Go(s.at("problems"))
	problems.Sees("All is well")
	object.Go(s.at("object?host=core&service=disk"))
	object.Sees("fine")
	s.engine.end()
	for _, tab := range []*browser.Tab{problems, object} {
		tab.Sees("Not up to date since")
	}
	s.engine.start()
	s.service("core", "disk", 2, "full")
	problems.Sees("core/disk")
	object.Sees("full")
	for _, tab := range []*browser.Tab{problems, object} {
		tab.Until("it says that it is up to date", "document.getElementById('stale').hidden && document.getElementById('pulse').dataset.state === 'on'")
	}
}
