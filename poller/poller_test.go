package poller_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/poller"
)

// room is a poller at work on a bus, and all that it said. It lives in a bubble.
type room struct {
	t       *testing.T
	bus     bus.Conn
	metrics *metrics.Set
	poller  *poller.Poller
	stop    func()
	giveUp  func() // as stop, for maintenance

	mu      sync.Mutex
	results []monitor.Result
	wants   []wire.Want
	back    []wire.Jobs
}

// open starts a poller called p that runs "look WORDS" lines with run.
func open(t *testing.T, slots int, run func(ctx context.Context, words string) (monitor.Outcome, error), pools ...string) *room {
	t.Helper()
	return openWith(t, slots, []modules.Check{doing{run}}, pools...)
}

// openWith starts a poller called p with modules of a test's own.
func openWith(t *testing.T, slots int, native []modules.Check, pools ...string) *room {
	t.Helper()
	return openAs(t, poller.Options{Slots: slots, Pools: pools, Probes: poller.NewProbes(native, noFork{})})
}

// openAs starts a poller called p with options of a test's own.
func openAs(t *testing.T, o poller.Options) *room {
	t.Helper()
	r := &room{t: t, bus: membus.New().Connect("test"), metrics: metrics.NewSet()}
	r.must(r.bus.Prepare(t.Context()))
	r.listen(bus.Wants(), func(data []byte) error {
		var w wire.Want
		err := wire.Unmarshal(data, &w)
		r.wants = append(r.wants, w)
		return err
	})
	for _, from := range []string{"s1", "s2"} {
		r.listen(bus.Refused(from), func(data []byte) error {
			var jobs wire.Jobs
			err := wire.Unmarshal(data, &jobs)
			r.back = append(r.back, jobs)
			return err
		})
	}
	read, stopReading := context.WithCancel(context.Background())
	go func() { _ = r.bus.Read(read, bus.Cursor{Stream: bus.RES}, r.store) }()
	if len(o.Pools) == 0 {
		o.Pools = []string{""}
	}
	o.Name, o.Boot, o.Bus, o.Metrics, o.Log = "p", "b", r.bus, r.metrics, slog.New(slog.DiscardHandler)
	p := poller.New(o)
	r.poller = p
	ctx, cancel := context.WithCancelCause(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := p.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	end := func(cause error) { cancel(cause); <-ended; synctest.Wait(); stopReading() }
	r.stop, r.giveUp = func() { end(nil) }, func() { end(monitor.ErrGiveUp) }
	synctest.Wait()
	return r
}

func (r *room) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *room) listen(s bus.Subject, hear func([]byte) error) {
	stop, err := r.bus.Subscribe(s, func(m bus.Msg) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if err := hear(m.Data); err != nil {
			r.t.Error(err)
		}
	})
	r.must(err)
	r.t.Cleanup(stop)
}

func (r *room) store(msgs []bus.Msg) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var d wire.Decoder
	for _, m := range msgs {
		var err error
		if r.results, err = wire.DecodeBatch(&d, m.Data, r.results); err != nil {
			r.t.Error(err)
		}
	}
	return nil
}

// give sends jobs from a scheduler.
func (r *room) give(from string, jobs ...monitor.Job) {
	r.t.Helper()
	r.must(r.bus.Publish(bus.Jobs("p"), wire.Marshal(wire.Jobs{From: from, Jobs: jobs})))
	synctest.Wait()
}

// got gives all results so far, by sequence.
func (r *room) got() map[uint32]monitor.Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[uint32]monitor.Result{}
	for _, one := range r.results {
		if _, twice := out[one.Seq]; twice {
			r.t.Errorf("result %d came twice", one.Seq)
		}
		out[one.Seq] = one
	}
	return out
}

// said gives all words about room so far.
func (r *room) said() []wire.Want {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.wants)
}

func (r *room) window() uint32 {
	said := r.said()
	return said[len(said)-1].Window
}

// refused gives all jobs that were given back so far.
func (r *room) refused() []wire.Jobs {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.back)
}

func (r *room) count(metric string) int { return int(r.metrics.GetOrCreateCounter(metric).Get()) }

// jobs gives n jobs of one line, with sequences from first on.
func jobs(line string, first, n int) []monitor.Job {
	all := make([]monitor.Job, n)
	for i := range all {
		all[i] = monitor.Job{Seq: uint32(first + i), Host: "h", Service: "s", Line: []byte(line)}
	}
	return all
}

// doing is a module that runs "look WORDS".
type doing struct {
	run func(ctx context.Context, words string) (monitor.Outcome, error)
}

func (doing) Name() string       { return "doing" }
func (doing) Programs() []string { return []string{"look"} }

func (d doing) Parse(argv []string) (modules.Probe, error) {
	return deed{d, strings.Join(argv[1:], " ")}, nil
}

type deed struct {
	doing
	words string
}

func (d deed) Run(ctx context.Context) (monitor.Outcome, error) { return d.run(ctx, d.words) }

type noFork struct{}

func (noFork) Name() string { return "exec" }

func (noFork) PrepareEnv(line string, _ []string) (modules.Probe, error) {
	return nil, fmt.Errorf("not forked: %s", line)
}

// hang waits for the end of its context, as a probe of a silent target does that leaves the time to the engine.
func hang(ctx context.Context, _ string) (monitor.Outcome, error) {
	<-ctx.Done()
	return monitor.Outcome{}, ctx.Err()
}

func TestAResultSaysWhatItAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, 10, func(_ context.Context, words string) (monitor.Outcome, error) {
			time.Sleep(3 * time.Second)
			return monitor.Outcome{State: monitor.Warning, Output: words, LongOutput: "a\nb", Perfdata: "x=1"}, nil
		})
		began := monitor.At(time.Now())
		r.give("s1", monitor.Job{Shard: 7, Epoch: 8, Object: 9, Seq: 10, Host: "h", Line: []byte("look it")})
		time.Sleep(4 * time.Second)
		r.stop()
		want := monitor.Result{
			Shard: 7, Epoch: 8, Object: 9, Seq: 10, Poller: "p", Module: "doing", Started: began, Finished: began.Add(3 * time.Second),
			Outcome: monitor.Outcome{State: monitor.Warning, Output: "it", LongOutput: "a\nb", Perfdata: "x=1"},
		}
		if diff := cmp.Diff(want, r.got()[10]); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWhatGoesWrongIsAnOutcomeWithItsReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, 10, func(ctx context.Context, words string) (monitor.Outcome, error) {
			switch words {
			case "panic":
				panic("oh\nno")
			case "hang":
				return hang(ctx, words)
			}
			return monitor.Outcome{}, errors.New("no free port")
		})
		r.give("s1",
			monitor.Job{Seq: 1, Host: "h", Service: "s", Line: []byte("look hang"), Timeout: 10 * time.Second},
			monitor.Job{Seq: 2, Host: "h", Line: []byte("look hang"), Timeout: 2500 * time.Millisecond},
			monitor.Job{Seq: 3, Host: "h", Service: "s", Line: []byte("look panic")},
			monitor.Job{Seq: 4, Host: "h", Service: "s", Line: []byte("look nothing")},
			monitor.Job{Seq: 5, Host: "h", Service: "s", Line: []byte("else")},
			monitor.Job{Seq: 6, Host: "h", Service: "s", Line: []byte("look hang")},
		)
		time.Sleep(2 * time.Minute)
		r.stop()
		got := r.got()
		for seq, want := range map[uint32]struct {
			monitor.Outcome
			after time.Duration
		}{
			1: {monitor.Outcome{State: monitor.Critical, TimedOut: true, Output: "(Service check timed out after 10.00 seconds)"}, 10 * time.Second},
			2: {monitor.Outcome{State: monitor.Critical, TimedOut: true, Output: "(Host check timed out after 2.50 seconds)"}, 2500 * time.Millisecond},
			3: {monitor.Outcome{State: monitor.Unknown, Output: "(check could not be made: the module has a bug, please report it: oh)"}, 0},
			4: {monitor.Outcome{State: monitor.Unknown, Output: "(check could not be made: no free port)"}, 0},
			5: {monitor.Outcome{State: monitor.Unknown, Output: "(check could not be made: not forked: else)"}, 0},
			6: {monitor.Outcome{State: monitor.Critical, TimedOut: true, Output: "(Service check timed out after 60.00 seconds)"}, time.Minute},
		} {
			o := got[seq].Outcome
			if seq == 3 {
				if !strings.Contains(o.LongOutput, "poller_test.go") {
					t.Errorf("the panic's place is not told: %q", o.LongOutput)
				}
				o.LongOutput = ""
			}
			if diff := cmp.Diff(want.Outcome, o); diff != "" {
				t.Errorf("job %d: %s", seq, diff)
			}
			if took := got[seq].Finished.Sub(got[seq].Started); took != want.after {
				t.Errorf("job %d took %s, want %s", seq, took, want.after)
			}
		}
	})
}

func TestJobsWithoutRoomAreGivenBackToTheirSender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, 3, hang)
		sent := jobs("look hang", 0, 5)
		for i := range sent {
			sent[i].Timeout = 10 * time.Second
		}
		r.give("s1", sent...)
		more := jobs("look more", 5, 1)
		r.give("s2", more...)
		want := []wire.Jobs{{From: "s1", Jobs: sent[3:]}, {From: "s2", Jobs: more}}
		if diff := cmp.Diff(want, r.refused()); diff != "" {
			t.Error(diff)
		}
		if n := r.count("onbu_poller_jobs_refused_total"); n != 3 {
			t.Errorf("%d counted as given back, want 3", n)
		}
		time.Sleep(11 * time.Second)
		r.give("s1", jobs("look again", 6, 3)...) // there is room again
		r.stop()
		if back := r.refused(); len(back) != 2 {
			t.Errorf("given back though there was room: %v", back[2:])
		}
		if got := r.got(); len(got) != 3 {
			t.Errorf("%d results, want those of the 3 that there was room for", len(got))
		}
	})
}

func TestTheWindowIsSharedByTheSchedulersThatUseIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, 100, func(context.Context, string) (monitor.Outcome, error) { return monitor.Outcome{}, nil }, "", "EU")
		none := map[string]uint32{}
		heard := map[string]wire.Heard{}
		want := []wire.Want{{Poller: "p", Boot: "b", Window: 100, Aside: none, Heard: heard, Counts: true}, {Poller: "p", Boot: "b", Pool: "EU", Window: 100, Aside: none, Heard: heard, Counts: true}}
		if diff := cmp.Diff(want, r.said()); diff != "" {
			t.Error(diff)
		}
		r.give("s1", jobs("look a", 0, 1)...)
		time.Sleep(time.Second)
		if got := r.window(); got != 100 {
			t.Errorf("window for one scheduler: %d", got)
		}
		r.give("s2", jobs("look a", 1, 1)...)
		time.Sleep(time.Second)
		if got := r.window(); got != 50 {
			t.Errorf("window for two schedulers: %d", got)
		}
		time.Sleep(11 * time.Second)
		if got := r.window(); got != 100 {
			t.Errorf("window after both fell silent: %d", got)
		}
		before := len(r.said())
		time.Sleep(10 * time.Second)
		if said := len(r.said()) - before; said != 2*20 {
			t.Errorf("said %d times in ten seconds for two pools, want 40", said)
		}
		r.stop()
		if got := r.window(); got != 0 {
			t.Errorf("window at the end: %d", got)
		}
	})
}

func TestNoMoreJobsAreAskedForThanAnswersCanWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &engine{}
		r := openWith(t, 1<<20, []modules.Check{e})
		const under = 20_000 // the poller has learned by then that it is offered checks of an engine
		for first := 0; first < under; first += 100 {
			r.give("s1", jobs("ask", first, 100)...)
		}
		time.Sleep(time.Second)
		if got := r.window(); got != 1<<16+under {
			t.Errorf("window with %d checks under way in a million slots: %d, want 65,536 more", under, got)
		}
		for _, w := range e.asked {
			w.Done(monitor.Outcome{}, nil)
		}
		r.stop()
	})
}

func TestUnreadableJobsAreCountedAndSurvived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, 10, func(context.Context, string) (monitor.Outcome, error) { return monitor.Outcome{Output: "fine"}, nil })
		for _, rubbish := range [][]byte{nil, []byte("rubbish"), {1, 0xff}, wire.Marshal(wire.Want{Poller: "p"})} {
			r.must(r.bus.Publish(bus.Jobs("p"), rubbish))
		}
		r.give("s1", jobs("look it", 1, 1)...)
		r.stop()
		if got := r.got()[1].Output; got != "fine" {
			t.Errorf("the job behind the rubbish gave %q", got)
		}
		if n := r.count("onbu_poller_unreadable_messages_total"); n != 4 {
			t.Errorf("%d counted as unreadable, want 4", n)
		}
	})
}

func TestAtTheEndWhatIsNearlyDoneIsSentAndTheRestLeftToOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, 10, func(ctx context.Context, words string) (monitor.Outcome, error) {
			d, err := time.ParseDuration(words)
			if err != nil {
				return monitor.Outcome{}, err
			}
			select {
			case <-time.After(d):
				return monitor.Outcome{Output: "in time"}, nil
			case <-ctx.Done(): // a module that takes a lost connection for the target's fault
				return monitor.Outcome{State: monitor.Critical, Output: "connection lost"}, nil
			}
		})
		r.give("s1", append(jobs("look 2s", 1, 1), jobs("look 20s", 2, 1)...)...)
		time.Sleep(100 * time.Millisecond)
		began := time.Now()
		r.stop()
		if took := time.Since(began); took < 2*time.Second || took > 4*time.Second {
			t.Errorf("the end took %s", took)
		}
		got := r.got()
		if got[1].Output != "in time" {
			t.Errorf("the check that was nearly done gave %+v", got[1])
		}
		if cut, ok := got[2]; ok {
			t.Errorf("the check that was cut short was answered: %+v", cut)
		}
		if got := r.window(); got != 0 {
			t.Errorf("it did not say that it leaves, but that it has room for %d", got)
		}
	})
}

func TestLoadSaysHowManyChecksRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, 10, hang)
		r.give("s1", jobs("look hang", 0, 4)...)
		var text strings.Builder
		r.metrics.WritePrometheus(&text)
		for _, want := range []string{"onbu_poller_running 4\n", "onbu_poller_slots 10\n", "onbu_poller_command_lines 1\n", "onbu_poller_results_waiting 0\n"} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("metrics lack %q:\n%s", want, text.String())
			}
		}
		r.stop()
	})
}

// engine is a module that waits for all its checks at once: what it was asked lies there until a test answers it.
type engine struct {
	mu    sync.Mutex
	asked []modules.Waiter
}

func (*engine) Name() string       { return "engine" }
func (*engine) Programs() []string { return []string{"ask"} }

func (e *engine) Parse([]string) (modules.Probe, error) { return question{e}, nil }

type question struct{ *engine }

func (question) Run(context.Context) (monitor.Outcome, error) { panic("Start is there") }

func (q question) Start(_ time.Time, w modules.Waiter) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.asked = append(q.asked, w)
}

func TestWhatAnEngineHasUnderWayAtTheEndIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &engine{}
		r := openWith(t, 10, []modules.Check{e})
		r.give("s1", jobs("ask", 1, 3)...)
		e.asked[0].Done(monitor.Outcome{Output: "in time"}, nil)
		began := time.Now()
		r.stop()
		if took := time.Since(began); took < 3*time.Second || took > 4*time.Second {
			t.Errorf("the end took %s", took)
		}
		e.asked[1].Done(monitor.Outcome{Output: "too late"}, nil)
		e.asked[1].Done(monitor.Outcome{Output: "too late, and twice"}, nil)
		e.asked[0].Done(monitor.Outcome{Output: "twice"}, nil)
		got := r.got()
		if len(got) != 1 || got[1].Output != "in time" {
			t.Errorf("got %+v, want the answer that came in time", got)
		}
		for end, want := range map[string]int{"answered": 1, "timed_out": 0, "cancelled": 2, "refused": 0} {
			if n := r.count(`onbu_poller_results_total{end="` + end + `"}`); n != want {
				t.Errorf("%d %s, want %d", n, end, want)
			}
		}
	})
}
