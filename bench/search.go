package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"
)

// The search tries loads until it knows the highest that an engine holds within a tenth, or is out of time. Each try is an
// engine of its own with its own warm-up: what the report says is what a run with so many services says again.
const (
	searchTime     = 15 * time.Minute // no step is begun after it
	searchInterval = 5 * time.Second  // unless somebody wants another
	searchWindow   = 10 * time.Second
	fineEnough     = 1.1
	fastest        = 8 // times as many services in the next step, at most
)

// What an engine that keeps up does: lateness in ms, and the share of the offered checks that is completed in a window, whose ends cut some.
const (
	heldLateness = 1000
	heldShare    = 0.98
)

// Step is one try of the search for the highest rate.
type Step struct {
	Services      int      `json:"services"`
	OfferedPerS   float64  `json:"offered_per_s"`
	CompletedPerS float64  `json:"completed_per_s"`
	Lateness      Lateness `json:"lateness_ms"`
	Cores         float64  `json:"cores"`
	OtherCores    float64  `json:"other_cores"`
	Errors        int      `json:"errors"`
	// Held is whether the engine kept up. Why says what it did not.
	Held bool   `json:"held"`
	Why  string `json:"why,omitempty"`
}

// search looks for the largest number of services that an engine holds, which run.o.Services is then. measure measures it with
// the services of the moment. What was found so far is the result when ctx ends.
func (r *run) search(ctx context.Context, name string, first int, measure func(context.Context) (*Figures, error)) (*Figures, []Step, error) {
	s := &search{next: first, end: time.Now().Add(searchTime)}
	for s.next > 0 {
		r.o.Services = s.next
		r.step = fmt.Sprintf("step %d, %s with %s services: ", len(s.steps)+1, name, thousands(s.next))
		f, err := measure(ctx)
		if ctx.Err() != nil {
			r.stopped = true
			break
		}
		if err != nil && len(s.steps) == 0 {
			return nil, nil, err // nothing to do with the load, most likely
		}
		s.take(f, err, r.o.Interval)
	}
	r.step = ""
	if s.best == nil {
		if r.stopped {
			return nil, nil, ctx.Err()
		}
		return nil, nil, fmt.Errorf("%s held none of the loads that were tried, down to %d services: %s", name, r.o.Services, s.steps[len(s.steps)-1].Why)
	}
	r.o.Services = s.low
	return s.best, s.steps, nil
}

// search is what is known so far.
type search struct {
	steps     []Step
	best      *Figures
	low, high int // the most services that were held, and the least that were not; 0 for none
	next      int // to be tried; 0 for the end
	again     bool
	end       time.Time
}

// take takes what a step measured, or why it could not, and says what to try next.
func (s *search) take(f *Figures, err error, interval time.Duration) {
	step := Step{Services: s.next, OfferedPerS: float64(s.next) / interval.Seconds()}
	if err == nil {
		step.CompletedPerS, step.Lateness, step.Cores, step.OtherCores, step.Errors = f.CompletedPerS, f.Lateness, f.Cores, f.OtherCores, f.Errors
	}
	step.Why = step.verdict(err)
	step.Held = step.Why == ""
	s.steps = append(s.steps, step)
	switch {
	case step.Held:
		s.low, s.best, s.again = step.Services, f, false
	case step.OtherCores > busy && !s.again: // the machine may be to blame
		s.again = true
		return
	default:
		s.high, s.again = step.Services, false
	}
	s.next = s.following()
	if time.Now().After(s.end) {
		s.next = 0
	}
}

// verdict says what the engine did not do; nothing if it kept up.
func (s *Step) verdict(err error) string {
	switch {
	case err != nil:
		first, _, _ := strings.Cut(err.Error(), "\n")
		return first
	case s.Lateness.P99 >= heldLateness:
		return "late"
	case s.Errors > 0:
		return "not all OK"
	case s.CompletedPerS < heldShare*s.OfferedPerS:
		return "fewer than offered"
	}
	return ""
}

// following gives the number of services to try next: more until some were not held, then between.
func (s *search) following() int {
	switch {
	case s.high == 0:
		next := int(float64(s.low) * s.stride())
		if next > maxServices || int64(next)*s.best.BytesPerService > memoryAvailable()/2 {
			return 0
		}
		return next
	case s.low == 0 && s.high > 16:
		return s.high / 4
	case s.low == 0 || float64(s.high) <= fineEnough*float64(s.low):
		return 0
	}
	return (s.low + s.high) / 2
}

// stride is how many times as much to try while all was held: what the cores in use leave room for, at least twice.
func (s *search) stride() float64 {
	used := (s.best.Cores + s.best.TargetCores) / float64(runtime.NumCPU())
	return min(max(0.7/max(used, 0.01), 2), fastest)
}

// memoryAvailable is what programs can still have, in bytes.
func memoryAvailable() int64 {
	b, _ := os.ReadFile("/proc/meminfo")
	for line := range strings.Lines(string(b)) {
		var kb int64
		if n, _ := fmt.Sscanf(line, "MemAvailable: %d kB", &kb); n == 1 {
			return kb << 10
		}
	}
	return 1 << 40
}

// printSteps prints a search.
func printSteps(t *table, name string, steps []Step) {
	if len(steps) == 0 {
		return
	}
	t.printf("The search for the most that %s holds (p99 of lateness under %d ms, all OK):\n\n", name, heldLateness)
	t.columns(func(w io.Writer) {
		fmt.Fprint(w, "services\toffered/s\tcompleted/s\tlate p99\tmax ms\tcores\tnot OK\t\n")
		for _, s := range steps {
			fmt.Fprintf(w, "%s\t%s\t%s\t%.1f\t%.1f\t%.2f\t%d\t  %s\n", thousands(s.Services), thousands(int(s.OfferedPerS)), thousands(int(s.CompletedPerS)),
				s.Lateness.P99, s.Lateness.Max, s.Cores, s.Errors, s.words())
		}
	})
	t.printf("\n")
}

func (s *Step) words() string {
	if s.Held {
		return "held"
	}
	return s.Why
}
