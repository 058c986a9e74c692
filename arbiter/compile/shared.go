package compile

import (
	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/monitor"
)

// shared is what every shard has whole: it is small, and commands and contacts are named from everywhere.
func shared(c *objects.Config) monitor.Inventory {
	inv := monitor.Inventory{Options: c.Options.Options, Macros: macros(c), Timeperiods: timeperiods(c)}
	inv.Options.Zone = c.Options.Zone
	for i := range c.Commands {
		inv.Commands = append(inv.Commands, c.Commands[i].Command)
	}
	for i := range c.Contacts {
		inv.Contacts = append(inv.Contacts, c.Contacts[i].Contact)
	}
	for i := range c.ContactGroups {
		g := &c.ContactGroups[i]
		inv.ContactGroups = append(inv.ContactGroups, monitor.ContactGroup{Name: g.Name, Alias: g.Alias, Members: g.Members})
	}
	inv.ResultModulations, inv.CheckModulations = c.ResultModulations, c.CheckModulations
	inv.MacroModulations, inv.ImpactModulations = c.MacroModulations, c.ImpactModulations
	return inv
}
