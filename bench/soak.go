package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/onbu/onbu/bench/target"
)

// soaking has targets fail and come back at random, and watches what the engine holds on to.
type soaking struct {
	r        *run
	e        *engine
	troubles int
	watched  []*trend
}

// descriptors is counted in /proc, which costs the engine nothing.
const descriptors = "descriptors"

func newSoaking(r *run, e *engine, _ *site) sideshow {
	return &soaking{r: r, e: e, watched: []*trend{
		{What: "memory", metric: "process_resident_memory_bytes"},
		{What: "goroutines", metric: "go_goroutines"},
		{What: "descriptors", metric: descriptors},
	}}
}

func (s *soaking) during(ctx context.Context, begun <-chan struct{}) error {
	select {
	case <-ctx.Done():
		return nil
	case <-begun:
	}
	sampling, stop := context.WithCancel(ctx)
	sampled := make(chan error, 1)
	go func() { sampled <- s.sample(sampling) }()
	err := s.trouble(ctx)
	stop()
	if failed := <-sampled; err == nil {
		err = failed
	}
	return err
}

// sample looks at what the engine holds, 400 times in a window, but not more than four times a second.
func (s *soaking) sample(ctx context.Context) error {
	began := time.Now()
	for every := max(time.Second/4, s.r.o.Window/400); pause(ctx, every); {
		m, err := s.e.metrics(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		m.values[descriptors] = float64(openFiles(s.e.pid))
		for _, t := range s.watched {
			t.add(time.Since(began), m.values[t.metric])
		}
	}
	return nil
}

// trouble has one target after the other fail for a while, with as much time in between.
func (s *soaking) trouble(ctx context.Context) error {
	unit := min(max(s.r.o.Window/60, 500*time.Millisecond), 10*time.Second)
	for pause(ctx, unit+rand.N(unit)) {
		t := s.r.targets[rand.IntN(len(s.r.targets))]
		heal, err := t.fail()
		if err != nil {
			return err
		}
		s.troubles++
		pause(ctx, unit+rand.N(unit))
		if err := heal(); err != nil {
			return err
		}
	}
	return nil
}

// fail has a target fail: in the way of its kind if it has one, else, and now and then, it stops in the middle of what it does. heal ends that.
func (t *fakeTarget) fail() (heal func() error, err error) {
	able := slices.ContainsFunc(target.Kinds(), func(k target.Kind) bool { return k.Name == t.kind && k.Trouble != nil })
	if !able || rand.IntN(3) == 0 {
		return func() error { return syscall.Kill(t.pid, syscall.SIGCONT) }, syscall.Kill(t.pid, syscall.SIGSTOP)
	}
	say := func(share float64, seed uint32) error {
		_, err := fmt.Fprintf(t.input, "trouble %.2f %d\n", share, seed)
		return err
	}
	return func() error { return say(0, 0) }, say(0.1+0.8*rand.Float64(), rand.Uint32())
}

// Account is what became of the checks since the engine started: Scheduled is the sum of the others if every one is accounted for.
type Account struct {
	Scheduled int64 `json:"scheduled"`
	Answered  int64 `json:"answered"`
	TimedOut  int64 `json:"timed_out"`
	// Cancelled checks gave no result because a newer one of the same service took their place; Refused ones could not be made.
	Cancelled int64 `json:"cancelled"`
	Refused   int64 `json:"refused"`
	Missing   int64 `json:"missing"`
	// Used is how many results the scheduler applied: those that were answered or timed out, unless one was lost or came too late.
	Used int64 `json:"used"`
}

// accountOf reads what became of the checks while none is under way.
func accountOf(m metrics) *Account {
	ended := func(how string) int64 { return int64(m.values[`onbu_poller_results_total{end="`+how+`"}`]) }
	a := &Account{
		Scheduled: int64(m.values["onbu_poller_jobs_total"]),
		Answered:  ended("answered"), TimedOut: ended("timed_out"), Cancelled: ended("cancelled"), Refused: ended("refused"),
	}
	for module, n := range m.checks {
		if module != passive {
			a.Used += n
		}
	}
	a.Missing = a.Scheduled - a.Answered - a.TimedOut - a.Cancelled - a.Refused
	return a
}

func (a *Account) String() string {
	verdict := "every check is accounted for"
	if a.Missing != 0 {
		verdict = thousands(int(a.Missing)) + " ARE MISSING"
	}
	return fmt.Sprintf("%s checks scheduled = %s answered + %s timed out + %s cancelled + %s refused: %s.\nOf the results %s were applied.",
		thousands(int(a.Scheduled)), thousands(int(a.Answered)), thousands(int(a.TimedOut)), thousands(int(a.Cancelled)), thousands(int(a.Refused)),
		verdict, thousands(int(a.Used)))
}

// after waits until all is OK again, then stops the checks and settles the account.
func (s *soaking) after(ctx context.Context, f *Figures) ([]string, error) {
	wrong, err := s.recovered(ctx)
	if err != nil {
		return nil, err
	}
	f.Errors = wrong
	if s.r.account, err = s.settle(ctx); err != nil {
		return nil, err
	}
	notes := []string{
		fmt.Sprintf("Targets failed and came back %d times; %s services were not OK when all had come back.", s.troubles, thousands(wrong)),
		s.r.account.String(),
	}
	for _, t := range s.watched {
		if t.fit() {
			s.r.trends = append(s.r.trends, t)
			notes = append(notes, t.String())
		}
	}
	return notes, nil
}

// recovered gives how many services are not OK after all had time to be checked again, with the longest timeout before.
func (s *soaking) recovered(ctx context.Context) (wrong int, err error) {
	for end := time.Now().Add(2*s.r.o.Interval + lastLook); ; {
		t, err := s.e.tally(ctx)
		wrong = t["WARNING"] + t["CRITICAL"] + t["UNKNOWN"]
		if err != nil || wrong == 0 || time.Now().After(end) || !pause(ctx, time.Second) {
			return wrong, err
		}
	}
}

// settle stops the checks, waits until none is under way and gives the account.
func (s *soaking) settle(ctx context.Context) (*Account, error) {
	if err := s.e.command(ctx, "STOP_EXECUTING_SVC_CHECKS"); err != nil {
		return nil, err
	}
	quiet := 0
	for {
		m, err := s.e.metrics(ctx)
		if err != nil {
			return nil, err
		}
		if quiet++; m.running+int64(m.values["onbu_poller_slow_waiting"]) > 0 {
			quiet = 0
		}
		if a := accountOf(m); quiet == 3 || ctx.Err() != nil {
			return a, nil
		}
		pause(ctx, time.Second/2)
	}
}

// String puts a trend into words.
func (t *trend) String() string {
	verdict := "flat"
	switch {
	case t.at[len(t.at)-1]-t.at[0] < longEnough.Seconds():
		verdict = "too short to call"
	case !t.Flat:
		verdict = "GROWING"
	}
	unit, by := "", 1.0
	if strings.HasSuffix(t.metric, "_bytes") {
		unit, by = " MB", 1e6
	}
	return fmt.Sprintf("%s: %.0f%s on average, %+.1f%s from the first third to the end: %s.", t.What, t.Mean/by, unit, t.Growth/by, unit, verdict)
}
