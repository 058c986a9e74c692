package arbiter

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/plugin/cmdline"
)

// ForkUse is what a program that is forked has to do with the load.
type ForkUse struct {
	Program string `json:"program"`
	// Interpreter runs it: "perl". Empty for programs that the machine runs by itself, and for those that are not here.
	Interpreter string  `json:"interpreter,omitempty"`
	PerSecond   float64 `json:"per_second"`
}

// rate gives how often an object is checked in a second while all is well, at whatever hour.
func rate(p *monitor.Policy) float64 {
	if p.CheckInterval <= 0 || p.Switches&monitor.ActiveChecks == 0 {
		return 0
	}
	return 1 / p.CheckInterval.Seconds()
}

// forks adds up the load of the programs that are forked, the heaviest first.
type forks struct {
	all  float64
	each map[string]*ForkUse
	kind map[string]string // interpreter by program, as it is written in the line
}

func newForks() *forks { return &forks{each: map[string]*ForkUse{}, kind: map[string]string{}} }

// program gives the program of a command line that is forked, without its rate.
func (f *forks) program(line string) ForkUse {
	words, err := cmdline.Words(line)
	if err != nil || len(words) == 0 {
		words = []string{"sh", "-c", line}
	}
	file := cmdline.Program(words)
	kind, ok := f.kind[file]
	if !ok {
		kind = interpreterOf(file)
		f.kind[file] = kind
	}
	return ForkUse{Program: path.Base(file), Interpreter: kind}
}

// interpreterOf reads the first line of a script: "#!/usr/bin/perl -w" gives perl.
func interpreterOf(file string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	var buf [256]byte
	n, _ := io.ReadFull(f, buf[:])
	line, _, _ := bytes.Cut(buf[:n], []byte("\n"))
	words := strings.Fields(strings.TrimPrefix(string(line), "#!"))
	if !bytes.HasPrefix(line, []byte("#!")) || len(words) == 0 {
		return ""
	}
	if path.Base(words[0]) == "env" && len(words) > 1 {
		return words[len(words)-1]
	}
	return path.Base(words[0])
}

// add counts an object's checks; the program is empty if they run natively.
func (f *forks) add(use ForkUse, perSecond float64) {
	f.all += perSecond
	if use.Program == "" || perSecond == 0 {
		return
	}
	known := f.each[use.Program]
	if known == nil {
		known = &use
		f.each[use.Program] = known
	}
	known.PerSecond += perSecond
}

func (f *forks) list() []ForkUse {
	all := []ForkUse{}
	for _, use := range f.each {
		all = append(all, *use)
	}
	slices.SortFunc(all, func(a, b ForkUse) int {
		return cmp.Or(cmp.Compare(b.PerSecond, a.PerSecond), cmp.Compare(a.Program, b.Program))
	})
	return all
}

// shownForks is how many programs are named.
const shownForks = 6

// printForks says what share of the load is forked, and by which programs.
func (s *Summary) printForks(w io.Writer) {
	if s.ChecksPerSecond == 0 {
		return
	}
	forked := 0.0
	var names []string
	for i, use := range s.Forks {
		forked += use.PerSecond
		name := use.Program
		if use.Interpreter != "" {
			name += " (" + use.Interpreter + ")"
		}
		if i < shownForks {
			names = append(names, name+" "+perSecond(use.PerSecond))
		}
	}
	if rest := len(s.Forks) - shownForks; rest > 0 {
		names = append(names, fmt.Sprintf("%d more", rest))
	}
	fmt.Fprintf(w, "load: %s %% of %s fork", percent(forked/s.ChecksPerSecond), strings.Replace(perSecond(s.ChecksPerSecond), "/s", " checks/s", 1))
	if len(names) > 0 {
		fmt.Fprintf(w, ": %s", strings.Join(names, ", "))
	}
	fmt.Fprintln(w)
}

// percent writes a share; one that is small is not to look like none, for a fork is dear.
func percent(share float64) string {
	if share > 0 && share < 0.1 {
		return fmt.Sprintf("%.2g", 100*share)
	}
	return fmt.Sprintf("%.0f", 100*share)
}

// perSecond writes a rate with two digits or as a whole number.
func perSecond(r float64) string {
	if r >= 10 {
		return fmt.Sprintf("%.0f/s", r)
	}
	return fmt.Sprintf("%.2g/s", r)
}
