package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/google/pprof/profile"
)

// Parts is CPU time of the engine's main process for one check in µs, by what it was used for.
type Parts struct {
	// Core decides when what is checked, and what a result means.
	Core float64 `json:"core"`
	// Bus is NATS, and what is written for it and read from it.
	Bus float64 `json:"bus"`
	// Poller is the check itself: check modules with the system calls below them, and the poller that runs them.
	Poller float64 `json:"poller"`
	// Result is the scheduler around its core: jobs out, results in, the journal.
	Result float64 `json:"result"`
	// Broks is what the broker makes of results.
	Broks float64 `json:"broks"`
	// GC is the collection of garbage, Other what no part owns: Go's scheduler, the API, the metrics.
	GC    float64 `json:"gc"`
	Other float64 `json:"other"`
}

// scale multiplies all parts.
func (p *Parts) scale(f float64) {
	for _, v := range []*float64{&p.Core, &p.Bus, &p.Poller, &p.Result, &p.Broks, &p.GC, &p.Other} {
		*v *= f
	}
}

func (p *Parts) sum() float64 {
	return p.Core + p.Bus + p.Poller + p.Result + p.Broks + p.GC + p.Other
}

// owner says which part a package belongs to. The first row counts whose prefix is the package or a folder above it.
type owner struct {
	prefix string
	part   func(*Parts) *float64
}

// owners is the one table of owners. A package that is in no row belongs to whoever called it: monitor, crypto, syscall.
func owners() []owner {
	core := func(p *Parts) *float64 { return &p.Core }
	bus := func(p *Parts) *float64 { return &p.Bus }
	poller := func(p *Parts) *float64 { return &p.Poller }
	result := func(p *Parts) *float64 { return &p.Result }
	broks := func(p *Parts) *float64 { return &p.Broks }
	other := func(p *Parts) *float64 { return &p.Other }
	const own = "github.com/onbu/onbu/"
	return []owner{
		{own + "scheduler/core", core},
		{own + "scheduler/verdict", core},
		{own + "scheduler/timetable", core},
		{own + "scheduler", result},
		{own + "poller", poller},
		{own + "modules/check", poller},
		{own + "internal/snmp", poller},
		{own + "internal/probe", poller},
		{own + "internal/adh", poller},
		{own + "internal/bus", bus},
		{own + "internal/wire", bus},
		{"github.com/nats-io", bus},
		{own + "broker", broks},
		{own + "modules/export", broks},
		{"golang.org/x/crypto/ssh", poller}, // its connections have goroutines of their own
		{"os/exec", poller},
		{own + "internal/app", other},
		{"net/http.(*conn)", other}, // the API; a client's goroutines are check_http's
		{"net/http.(*persistConn)", poller},
	}
}

// of finds the part that a function belongs to; nil if whoever called it decides.
func of(owners []owner, function string) func(*Parts) *float64 {
	for _, o := range owners {
		if rest, ok := strings.CutPrefix(function, o.prefix); ok && (rest == "" || rest[0] == '.' || rest[0] == '/') {
			return o.part
		}
	}
	return nil
}

// collects is whether a function of the runtime is the collector at work.
func collects(function string) bool {
	name, ok := strings.CutPrefix(function, "runtime.")
	if !ok {
		return false
	}
	for _, prefix := range []string{"gcBgMarkWorker", "gcAssistAlloc", "gcStart", "gcMark", "bgsweep", "bgscavenge", "sweepone", "(*mspan).sweep", "(*sweepLocked)"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// parseProfile adds up a CPU profile by part; the unit is seconds of CPU.
func parseProfile(b []byte) (*Parts, error) {
	p, err := profile.ParseData(b)
	if err != nil {
		return nil, fmt.Errorf("CPU profile: %w", err)
	}
	at := -1
	for i, t := range p.SampleType {
		if t.Type == "cpu" && t.Unit == "nanoseconds" {
			at = i
		}
	}
	if at < 0 {
		return nil, fmt.Errorf("CPU profile: it has no CPU time")
	}
	out, table := new(Parts), owners()
	for _, s := range p.Sample {
		*attribute(out, table, s) += float64(s.Value[at]) / 1e9
	}
	return out, nil
}

// attribute gives the part of a stack: that of the innermost function which has one, unless the collector is on it.
func attribute(p *Parts, table []owner, s *profile.Sample) *float64 {
	var found func(*Parts) *float64
	for _, location := range s.Location {
		for _, line := range location.Line { // inlined functions first
			if line.Function == nil {
				continue
			}
			if collects(line.Function.Name) {
				return &p.GC
			}
			if found == nil {
				found = of(table, line.Function.Name)
			}
		}
	}
	if found == nil {
		return &p.Other
	}
	return found(p)
}

// slice is how long one CPU profile is taken: a run that is stopped knows its parts up to the last whole one.
const slice = 10 * time.Second

// largestProfile bounds what the engine may send.
const largestProfile = 64 << 20

// profiler takes CPU profiles of an engine, one after the other.
type profiler struct {
	parts chan *Parts // gets their sum, at the end
	stop  context.CancelFunc
}

// profile begins to take profiles, for as long as the window at most.
func (e *engine) profile(ctx context.Context, window time.Duration) *profiler {
	ctx, stop := context.WithCancel(ctx)
	p := &profiler{parts: make(chan *Parts, 1), stop: stop}
	end := time.Now().Add(window)
	go func() {
		sum := new(Parts)
		for left := window; left >= time.Second && ctx.Err() == nil; left = time.Until(end) {
			one, err := e.profileOnce(ctx, min(left, slice))
			if err != nil {
				break // a run without parts is a run all the same
			}
			sum.add(one)
		}
		p.parts <- sum
	}()
	return p
}

func (p *Parts) add(q *Parts) {
	p.Core += q.Core
	p.Bus += q.Bus
	p.Poller += q.Poller
	p.Result += q.Result
	p.Broks += q.Broks
	p.GC += q.GC
	p.Other += q.Other
}

func (e *engine) profileOnce(ctx context.Context, length time.Duration) (*Parts, error) {
	ctx, cancel := context.WithTimeout(ctx, length+30*time.Second)
	defer cancel()
	path := fmt.Sprintf("%s/debug/pprof/profile?seconds=%d", e.url, int(length.Seconds()))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("CPU profile: %s", resp.Status)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, largestProfile))
	if err != nil {
		return nil, err
	}
	return parseProfile(b)
}

// perCheck stops and gives what each part used of so much CPU for one check; nil if no profile was taken.
func (p *profiler) perCheck(micros float64) *Parts {
	p.stop()
	sum := <-p.parts
	all := sum.sum()
	if all == 0 {
		return nil
	}
	sum.scale(micros / all)
	return sum
}
