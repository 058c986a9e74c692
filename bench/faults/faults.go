// Package faults knows how to show what becomes of monitoring when parts of it die: it builds a cluster of real processes on
// machines that are network namespaces, gives it work, breaks something, and compares what the cluster recorded with what it was
// given and with what people were told.
package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/onbu/onbu/bench/faults/lab"
)

// Options says what to break, and how.
type Options struct {
	// Program is the path of onbu, Old that of the release before; empty for the same.
	Program, Old string
	// Rows are the names of the faults; empty for all.
	Rows []string
	// Quick makes each run as short as it can be and still show something.
	Quick bool
	// Seed decides what is left to chance.
	Seed uint64
	// Dir gets a folder of files and logs for each fault; empty for one that is removed afterwards unless something went wrong.
	Dir string
	// Say is told what happens, a line at a time.
	Say func(string)
}

// Row is a fault.
type Row struct {
	// Name is short and stays the same; Number is that of the list in docs/faults.md.
	Name   string
	Number int
	About  string
	// Takes is about how long it takes when it is not quick, for the progress.
	Takes time.Duration
	// NeedsNetwork says that machines must be cut off from each other.
	NeedsNetwork bool
	// run breaks something and gives figures. The site is still up and working when it returns.
	run func(ctx context.Context, s *Site, f *Finding) error
	// layout is where which daemons run; nil for standard.
	layout func(*Site) error
	// bound is how much longer than its interval a check may be away because of the fault.
	bound time.Duration
	// alone says that the fault needs no cluster: there is nothing to judge but its figures.
	alone func(*Finding) error
}

// calm is the bound of faults that should not touch checks at all.
const calm = 3 * time.Second

// Rows is the one list of faults, in their order.
func Rows() []Row {
	return []Row{
		schedulerKilled(), schedulerStopped(), schedulerStuck(), pollerKilled(), pollerSlow(), receiverKilled(), reactionnerKilled(), moduleBlocked(),
		arbiterKilled(), schedulerCut(), serverLost(), quorumLost(), diskFull(), clockSet(), resultsFlood(), strangersFlood(), poison(), receiverAway(), everything(), eachKilled(),
		brokenReload(), largeReload(), upgraded(), upgradedBackwards(),
	}
}

// Finding is what a fault showed.
type Finding struct {
	Row     string   `json:"row"`
	Number  int      `json:"number"`
	About   string   `json:"about"`
	Seed    uint64   `json:"seed"`
	Figures []Figure `json:"figures"`
	// Violations are invariants that did not hold, with where to look.
	Violations []string `json:"violations"`
	// Skipped says why the fault was not tried; empty if it was.
	Skipped string  `json:"skipped,omitempty"`
	Error   string  `json:"error,omitempty"`
	Seconds float64 `json:"seconds"`
	// History is what was done when.
	History []string `json:"history"`
}

// Figure is one number beside what it should be.
type Figure struct {
	What   string `json:"what"`
	Got    string `json:"got"`
	Target string `json:"target"` // empty for one that is only to be known
	OK     bool   `json:"ok"`
}

// OK says whether everything was as it should be.
func (f *Finding) OK() bool {
	return f.Error == "" && len(f.Violations) == 0 && !slices.ContainsFunc(f.Figures, func(one Figure) bool { return one.Target != "" && !one.OK })
}

// AtMost notes a duration and what it should be at most.
func (f *Finding) AtMost(what string, got, target time.Duration) {
	f.Figures = append(f.Figures, Figure{what, round(got), "<= " + round(target), got <= target})
}

// None notes a number that should be 0.
func (f *Finding) None(what string, got int) {
	f.Figures = append(f.Figures, Figure{what, fmt.Sprint(got), "0", got == 0})
}

// AtLeast notes a number that should not be lower than another one.
func (f *Finding) AtLeast(what string, got, target int) {
	f.Figures = append(f.Figures, Figure{what, fmt.Sprint(got), fmt.Sprintf(">= %d", target), got >= target})
}

// Know notes what is only to be known.
func (f *Finding) Know(what, got string) {
	f.Figures = append(f.Figures, Figure{What: what, Got: got})
}

func round(d time.Duration) string { return d.Round(10 * time.Millisecond).String() }

// Run tries the faults one after the other and calls found for each. An error means that it could not go on.
func Run(ctx context.Context, o Options, found func(*Finding)) error {
	rows, err := chosen(o.Rows)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		found(one(ctx, o, r))
	}
	return nil
}

func chosen(names []string) ([]Row, error) {
	if len(names) == 0 {
		return Rows(), nil
	}
	var rows []Row
	for _, name := range names {
		i := slices.IndexFunc(Rows(), func(r Row) bool { return r.Name == name || fmt.Sprint(r.Number) == name })
		if i < 0 {
			return nil, fmt.Errorf("no fault is called %q; onbu bench faults --list names them", name)
		}
		rows = append(rows, Rows()[i])
	}
	return rows, nil
}

// one tries a fault.
func one(ctx context.Context, o Options, r Row) *Finding {
	began := time.Now()
	f := &Finding{Row: r.Name, Number: r.Number, About: r.About, Seed: o.Seed}
	dir, err := folder(o.Dir, r.Name)
	if err == nil {
		err = try(ctx, o, r, f, dir)
	}
	if errors.Is(err, errSkipped) {
		f.Skipped, err = err.Error(), nil
	}
	if err != nil {
		f.Error = fmt.Sprintf("%v; logs are in %s", err, dir)
	}
	f.Seconds = time.Since(began).Seconds()
	if o.Dir == "" && f.OK() {
		_ = os.RemoveAll(dir)
	}
	return f
}

var errSkipped = errors.New("skipped")

func folder(dir, name string) (string, error) {
	if dir == "" {
		return os.MkdirTemp("", "onbu-fault-"+name+"-")
	}
	dir = filepath.Join(dir, name)
	if there, _ := os.ReadDir(dir); len(there) > 0 {
		return dir, fmt.Errorf("%s holds files already: a cluster begins with empty folders; choose another one", dir)
	}
	return dir, os.MkdirAll(dir, 0o755)
}

func try(ctx context.Context, o Options, r Row, f *Finding, dir string) (err error) {
	if r.alone != nil {
		return r.alone(f)
	}
	l, err := lab.New(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	if r.NeedsNetwork && !l.Isolated() {
		return fmt.Errorf("%w: needs root and the packages iproute2 and nftables", errSkipped)
	}
	s := newSite(o, l, dir)
	s.bound = r.bound
	defer s.close()
	defer func() { f.History = s.history }()
	layout := r.layout
	if layout == nil {
		layout = standard
	}
	if err := layout(s); err != nil {
		return err
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	if err := r.run(ctx, s, f); err != nil {
		return err
	}
	return s.judge(ctx, f)
}
