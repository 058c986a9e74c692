package objects

import (
	"time"

	"github.com/onbu/onbu/monitor"
)

// loadCommands reads the commands.
func (l *loader) loadCommands() {
	l.internalCommands()
	for i, r := range l.objects[kCommand] {
		if r == internal {
			l.config.Commands = append(l.config.Commands, Command{Command: monitor.Command{
				Name: l.names[kCommand][i], Line: l.names[kCommand][i],
			}})
			continue
		}
		v := l.look(r)
		c := Command{Pos: v.pos(), Module: v.str(keyModuleType)}
		c.Name, c.Line = l.names[kCommand][i], v.str(keyCommandLine)
		if n := l.num(v, keyTimeout, 0); n > 0 {
			c.Timeout = duration(n, time.Second)
		}
		if c.Pool = tag(v, keyPollerTag); c.Pool == "" {
			c.Pool = tag(v, keyReactionnerTag)
		}
		if c.Line == "" {
			l.errorAt(v.pos(), "command %q has no command_line: add one", c.Name)
		} else if l.opts.CheckLine != nil {
			if err := l.opts.CheckLine(c.Line); err != nil {
				l.errorAt(v.get(keyCommandLine).pos, "command_line of %q: %v", c.Name, err)
			}
		}
		l.config.Commands = append(l.config.Commands, c)
	}
	l.globalHandlers()
}

func (l *loader) globalHandlers() {
	o := &l.config.Options
	set := func(dst *int32, command, option string) {
		if command == "" {
			return
		}
		if i, ok := l.one(kCommand, command, l.optionPos[option], option); ok {
			*dst = int32(i)
		}
	}
	set(&o.GlobalHostHandler, l.hostHandler, "global_host_event_handler")
	set(&o.GlobalServiceHandler, l.serviceHandler, "global_service_event_handler")
}
