package arbiter

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/onbu/onbu/arbiter/compile"
	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/internal/hosting"
	"github.com/onbu/onbu/monitor"
)

// Hosts says what becomes of the definition of a module. builtin.Judge is it.
type Hosts func(m *monitor.Module) monitor.ModuleVerdict

// ModuleUse is a module that receivers or brokers host, or one of Shinken's that Onbu does not need or have.
type ModuleUse struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Where string `json:"where"`
	// Daemons host it; empty for every one that there is.
	Daemons []string `json:"daemons,omitempty"`
	// Instead says what does the work of a module that is not hosted; empty for one that is.
	Instead string `json:"instead,omitempty"`
}

// modulesSaid is what is said of the modules of a configuration.
type modulesSaid struct {
	uses            []ModuleUse
	warnings, wrong []string
}

// judgeModules asks about each module that counts, and has none of them left as merely understood. Of those that are attached to
// nothing only their types matter.
func judgeModules(c *objects.Config, hosts Hosts) modulesSaid {
	said := modulesSaid{uses: []ModuleUse{}}
	if hosts == nil {
		return said
	}
	all := compile.Modules(c)
	var at ports
	for i := range all.List {
		at.add(&all.List[i], said.judge(&all.List[i], hosts))
	}
	said.wrong, said.warnings = append(said.wrong, at.taken...), append(said.warnings, at.doubtful...)
	for i := range c.Modules {
		m := &c.Modules[i]
		if slices.ContainsFunc(all.List, func(other monitor.Module) bool { return other.Name == m.Name }) {
			continue
		}
		if hosts(&monitor.Module{Name: m.Name, Type: m.Type}).Hosted {
			said.warnings = append(said.warnings, fmt.Sprintf("%s: module %s (%s) is attached to no daemon and not hosted: add it to the modules of a receiver or broker", c.Where(m.Pos), m.Name, m.Type))
		}
	}
	actedOn(c, "define", "module", len(c.Modules))
	return said
}

// judge asks about a module, and gives where it would listen.
func (said *modulesSaid) judge(m *monitor.Module, hosts Hosts) (ports []string) {
	v := hosts(m)
	if v.Hosted || v.Instead != "" {
		said.uses = append(said.uses, ModuleUse{Name: m.Name, Type: m.Type, Where: fmt.Sprintf("%s:%d", m.File, m.Line), Daemons: m.Daemons, Instead: v.Instead})
	}
	said.wrong, said.warnings = append(said.wrong, v.Wrong...), append(said.warnings, v.Doubtful...)
	return v.Ports
}

func (s *Summary) printModules(w io.Writer) {
	if len(s.Modules) == 0 {
		return
	}
	fmt.Fprintf(w, "\nmodules:\n")
	t := tabwriter.NewWriter(w, 2, 0, 2, ' ', 0)
	for _, m := range s.Modules {
		fmt.Fprintf(t, "  %s\t%s\t%s\n", m.Name, m.Type, m.becomes())
	}
	t.Flush()
}

// becomes says who hosts the module, or what does its work.
func (m *ModuleUse) becomes() string {
	switch {
	case m.Instead != "":
		return m.Instead
	case len(m.Daemons) == 0:
		return "hosted by any"
	}
	return "hosted by " + strings.Join(m.Daemons, ", ")
}

// hostable gives all mistakes in the definitions of modules as one error, but those that the configuration in force has too. A module
// with a new mistake would stop, though the one before it works; one that was wrong before stays as it is, and is no reason to keep
// everything else as it is.
func (a *Arbiter) hostable(ctx context.Context, c *objects.Config) error {
	if len(judgeModules(c, a.o.Hosts).wrong) == 0 {
		return nil
	}
	old, err := a.modulesInForce(ctx)
	if err != nil {
		return err
	}
	wrong, known := mistakes(compile.Modules(c).List, old, a.o.Hosts)
	for _, text := range known {
		a.o.Log.Warn("as it was in the configuration in force: " + text)
	}
	if len(wrong) == 0 {
		return nil
	}
	return &brokenError{main: Absolute(a.o.Main), count: len(wrong), lines: wrong}
}

// modulesInForce gives what identifies the modules of the configuration in force.
func (a *Arbiter) modulesInForce(ctx context.Context) (map[string]bool, error) {
	entry, _, err := a.current(ctx)
	if err != nil {
		return nil, err
	}
	all, err := hosting.Load(ctx, a.o.Bus, entry.Value)
	if err != nil {
		return nil, fmt.Errorf("modules of the configuration in force: %w", err)
	}
	old := make(map[string]bool, len(all.List))
	for i := range all.List {
		old[hosting.Identity(all.List[i])] = true
	}
	return old, nil
}

// mistakes parts what is wrong with modules, and with two that listen at one place, from what is known since it is in force.
func mistakes(modules []monitor.Module, old map[string]bool, hosts Hosts) (wrong, known []string) {
	var said modulesSaid
	var at ports
	for i := range modules {
		m := &modules[i]
		before := len(said.wrong)
		at.add(m, said.judge(m, hosts))
		if old[hosting.Identity(*m)] {
			known = append(known, said.wrong[before:]...)
			said.wrong = said.wrong[:before]
		}
	}
	for i, text := range at.taken {
		if c := at.takers[i]; old[hosting.Identity(*c[0])] && old[hosting.Identity(*c[1])] {
			known = append(known, text)
		} else {
			said.wrong = append(said.wrong, text)
		}
	}
	return said.wrong, known
}
