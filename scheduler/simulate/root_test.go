package simulate_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/simulate"
)

// told gives what people were told: "PROBLEM core-1 DOWN noc".
func told(r *simulate.Report) []string {
	var all []string
	for _, n := range r.Notifications {
		all = append(all, fmt.Sprintf("%s %s %s %s", n.Type, monitor.Ref{Host: n.Host, Service: n.Service}, n.State, n.Contact))
	}
	return all
}

// The root of a tree of five levels dies, and each object has contacts that want to know of DOWN, UNREACHABLE and
// recoveries. Where in the round of checks the outage begins and ends makes no difference.
func TestOfAnOutageOnlyTheRootIsToldOnce(t *testing.T) {
	inv := inventory(t, site)
	want := []string{"PROBLEM core-1 DOWN noc", "RECOVERY core-1 UP noc"}
	for i := range 60 {
		begin := 10*time.Minute + time.Duration(i)*11*time.Second
		r := play(t, inv, fmt.Sprintf("at %v host core-1 down for %v\nuntil 3h", begin, 45*time.Minute+time.Duration(i%7)*13*time.Second))
		if diff := cmp.Diff(want, told(r)); diff != "" {
			t.Errorf("outage at %v (-want +got):\n%s", begin, diff)
		}
	}
}

// A short outage is over before anybody has to know, although every host behind it failed some checks.
func TestOfAShortOutageNobodyIsTold(t *testing.T) {
	inv := inventory(t, site)
	for i := range 30 {
		begin := 10*time.Minute + time.Duration(i)*11*time.Second
		r := play(t, inv, fmt.Sprintf("at %v host core-1 down for 90s\nuntil 1h", begin))
		if got := told(r); len(got) > 0 {
			t.Errorf("outage at %v: %v", begin, got)
		}
	}
}
