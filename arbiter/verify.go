package arbiter

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/onbu/onbu/arbiter/compile"
	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/macro"
)

// Native says how a command line is run. poller.Probes has it.
type Native func(line string) Way

// Way is how a command line is run.
type Way struct {
	// Module runs it; Why says why it forks, if it does.
	Module, Why string
	// Wrong is what the line cannot work with, in itself and in files that it names; Doubtful what else is wrong with
	// those files.
	Wrong, Doubtful []string
	// Each says that the answer may be another one for each object that uses the command with the same arguments.
	Each bool
}

// Summary is what `onbu verify` says of a configuration.
type Summary struct {
	Main     string       `json:"main"`
	Files    int          `json:"files"`
	OK       bool         `json:"ok"`
	Objects  []Count      `json:"objects"`
	Packs    int          `json:"packs"`
	Heaviest uint64       `json:"heaviest_pack"`
	Shards   []uint64     `json:"shard_weights"`
	Native   int          `json:"native_checks"`
	Forked   int          `json:"forked_checks"`
	Commands []CommandUse `json:"commands"`
	// ChecksPerSecond is what the check intervals ask for, Forks what is forked of it, the heaviest first.
	ChecksPerSecond float64   `json:"checks_per_second"`
	Forks           []ForkUse `json:"forks"`
	// Notifications say how contacts are told.
	Notifications []NotificationUse `json:"notifications"`
	// Modules are those that receivers and brokers host, and those of Shinken's that need no host here.
	Modules  []ModuleUse    `json:"modules"`
	Later    []NotActedOn   `json:"not_acted_on"`
	Warnings []string       `json:"warnings"`
	Errors   []string       `json:"errors"`
	Counts   map[string]int `json:"counts"`
	// Cuts are the packs that lie in several shards because they are too heavy for one.
	Cuts []PackCut `json:"cuts,omitempty"`
	// Runs says that the configuration can be put into force. If it is not OK all the same, what the errors name does not work.
	Runs bool `json:"runs"`
}

// Count is how many objects there are of a type.
type Count struct {
	Type string `json:"type"`
	N    int    `json:"n"`
}

// CommandUse says how a check command is run. A command whose arguments decide about that has several.
type CommandUse struct {
	Command string `json:"command"`
	// Module runs it; "exec" forks.
	Module string `json:"module"`
	// Checks is how many hosts and services use it so.
	Checks int `json:"checks"`
	// Why says why it forks; empty when it does not.
	Why string `json:"why,omitempty"`
	// Example is an object that uses it so.
	Example string `json:"example"`
}

// NotActedOn is something that was understood and is not used.
type NotActedOn struct {
	// Kind is the type of the object, "define" for a whole type, or "main file".
	Kind      string `json:"kind"`
	Directive string `json:"directive"`
	// Effect is Missed or Moot.
	Effect string `json:"effect"`
	Times  int    `json:"times"`
	First  string `json:"first"`
}

// What it means that something is not acted on. Missed changes what is checked or who is told; Moot are Nagios' own files
// and processes, its tuning, drawings, and what only says more about something that is missed.
const (
	Missed = "missed"
	Moot   = "moot"
)

// Broken says what does not work in a configuration that can be put into force: what no module can check or send.
func Broken(c *objects.Config, native Native, sends Sends, hosts Hosts) []string {
	_, _, wrong := commandUses(c, native, newForks())
	_, unsent := notificationUses(c, sends)
	return slices.Concat(wrong, unsent, judgeModules(c, hosts).wrong)
}

// Verify reads a configuration and says what came of it; sends and hosts may be nil.
func Verify(main string, shards int, native Native, sends Sends, hosts Hosts) Summary {
	c, report := Load(main)
	s := Summary{Main: main, Files: len(c.Files), OK: report.OK(), Runs: report.OK(), Objects: counts(c)}
	s.Shards, s.Commands, s.Later, s.Warnings, s.Errors = []uint64{}, []CommandUse{}, []NotActedOn{}, []string{}, []string{}
	s.Notifications, s.Forks = []NotificationUse{}, []ForkUse{}
	for _, p := range report.Problems {
		if p.Severity == objects.Error {
			s.Errors = append(s.Errors, Line(p))
		} else {
			s.Warnings = append(s.Warnings, Line(p))
		}
	}
	said := judgeModules(c, hosts)
	s.Modules, s.Warnings, s.Errors = said.uses, append(s.Warnings, said.warnings...), append(s.Errors, said.wrong...)
	s.OK = s.OK && len(said.wrong) == 0
	s.Counts = map[string]int{"errors": report.Errors + len(said.wrong), "warnings": report.Warnings + len(said.warnings)}
	for _, u := range c.Understood {
		effect := Missed
		if u.Moot {
			effect = Moot
		}
		s.Later = append(s.Later, NotActedOn{Kind: u.Kind, Directive: u.Directive, Effect: effect, Times: u.Count, First: c.Where(u.First)})
	}
	if !s.Runs {
		return s
	}
	plan := compile.Plan(c, shards, nil)
	s.Packs, s.Heaviest, s.Shards = plan.Packs, plan.Heaviest, plan.Weights
	var doubts, wrong, unsent, solid []string
	s.Cuts, solid = cutsOf(c, plan.Cuts)
	f := newForks()
	s.Commands, doubts, wrong = commandUses(c, native, f)
	s.ChecksPerSecond, s.Forks = f.all, f.list()
	if shards > 1 {
		doubts = append(doubts, Unseen(c, nil)...)
	}
	doubts = append(doubts, solid...)
	s.Warnings = append(s.Warnings, doubts...)
	s.Counts["warnings"] += len(doubts)
	s.Notifications, unsent = notificationUses(c, sends)
	wrong = append(wrong, unsent...)
	s.Errors = append(s.Errors, wrong...)
	s.Counts["errors"] += len(wrong)
	s.OK = s.OK && len(wrong) == 0
	for _, use := range s.Commands {
		if use.Why == "" {
			s.Native += use.Checks
		} else {
			s.Forked += use.Checks
		}
	}
	return s
}

func counts(c *objects.Config) []Count {
	all := []Count{
		{"hosts", len(c.Hosts)},
		{"services", len(c.Services)},
		{"host groups", len(c.HostGroups)},
		{"service groups", len(c.ServiceGroups)},
		{"contacts", len(c.Contacts)},
		{"contact groups", len(c.ContactGroups)},
		{"commands", commands(c)},
		{"time periods", len(c.Timeperiods)},
		{"dependencies", len(c.Dependencies)},
		{"escalations", len(c.Escalations)},
		{"business rules", len(c.Rules)},
		{"triggers", len(c.Triggers)},
		{"modulations", len(c.ResultModulations) + len(c.CheckModulations) + len(c.MacroModulations) + len(c.ImpactModulations)},
		{"payload rules", len(c.Piggyback.Translations) + len(c.Piggyback.Policies) + len(c.DynamicRules)},
		{"realms", len(c.Realms)},
		{"daemons", len(c.Daemons)},
		{"modules", len(c.Modules)},
	}
	return slices.DeleteFunc(all, func(one Count) bool { return one.N == 0 })
}

// commands counts those that somebody defined; Shinken's own have no place.
func commands(c *objects.Config) int {
	n := 0
	for i := range c.Commands {
		if c.Commands[i].Pos.Line > 0 {
			n++
		}
	}
	return n
}

// commandUses asks the modules about each command with each list of arguments once, with the values of the first
// object that uses it so, or once for each object where that matters, and adds what is forked to f. The warnings name custom
// variables that are not there too.
func commandUses(c *objects.Config, native Native, f *forks) (all []CommandUse, warnings, wrong []string) {
	type outcome struct{ command, module, why string }
	type answer struct {
		outcome
		each bool
		fork ForkUse
	}
	uses := map[outcome]*CommandUse{}
	asked := map[monitor.Call]answer{}
	said := map[string]bool{}
	s := sample{config: c}
	u := undefined{config: c, asks: map[monitor.Call][]macro.Macro{}, said: map[string]bool{}}
	count := func(call monitor.Call, host, service int32, settings uint32) {
		if call.Command == monitor.None {
			return
		}
		o, ok := asked[call]
		if !ok || o.each {
			s.host, s.service, s.args = host, service, c.Args[call.Args]
			command := &c.Commands[call.Command]
			line := s.line(command.Line)
			way := native(line)
			o = answer{outcome: outcome{command.Name, way.Module, way.Why}, each: way.Each}
			if way.Why != "" {
				o.fork = f.program(line)
			}
			asked[call] = o
			for _, text := range fresh(said, way.Wrong) {
				wrong = append(wrong, fmt.Sprintf("%s (check_command %s of %s)", text, command.Name, s.name(host, service)))
			}
			warnings = append(warnings, fresh(said, way.Doubtful)...)
		}
		if uses[o.outcome] == nil {
			uses[o.outcome] = &CommandUse{Command: o.command, Module: o.module, Why: o.why, Example: s.name(host, service)}
		}
		uses[o.outcome].Checks++
		f.add(o.fork, rate(&c.Settings[settings].Policy))
		if !o.each { // else the module knows what it can do without
			u.look(call, host, service)
		}
	}
	for i := range c.Hosts {
		count(c.Hosts[i].Check, int32(i), monitor.None, c.Hosts[i].Settings)
	}
	for i := range c.Services {
		count(c.Services[i].Check, int32(c.Services[i].Host), int32(i), c.Services[i].Settings)
	}
	all = make([]CommandUse, 0, len(uses))
	for _, use := range uses {
		all = append(all, *use)
	}
	slices.SortFunc(all, func(a, b CommandUse) int {
		return cmp.Or(cmp.Compare(b.Checks, a.Checks), cmp.Compare(a.Command, b.Command), cmp.Compare(a.Why, b.Why))
	})
	return all, append(warnings, u.warnings...), wrong
}

// fresh gives the texts that were not said yet, and notes that they are now.
func fresh(said map[string]bool, texts []string) []string {
	var list []string
	for _, text := range texts {
		if !said[text] {
			said[text] = true
			list = append(list, text)
		}
	}
	return list
}

// sample puts a command line together as the first object that uses it would, as far as the configuration alone says.
// What only a running engine knows becomes 0.
type sample struct {
	config        *objects.Config
	host, service int32
	args          []string
}

func (s *sample) line(text string) string {
	t, err := macro.CompileLine(text)
	if err != nil {
		return text
	}
	return t.Text(s)
}

func (s *sample) name(host, service int32) string {
	ref := monitor.Ref{Host: s.config.Hosts[host].Name}
	if service != monitor.None {
		ref.Service = s.config.Services[service].Description
	}
	return ref.String()
}

// AppendMacro implements macro.Resolver.
func (s *sample) AppendMacro(dst []byte, m macro.Macro) ([]byte, macro.Answer) {
	dst, ok := s.append(dst, m)
	if !ok {
		return dst, macro.Missing
	}
	return dst, macro.Value
}

func (s *sample) append(dst []byte, m macro.Macro) ([]byte, bool) {
	h := &s.config.Hosts[s.host]
	switch m.Kind {
	case macro.Arg:
		if m.Index <= len(s.args) {
			dst = append(dst, s.args[m.Index-1]...)
		}
		return dst, true
	case macro.HostVar:
		return appendVariable(dst, h.Vars, m.Var)
	case macro.ServiceVar:
		if s.service == monitor.None {
			return dst, false
		}
		return appendVariable(dst, s.config.Services[s.service].Vars, m.Var)
	case macro.User, macro.Other:
		value, ok := s.config.Macros[m.Name]
		return append(dst, value...), ok
	}
	switch m.Name {
	case "HOSTADDRESS":
		return append(dst, h.Address...), true
	case "HOSTNAME":
		return append(dst, h.Name...), true
	case "HOSTALIAS":
		return append(dst, h.Alias...), true
	case "HOSTDISPLAYNAME":
		return append(dst, h.DisplayName...), true
	case "SERVICEDESC":
		if s.service != monitor.None {
			dst = append(dst, s.config.Services[s.service].Description...)
		}
		return dst, true
	}
	return append(dst, '0'), macro.Known(m.Name)
}

// appendVariable appends a custom variable; as when it runs, one that is not there stays as it is written.
func appendVariable(dst []byte, vars []monitor.Var, name string) ([]byte, bool) {
	i, found := find(vars, name)
	if !found {
		return dst, false
	}
	return append(dst, vars[i].Value...), true
}

// find finds a variable by name; they are sorted.
func find(vars []monitor.Var, name string) (int, bool) {
	return slices.BinarySearchFunc(vars, name, func(v monitor.Var, name string) int { return strings.Compare(v.Name, name) })
}
