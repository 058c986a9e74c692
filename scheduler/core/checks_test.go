package core_test

import (
	"testing"
	"time"
	"unsafe"

	"github.com/onbu/onbu/monitor"
)

// Results are decoded without copying their texts; the memory they lie in is used for the next message.
func TestTheCoreKeepsNothingOfAMessage(t *testing.T) {
	s := newSteady(t, 1)
	message := []byte("gone: this pollertext|perf")
	in := func(text string, at int) string { return unsafe.String(&message[at], len(text)) }
	for answered := false; !answered; {
		s.now = s.now.Add(time.Second)
		s.d.Reset()
		s.core.Tick(s.now, &s.d)
		for i := range s.d.Jobs {
			r := answer(&s.d.Jobs[i], s.now, monitor.OK)
			r.Poller, r.Output, r.LongOutput, r.Perfdata = in("this poller", 6), in("gone", 0), in("text", 17), in("perf", 22)
			s.core.Observe(s.now, []monitor.Result{r}, &s.d)
			answered = true
		}
	}
	id := s.d.Checks[len(s.d.Checks)-1].Object
	clear(message)
	got := s.core.Status(id)
	if got.Poller != "this poller" || got.Output != "gone" || got.LongOutput != "text" || got.Perfdata != "perf" {
		t.Errorf("kept %q, %q, %q and %q", got.Poller, got.Output, got.LongOutput, got.Perfdata)
	}
}

func TestAChecksPlaceIsBeforeWhatCameOfIt(t *testing.T) {
	s := newSteady(t, 20)
	states, wrong := 0, 0
	for range 40_000 {
		s.now = s.now.Add(10 * time.Millisecond)
		s.d.Reset()
		s.core.Tick(s.now, &s.d)
		s.results = s.results[:0]
		for i := range s.d.Jobs {
			s.results = append(s.results, answer(&s.d.Jobs[i], s.now, monitor.State(i%2)*monitor.Critical))
		}
		s.core.Observe(s.now, s.results, &s.d)
		checked := map[monitor.Ref]monitor.State{}
		seen := 0
		s.d.Each(func(c *monitor.Check) {
			checked[c.Ref] = c.OwnState
			seen++
		}, func(b *monitor.Brok) {
			if b.Kind != monitor.BrokAlert {
				return
			}
			states++
			if own, ok := checked[b.Status.Ref]; !ok || own != b.Status.OwnState {
				wrong++
			}
		})
		if seen != len(s.d.Checks) {
			t.Fatalf("%d of %d checks were handed on", seen, len(s.d.Checks))
		}
	}
	if states == 0 || wrong > 0 {
		t.Errorf("%d of %d alerts came before their check, or of another", wrong, states)
	}
}

// The programme-wide switch is about perfdata commands, and off by default in Nagios.
func TestAChecksPerfdataIsForExportsUnlessItsObjectSaysOtherwise(t *testing.T) {
	for _, on := range []bool{true, false} {
		inv := fleet(1)
		inv.Options.Program.ServiceSwitches &^= monitor.ProcessPerfdata
		for i := range inv.Policies {
			inv.Policies[i].Switches &^= monitor.ProcessPerfdata
			if on {
				inv.Policies[i].Switches |= monitor.ProcessPerfdata
			}
		}
		s := &steady{core: started(t, inv), now: t0}
		s.core.Begin(t0)
		for s.turn() == 0 {
		}
		if got := s.d.Checks[0].NoPerfdata; got == on {
			t.Errorf("process_perf_data %v: NoPerfdata is %v", on, got)
		}
	}
}
