package command

import (
	"iter"
	"slices"
	"strings"
)

// Scope tells who carries a command out.
type Scope uint8

// The scopes.
const (
	// ScopeHost: the shard of the host that Request.Ref names.
	ScopeHost Scope = iota + 1
	// ScopeAll: every shard; each does it for the objects it has. Groups, contacts, switches of the whole program, and
	// comments and downtimes by number.
	ScopeAll
	// ScopeResult: it is no command but a passive result; Request.Submission gives it.
	ScopeResult
	// ScopeEngine: no shard; it is for the daemon that received it (PROCESS_FILE) or for the engine as a whole
	// (RESTART_PROGRAM, RELOAD_CONFIG …).
	ScopeEngine
)

// Kind tells what an argument has to look like.
type Kind uint8

// The kinds of arguments.
const (
	Host Kind = iota + 1
	Service
	HostGroup
	ServiceGroup
	Contact
	ContactGroup
	Timeperiod
	Word // some text without semicolons, which may be empty
	Text // the rest of the line with its semicolons, which may be empty; always the last
	Time // seconds since the Unix epoch
	Int
	Number // may have a fraction
	Bool   // 0 or 1
)

// Argument is one argument of a command.
type Argument struct {
	Name string
	Kind Kind
	// Optional arguments may be empty, and left out with all after them.
	Optional bool
	// Least and Greatest bound numbers.
	Least, Greatest int64
}

// Command is what the grammar says about one command. It must not be changed.
type Command struct {
	Name  string
	Scope Scope
	// Arguments are all of them, in the order of the line.
	Arguments []Argument
	// object is how many arguments the Ref takes up: 0, 1 or 2.
	object int
}

// Usage gives the line as it is to be written; arguments that may be left out are in brackets.
func (c *Command) Usage() string {
	var b strings.Builder
	b.WriteString(c.Name)
	for _, a := range c.Arguments {
		if a.Optional {
			b.WriteString(";[" + a.Name + "]")
		} else {
			b.WriteString(";" + a.Name)
		}
	}
	return b.String()
}

// Lookup finds a command by its name or one of its other names, in capitals.
func Lookup(name string) (*Command, bool) {
	c, ok := commands[name]
	return c, ok
}

// Usage gives the line that a command is written as; false if there is no such command.
func Usage(name string) (string, bool) {
	c, ok := commands[strings.ToUpper(name)]
	if !ok {
		return "", false
	}
	return c.Usage(), true
}

// Names gives all names of commands in alphabetical order, other names included.
func Names() iter.Seq[string] { return slices.Values(names) }

// commands and names are filled once, here, and never changed.
var (
	commands = readTable(table)
	names    = sortedNames(commands)
)

func sortedNames(commands map[string]*Command) []string {
	var names []string
	for name := range commands {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// readTable reads the grammar: a line for each command or family of commands.
func readTable(table string) map[string]*Command {
	commands := make(map[string]*Command)
	for line := range strings.Lines(table) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if other, name, is := strings.Cut(line, " = "); is {
			commands[other] = commands[name]
			continue
		}
		for _, one := range expand(line) {
			c := readCommand(one)
			commands[c.Name] = c
		}
	}
	return commands
}

// expand writes out A{B,C}D as ABD and ACD.
func expand(line string) []string {
	before, rest, found := strings.Cut(line, "{")
	if !found {
		return []string{line}
	}
	choices, after, _ := strings.Cut(rest, "}")
	var lines []string
	for choice := range strings.SplitSeq(choices, ",") {
		lines = append(lines, expand(before+choice+after)...)
	}
	return lines
}

// readCommand reads one command as the table has it: the same form as Usage gives.
func readCommand(line string) *Command {
	fields := strings.Split(line, ";")
	c := &Command{Name: fields[0]}
	for _, field := range fields[1:] {
		bare := strings.Trim(field, "[]")
		a := argumentKind(bare)
		a.Name, a.Optional = bare, bare != field
		c.Arguments = append(c.Arguments, a)
	}
	c.object = objectArguments(c.Arguments)
	c.Scope = scopeOf(c)
	return c
}

// objectArguments counts the arguments that name a host or service to act on.
func objectArguments(args []Argument) int {
	switch {
	case len(args) == 0 || args[0].Kind != Host:
		return 0
	case len(args) > 1 && args[1].Kind == Service:
		return 2
	}
	return 1
}

func scopeOf(c *Command) Scope {
	switch c.Name {
	case "PROCESS_HOST_CHECK_RESULT", "PROCESS_SERVICE_CHECK_RESULT", "PROCESS_HOST_OUTPUT", "PROCESS_SERVICE_OUTPUT":
		return ScopeResult
	case "RESTART_PROGRAM", "SHUTDOWN_PROGRAM", "RELOAD_CONFIG", "SAVE_STATE_INFORMATION", "READ_STATE_INFORMATION",
		"PROCESS_FILE", "LOG", "ADD_SIMPLE_POLLER":
		return ScopeEngine
	}
	if c.object > 0 {
		return ScopeHost
	}
	return ScopeAll
}

// argumentKind gives what the table's name of an argument stands for.
func argumentKind(name string) Argument {
	const (
		most    = 1<<31 - 1
		century = 100 * 366 * 24 * 3600
	)
	switch name {
	case "host", "father":
		return Argument{Kind: Host}
	case "service":
		return Argument{Kind: Service}
	case "hostgroup":
		return Argument{Kind: HostGroup}
	case "servicegroup":
		return Argument{Kind: ServiceGroup}
	case "contact":
		return Argument{Kind: Contact}
	case "contactgroup":
		return Argument{Kind: ContactGroup}
	case "timeperiod":
		return Argument{Kind: Timeperiod}
	case "time", "start_time", "end_time":
		return Argument{Kind: Time, Greatest: lastSecond}
	case "fixed", "notify", "persistent", "delete":
		return Argument{Kind: Bool, Greatest: 1}
	case "sticky":
		return Argument{Kind: Int, Greatest: 2}
	case "options":
		return Argument{Kind: Int, Greatest: 7}
	case "status":
		return Argument{Kind: Int, Greatest: 2}
	case "return_code":
		return Argument{Kind: Int, Least: -most, Greatest: most}
	case "attempts":
		return Argument{Kind: Int, Least: 1, Greatest: 1<<16 - 1}
	case "number", "attributes":
		return Argument{Kind: Int, Greatest: most}
	case "port":
		return Argument{Kind: Int, Least: 1, Greatest: 1<<16 - 1}
	case "id", "trigger_id":
		return Argument{Kind: Int, Greatest: 1<<63 - 1}
	case "duration":
		return Argument{Kind: Int, Greatest: century}
	case "interval":
		return Argument{Kind: Number, Greatest: most}
	case "comment", "output", "value", "text", "command":
		return Argument{Kind: Text}
	}
	return Argument{Kind: Word}
}
