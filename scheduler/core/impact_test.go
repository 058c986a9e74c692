package core_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// parts says what each object is in problems, and what it is shown as because of that.
func parts(c *core.Core) (all []string) {
	for id := range monitor.ID(c.Inventory().Objects()) {
		s := c.Status(id)
		all = append(all, fmt.Sprintf("%s %s own=%d overlaid=%v problem=%v impact=%v of %v worth=%d", s.Ref, s.StateName(),
			s.OwnState, s.Overlaid, s.Problem, s.Impact, s.Sources, s.BusinessImpact))
	}
	return all
}

// Shinken's "problem and impact states reprocessing" after the retention was loaded.
func TestProblemsAndImpactsAreTheSameAfterARestart(t *testing.T) {
	problems, impacts := 0, 0
	for seed := range uint64(60) {
		p := newPlayer(t, seed)
		for range 20 {
			for range 20 {
				p.step()
			}
			again := p.fresh()
			again.Restore(p.core.Snapshot())
			again.Begin(p.now)
			if diff := cmp.Diff(parts(p.core), parts(again)); diff != "" {
				t.Fatalf("seed %d: before and after a restart (-before +after):\n%s", seed, diff)
			}
			for _, s := range again.Snapshot().Statuses {
				if s.Problem {
					problems++
				}
				if s.Impact {
					impacts++
				}
			}
		}
	}
	if problems < 100 || impacts < 100 {
		t.Errorf("%d problems and %d impacts in all: too quiet to show anything", problems, impacts)
	}
}
