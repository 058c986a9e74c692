package arbiter

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/macro"
)

// undefined looks for custom variables that a check command asks for and its host or service does not have, and for macros
// that no resource file sets. One object for each command and macro is named: whoever forgot one often forgot it in a
// template.
type undefined struct {
	config *objects.Config
	// asks holds the macros of custom variables in the lines and arguments of the calls seen so far, less those that were
	// found missing.
	asks     map[monitor.Call][]macro.Macro
	said     map[string]bool
	warnings []string
}

// look looks at the check of a host, or of a service of it unless that is monitor.None.
func (u *undefined) look(call monitor.Call, hostIndex, serviceIndex int32) {
	host, service := &u.config.Hosts[hostIndex], (*objects.Service)(nil)
	if serviceIndex != monitor.None {
		service = &u.config.Services[serviceIndex]
	}
	asks, ok := u.asks[call]
	if !ok {
		asks = u.custom(call)
		u.asks[call] = asks
	}
	for i := 0; i < len(asks); i++ {
		m, vars := asks[i], host.Vars
		if m.Kind == macro.ServiceVar {
			if service == nil {
				continue
			}
			vars = service.Vars
		}
		if _, found := find(vars, m.Var); found {
			continue
		}
		u.warn(call, m, host, service)
		asks = slices.Delete(asks, i, i+1)
		u.asks[call] = asks
		i--
	}
}

// custom gives the macros of custom variables that a call asks of its own host and service, and complains of those that
// nobody sets.
func (u *undefined) custom(call monitor.Call) []macro.Macro {
	var list []macro.Macro
	for _, text := range append([]string{u.config.Commands[call.Command].Line}, u.config.Args[call.Args]...) {
		if !strings.Contains(text, "$") {
			continue
		}
		t, err := macro.Compile(text)
		if err != nil {
			continue
		}
		for _, m := range t.Macros() {
			switch {
			case m.Of != nil:
			case m.Kind == macro.HostVar, m.Kind == macro.ServiceVar:
				list = append(list, m)
			case m.Kind == macro.Other:
				u.unset(&u.config.Commands[call.Command], m)
			}
		}
	}
	return list
}

// unset complains of a macro that is neither a standard one nor set in a file, unless it is.
func (u *undefined) unset(command *objects.Command, m macro.Macro) {
	if _, ok := u.config.Macros[m.Name]; ok || !u.first(command.Name, m) {
		return
	}
	u.warnings = append(u.warnings, fmt.Sprintf("%s: %v is not defined, and command %s asks for it: add a line %[2]v=… to a resource file; for a dollar sign write $$",
		u.config.Where(command.Pos), m, command.Name))
}

// first says whether a macro of a command has not been complained of.
func (u *undefined) first(command string, m macro.Macro) bool {
	id := command + " " + m.Name
	before := u.said[id]
	u.said[id] = true
	return !before
}

func (u *undefined) warn(call monitor.Call, m macro.Macro, host *objects.Host, service *objects.Service) {
	command := u.config.Commands[call.Command].Name
	if !u.first(command, m) {
		return
	}
	who, where, asks := "host "+host.Name, host.Pos, "its check_command "+command
	switch {
	case service == nil:
	case m.Kind == macro.ServiceVar:
		who, where = "service "+host.Name+"/"+service.Description, service.Pos
	default:
		asks = "check_command " + command + " of its service " + service.Description
	}
	u.warnings = append(u.warnings, fmt.Sprintf("%s: %v is not defined for %s, and %s asks for it: add a line _%s, here or in a template",
		u.config.Where(where), m, who, asks, m.Var))
}
