// Package snmp knows the command lines of check_snmp (Monitoring Plugins 2.3.3) and runs them without a fork: it speaks
// SNMP 1, 2c and 3 itself, prints the answers as net-snmp's snmpget does, and judges what was printed as the plugin does.
// State, output and performance data are those of the plugin as Debian has it, its oddities included, because people's
// thresholds and graphs were made with them.
//
// Two things differ on purpose. A "|" in what an agent says becomes a blank, so that an agent cannot bring performance
// data of its own. And --rate keeps the last values in memory, not in a file.
//
// What would read MIB files is run here only for a built-in table of common objects, printed as with the files that
// define them.
package snmp

import (
	"errors"
	"fmt"
	"net"
	"path"
	"sync"

	"github.com/onbu/onbu/internal/probe"
	"github.com/onbu/onbu/internal/recent"
	"github.com/onbu/onbu/internal/snmp"
	"github.com/onbu/onbu/modules"
)

// Options are a module's settings; the zero value is good.
type Options struct {
	// Resolver looks up agents given by name; nil is the system's.
	Resolver *net.Resolver
	// Rates is how many command lines with --rate are remembered; 0 means 200,000. Who is forgotten starts again.
	Rates int
	// Engines is how many SNMPv3 agents are remembered, and four times as many keys; 0 means 100,000. An agent that is
	// forgotten costs one more question and the time of a few hashes.
	Engines int
}

// Module runs check_snmp.
type Module struct {
	names  *net.Resolver
	syntax *probe.Syntax
	known  mib
	rates  *recent.Map[lineKey, *sample]
	engine *snmp.Engine
	// What lines share. Who is forgotten is made anew: that costs memory, nothing else.
	shapes *recent.Map[string, *command]
	agents *recent.Map[string, *agent]
	runs   sync.Pool
}

var (
	_ modules.Check  = (*Module)(nil)
	_ modules.Closer = (*Module)(nil)
)

// Close ends the checks that are under way.
func (m *Module) Close() error { return m.engine.Close() }

// New makes a module. It opens nothing.
func New(opts Options) *Module {
	if opts.Resolver == nil {
		opts.Resolver = net.DefaultResolver
	}
	if opts.Rates <= 0 {
		opts.Rates = 200_000
	}
	m := &Module{
		names: opts.Resolver, syntax: syntax(), known: builtin(), rates: recent.New[lineKey, *sample](opts.Rates),
		engine: snmp.New(snmp.Options{Agents: opts.Engines}),
		shapes: recent.New[string, *command](100_000), agents: recent.New[string, *agent](400_000),
	}
	m.runs.New = func() any { return &run{} }
	return m
}

// Engine gives the engine that asks the agents, for other modules that ask the same ones. It ends with the module.
func (m *Module) Engine() *snmp.Engine { return m.engine }

// Name gives "snmp".
func (m *Module) Name() string { return "snmp" }

// Count implements modules.Counting.
func (m *Module) Count(each func(name string, n uint64)) {
	c := m.engine.Counters()
	each("requests", c.Requests)
	each("repeats", c.Repeats)
	each("answers", c.Answers)
	each("too_big", c.TooBig)
	each("foreign", c.Foreign)
	each("misplaced", c.Misplaced)
	each("malformed", c.Malformed)
}

// Programs gives check_snmp.
func (m *Module) Programs() []string { return []string{"check_snmp"} }

// Parse reads a command line of check_snmp.
func (m *Module) Parse(argv []string) (modules.Probe, error) {
	if len(argv) == 0 || path.Base(argv[0]) != "check_snmp" {
		return nil, modules.ErrNotMine
	}
	if len(argv) == 1 {
		return nil, errors.New("check_snmp without options")
	}
	l, err := parse(argv[1:], m.syntax, m.known)
	if err != nil {
		return nil, err
	}
	c := &check{module: m, command: m.shapeOf(l)}
	if c.agent, err = m.agentOf(l); err != nil {
		return nil, err
	}
	if c.rate {
		key := keyOf(argv)
		c.key = &key
	}
	return c, nil
}

// Standing says what was learned of the agent that a command line asks, in a line for people, or nothing: "takes 64 objects
// a request, learned from tooBig at 10:03". p is a Probe of this module's.
func (m *Module) Standing(p modules.Probe) string {
	c, ok := p.(*check)
	if !ok || !c.agent.literal.IsValid() {
		return ""
	}
	return m.engine.About(c.agent.Addr)
}

// shapeOf gives the one command for all lines like l.
func (m *Module) shapeOf(l *line) *command {
	if c, ok := m.shapes.Get(string(l.shape)); ok {
		return c
	}
	m.shapes.Put(string(l.shape), l.command)
	return l.command
}

// agentOf gives the one agent for all lines that ask it in the same way.
func (m *Module) agentOf(l *line) (*agent, error) {
	key := fmt.Sprintf("%q %q %d %q %d %d", l.host, l.port, l.version, l.community, l.timeout, l.retries)
	if l.version == snmp.Version3 {
		key += fmt.Sprintf(" %q", l.security)
	}
	if a, ok := m.agents.Get(key); ok {
		return a, nil
	}
	a, err := newAgent(l)
	if err == nil {
		m.agents.Put(key, a)
	}
	return a, err
}

var _ modules.Starter = (*check)(nil)

// check is one command line, ready to run. At a million services each of them costs its size.
type check struct {
	*command
	agent  *agent
	module *Module
	key    *lineKey // of lines with --rate
}

func (c *check) String() string { return "snmp " + c.agent.peer } // never the secrets
