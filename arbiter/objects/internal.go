package objects

import (
	"strings"

	"github.com/onbu/onbu/monitor"
)

// internal is the ref of the commands that Shinken has without a definition.
var internal = ref{file: 1<<32 - 1}

// The commands that Shinken carries out itself (shinken/objects/schedulingitem.py, manage_internal_check): hostUp takes a
// host to be UP, echo leaves the state as it is, rule works the state out from those of other objects.
const (
	hostUp = "_internal_host_up"
	echo   = "_echo"
	rule   = "bp_rule"
)

// internalCommands adds Shinken's own, where nobody defined them. Business rules are for Nagios' files too.
func (l *loader) internalCommands() {
	own := []string{rule}
	if l.shinken {
		own = append(own, hostUp, echo)
	}
	for _, n := range own {
		if _, ok := l.index[kCommand][n]; !ok {
			l.index[kCommand][n] = uint32(len(l.names[kCommand]))
			l.names[kCommand] = append(l.names[kCommand], n)
			l.objects[kCommand] = append(l.objects[kCommand], internal)
		}
	}
}

// withoutInternal takes Shinken's own commands out of a check: there is no plugin behind them. What is left is no command
// at all; for echo settings are then those of an object without active checks.
//
// As in Shinken the line counts and not the name: a configuration may define them too.
func (l *loader) withoutInternal(call monitor.Call, settings *uint32) monitor.Call {
	if call.Command == monitor.None {
		return call
	}
	switch line := l.config.Commands[call.Command].Line; {
	case line == hostUp && l.shinken, strings.HasPrefix(line, rule):
		return noCall
	case line == echo && l.shinken:
	default:
		return call
	}
	s := l.config.Settings[*settings]
	s.Switches &^= monitor.ActiveChecks
	*settings = l.keep(s)
	return noCall
}
