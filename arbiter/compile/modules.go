package compile

import (
	"slices"
	"strings"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/monitor"
)

// Modules gives the modules that receivers and brokers may host. Where a configuration has daemons, as Shinken's have, a
// module counts only if it is attached to one; one that is attached to a receiver or broker belongs to that alone. Where it
// has none, as Nagios', every module counts.
func Modules(c *objects.Config) monitor.Modules {
	var all monitor.Modules
	for i := range c.Daemons {
		if d := &c.Daemons[i]; d.Kind == objects.Receiver || d.Kind == objects.Broker {
			all.Daemons = append(all.Daemons, strings.Clone(d.Name))
		}
	}
	slices.Sort(all.Daemons)
	for i := range c.Modules {
		daemons, attached := attachments(c, uint32(i))
		if !attached && len(c.Daemons) > 0 {
			continue
		}
		m := &c.Modules[i]
		module := monitor.Module{
			Name: strings.Clone(m.Name), Type: strings.Clone(m.Type), Daemons: daemons, File: c.Files[m.Pos.File], Line: m.Pos.Line,
		}
		for _, s := range m.Settings {
			module.Settings = append(module.Settings, monitor.Setting{Name: strings.Clone(s.Name), Value: strings.Clone(s.Value), Line: s.Line})
		}
		for _, in := range m.Modules {
			module.Modules = append(module.Modules, strings.Clone(c.Modules[in].Name))
		}
		all.List = append(all.List, module)
	}
	return all
}

// attachments gives the receivers and brokers that a module is attached to, and says whether it is attached to anything.
// In Shinken arbiters and schedulers take passive results too: here only a receiver can, so that those name nobody.
func attachments(c *objects.Config, module uint32) (daemons []string, attached bool) {
	for i := range c.Daemons {
		d := &c.Daemons[i]
		if !slices.Contains(d.Modules, module) {
			continue
		}
		attached = true
		if d.Kind == objects.Receiver || d.Kind == objects.Broker {
			daemons = append(daemons, strings.Clone(d.Name))
		}
	}
	for i := range c.Modules {
		attached = attached || slices.Contains(c.Modules[i].Modules, module)
	}
	slices.Sort(daemons)
	return slices.Compact(daemons), attached
}
