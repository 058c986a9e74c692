package catalog_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

func TestParentsOfOtherShardsAreFoundFromBothEnds(t *testing.T) {
	all := two()
	// db stands behind bare, which stands behind web; and behind one that nobody has.
	all[2].Border = []monitor.BorderHost{{Name: "bare", Shard: 0}, {Name: "gone", Shard: 1}, {Name: "web", Shard: 0}}
	first := monitor.ID(all[2].Objects())
	all[2].BorderEdges = []monitor.Edge{{Child: 0, Parent: first}, {Child: 0, Parent: first + 1}, {Child: first, Parent: first + 2}}
	x := catalog.NewIndex(catalog.New(all))
	db, bare := catalog.Place{Shard: 2}, catalog.Place{Shard: 0, ID: 1}
	if diff := cmp.Diff([]catalog.Place{bare}, x.ParentsAbroad(db)); diff != "" {
		t.Errorf("parents of db (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]catalog.Place{db}, x.ChildrenAbroad(bare)); diff != "" {
		t.Errorf("children of bare (-want +got)\n%s", diff)
	}
	if got := x.ChildrenAbroad(catalog.Place{Shard: 0}); len(got) > 0 {
		t.Errorf("children of web in other shards: %v, want none", got)
	}
}
