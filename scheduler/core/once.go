package core

import "github.com/onbu/onbu/monitor"

// onceVar is the custom variable by which a contact asks not to be told again when nobody knows whether it was told:
// _AT_MOST_ONCE 1. It is for what must not happen twice; everybody else is told twice rather than not at all.
const onceVar = "AT_MOST_ONCE"

// once says whether a contact asks for that. What a command set counts more than the configuration.
func (c *Core) once(contact uint32) bool {
	who := &c.inv.Contacts[contact]
	for _, vars := range [][]monitor.Var{c.muted[who.Name].Vars, who.Vars} {
		if i := indexVar(vars, onceVar); i >= 0 {
			return vars[i].Value == "1"
		}
	}
	return false
}
