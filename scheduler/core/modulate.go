package core

import (
	"fmt"

	"github.com/onbu/onbu/monitor"
)

// Modulations change what a check says, which command is run, or how much an object is worth, while a period holds
// (Shinken, objects/*modulation.py).

// modulated gives what the exit code of an object's check counts as. Each of the object's result modulations that holds
// gets what the one before made of it.
func (c *Core) modulated(id monitor.ID, code monitor.State) monitor.State {
	for _, n := range c.inv.Policy(id).ResultModulations {
		m := &c.inv.ResultModulations[n]
		if (m.From == 0 || m.From>>code&1 != 0) && c.in(m.Period, c.now) {
			code = m.To
		}
	}
	return code
}

// modulatedHost is the same for a passive result of a host, which comes as a state.
func (c *Core) modulatedHost(id monitor.ID, state monitor.State) monitor.State {
	if code := c.modulated(id, state); code != state {
		return min(code, monitor.Unreachable)
	}
	return state
}

// checkOf gives the command that an object is checked with at present: the first check modulation that holds goes before
// its own.
func (c *Core) checkOf(id monitor.ID) monitor.Call {
	for _, n := range c.inv.Policy(id).CheckModulations {
		if m := &c.inv.CheckModulations[n]; c.in(m.Period, c.now) {
			return m.Check
		}
	}
	return c.inv.Check(id)
}

// ownImpact gives what an object is worth by itself at present, without what suffers from it: the first impact
// modulation that holds goes before its business_impact.
func (c *Core) ownImpact(id monitor.ID) int8 {
	p := c.inv.Policy(id)
	for _, n := range p.ImpactModulations {
		if m := &c.inv.ImpactModulations[n]; c.in(m.Period, c.now) {
			return m.Impact
		}
	}
	return p.BusinessImpact
}

// checkModulations looks for modulations that are not there, or whose command or period is not.
func (k *compiled) checkModulations(p *monitor.Policy) error {
	for _, of := range []struct {
		kind   string
		used   []uint32
		period func(n uint32) int32
		there  int
	}{
		{"result", p.ResultModulations, func(n uint32) int32 { return k.inv.ResultModulations[n].Period }, len(k.inv.ResultModulations)},
		{"check", p.CheckModulations, func(n uint32) int32 { return k.inv.CheckModulations[n].Period }, len(k.inv.CheckModulations)},
		{"macro", p.MacroModulations, func(n uint32) int32 { return k.inv.MacroModulations[n].Period }, len(k.inv.MacroModulations)},
		{"impact", p.ImpactModulations, func(n uint32) int32 { return k.inv.ImpactModulations[n].Period }, len(k.inv.ImpactModulations)},
	} {
		for _, n := range of.used {
			if int(n) >= of.there || !k.isPeriod(of.period(n)) {
				return fmt.Errorf("%s modulation %d or its period is out of bounds", of.kind, n)
			}
		}
	}
	for _, n := range p.CheckModulations {
		if !k.knows(k.inv.CheckModulations[n].Check) {
			return fmt.Errorf("check modulation %d: command %d is out of bounds", n, k.inv.CheckModulations[n].Check.Command)
		}
	}
	return nil
}
