package core

import (
	"path"
	"strings"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/plugin/cmdline"
)

// What the command lines of checks that read agent output hold.
const (
	agentProgram  = "onbu-agent"
	remoteProgram = "check_by_ssh"
	remoteAgent   = "check_mk_agent"
)

// reading says what the check of an object has to do with the output of Checkmk agents.
type reading uint8

const (
	// reads: it evaluates agent output, and with it what other hosts' agents said of this one.
	reads reading = 1 << iota
	// fetches: it asks an agent itself. Without it there are only the payloads from other hosts.
	fetches
	// owns: it is the agent's own service, which tells whether the agent answers at all.
	owns
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
		case name == remoteProgram:
			remote = true
		case remote && strings.Contains(word, remoteAgent):
			return reads | fetches | owns
		}
	}
	return 0
}

func readingOfOptions(options []string) reading {
	is := reads | fetches | owns
	for _, o := range options {
		switch {
		case o == "--piggyback-only":
			is &^= fetches
		case o == "--section", strings.HasPrefix(o, "--section="):
			is &^= owns
		case strings.HasPrefix(o, "-s"):
			is &^= owns
		}
	}
	return is
}

// bindReaders finds the checks that read agent output. It looks at the command lines as they are now: a command that
// changes one later is followed with the next configuration.
func (c *Core) bindReaders() {
	c.reading = nil
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
				c.reading = make([]reading, c.inv.Objects())
			}
			c.reading[id] = is
		}
	}
}

func namesAgent(line string) bool {
	return strings.Contains(line, agentProgram) || strings.Contains(line, remoteAgent)
}

// isOpaque says whether only its macros say which program a command line runs; $USERn$ is a folder.
func isOpaque(line string) bool {
	word, _, _ := strings.Cut(strings.TrimLeft(line, " "), " ")
	return strings.HasPrefix(word, "$") && !strings.HasPrefix(word, "$USER") || strings.HasSuffix(word, "$")
}

func (c *Core) argsNameAgent(call monitor.Call) bool {
	args, _ := c.inv.arguments(call)
	for _, arg := range args {
		if namesAgent(arg) {
			return true
		}
	}
	return false
}

// reads says whether the check of an object evaluates agent output.
func (c *Core) reads(id monitor.ID) bool { return c.reading != nil && c.reading[id] != 0 }
