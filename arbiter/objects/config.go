// Package objects knows how Nagios and Shinken write a configuration: the main file, object files, templates,
// inheritance, groups, wildcards and exclusions, and every mistake that can be made in them. It reads Nagios 4.5 and
// Shinken 2.4 files unchanged and gives a Config, in which names are indexes and templates are gone, and a Report, in
// which every mistake has its file and line.
package objects

import (
	"strconv"
	"time"

	"github.com/onbu/onbu/monitor"
)

// Config is a whole configuration, read and expanded. It is read-only. Indexes named after a slice point into that
// slice; those of type int32 may be monitor.None. Strings may be parts of the text of the files: who keeps a few of
// them for longer than the Config should clone them.
type Config struct {
	// Main is the path of the main file as it was given.
	Main string
	// Files are all files read, the main file first; Pos.File counts in it.
	Files   []string
	Options Options
	// Macros holds $USERn$ and Shinken's own global macros, without dollar signs. Some are secrets: never log a value.
	Macros      map[string]string
	Timeperiods []Timeperiod
	Commands    []Command
	// Args are the argument lists of check commands, split at "!"; equal lists are kept once, the empty one is number 0.
	Args          [][]string
	Contacts      []Contact
	ContactGroups []Group
	// Settings are shared by all hosts and services whose effective directives are the same.
	Settings []Settings
	// Hosts are in the order of the files.
	Hosts []Host
	// Services are sorted by host, within a host in the order of the files; one for each host and description.
	Services      []Service
	HostGroups    []Group
	ServiceGroups []Group
	Realms        []Realm
	Daemons       []Daemon
	Modules       []Module
	Dependencies  []Dependency
	Escalations   []Escalation
	// ServiceParents are sorted by Child.
	ServiceParents []ServiceParent
	// Rules are the business rules. HostTags, HostLabels and ServiceLabels, by which they may choose their members, are only
	// worked out where there are some; sorted by name.
	Rules                               []Rule
	HostTags, HostLabels, ServiceLabels []Group
	// Triggers are scripts that work states out of what was measured; Triggered are the objects that have some.
	Triggers  []Trigger
	Triggered []Triggered
	// The modulations are in the order of the files.
	ResultModulations []monitor.ResultModulation
	CheckModulations  []monitor.CheckModulation
	MacroModulations  []monitor.MacroModulation
	ImpactModulations []monitor.ImpactModulation
	// Piggyback is what becomes of payloads, DynamicRules which hosts are made of those for unknown ones, in the order of the files.
	Piggyback    monitor.Piggyback
	DynamicRules []monitor.DynamicRule
	// Texts is what was read, for reading it again with hosts that are made meanwhile; nil without DynamicRules.
	Texts *Texts
	// Sum is a hash of what the files hold, the same wherever they lie.
	Sum string
	// Understood lists what was read and checked but is not acted on, by kind and directive.
	Understood []Understood

	hosts map[string]uint32
}

// Pos is where something is defined: a file of Config.Files and a line that counts from 1. Line 0 means nowhere.
type Pos struct {
	File uint32
	Line uint32
}

// Where gives "file:line" of a position.
func (c *Config) Where(p Pos) string {
	return c.Files[p.File] + ":" + strconv.Itoa(int(p.Line))
}

// Host gives the index of the host with that name.
func (c *Config) Host(name string) (index uint32, ok bool) {
	index, ok = c.hosts[name]
	return index, ok
}

// NameOf gives HOST or HOST/SERVICE.
func (c *Config) NameOf(t Target) string {
	if t.Service < 0 {
		return c.Hosts[t.Host].Name
	}
	return c.Hosts[t.Host].Name + "/" + c.Services[t.Service].Description
}

// ServicesOf gives the services of a host, as a part of Config.Services.
func (c *Config) ServicesOf(host uint32) []Service {
	h := &c.Hosts[host]
	return c.Services[h.FirstService : h.FirstService+h.ServiceCount]
}

// Settings is what many hosts, or many services, have in common.
type Settings struct {
	// Policy has its indexes into the Config's own Timeperiods, Commands, Args and Contacts. Durations are final:
	// interval_length is applied. Switches hold what the object wants, whatever the main file turns off for all.
	monitor.Policy
	// Realm is the index of a host's realm, or monitor.None for the default one and for services.
	Realm int32
	// Escalations are the named ones that the directive escalations names, as indexes into the Config's Escalations.
	Escalations []uint32
	// Labels are Shinken's, by which business rules choose ("l:").
	Labels []string
	// Triggers are indexes into the Config's Triggers, in the order in which they run.
	Triggers []uint32
}

// Host is one host.
type Host struct {
	Name, Alias, DisplayName, Address, Notes string
	Settings                                 uint32
	// Check without a command means that the host is taken to be UP.
	Check   monitor.Call
	Parents []uint32
	// Vars are sorted by name and may be shared with other hosts.
	Vars []monitor.Var
	// FirstService and ServiceCount say which of Config.Services are this host's.
	FirstService, ServiceCount uint32
	Pos                        Pos
}

// Service is one service of one host.
type Service struct {
	Description, DisplayName, Notes string
	Host                            uint32
	Settings                        uint32
	// Check without a command means that only passive results tell of the service.
	Check monitor.Call
	// Vars are sorted by name and may be shared with other services.
	Vars []monitor.Var
	Pos  Pos
}

// Group is a host, service or contact group. Members are indexes into Hosts, Services or Contacts, sorted, each once.
type Group struct {
	Name, Alias                string
	Members                    []uint32
	Notes, NotesURL, ActionURL string
	Pos                        Pos
}

// Contact is a contact; its indexes are the Config's own.
type Contact struct {
	monitor.Contact
	Pos Pos
}

// Command is a command definition.
type Command struct {
	monitor.Command
	// Module is Shinken's module_type: a poller module by that name runs the command. Empty for any.
	Module string
	Pos    Pos
}

// Timeperiod is a time period, with its ranges as written.
type Timeperiod struct {
	monitor.Timeperiod
	Pos Pos
}

// Realm is a Shinken realm.
type Realm struct {
	Name string
	// Members are the realms below it.
	Members []uint32
	Default bool
	Pos     Pos
}

// DaemonKind tells the daemons of Shinken apart.
type DaemonKind uint8

// The kinds of daemons.
const (
	Arbiter DaemonKind = iota
	Scheduler
	Poller
	Reactionner
	Receiver
	Broker
)

// String gives the kind as object files write it.
func (k DaemonKind) String() string {
	return [...]string{"arbiter", "scheduler", "poller", "reactionner", "receiver", "broker"}[k]
}

// Daemon is one of Shinken's daemons.
type Daemon struct {
	Kind          DaemonKind
	Name, Address string
	Port          uint16
	// Realm is an index, or monitor.None for the default realm.
	Realm int32
	// Tags are the poller_tags of a poller or the reactionner_tags of a reactionner; a daemon without any has "None".
	Tags []string
	// Modules are indexes, in the order written.
	Modules         []uint32
	Spare           bool
	ManageSubRealms bool
	Weight          int
	// Settings are the other directives.
	Settings []Setting
	Pos      Pos
}

// Module is a Shinken module definition. What its settings mean only the module knows.
type Module struct {
	Name, Type string
	// Modules are the modules that are attached to this one.
	Modules  []uint32
	Settings []Setting
	Pos      Pos
}

// Setting is a directive as written; Line is where, in the file of its definition.
type Setting struct {
	Name, Value string
	Line        uint32
}

// Target is a host, or a service when Service is not monitor.None.
type Target struct {
	Host    uint32
	Service int32
}

// Dependency says that Dependent is not checked, or nobody is told of it, while Master is in certain states.
type Dependency struct {
	Master, Dependent Target
	InheritsParent    bool
	// Execution and Notification are the states of Master that hold the checks or notifications of Dependent back.
	Execution, Notification monitor.Option
	// Period is an index, or monitor.None for always.
	Period int32
	Pos    Pos
}

// ServiceParent says that one service lies behind another (Nagios' parents of services).
type ServiceParent struct {
	Child, Parent uint32
	Pos           Pos
}

// Rule is a host or service whose state follows from those of others (Shinken's bp_rule).
type Rule struct {
	Target
	// Expression is what follows "bp_rule!", macros unreplaced.
	Expression, OutputTemplate string
	Smart, DowntimeAsAck       bool
	// Members are those that its state follows from, each once, in the order of the expression.
	Members []Target
	Pos     Pos
}

// Escalation says whom to tell when a problem lasts.
type Escalation struct {
	// Name is set for Shinken's named ones.
	Name string
	// Hosts and Services are those it holds for, sorted.
	Hosts, Services []uint32
	// First and Last bound the numbers of the notifications; Last 0 means without end.
	First, Last uint32
	// FirstTime and LastTime bound instead, if ByTime, how long people have been told (Shinken).
	ByTime              bool
	FirstTime, LastTime time.Duration
	// Interval is the time between notifications; negative where the object's own holds.
	Interval time.Duration
	Period   int32
	Options  monitor.Option
	Contacts []uint32
	Pos      Pos
}

// Understood is a directive that is read and checked but that Onbu does not act on.
type Understood struct {
	// Kind is the type of the object ("service"), or "main file".
	Kind, Directive string
	// Moot says that nobody is worse off for it; the others would change what is checked or who is told.
	Moot  bool
	Count int
	// First is the first place where it is set.
	First Pos
}
