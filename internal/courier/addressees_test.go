package courier_test

import (
	"testing"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/monitor"
)

func TestPayloadsForAConfiguredAddressLieWithTheHosts(t *testing.T) {
	in(t, func(w *world) {
		w.configure(monitor.Piggyback{
			Addresses:    []monitor.PiggybackAddress{{Address: "10.0.0.1", Host: "vm1"}, {Address: "10.0.0.2", Host: "db1"}, {Address: "10.0.0.9", Host: "esx1"}},
			Translations: []monitor.PiggybackTranslation{{Refuse: []monitor.Pattern{{Text: "db1"}}}},
		}, "vm1", "db1", "esx1")
		out := w.deliver("esx1", ago(0), "10.0.0.1", "a", "10.0.0.2", "b", "10.0.0.3", "c", "10.0.0.9", "own", "vm1", "d")
		if out.Kept != 1 || out.Orphans != 1 || out.Refused != 1 || len(out.Own) != 1 || string(out.Own[0]) != "own" {
			t.Errorf("got %+v", out)
		}
		w.want(w.told(), []string{"vm1"})
		w.want(w.read("vm1", ""), []string{"esx1 d\na: " + fine + "'esx1'"})
		w.want(w.stored(bus.PBX), []string{string(bus.Orphan("10.0.0.3", "esx1"))})
		got, err := w.courier.Payloads(w.t.Context(), "vm1", "", 0)
		if w.must(err); got.Payloads[0].Raw != "vm1\n10.0.0.1" {
			t.Errorf("raw name %q", got.Payloads[0].Raw)
		}
		w.site("north", 1, "10.0.0.1") // a name there
		w.deliver("esx1", ago(0), "10.0.0.1", "e")
		w.want(w.stored(bus.PBO), []string{string(bus.Outbound("north", "10.0.0.1", "esx1")), string(bus.OutboundSource("north", "esx1", ""))})
	})
}
