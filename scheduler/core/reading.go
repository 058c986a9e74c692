package core

import (
	"hash/fnv"
	"path"
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/plugin/cmdline"
)

// What the command lines of checks that read agent output hold.
const (
	agentProgram  = "onbu-agent"
	remoteProgram = "check_by_ssh"
	remoteAgent   = "check_mk_agent"
	dummyProgram  = "check_dummy"
)

// parentlessVar is the custom variable by which a host says that its sources are no parents of it: _IMPLICIT_PARENT off.
const parentlessVar = "IMPLICIT_PARENT"

// reading says what the check of an object has to do with the output of Checkmk agents.
type reading uint8

const (
	// reads: it evaluates agent output, and with it what other hosts' agents said of this one.
	reads reading = 1 << iota
	// fetches: it asks an agent itself. Without it there are only the payloads from other hosts.
	fetches
	// owns: it is the agent's own service, which tells whether the agent answers at all.
	owns
	// blind: it looks at nothing.
	blind
)

func (r reading) has(want reading) bool { return r&want == want }

// readingOf finds out from a command line, with its macros replaced, what a check reads.
func readingOf(line string) reading {
	words, err := cmdline.Words(line)
	if err != nil { // for a shell; what can be seen of it must do
		words = strings.Fields(line)
	}
	remote := false
	for i, word := range words {
		switch name := path.Base(strings.Trim(word, `'"`)); {
		case name == agentProgram:
			return readingOfOptions(words[i+1:])
		case name == dummyProgram && i == 0:
			return blind
		case name == remoteProgram:
			remote = true
		case remote && strings.Contains(word, remoteAgent):
			return reads | fetches | owns
		}
	}
	return 0
}

// connectionOf gives a hash of what a command line says before it says what is wanted: lines with the same one ask the same
// agent, and share its output.
func connectionOf(line string) uint32 {
	words, err := cmdline.Words(line)
	if err != nil {
		words = strings.Fields(line)
	}
	h := fnv.New32a()
	for _, word := range words {
		if len(word) > 1 && strings.ContainsAny(word[1:2], "siwco") && word[0] == '-' || strings.HasPrefix(word, "--s") && word != "--ssh" {
			break
		}
		h.Write([]byte(word))
		h.Write([]byte{0})
	}
	return h.Sum32()
}

func readingOfOptions(options []string) reading {
	is := reads | fetches | owns
	for _, o := range options {
		switch {
		case len(o) > len("--p") && strings.HasPrefix("--piggyback-only", o):
			is &^= fetches
		case strings.HasPrefix(o, "-s"), strings.HasPrefix(o, "--s"):
			is &^= owns
		}
	}
	return is
}

// bindReaders finds the checks that read agent output, and the hosts that lean on their sources. It looks at the command
// lines as they are now: a command that changes one later is followed with the next configuration.
func (c *Core) bindReaders() {
	c.reading, c.connection, c.leaning = nil, nil, nil
	names := make([]bool, len(c.inv.Commands))
	for i := range c.inv.Commands {
		names[i] = namesAgent(c.inv.Commands[i].Line) || isOpaque(c.inv.Commands[i].Line)
	}
	var line []byte
	for id := range monitor.ID(c.inv.Objects()) {
		call := c.inv.Check(id)
		if call.Command == monitor.None || !names[call.Command] && !c.argsNameAgent(call) {
			continue
		}
		line = c.appendLine(line[:0], id, call)
		if is := readingOf(string(line)); is != 0 {
			if c.reading == nil {
				c.reading, c.connection = make([]reading, c.inv.Objects()), make([]uint32, c.inv.Objects())
			}
			c.reading[id], c.connection[id] = is, connectionOf(string(line))
		}
	}
	c.bindLeaning()
}

func namesAgent(line string) bool {
	return strings.Contains(line, agentProgram) || strings.Contains(line, remoteAgent) || strings.Contains(line, dummyProgram)
}

// isOpaque says whether only its macros say which program a command line runs; $USERn$ is a folder.
func isOpaque(line string) bool {
	word, _, _ := strings.Cut(strings.TrimLeft(line, " "), " ")
	return strings.HasPrefix(word, "$") && !strings.HasPrefix(word, "$USER") || strings.HasSuffix(word, "$")
}

func (c *Core) argsNameAgent(call monitor.Call) bool {
	args, _ := c.inv.arguments(call)
	return slices.ContainsFunc(args, namesAgent)
}

// reads says whether the check of an object evaluates agent output.
func (c *Core) reads(id monitor.ID) bool { return c.reading != nil && c.reading[id].has(reads) }

// bindLeaning finds the hosts of which all that is known comes in payloads: no check of theirs looks at them by other
// means, and no parents are configured for them.
func (c *Core) bindLeaning() {
	if c.reading == nil {
		return
	}
	for host := range monitor.ID(len(c.inv.Hosts)) {
		if c.isLeaning(host) {
			if c.leaning == nil {
				c.leaning = make([]bool, len(c.inv.Hosts))
			}
			c.leaning[host] = true
		}
	}
}

func (c *Core) isLeaning(host monitor.ID) bool {
	if len(c.inv.Hosts[host].Parents) > 0 || c.isParentless(host) {
		return false
	}
	some, other := c.looks(host)
	first, last := c.services(host)
	for id := first; id < last && !other; id++ {
		guest, more := c.looks(id)
		some, other = some || guest, other || more
	}
	return some && !other
}

// looks says whether the check of an object reads payloads only, or looks at something else. What comes in from outside,
// and what looks at nothing, does neither.
func (c *Core) looks(id monitor.ID) (guest, other bool) {
	is, p := c.reading[id], c.inv.Policy(id)
	switch {
	case c.ruleOf(id) != nil, len(p.CheckModulations) > 0:
		return false, true
	case c.inv.Check(id).Command == monitor.None, p.Switches&monitor.ActiveChecks == 0, is.has(blind):
		return false, false
	}
	guest = is&(reads|fetches) == reads
	return guest, !guest
}

func (c *Core) isParentless(host monitor.ID) bool {
	vars := c.inv.Hosts[host].Vars
	i := indexVar(vars, parentlessVar)
	return i >= 0 && (vars[i].Value == "off" || vars[i].Value == "0")
}

// leans says whether an object's check stands on what the sources of its host say, and on nothing else. A service that is not
// to depend on its host (host_dependency_enabled 0) does not depend on those either.
func (c *Core) leans(id monitor.ID) bool {
	return c.leaning != nil && c.leaning[c.inv.HostOf(id)] && c.reading[id].has(reads) && !c.inv.Policy(id).NoHostDependency
}
