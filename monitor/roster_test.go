package monitor_test

import (
	"fmt"
	"testing"

	"github.com/onbu/onbu/monitor"
)

func TestARosterKnowsItsServicesAndNoOthers(t *testing.T) {
	var all []monitor.Ref
	for i := range 1000 {
		all = append(all, monitor.Ref{Host: fmt.Sprint("h", i), Service: "disk"})
	}
	r := monitor.Roster{Services: monitor.PackServices(all)}
	for _, ref := range all {
		if !r.HasService(ref) {
			t.Fatalf("%s is not known", ref)
		}
		for _, other := range []monitor.Ref{{Host: ref.Host, Service: "disk "}, {Host: ref.Host + "d", Service: "isk"}, {Host: ref.Host}} {
			if r.HasService(other) {
				t.Fatalf("%q/%q is known", other.Host, other.Service)
			}
		}
	}
	empty := monitor.Roster{}
	if empty.HasService(all[0]) {
		t.Error("an empty roster knows a service")
	}
}
