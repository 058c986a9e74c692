package poller_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/poller"
)

// targets is what "look NAME" finds: those that are dead keep it waiting for ten seconds.
type targets struct {
	mu      sync.Mutex
	dead    map[string]bool
	begun   map[string][]time.Duration // when the checks of each began
	patient time.Duration              // what a check of a living one takes
}

func newTargets(dead ...string) *targets {
	x := &targets{dead: map[string]bool{}, begun: map[string][]time.Duration{}}
	for _, name := range dead {
		x.dead[name] = true
	}
	return x
}

func (x *targets) look(ctx context.Context, name string) (monitor.Outcome, error) {
	x.mu.Lock()
	dead, takes := x.dead[name], x.patient
	x.begun[name] = append(x.begun[name], time.Since(bubble))
	x.mu.Unlock()
	if dead {
		takes = 10 * time.Second
	}
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		return monitor.Outcome{}, ctx.Err()
	}
	if dead {
		return monitor.Outcome{State: monitor.Critical, Output: name + " does not answer"}, nil
	}
	return monitor.Outcome{Output: name + " is fine"}, nil
}

func (x *targets) set(name string, dead bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.dead[name] = dead
}

// began gives when the checks of a target began, in seconds since the bubble did.
func (x *targets) began(name string) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return strings.Trim(fmt.Sprint(x.begun[name]), "[]")
}

var bubble = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // when a bubble's clock begins

// of gives a job for an object.
func of(object, seq int, target string) monitor.Job {
	return monitor.Job{Object: monitor.ID(object), Seq: uint32(seq), Host: "h", Service: "s", Line: []byte("look " + target)}
}

func (r *room) gauge(name string) string {
	var text strings.Builder
	r.metrics.WritePrometheus(&text)
	for line := range strings.Lines(text.String()) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return "none"
}

func TestTargetsThatDoNotAnswerWaitForEachOtherAndNotForThemTheLiving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newTargets("a", "b", "c")
		r := open(t, 4, x.look) // two slots for the dead
		r.give("s1", of(1, 1, "a"), of(2, 2, "b"), of(3, 3, "c"))
		time.Sleep(11 * time.Second)
		r.give("s1", of(1, 4, "a"), of(2, 5, "b"), of(3, 6, "c"))
		if got := r.gauge("onbu_poller_slow_running") + " " + r.gauge("onbu_poller_slow_waiting"); got != "2 1" {
			t.Errorf("running and waiting are %s, want 2 1", got)
		}
		time.Sleep(500 * time.Millisecond)
		said := r.said()
		if last := said[len(said)-1]; last.Window != 2 || last.Aside["s1"] != 3 {
			t.Errorf("said %+v, want room for two beside the three", last)
		}
		r.give("s1", of(4, 7, "d"), of(5, 8, "e"))
		if len(r.refused()) > 0 || x.began("d") != "11.5s" || x.began("e") != "11.5s" {
			t.Errorf("the living began at %s and %s", x.began("d"), x.began("e"))
		}
		x.set("c", false)
		time.Sleep(10 * time.Second) // c had its turn when the first two were over, and is fine
		r.give("s1", of(3, 9, "c"))
		r.stop()
		if got := x.began("c"); got != "0s 21s 21.5s" {
			t.Errorf("c began at %s", got)
		}
		if got := r.got(); len(got) != 9 || got[6].Output != "c is fine" {
			t.Errorf("%d results, want 9; %+v", len(got), got[6])
		}
	})
}

func TestANewerIssueTakesThePlaceOfOneThatWaitsOrRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newTargets("a", "b")
		r := open(t, 2, x.look) // one slot for the dead
		r.give("s1", of(1, 1, "a"), of(2, 2, "b"))
		time.Sleep(11 * time.Second)
		r.give("s1", of(1, 3, "a"), of(2, 4, "b"))
		time.Sleep(time.Second)
		r.give("s2", of(2, 5, "b"), of(1, 6, "a"))
		time.Sleep(21 * time.Second)
		r.stop()
		if got := x.began("a") + ", " + x.began("b"); got != "0s 11s, 0s 21s" {
			t.Errorf("began at %s", got)
		}
		got := r.got()
		for _, seq := range []uint32{1, 2, 5, 6} {
			if got[seq].State != monitor.Critical {
				t.Errorf("issue %d: %+v", seq, got[seq])
			}
		}
		if len(got) != 4 || r.count(`onbu_poller_results_total{end="cancelled"}`) != 2 || r.count("onbu_poller_jobs_total") != 6 {
			t.Errorf("%d results, %d cancelled", len(got), r.count(`onbu_poller_results_total{end="cancelled"}`))
		}
		if said := r.said(); len(said[len(said)-2].Aside) != 0 {
			t.Errorf("at the end it said %+v", said[len(said)-2])
		}
	})
}

func TestWhatHangsIsCutShortWhenSlotsAreShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var names []string
		for i := range 8 {
			names = append(names, fmt.Sprint("t", i))
		}
		x := newTargets(names...)
		r := open(t, 8, x.look) // an eighth is one
		for i, name := range names {
			r.give("s1", of(i, i, name))
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Second)
		r.give("s1", of(9, 9, "living"))
		time.Sleep(30 * time.Second)
		r.stop()
		// The first one went on in the slow lane at once, so that a second one had to go for the room to be kept.
		if n := r.count("onbu_poller_cut_short_total"); n != 2 || len(r.refused()) > 0 {
			t.Errorf("%d cut short, %v refused", n, r.refused())
		}
		for name, want := range map[string]string{"t0": "0s 1s", "t1": "10ms 10.02s", "t2": "20ms", "living": "1.08s"} {
			if got := x.began(name); got != want {
				t.Errorf("%s began at %s, want %s", name, got, want)
			}
		}
		if got := r.got(); len(got) != 9 || got[0].Started.Sub(monitor.At(bubble)) != time.Second {
			t.Errorf("%d results, the first one %+v", len(got), got[0])
		}
	})
}

func TestWhatAlwaysTakesLongIsNotCutShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newTargets()
		x.patient = 3 * time.Second
		r := open(t, 8, x.look)
		for round := range 3 {
			for i := range 8 {
				r.give("s1", of(i, 8*round+i, fmt.Sprint("t", i)))
			}
			time.Sleep(20 * time.Second)
		}
		r.stop()
		// Until the first round it is not known what they take.
		if first, all := r.count("onbu_poller_cut_short_total"), x.began("t7"); first != 2 || all != "0s 20s 40s" {
			t.Errorf("%d cut short; t7 began at %s", first, all)
		}
		if got := len(r.got()); got != 24 {
			t.Errorf("%d results", got)
		}
	})
}

// forking is a fork module whose plugins run "look NAME".
type forking struct{ *targets }

func (forking) Name() string { return "exec" }

func (f forking) PrepareEnv(line string, _ []string) (modules.Probe, error) {
	return deed{doing{f.look}, strings.TrimPrefix(line, "look ")}, nil
}

func TestPluginsWaitForEachOtherAndHoldNoSlotsMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, native := newTargets("0", "1", "2", "3", "4", "5", "6", "7"), newTargets()
		x.patient = time.Second
		r := openAs(t, poller.Options{
			Slots: 16, Forks: 2,
			Probes: poller.NewProbes([]modules.Check{quick{doing{native.look}}}, forking{x}),
		})
		for i := range 8 {
			r.give("s1", of(i, i, fmt.Sprint(i)))
		}
		r.give("s1", of(8, 8, "a"), of(9, 9, "b"))
		r.give("s1", of(9, 10, "b"))
		if got := r.gauge("onbu_poller_running") + " " + r.gauge("onbu_poller_plugins_waiting"); got != "8 2" {
			t.Errorf("running and waiting are %s, want 8 2", got)
		}
		for i := range 8 {
			job := of(20+i, 20+i, "")
			job.Line = []byte("quick " + fmt.Sprint(i))
			r.give("s1", job)
		}
		if n := len(r.refused()); n > 0 {
			t.Errorf("%d refused", n)
		}
		time.Sleep(11500 * time.Millisecond) // what is dead is slow now
		r.give("s1", of(0, 30, "0"), of(1, 31, "1"), of(8, 32, "a"), of(9, 33, "b"))
		time.Sleep(30 * time.Second)
		r.stop()
		for name, want := range map[string]string{"0": "0s 11.5s", "1": "0s 21.5s", "a": "10s 11.5s", "b": "10s 11.5s"} {
			if got := x.began(name); got != want {
				t.Errorf("%s began at %s, want %s", name, got, want)
			}
		}
		if got := r.got(); len(got) != 22 || got[10].Started.Sub(monitor.At(bubble)) != 10*time.Second {
			t.Errorf("%d results; %+v", len(got), got[10])
		}
	})
}

// A plugin that hangs until its time limit keeps others from beginning; that does not make their targets dead.
func TestWhatTheForkModuleHadNoRoomForIsMadeLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, place := newTargets("dead"), make(chan struct{}, 1)
		x.patient = time.Second
		r := openAs(t, poller.Options{Slots: 16, Forks: 1, Probes: poller.NewProbes(nil, crowded{x, place})})
		for i, name := range []string{"dead", "a", "b"} {
			job := of(i, i, name)
			job.Timeout = 8 * time.Second
			r.give("s1", job)
		}
		time.Sleep(20 * time.Second)
		r.stop()
		got := r.got()
		if len(got) != 3 || !got[0].TimedOut || got[1].Output != "a is fine" || got[2].Output != "b is fine" {
			t.Errorf("got %d results: %+v", len(got), got)
		}
		if taken, ended := r.count("onbu_poller_jobs_total"), r.count(`onbu_poller_results_total{end="answered"}`)+r.count(`onbu_poller_results_total{end="timed_out"}`); taken != ended {
			t.Errorf("%d jobs taken, %d ended", taken, ended)
		}
	})
}

// crowded is a fork module with few places, for which a plugin waits three eighths of its time.
type crowded struct {
	*targets
	places chan struct{}
}

func (crowded) Name() string { return "exec" }

func (f crowded) PrepareEnv(line string, _ []string) (modules.Probe, error) {
	run := func(ctx context.Context, name string) (monitor.Outcome, error) {
		end, _ := ctx.Deadline()
		select {
		case f.places <- struct{}{}:
		case <-time.After(time.Until(end) * 3 / 8):
			return monitor.Outcome{}, modules.ErrNotBegun
		}
		defer func() { <-f.places }()
		return f.look(ctx, name)
	}
	return deed{doing{run}, strings.TrimPrefix(line, "look ")}, nil
}

// quick is a module that runs "quick NAME".
type quick struct{ doing }

func (quick) Programs() []string { return []string{"quick"} }

func TestAnEngineTakesMoreChecksThanThereAreSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &engine{}
		r := openWith(t, 10, []modules.Check{e})
		most, sent := 0, 0
		for range 2000 {
			window := int(r.window())
			if more := min(window-sent, 10); more > 0 {
				line := jobs("ask", sent, more)
				r.give("s1", line...)
				sent += more
			}
			most = max(most, sent)
			time.Sleep(100 * time.Millisecond)
		}
		if most < 250 || len(r.refused()) > 0 {
			t.Errorf("%d are under way in 10 slots, and %d messages were refused", most, len(r.refused()))
		}
		for _, w := range e.asked {
			w.Done(monitor.Outcome{}, nil)
		}
		r.stop()
	})
}

func TestSchedulersHearAtOnceThatThereIsRoomAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &engine{}
		r := openWith(t, 1, []modules.Check{e})
		r.give("s1", jobs("ask", 0, 33)...)
		if n := len(r.refused()); n != 1 {
			t.Fatalf("%d messages refused", n)
		}
		time.Sleep(700 * time.Millisecond)
		before := len(r.said())
		for _, w := range e.asked {
			w.Done(monitor.Outcome{}, nil)
		}
		time.Sleep(10 * time.Millisecond)
		if said := r.said(); len(said) != before+1 {
			t.Errorf("said %d times within 10 ms", len(said)-before)
		}
		r.stop()
	})
}
