package poller

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/plugin/cmdline"
)

// Fork is the module of last resort: it runs any command line as a plugin.
type Fork interface {
	Name() string
	// PrepareEnv never looks at the file system; env is added to the environment, and not kept. The error is for lines
	// that no shell could run either, and for an environment that is too large.
	PrepareEnv(line string, env []string) (modules.Probe, error)
}

// Prepared is a command line ready to be run.
type Prepared struct {
	Module string
	Probe  modules.Probe
	// Why says why no native module runs the line; empty when one does.
	Why string
}

// Probes finds out how each command line is run and remembers it, so that a check costs a look-up and no parsing. Any
// goroutine may use it.
type Probes struct {
	fork     Fork
	programs map[string][]modules.Check
	forked   []string

	mu    sync.Mutex
	lines lines
}

// NewProbes builds the table of programs; the first module that names a program is asked first. forked names programs
// that are run as plugins although a module would take them: an own program may have a plugin's name.
func NewProbes(native []modules.Check, fork Fork, forked ...string) *Probes {
	p := &Probes{fork: fork, programs: map[string][]modules.Check{}, lines: newLines(maxLines)}
	for _, m := range native {
		for _, program := range m.Programs() {
			p.programs[program] = append(p.programs[program], m)
		}
	}
	p.forked = forked
	return p
}

// Len says how many command lines are remembered.
func (p *Probes) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lines.count
}

// found is how a command line is run.
type found struct {
	line   *line
	probe  modules.Probe
	module string
	forked bool
}

// find gives the way to run a command line. It does not keep text.
func (p *Probes) find(text []byte) found {
	key := p.lines.key(text)
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lines.find(key)
	if l == nil {
		l = p.lines.add(key, p.Prepare(string(text)))
	}
	return found{line: l, probe: l.probe, module: p.lines.modules[l.module], forked: l.forked}
}

// of gives the way to run a job. What is forked with an environment of its own is not remembered.
func (p *Probes) of(job *monitor.Job) found {
	f := p.find(job.Line)
	if personal, ok := f.probe.(modules.Personal); ok {
		f.probe = personal.For(modules.Object{
			Host: job.Host, Service: job.Service, Payload: job.Payload,
			Forced: job.Reasons.Has(monitor.Forced), Arrival: job.Reasons.Has(monitor.Arrived),
		})
		return f
	}
	if len(job.Env) == 0 || !f.forked {
		return f
	}
	probe, err := p.fork.PrepareEnv(string(job.Line), job.Env)
	if err != nil {
		probe = cannot{err}
	}
	f.probe = probe
	return f
}

// Prepare finds out how a command line is run and remembers nothing; `onbu verify` uses it with sample lines.
func (p *Probes) Prepare(line string) Prepared {
	probe, module, why := p.own(line)
	if probe == nil {
		probe, module, why = p.native(line)
	}
	if probe != nil {
		return Prepared{Module: module, Probe: probe}
	}
	forked, err := p.fork.PrepareEnv(line, nil)
	if err != nil {
		forked = cannot{err}
	}
	return Prepared{Module: p.fork.Name(), Probe: forked, Why: why}
}

// own asks the modules whose lines no shell reads.
func (p *Probes) own(line string) (probe modules.Probe, module, why string) {
	first, _, _ := strings.Cut(strings.Trim(line, " \t"), " ")
	program := path.Base(first)
	if slices.Contains(p.forked, program) {
		return nil, "", ""
	}
	for _, m := range p.programs[program] {
		if o, ok := m.(modules.Owner); ok {
			return ownProbe(o, line), m.Name(), ""
		}
	}
	return nil, "", ""
}

// ownProbe keeps a module's panic from being the poller's.
func ownProbe(m modules.Owner, line string) (probe modules.Probe) {
	defer func() {
		if r := recover(); r != nil {
			probe = cannot{fmt.Errorf("module %s has a bug, please report it with this command line: %v", m.Name(), r)}
		}
	}()
	return m.Own(line)
}

// native asks the modules; why says why none takes the line.
func (p *Probes) native(line string) (probe modules.Probe, module, why string) {
	words, err := cmdline.Words(line)
	if err != nil {
		return nil, "", err.Error()
	}
	if len(words) == 0 {
		return nil, "", "empty command line"
	}
	program := path.Base(words[0])
	if slices.Contains(p.forked, program) {
		return nil, "", fmt.Sprintf("%s is to be forked, as --fork says", program)
	}
	candidates := p.programs[program]
	if len(candidates) == 0 {
		return nil, "", fmt.Sprintf("no native module for %s", program)
	}
	var reasons []string
	for _, m := range candidates {
		probe, err := parse(m, words)
		if err == nil {
			return probe, m.Name(), ""
		}
		if !errors.Is(err, modules.ErrNotMine) {
			reasons = append(reasons, err.Error())
		}
	}
	if len(reasons) == 0 {
		reasons = append(reasons, fmt.Sprintf("no native module takes this form of %s", program))
	}
	return nil, "", strings.Join(reasons, "; ")
}

// parse keeps a module's panic from being the poller's.
func parse(m modules.Check, words []string) (probe modules.Probe, err error) {
	defer func() {
		if r := recover(); r != nil {
			probe, err = nil, fmt.Errorf("module %s has a bug, please report it with this command line: %v", m.Name(), r)
		}
	}()
	return m.Parse(words)
}
