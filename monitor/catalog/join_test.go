package catalog_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

func TestShardsOfACutPackAreJoined(t *testing.T) {
	trigger := func(name string) monitor.Trigger { return monitor.Trigger{Name: name} }
	top := &monitor.Inventory{
		Generation: 3, Args: [][]string{nil, {"top"}}, Policies: make([]monitor.Policy, 2), Hosts: []monitor.Host{{Name: "core"}, {Name: "rack", Parents: []monitor.ID{0}}},
		Services: []monitor.Service{{Host: 1, Description: "disk", Policy: 1, Check: monitor.Call{Args: 1}}}, HostGroups: []monitor.Group{{Name: "all", Members: []monitor.ID{0, 1}}},
		Escalations: make([]monitor.Escalation, 2), Triggers: []monitor.Trigger{trigger("a")}, Triggered: []monitor.Triggered{{Object: 2, Triggers: []uint32{0}}},
		Dependencies: []monitor.Dependency{{Dependent: 2, Master: 0}},
	}
	below := &monitor.Inventory{
		Generation: 3, Shard: 2, Args: [][]string{nil, {"below"}}, Policies: make([]monitor.Policy, 1), Hosts: []monitor.Host{{Name: "floor"}, {Name: "server", Parents: []monitor.ID{0}}},
		Services:   []monitor.Service{{Host: 0, Description: "cpu", Check: monitor.Call{Args: 1}}},
		HostGroups: []monitor.Group{{Name: "all", Members: []monitor.ID{1}}}, Escalations: make([]monitor.Escalation, 1), Escalated: []monitor.Escalated{{Object: 1, Escalations: []uint32{0}}},
		Triggers: []monitor.Trigger{trigger("b"), trigger("a")}, Triggered: []monitor.Triggered{{Object: 2, Triggers: []uint32{0, 1}}},
		Border: []monitor.BorderHost{{Name: "core", Shard: 0}, {Name: "gone", Shard: 9}}, BorderEdges: []monitor.Edge{{Child: 0, Parent: 3}, {Child: 1, Parent: 4}},
		ServiceParents: []monitor.Edge{{Child: 2, Parent: 2}}, Rules: []monitor.Rule{{Object: 1, Expression: "core"}},
	}
	apart := &monitor.Inventory{Generation: 2, Shard: 1, Hosts: []monitor.Host{{Name: "apart"}}}
	c := catalog.New([]*monitor.Inventory{top, apart, below})
	inv, shards, err := c.Joined("server")
	if err != nil {
		t.Fatal(err)
	}
	want := &monitor.Inventory{
		Generation: 3, Args: [][]string{nil, {"top"}, nil, {"below"}}, Policies: make([]monitor.Policy, 3),
		Hosts: []monitor.Host{{Name: "core", Parents: []monitor.ID{}}, {Name: "rack", Parents: []monitor.ID{0}}, {Name: "floor", Policy: 2, Check: monitor.Call{Args: 2}, Parents: []monitor.ID{0}}, {Name: "server", Policy: 2, Check: monitor.Call{Args: 2}, Parents: []monitor.ID{2}}},
		Services: []monitor.Service{
			{Host: 1, Description: "disk", Policy: 1, Check: monitor.Call{Args: 1}}, {Host: 2, Description: "cpu", Policy: 2, Check: monitor.Call{Args: 3}},
		},
		HostGroups: []monitor.Group{{Name: "all", Members: []monitor.ID{0, 1, 3}}}, Dependencies: []monitor.Dependency{{Dependent: 4, Master: 0}}, ServiceParents: []monitor.Edge{{Child: 5, Parent: 5}},
		Escalations: make([]monitor.Escalation, 3), Escalated: []monitor.Escalated{{Object: 3, Escalations: []uint32{2}}}, Rules: []monitor.Rule{{Object: 3, Expression: "core"}},
		Triggers: []monitor.Trigger{trigger("a"), trigger("b")}, Triggered: []monitor.Triggered{{Object: 4, Triggers: []uint32{0}}, {Object: 5, Triggers: []uint32{1, 0}}},
	}
	for i := range want.Policies {
		want.Policies[i].EventHandler.Args, want.Policies[i].Snapshot.Args = uint32(i/2*2), uint32(i/2*2)
	}
	if diff := cmp.Diff(want, inv); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if diff := cmp.Diff([]monitor.Shard{0, 2}, shards); diff != "" {
		t.Errorf("shards (-want +got)\n%s", diff)
	}
	if inv, _, err := c.Joined("apart"); inv != apart || err != nil {
		t.Errorf("a shard without border: %v, %v; want it as it is", inv, err)
	}
	if _, _, err := c.Joined("nobody"); err == nil || !strings.Contains(err.Error(), `no host "nobody"`) {
		t.Errorf("a host that is not there: %v", err)
	}
	below.Generation = 2
	if _, _, err := c.Joined("core"); err != nil {
		t.Errorf("a shard that the last reload left as it was: %v", err)
	}
	below.Contacts = []monitor.Contact{{Name: "new"}}
	if _, _, err := c.Joined("core"); err == nil || !strings.Contains(err.Error(), "coming into force") {
		t.Errorf("while a reload is under way: %v", err)
	}
}
