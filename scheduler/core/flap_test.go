package core_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// ring is the rule of flapping as Nagios 4 has it, told as plainly as can be.
type ring struct {
	states    [21]monitor.State
	low, high float64
	flapping  bool
	recorded  monitor.Time
}

func (r *ring) record(s monitor.State, now monitor.Time) {
	copy(r.states[:], r.states[1:])
	r.states[20] = s
	r.recorded = now
	switch percent := r.percent(); {
	case percent <= r.low:
		r.flapping = false
	case percent >= r.high:
		r.flapping = true
	}
}

func (r *ring) percent() float64 {
	curved := 0.0
	for x := 1; x < 21; x++ {
		if r.states[x] != r.states[x-1] {
			curved += float64(x-1)*(1.25-0.75)/19 + 0.75
		}
	}
	return curved * 100 / 20
}

// A service counts with what is not a soft problem; a host with each result of its own, and with a result of a service
// if it was not recorded for as long as its services' mean interval.
func TestFlappingIsThatOfNagios(t *testing.T) {
	starts := 0
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 8))
		low, high := 5+r.IntN(20), 25+r.IntN(25)
		c, rings := flappers(t, low, high)
		now := t0
		for i := range 400 {
			now = now.Add(time.Duration(r.IntN(40)) * time.Second)
			id := monitor.ID(r.IntN(4))
			state := monitor.State(r.IntN(3))
			if i/100%2 == 1 && r.IntN(12) > 0 {
				state = monitor.OK
			}
			var d core.Decisions
			c.Submit(now, []monitor.Submission{{Ref: c.Inventory().Ref(id), Outcome: monitor.Outcome{State: state}}}, &d)
			s := c.Status(id)
			if id == 0 || s.Type == monitor.Hard || s.State == monitor.OK {
				rings[id].record(s.State, now)
			}
			if host := c.Status(0); id != 0 && now.Sub(rings[0].recorded) >= 80*time.Second {
				rings[0].record(host.State%monitor.Pending, now)
			}
			for id := range rings {
				s := c.Status(monitor.ID(id))
				if want := rings[id]; s.Flapping != want.flapping || s.PercentChange != float32(want.percent()) {
					t.Fatalf("seed %d, step %d: %s has %v %.2f%%, want %v %.2f%%",
						seed, i, s.Ref, s.Flapping, s.PercentChange, want.flapping, want.percent())
				}
				if s.Flapping {
					starts++
				}
			}
		}
	}
	if starts < 1000 {
		t.Errorf("flapping in only %d steps: too quiet to show anything", starts)
	}
}

func flappers(t *testing.T, low, high int) (*core.Core, []*ring) {
	w := newWorld()
	w.option(t, "enable_flap_detection")
	flap := fmt.Sprintf("flap=%d-%d", low, high)
	for _, line := range []string{
		"host web1 active=0 ", "service web1/a attempts=1 active=0 interval=60s ",
		"service web1/b attempts=3 active=0 interval=120s ", "service web1/c attempts=2 active=0 interval=60s ",
	} {
		if !w.define(t, line+flap) {
			t.Fatal(line)
		}
	}
	c := started(t, w.inventory())
	c.Begin(t0)
	var rings []*ring
	for range 4 {
		rings = append(rings, &ring{low: float64(low), high: float64(high)})
	}
	return c, rings
}
