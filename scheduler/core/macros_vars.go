package core

import (
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/macro"
)

// appendVar appends a custom variable. What a command set goes before a macro modulation, and that before the
// configuration. What a command set is data: it came over the network, so no shell reads it as syntax, nor are macros in
// it replaced.
func (r *resolver) appendVar(dst []byte, m macro.Macro) ([]byte, macro.Answer) {
	if r.core.masking && secretVar(m.Var) {
		return append(dst, "***"...), macro.Value
	}
	changed, vars := r.vars(m.Kind)
	if i := indexVar(changed, m.Var); i >= 0 {
		return append(dst, changed[i].Value...), macro.Foreign
	}
	if m.Kind != macro.ContactVar {
		if value, ok := r.modulated(m); ok {
			return append(dst, value...), macro.Value
		}
	}
	if i := indexVar(vars, m.Var); i >= 0 {
		return append(dst, vars[i].Value...), macro.Value
	}
	return dst, macro.Missing
}

// vars gives the custom variables that a kind of macro is about: those that commands set, and the configuration's.
func (r *resolver) vars(kind macro.Kind) (changed, vars []monitor.Var) {
	switch c := r.core; {
	case kind == macro.HostVar:
		return c.inv.changedVars(r.host), c.inv.Hosts[r.host].Vars
	case kind == macro.ServiceVar && r.service != monitor.NoID:
		return c.inv.changedVars(r.service), c.inv.Service(r.service).More().Vars
	case kind == macro.ContactVar && r.contact != nil:
		return c.muted[r.contact.Name].Vars, r.contact.Vars
	}
	return nil, nil
}

// modulated gives the value that the first macro modulation in effect sets for a variable (Shinken's macromodulations).
func (r *resolver) modulated(m macro.Macro) (string, bool) {
	id, c := r.host, r.core
	if m.Kind == macro.ServiceVar {
		id = r.service
	}
	if id == monitor.NoID {
		return "", false
	}
	for _, n := range c.inv.Policy(id).MacroModulations {
		modulation := &c.inv.MacroModulations[n]
		if i := indexVar(modulation.Vars, m.Var); i >= 0 && c.in(modulation.Period, c.now) {
			return modulation.Vars[i].Value, true
		}
	}
	return "", false
}

func indexVar(vars []monitor.Var, name string) int {
	for i := range vars {
		if vars[i].Name == name {
			return i
		}
	}
	return -1
}

// secretVar says whether a custom variable, by its name in capitals, holds what only the check itself is to see.
func secretVar(name string) bool {
	return slices.ContainsFunc([]string{"PASS", "PWD", "SECRET", "TOKEN", "COMMUNITY", "CREDENTIAL", "AUTH", "KEY"}, func(part string) bool {
		return strings.Contains(name, part)
	})
}
