package bench

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/pprof/profile"
)

// pretending gives a run whose engine holds so many services and is late beyond.
func pretending(holds int, err error) (*run, func(context.Context) (*Figures, error)) {
	r := &run{o: Options{Interval: time.Second, Progress: func(string) {}}}
	return r, func(context.Context) (*Figures, error) {
		n := r.o.Services
		f := &Figures{CompletedPerS: float64(n), Cores: 0.1, BytesPerService: 1, Lateness: Lateness{P99: 5}}
		if n > holds {
			f.Lateness.P99 = 3000
			return f, err
		}
		return f, nil
	}
}

func TestTheSearchFindsTheMostWithinATenth(t *testing.T) {
	for _, holds := range []int{150, 1000, 4999, 123_456} {
		for _, err := range []error{nil, errors.New("it gave up")} {
			r, measure := pretending(holds, err)
			f, steps, failed := r.search(t.Context(), "it", 1000, measure)
			if err != nil && holds < 1000 {
				if !errors.Is(failed, err) { // a first step that cannot be made is no matter of load
					t.Errorf("holding %d: error %v", holds, failed)
				}
				continue
			}
			if failed != nil {
				t.Fatal(failed)
			}
			if got := r.o.Services; got > holds || float64(got)*fineEnough < float64(holds)*0.99 || f.CompletedPerS != float64(got) {
				t.Errorf("holding %d: found %d, with the figures of %.0f, in %d steps", holds, got, f.CompletedPerS, len(steps))
			}
			if len(steps) > 14 {
				t.Errorf("holding %d: %d steps", holds, len(steps))
			}
		}
	}
}

func TestASoakRunsAtHalfOfWhatTheSearchFinds(t *testing.T) {
	r, measure := pretending(100_000, nil)
	r.o.Interval, r.o.Services, r.o.Window, r.scenario.beside = 20*time.Second, halfStart, time.Hour, newSoaking
	out := &Report{}
	err := r.halve(t.Context(), out, func(ctx context.Context) (*Figures, error) {
		if r.scenario.beside != nil || r.o.Window != searchWindow || r.o.Interval != searchInterval {
			t.Errorf("a step of the search: %+v, %+v", r.o, r.scenario)
		}
		f, err := measure(ctx)
		f.CompletedPerS /= searchInterval.Seconds()
		return f, err
	})
	// 100,000 every 5 s are 20,000 a second; half of that every 20 s are 200,000.
	if n := r.o.Services; err != nil || n > 200_000 || n < 180_000 || len(out.Search) == 0 {
		t.Errorf("error %v, %d services, %d steps", err, n, len(out.Search))
	}
	if r.scenario.beside == nil || r.o.Window != time.Hour || r.o.Interval != 20*time.Second || r.o.Max {
		t.Errorf("after the search: %+v", r.o)
	}
}

func TestASearchThatIsStoppedHasWhatItFound(t *testing.T) {
	r, measure := pretending(1_000_000, nil)
	ctx, cancel := context.WithCancel(t.Context())
	f, steps, err := r.search(ctx, "it", 1000, func(ctx context.Context) (*Figures, error) {
		if r.o.Services > 1000 {
			cancel()
		}
		return measure(ctx)
	})
	if err != nil || !r.stopped || f == nil || len(steps) != 1 || r.o.Services != 1000 {
		t.Errorf("error %v, stopped %v, %d steps, %d services", err, r.stopped, len(steps), r.o.Services)
	}
}

func TestABusyMachineGetsASecondTry(t *testing.T) {
	s := &search{next: 100, end: time.Now().Add(time.Hour)}
	late := &Figures{CompletedPerS: 100, OtherCores: 1, Lateness: Lateness{P99: 5000}}
	if s.take(late, nil, time.Second); s.next != 100 || s.high != 0 {
		t.Errorf("after one late step on a busy machine: next %d, not held %d", s.next, s.high)
	}
	if s.take(late, nil, time.Second); s.high != 100 || s.next >= 100 {
		t.Errorf("after two: next %d, not held %d", s.next, s.high)
	}
}

// stackOf makes a sample of functions, the innermost first.
func stackOf(functions ...string) *profile.Sample {
	s := &profile.Sample{Value: []int64{1, 1e9}}
	for _, name := range functions {
		s.Location = append(s.Location, &profile.Location{Line: []profile.Line{{Function: &profile.Function{Name: name}}}})
	}
	return s
}

func TestAStackBelongsToTheInnermostPartOnIt(t *testing.T) {
	const own = "github.com/onbu/onbu/"
	p := &profile.Profile{
		SampleType: []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}},
		Sample: []*profile.Sample{
			stackOf("syscall.Syscall6", "net.(*netFD).connect", own+"internal/probe.(*Dialer).Dial", own+"modules/check/tcp.(*command).Run", own+"poller.(*Poller).run"),
			stackOf(own+"monitor.(*Status).Name", own+"scheduler/core.(*Core).Observe", own+"scheduler.(*shard).run"),
			stackOf(own+"internal/wire.Marshal", own+"scheduler.(*shard).run"),
			stackOf("runtime.mallocgc", own+"scheduler.(*shard).run"),
			stackOf("github.com/nats-io/nats%2ego.(*Conn).readLoop"),
			stackOf("runtime.scanobject", "runtime.gcDrain", "runtime.gcBgMarkWorker"),
			stackOf("runtime.gcAssistAlloc", "runtime.mallocgc", own+"poller.(*Poller).run"),
			stackOf(own+"broker/view.(*View).Apply", own+"broker.(*Broker).Run"),
			stackOf("runtime.futex", "runtime.findRunnable", "runtime.mcall"),
			stackOf(own + "schedulers.Other"),
			stackOf("net/http.(*conn).serve"),
		},
	}
	var b bytes.Buffer
	for i, s := range p.Sample {
		for j, l := range s.Location {
			l.ID = uint64(100*i + j + 1)
			l.Line[0].Function.ID = l.ID
			p.Location = append(p.Location, l)
			p.Function = append(p.Function, l.Line[0].Function)
		}
	}
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	got, err := parseProfile(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	want := &Parts{Core: 1, Bus: 2, Poller: 1, Result: 1, Broks: 1, GC: 2, Other: 3}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestATrendIsFlatUnlessItRises(t *testing.T) {
	for name, test := range map[string]struct {
		value func(i float64) float64
		flat  bool
	}{
		"the same":                      {func(float64) float64 { return 100 }, true},
		"a wave":                        {func(i float64) float64 { return 100 + 40*math.Sin(i) }, true},
		"a warm-up, then the same":      {func(i float64) float64 { return min(i, 100) }, true},
		"a little more":                 {func(i float64) float64 { return 100 + i/100 }, true},
		"less and less":                 {func(i float64) float64 { return 1000 - i }, true},
		"more and more":                 {func(i float64) float64 { return 100 + i }, false},
		"more and more under the waves": {func(i float64) float64 { return 100 + i/2 + 40*math.Sin(i) }, false},
	} {
		tr := &trend{}
		for i := range 300 {
			tr.add(time.Duration(i)*time.Second, test.value(float64(i)))
		}
		if !tr.fit() || tr.Flat != test.flat {
			t.Errorf("%s: flat %v, growth %.1f on %.1f", name, tr.Flat, tr.Growth, tr.Mean)
		}
	}
	if (&trend{}).fit() {
		t.Error("nothing has a trend")
	}
}

func TestTheAccountSaysWhatIsMissing(t *testing.T) {
	m, err := parseMetrics(strings.NewReader(`onbu_poller_jobs_total 100
onbu_poller_results_total{end="answered"} 90
onbu_poller_results_total{end="timed_out"} 5
onbu_poller_results_total{end="cancelled"} 2
onbu_poller_results_total{end="refused"} 1
`))
	if err != nil {
		t.Fatal(err)
	}
	want := &Account{Scheduled: 100, Answered: 90, TimedOut: 5, Cancelled: 2, Refused: 1, Missing: 2}
	if got := accountOf(m); *got != *want || !strings.Contains(got.String(), "2 ARE MISSING") {
		t.Errorf("got %+v: %v", *got, got)
	}
}

func FuzzParseLivestatus(f *testing.F) {
	f.Add("0.01;0\n1;2\n")
	f.Fuzz(func(t *testing.T, text string) {
		_ = parseLivestatus(strings.NewReader(text), func(cells []string) error {
			if len(cells) == 0 {
				t.Error("a line without cells")
			}
			return nil
		})
	})
}
