package web

import (
	"net/http/httptest"
	"testing"

	"github.com/onbu/onbu/broker/outline"
	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/export/web/sign"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

func TestAHostOfTheTreeIsAskedForWhileAReloadTakesOthersAway(t *testing.T) {
	of := func(names ...string) *catalog.Catalog {
		inv := &monitor.Inventory{Policies: make([]monitor.Policy, 1)}
		for _, name := range names {
			inv.Hosts = append(inv.Hosts, monitor.Host{Name: name})
		}
		return catalog.New([]*monitor.Inventory{inv})
	}
	before, after := of("core", "web-1", "web-2"), of("core", "web-2")
	for looks := range 4 { // how often the configuration is still the one of before
		o := modules.Outlook{View: func() *view.Snapshot { return &view.Snapshot{} }, Catalog: func() *catalog.Catalog {
			if looks--; looks < 0 {
				return after
			}
			return before
		}}
		m := &Module{outlook: o, names: &ordered{outlook: o}}
		m.atlas = &atlas{outlook: o, names: m.names}
		v, err := m.treeHost(httptest.NewRequest("GET", "/x?host=web-2", nil), sign.Person{})
		if err != nil {
			t.Fatal(err)
		}
		if d := v.(*outline.Detail); d.Host != "web-2" {
			t.Errorf("it is %s", d.Host)
		}
	}
}
