package arbiter

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/monitor"
)

func TestTheTagsThatAConfigurationHasWorkFor(t *testing.T) {
	none := monitor.Call{Command: monitor.None}
	inv := &monitor.Inventory{
		Commands: []monitor.Command{{Name: "ping"}, {Name: "check_vcenter", Pool: "vmware"}, {Name: "mail"}, {Name: "sms", Pool: "modem"}},
		Policies: []monitor.Policy{
			{Switches: monitor.ActiveChecks, EventHandler: none, Snapshot: none, Contacts: []uint32{0}},
			{Switches: monitor.ActiveChecks, Pool: "dmz", ReactionPool: "night", EventHandler: monitor.Call{Command: 0}, Snapshot: none},
			{Pool: "passive", ReactionPool: "nobody", EventHandler: none, Snapshot: none},
		},
		Hosts: []monitor.Host{{Name: "a", Policy: 1, Check: monitor.Call{Command: 1}}, {Name: "b", Policy: 2, Check: monitor.Call{Command: 0}}, {Name: "c", Policy: 0, Check: none}},
		Contacts: []monitor.Contact{
			{Name: "ann", Host: monitor.Way{Commands: []monitor.Call{{Command: 3}}}, Ways: []monitor.NotificationWay{{Service: monitor.Way{Commands: []monitor.Call{{Command: 2}}}}}},
			{Name: "unused", Host: monitor.Way{Commands: []monitor.Call{{Command: 1}}}},
		},
	}
	inv.Services = []monitor.Service{{Host: 0, Policy: 0, Description: "vms", Check: monitor.Call{Command: 1}}}
	pollers, reactionners := tagsOf([]*monitor.Inventory{inv, {}})
	if diff := cmp.Diff([]string{"dmz", "vmware"}, pollers); diff != "" {
		t.Errorf("pollers: %s", diff)
	}
	if diff := cmp.Diff([]string{"None", "modem", "night"}, reactionners); diff != "" {
		t.Errorf("reactionners: %s", diff)
	}
}
