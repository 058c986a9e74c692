package web

import (
	"testing"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/simulate"
)

func TestWhatIsToldAgainIsNoOtherProblem(t *testing.T) {
	var all []simulate.Notification
	for _, host := range []string{"core", "web1", "core", "core", "web1"} {
		all = append(all, simulate.Notification{Host: host, Type: "PROBLEM", Contact: "anna"})
	}
	all = append(all, simulate.Notification{Host: "core", Type: "PROBLEM", Contact: "bert"}, simulate.Notification{Host: "core", Type: "RECOVERY", Contact: "anna"})
	f := &foreseen{}
	f.tell(&monitor.Inventory{}, all)
	if len(f.People) != 2 || f.People[0].Problems != 2 || f.People[0].Times != 6 || f.People[1].Problems != 1 || f.People[1].Times != 1 {
		t.Errorf("got %+v, want 2 problems and 6 messages for anna, 1 and 1 for bert", f.People)
	}
}
