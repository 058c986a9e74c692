// Package definition knows how the services that a host offers are written as object definitions of Nagios, and finds them again
// in a file of such definitions.
package definition

import (
	"strings"

	"github.com/onbu/onbu/modules/check/agent/service"
	"github.com/onbu/onbu/monitor/plugin/cmdline"
)

// Program is what command lines of services begin with.
const Program = "onbu-agent"

// Host is whose services are written.
type Host struct {
	Name string
	// Template is what the services use; empty for none.
	Template string
	// Command is the name of the command that runs onbu-agent with $ARG1$ behind its own options.
	Command string
	// Own says that the agent has a service of its own.
	Own bool
}

// OwnDescription is what the agent's own service is called.
const OwnDescription = "Agent"

// Command writes the definition of a command whose line begins with these options of onbu-agent. The address behind -H becomes
// the macro for that of the host; no other word may hold macros.
func Command(name string, options []string) string {
	parts := []string{Program}
	before, _, after, ok := Address(options)
	for _, word := range before {
		parts = append(parts, quoted(word))
	}
	if ok {
		parts = append(parts, "-H", "$HOSTADDRESS$")
	}
	for _, word := range after {
		parts = append(parts, quoted(word))
	}
	line := strings.Join(append(parts, "$ARG1$"), " ")
	return block("command", [][2]string{{"command_name", name}, {"command_line", line}})
}

func quoted(word string) string { return strings.ReplaceAll(service.Line([]string{word}), "$", "$$") }

// Address finds the address among options of onbu-agent, and what stands before and behind it.
func Address(options []string) (before []string, address string, after []string, ok bool) {
	for i, word := range options {
		long, isLong := strings.CutPrefix(word, "--host=")
		short, isShort := strings.CutPrefix(word, "-H")
		switch {
		case (word == "-H" || word == "--host") && i+1 < len(options):
			return options[:i], options[i+1], options[i+2:], true
		case isLong:
			return options[:i], long, options[i+1:], true
		case isShort && short != "":
			return options[:i], short, options[i+1:], true
		}
	}
	return options, "", nil, false
}

// Services writes the services of a host, all but those that are there already. A description that one of these has gets the
// name of its kind behind it.
func (h *Host) Services(offers []service.Offer, there []Service) (text string, added int) {
	known, taken := map[string]bool{}, map[string]bool{}
	for i := range there {
		if s := &there[i]; s.Host == h.Name {
			taken[s.Description] = true
			known[s.Key()] = known[s.Key()] || !s.Own || s.Command == h.Command
		}
	}
	var b strings.Builder
	add := func(description, kind, call string) {
		for taken[description] {
			description += " " + kind
		}
		taken[description] = true
		b.WriteString("\n" + h.service(description, call))
		added++
	}
	if own := (Service{Own: true}); h.Own && !known[own.Key()] {
		add(OwnDescription, Program, h.Command)
	}
	for i := range offers {
		if o := &offers[i]; !known[o.Key()] {
			add(o.Description, o.Kind, o.Call(h.Command))
		}
	}
	return b.String(), added
}

func (h *Host) service(description, call string) string {
	return block("service", [][2]string{
		{"use", h.Template}, {"host_name", h.Name}, {"service_description", description}, {"check_command", call},
	})
}

// block writes a definition. Directives without value are left out.
func block(kind string, directives [][2]string) string {
	var b strings.Builder
	b.WriteString("define " + kind + " {\n")
	for _, d := range directives {
		if d[1] != "" {
			b.WriteString("    " + d[0] + strings.Repeat(" ", 22-len(d[0])) + strings.ReplaceAll(d[1], ";", `\;`) + "\n")
		}
	}
	b.WriteString("}\n")
	return b.String()
}

// Service is a service that a file defines, with a check_command whose argument can be that of onbu-agent.
type Service struct {
	Host, Description, Command string
	// Kind and Item are what -s and -i say; Own is set where there is neither, as for the agent's own service.
	Kind, Item string
	Own        bool
	Line       int // of the define
}

// Key is that of the offer that the service was made from.
func (s *Service) Key() string {
	o := service.Offer{Kind: s.Kind, Found: service.Found{Item: s.Item}}
	return o.Key()
}

// Gone gives those of the host's services in a file that no offer is about any more. Others may stand in the file too: only what
// has the host's command counts.
func (h *Host) Gone(offers []service.Offer, there []Service) []Service {
	offered := map[string]bool{}
	for i := range offers {
		offered[offers[i].Key()] = true
	}
	var gone []Service
	for _, s := range there {
		if s.Host == h.Name && s.Command == h.Command && !s.Own && !offered[s.Key()] {
			gone = append(gone, s)
		}
	}
	return gone
}

// Read finds the services of agents in the text of an object file, and the names of the commands that it defines. What it does not
// understand it passes over.
func Read(text string) (services []Service, commands []string) {
	var kind string
	var values map[string]string
	begin := 0
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(uncomment(line))
		switch word, rest, _ := strings.Cut(strings.Join(strings.Fields(strings.Replace(line, "{", " { ", 1)), " "), " "); {
		case line == "" || line[0] == '#':
		case kind == "" && word == "define":
			kind, _, _ = strings.Cut(rest, " ")
			values, begin = map[string]string{}, i+1
		case kind != "" && line == "}":
			switch s, ok := read(values); {
			case kind == "service" && ok:
				s.Line = begin
				services = append(services, s)
			case kind == "command" && values["command_name"] != "":
				commands = append(commands, values["command_name"])
			}
			kind = ""
		case kind != "":
			if at := strings.IndexAny(line, " \t"); at > 0 {
				values[line[:at]] = strings.TrimSpace(line[at:])
			}
		}
	}
	return services, commands
}

// uncomment cuts a line at the first semicolon without a backslash, and takes the backslashes from the others.
func uncomment(line string) string {
	var b strings.Builder
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '\\' && i+1 < len(line) && line[i+1] == ';':
			b.WriteByte(';')
			i++
		case line[i] == ';':
			return b.String()
		default:
			b.WriteByte(line[i])
		}
	}
	return b.String()
}

// read makes a service of directives, if its check is one of an agent.
func read(values map[string]string) (Service, bool) {
	command, argument, _ := strings.Cut(values["check_command"], "!")
	s := Service{Host: values["host_name"], Description: values["service_description"], Command: strings.TrimSpace(command)}
	if s.Host == "" || s.Description == "" || s.Command == "" {
		return s, false
	}
	argument = strings.ReplaceAll(strings.ReplaceAll(argument, `\!`, "!"), "$$", "$")
	words, err := cmdline.Words(Program + " " + argument)
	if err != nil {
		return s, false
	}
	for i := 1; i+1 < len(words); i += 2 {
		switch words[i] {
		case "-s":
			s.Kind = words[i+1]
		case "-i":
			s.Item = words[i+1]
		}
	}
	s.Own = s.Kind == ""
	_, ok := service.Find(s.Kind)
	return s, ok || s.Own
}
