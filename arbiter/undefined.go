package arbiter

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/macro"
)

// undefined looks for custom variables that a check command asks for and its host or service does not have. One object
// for each command and macro is named: whoever forgot one often forgot it in a template.
type undefined struct {
	config *objects.Config
	// asks holds the macros of custom variables in the lines and arguments of the calls seen so far, less those that were
	// found missing.
	asks     map[monitor.Call][]macro.Macro
	said     map[string]bool
	warnings []string
}

// look looks at the check of a host, or of a service when service is not nil.
func (u *undefined) look(call monitor.Call, host *objects.Host, service *objects.Service) {
	if call.Command == monitor.None {
		return
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

// custom gives the macros of custom variables that a call asks of its own host and service.
func (u *undefined) custom(call monitor.Call) []macro.Macro {
	var list []macro.Macro
	for _, text := range append([]string{u.config.Commands[call.Command].Line}, u.config.Args[call.Args]...) {
		if !strings.Contains(text, "$_") {
			continue
		}
		t, err := macro.Compile(text)
		if err != nil {
			continue
		}
		for _, m := range t.Macros() {
			if (m.Kind == macro.HostVar || m.Kind == macro.ServiceVar) && m.Of == nil {
				list = append(list, m)
			}
		}
	}
	return list
}

func (u *undefined) warn(call monitor.Call, m macro.Macro, host *objects.Host, service *objects.Service) {
	command := u.config.Commands[call.Command].Name
	id := command + " " + m.Name
	if u.said[id] {
		return
	}
	u.said[id] = true
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
