package broker_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
)

func TestAModuleMayHaveTheClusterLogAsLines(t *testing.T) {
	deeds := []wire.Deed{{Time: 5e9, Node: "one", Kind: "bus-lost", About: "bus", Why: "no answer"}, {Time: 6e9, Node: "one", Role: "poller", Kind: "started"}}
	m := &module{name: "all", wants: modules.Wants{Deeds: true}}
	inSite(t, func(t *testing.T, s *site) {
		stop := s.run(m)
		defer stop()
		s.must(s.bus.Append(t.Context(), bus.Deeds("one"), wire.AppendBatch(nil, deeds), ""))
		s.note("of the journal")
		time.Sleep(time.Second)
		want := []string{"CLUSTER LOG: one;node;bus-lost;bus;no answer", "CLUSTER LOG: one;poller;started;;"}
		if diff := cmp.Diff(want, m.took()); diff != "" {
			t.Error(diff)
		}
	})
}
