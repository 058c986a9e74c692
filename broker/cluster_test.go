package broker_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/chronicle"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
)

func TestTheClusterLogIsServedALineForEachEntry(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		stop := s.run()
		defer stop()
		deed := wire.Deed{Time: 5e9, Node: "one", Role: "scheduler", Kind: "shard-taken", About: "shard 3", Why: "its owner two is dead"}
		s.must(s.bus.Append(t.Context(), bus.Deeds("one"), wire.AppendBatch(nil, []wire.Deed{deed}), ""))
		var got chronicle.Entry
		s.get("/api/cluster/log?node=one", 200, &got)
		want := chronicle.Entry{Time: 5, Node: "one", Role: "scheduler", Kind: "shard-taken", About: "shard 3", Why: "its owner two is dead"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		var refusal map[string]string
		s.get("/api/cluster/log?since=yesterday", 400, &refusal)
		if refusal["error"] == "" {
			t.Error("since=yesterday is refused without a reason")
		}
	})
}

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
