package arbiter

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/onbu/onbu/arbiter/compile"
	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/monitor"
)

// Hosts says what is wrong with the definition of a module that a receiver or broker hosts, every mistake in a line; known is
// false for the type of a module that none of them hosts. builtin.Verify is it.
type Hosts func(m *monitor.Module) (known bool, err error)

// ModuleUse is a module that receivers or brokers host.
type ModuleUse struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Where string `json:"where"`
	// Daemons host it; empty for every one that there is.
	Daemons []string `json:"daemons,omitempty"`
}

// moduleUses asks about each module. The warnings name those that are defined and attached to nothing.
func moduleUses(c *objects.Config, hosts Hosts) (uses []ModuleUse, warnings, wrong []string) {
	uses = []ModuleUse{}
	if hosts == nil {
		return uses, nil, nil
	}
	all := compile.Modules(c)
	for i := range all.List {
		m := &all.List[i]
		known, err := hosts(m)
		if !known {
			continue
		}
		uses = append(uses, ModuleUse{m.Name, m.Type, fmt.Sprintf("%s:%d", m.File, m.Line), m.Daemons})
		if err != nil {
			wrong = append(wrong, strings.Split(err.Error(), "\n")...)
		}
	}
	idle := 0
	for i := range c.Modules {
		m := &c.Modules[i]
		if slices.ContainsFunc(all.List, func(other monitor.Module) bool { return other.Name == m.Name }) {
			continue
		}
		if known, _ := hosts(&monitor.Module{Name: m.Name, Type: m.Type}); known {
			idle++
			warnings = append(warnings, fmt.Sprintf("%s: module %s (%s) is attached to no daemon and not hosted: add it to the modules of a receiver or broker", c.Where(m.Pos), m.Name, m.Type))
		}
	}
	actedOn(c, "define", "module", len(uses)+idle)
	return uses, warnings, wrong
}

func (s *Summary) printModules(w io.Writer) {
	if len(s.Modules) == 0 {
		return
	}
	fmt.Fprintf(w, "\nmodules of receivers and brokers:\n")
	t := tabwriter.NewWriter(w, 2, 0, 2, ' ', 0)
	for _, m := range s.Modules {
		by := ""
		if len(m.Daemons) > 0 {
			by = "for " + strings.Join(m.Daemons, ", ")
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\n", m.Name, m.Type, by)
	}
	t.Flush()
}
