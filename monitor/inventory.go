package monitor

import "time"

// None is an index that points nowhere: no period (always), no command, no event handler.
const None int32 = -1

// Inventory is one version of a shard's configuration, compiled: names are resolved to indexes, templates are gone,
// equal things are kept once. It is read-only from the moment it is announced.
type Inventory struct {
	Generation uint64
	Shard      Shard
	Shards     int
	Options    Options
	// Macros holds the macros that do not change: USER1…USER256, ADMINEMAIL, MAINCONFIGFILE, and Shinken's own global
	// ones, without dollar signs. Some are secrets: never log a value.
	Macros      map[string]string
	Timeperiods []Timeperiod
	Commands    []Command
	Contacts    []Contact
	// Args are argument lists of check_command lines (what follows the first "!"); equal lists are kept once, the
	// empty one is number 0.
	Args     [][]string
	Policies []Policy
	// Hosts have the IDs 0…len(Hosts)-1; Services follow, sorted by host, so that a host's services are neighbours.
	Hosts         []Host
	Services      []Service
	HostGroups    []Group
	ServiceGroups []Group
	ContactGroups []ContactGroup
	// Dependencies are sorted by Dependent, then in the order of the files.
	Dependencies []Dependency
	// ServiceParents are Nagios 4's "parents" of services, sorted by Child.
	ServiceParents []Edge
	Escalations    []Escalation
	// Escalated says which escalations hold for an object, sorted by Object; objects without any are not in it.
	Escalated []Escalated
	// Rules are the objects that are worked out from others (bp_rule), sorted by Object.
	Rules             []Rule
	ResultModulations []ResultModulation
	CheckModulations  []CheckModulation
	MacroModulations  []MacroModulation
	ImpactModulations []ImpactModulation
	HostTags          []Group // Shinken's templates as groups of the hosts that use them, for bp_rule's "t:"
	// HostLabels and ServiceLabels are Shinken's "labels" as groups of the objects that have them, for bp_rule's "l:".
	HostLabels, ServiceLabels []Group
	// Triggers are the scripts that work states out of what was measured; Triggered says which objects have which, sorted by
	// Object.
	Triggers  []Trigger
	Triggered []Triggered
	// Border are the hosts of other shards that hosts of this one stand behind, and those in front of them, sorted by name. They
	// are not hosts of this shard: in BorderEdges they are numbered from Objects() on.
	Border []BorderHost
	// BorderEdges are the parents of hosts where either of the two is a border host, sorted by Child.
	BorderEdges []Edge
	// Watched are the hosts of this shard that are border hosts of others, sorted by Host and Shard.
	Watched []Watched
}

// Options are the settings of the main file that a scheduler needs. Durations are final: interval_length is applied.
type Options struct {
	// Interval is what one time unit of the object files is (interval_length); for text such as $NOTIFICATIONINTERVAL$.
	Interval                                time.Duration
	Program                                 Program
	HostCheckTimeout, ServiceCheckTimeout   time.Duration
	NotificationTimeout, EventTimeout       time.Duration
	ServiceTimeoutState                     State
	CachedHostCheck, CachedServiceCheck     time.Duration // cached_*_check_horizon
	FreshnessInterval                       time.Duration // host/service_freshness_check_interval
	AdditionalFreshness                     time.Duration
	OrphanGrace                             time.Duration // how long past its deadline a job may stay unanswered
	AggressiveHostChecks                    bool
	PassiveHostChecksAreSoft                bool
	TranslatePassiveHostChecks              bool
	SoftStateDependencies                   bool
	LogPassiveChecks, LogExternalCommands   bool
	IllegalMacroOutputChars                 string
	AcceptPassiveHost, AcceptPassiveService bool
	GlobalHostHandler, GlobalServiceHandler int32 // index into Commands, or None

	// PredictiveHost and PredictiveService have the masters of dependencies checked at the attempt before the last
	// (enable_predictive_*_dependency_checks).
	PredictiveHost, PredictiveService bool
	// ShinkenFlapping takes Shinken's weights and bounds of flapping instead of Nagios' (flap_history).
	ShinkenFlapping bool
	// FlapHistory is Shinken's flap_history, 20 if it is 0.
	FlapHistory uint8
	// ImpactStates shows the children of a root problem as UNREACHABLE and UNKNOWN at once
	// (enable_problem_impacts_states_change).
	ImpactStates bool
	// TellImpacts tells contacts that have "u" among their options of hosts that are out of reach because of a root
	// problem, as Nagios does (notify_impacts).
	TellImpacts bool
	// ParentWait is how long the verdict on a failure waits for the parents to be looked at; 0 does not wait, as Nagios.
	ParentWait time.Duration
	// HardUnknownPhase is Shinken's rule: CRITICAL, UNKNOWN and CRITICAL again is told once.
	HardUnknownPhase bool
	// SkipHostDown is host_down_disable_service_checks; SkipHostDownStatus is service_skip_check_host_down_status: -1
	// keeps the state, -2 keeps it and goes on checking while it is WARNING or better, 0-3 sets it.
	SkipHostDown       bool
	SkipHostDownStatus int8
	// SkipDependencyHost, SkipDependencyService and SkipParent are the like for failed dependencies and service parents
	// (host_skip_check_dependency_status, service_skip_check_dependency_status, service_skip_check_parent_status).
	SkipDependencyHost, SkipDependencyService, SkipParent int8
	// NoHandlersInDowntime is Shinken's no_event_handlers_during_downtimes.
	NoHandlersInDowntime bool
	// EnvironmentMacros gives checks, notifications and event handlers NAGIOS_… variables (enable_environment_macros).
	EnvironmentMacros bool
	// DateFormat is date_format: us, euro, iso8601 or strict-iso8601; empty is us.
	DateFormat string
	// Obsess says that obsess_over_hosts or obsess_over_services is set: accepted and ignored, with one line in the log.
	Obsess bool
	// Zone is the zone of times in texts (use_timezone), an IANA name; empty for the machine's own.
	Zone string
	// WebsiteURL is where Nagios' own pages are (website_url), for $HOSTINFOURL$; empty for nowhere.
	WebsiteURL string
	// TriggerSteps is how many steps a trigger may take (trigger_max_steps); 0 for what the engine takes for enough.
	TriggerSteps uint32
}

// Timeperiod is a definition as written: calendar.Compile turns it into something that answers questions.
type Timeperiod struct {
	Name, Alias string
	// Ranges are lines such as "monday 09:00-17:00,20:00-21:00" or "2026-12-24 00:00-24:00", one per directive.
	Ranges []string
	// Exclude names other timeperiods whose times are cut out.
	Exclude []string
	// Zone is an IANA zone name; empty for the machine's own.
	Zone string
}

// Command is a command definition; Line still has its macros.
type Command struct {
	Name, Line string
	// Timeout overrides the option of the main file; 0 does not.
	Timeout time.Duration
	// Pool is Shinken's poller_tag or reactionner_tag of the command; empty for none.
	Pool string
}

// Option is a set of what somebody wants to be told of, as in notification_options.
type Option uint16

// The options. Hosts use Down, Unreachable; services Warning, Unknown, Critical; both the rest.
const (
	OnDown Option = 1 << iota
	OnUnreachable
	OnWarning
	OnUnknown
	OnCritical
	OnRecovery
	OnFlapping
	OnDowntime
	OnOK // only in flap_detection_options, stalking_options and the like: o
	OnPending
)

// Contact is a person or a machine that is told.
type Contact struct {
	Name, Alias, Email, Pager string
	Addresses                 []string // address1…
	Host, Service             Way
	// CanSubmit says whether commands in the contact's name are carried out.
	CanSubmit bool
	Vars      []Var
	// Ways are Shinken's notification ways beyond Host and Service, which hold the contact's own or else the first.
	Ways []NotificationWay
	// MinBusinessImpact is what an object must have at least for Host and Service.
	MinBusinessImpact int8
	// MinImportance is Nagios 4's minimum_importance: what an object's Importance must reach.
	MinImportance uint32
}

// NotificationWay is one of several ways in which a contact is told.
type NotificationWay struct {
	Name              string
	Host, Service     Way
	MinBusinessImpact int8
}

// Way is how and when a contact is told about hosts, or about services.
type Way struct {
	Enabled bool
	Period  int32 // index into Timeperiods, or None for always
	Options Option
	// Commands are run one after the other for each notification.
	Commands []Call
}

// Call is a command with arguments: check_nrpe!check_load.
type Call struct {
	Command int32 // index into Commands, or None
	Args    uint32
}

// Var is a custom variable; Name without its underscore, in capitals.
type Var struct{ Name, Value string }

// Policy is everything about how an object is checked and told about that many objects have in common. Objects with the
// same policy share one.
type Policy struct {
	MaxAttempts                    uint16
	CheckInterval, RetryInterval   time.Duration
	CheckPeriod                    int32 // index into Timeperiods, or None for always
	Switches                       Switch
	Volatile                       bool
	FreshnessThreshold             time.Duration // 0: worked out from the interval
	InitialState                   State         // Pending unless initial_state is set
	NotificationPeriod             int32
	NotificationOptions            Option
	NotificationInterval           time.Duration // 0: once only
	FirstNotificationDelay         time.Duration
	Contacts                       []uint32 // indexes into Contacts, sorted, groups expanded
	EventHandler                   Call
	FlapOptions                    Option
	LowFlap, HighFlap              float32
	Pool, ReactionPool             string
	CheckTimeout                   time.Duration
	StalkingOptions                Option
	BusinessImpact                 int8
	NotesURL, ActionURL, IconImage string
	// MaintenancePeriod is Shinken's: a downtime is entered by itself at each of its beginnings; None for none.
	MaintenancePeriod int32
	// Snapshot is Shinken's snapshot_command: run by a reactionner while the object is in one of the states of
	// SnapshotOptions and inside SnapshotPeriod, at most once in SnapshotInterval. Without a command there is none.
	Snapshot         Call
	SnapshotOptions  Option
	SnapshotPeriod   int32
	SnapshotInterval time.Duration
	// The modulations that may hold, as indexes into the inventory's lists, in order.
	ResultModulations, CheckModulations, MacroModulations, ImpactModulations []uint32
	// Importance is Nagios 4's importance (hourly_value).
	Importance uint32
	// NoHostDependency is Shinken's host_dependency_enabled 0: the service does not depend on its host.
	NoHostDependency bool
	// RealmName is the name of a host's realm (Shinken), for $HOSTREALM$; empty where there are no realms.
	RealmName string
	// ContactGroups are the groups that contact_groups names, sorted: their members are among Contacts. Only shown to people.
	ContactGroups []uint32 // indexes into ContactGroups
}

// Host is a host of an inventory.
type Host struct {
	Name, DisplayName, Alias, Address string
	Policy                            uint32
	Check                             Call
	// Parents are IDs in the same inventory.
	Parents []ID
	Vars    []Var
	Notes   string
}

// Service is a service of an inventory.
type Service struct {
	Host        ID
	Policy      uint32
	Description string
	Check       Call
	// Extra is what few services have; nil if there is nothing.
	Extra *ServiceExtra
}

// ServiceExtra is what few of the services of a large installation have, each on its own.
type ServiceExtra struct {
	DisplayName string // empty if it is the description
	Vars        []Var
	Notes       string
}

// More gives what few services have, empty for the others.
func (s *Service) More() ServiceExtra {
	if s.Extra == nil {
		return ServiceExtra{}
	}
	return *s.Extra
}

// Group is a host group or service group, cut down to the members in this shard.
type Group struct {
	Name, Alias string
	Members     []ID
	// Notes, NotesURL and ActionURL still have their macros.
	Notes, NotesURL, ActionURL string
	// AllMembers and AllAddresses name the members in all shards, parted by commas (of services host and description in
	// turn); empty unless a command line or an argument asks for them, since they would be long in large installations.
	AllMembers, AllAddresses string
}

// ContactGroup is a contact group; Members are indexes into Contacts.
type ContactGroup struct {
	Name, Alias string
	Members     []uint32
}

// Dependency holds the checks or the notifications of Dependent back while Master is in certain states (hostdependency,
// servicedependency). Both are of one shard.
type Dependency struct {
	Dependent, Master ID
	// Execution and Notification are Master's states that hold back checks and notifications of Dependent.
	Execution, Notification Option
	// Period is when the dependency holds: an index into Timeperiods, or None for always.
	Period int32
	// Inherits asks the dependencies of Master too (inherits_parent).
	Inherits bool
}

// Edge ties a child to a parent.
type Edge struct{ Child, Parent ID }

// Escalation says whom to tell instead when a problem lasts.
type Escalation struct {
	// First and Last bound the numbers of the notifications; Last 0 means without end.
	First, Last uint32
	// FirstTime and LastTime bound instead, if ByTime, how long people have been told of the problem (Shinken).
	ByTime              bool
	FirstTime, LastTime time.Duration
	// Interval is the time between notifications, 0 for once only; negative where the object's own holds.
	Interval time.Duration
	Period   int32
	Options  Option
	Contacts []uint32
}

// Escalated names the escalations of an object.
type Escalated struct {
	Object      ID
	Escalations []uint32
}

// Rule is a business rule: Object's state follows from those of others.
type Rule struct {
	Object ID
	// Expression is what follows "bp_rule!", macros unreplaced.
	Expression string
	// OutputTemplate is business_rule_output_template.
	OutputTemplate string
	// Smart blocks notifications while every source problem is acknowledged, and DowntimeAsAck counts downtimes as such.
	Smart, DowntimeAsAck bool
}

// Trigger is a script (Shinken's trigger). File and Line say where its text begins, for the errors that name a line of it.
type Trigger struct {
	Name, Source, File string
	Line               uint32
}

// Triggered names the triggers of an object, in the order in which they run.
type Triggered struct {
	Object   ID
	Triggers []uint32
}

// ResultModulation turns exit codes into another one while Period holds (Shinken).
type ResultModulation struct {
	Name   string
	Period int32
	// From has bit 1<<n for each exit code n that is turned into To; 0 stands for all.
	From uint8
	To   State
}

// CheckModulation replaces the check command while Period holds.
type CheckModulation struct {
	Name   string
	Period int32
	Check  Call
}

// MacroModulation replaces custom variables while Period holds.
type MacroModulation struct {
	Name   string
	Period int32
	Vars   []Var
}

// ImpactModulation replaces business_impact while Period holds.
type ImpactModulation struct {
	Name   string
	Period int32
	Impact int8
}

// Directory says in which shard each host of a generation lives.
type Directory struct {
	Generation uint64
	Shards     int
	Hosts      map[string]Shard
}

// Objects gives how many IDs the inventory uses.
func (inv *Inventory) Objects() int { return len(inv.Hosts) + len(inv.Services) }

// IsHost says whether id is a host's.
func (inv *Inventory) IsHost(id ID) bool { return int(id) < len(inv.Hosts) }

// Service gives the service with that ID, which must not be a host's.
func (inv *Inventory) Service(id ID) *Service { return &inv.Services[int(id)-len(inv.Hosts)] }

// HostOf gives the host itself, or the host of a service.
func (inv *Inventory) HostOf(id ID) ID {
	if inv.IsHost(id) {
		return id
	}
	return inv.Service(id).Host
}

// Ref gives the names of an object.
func (inv *Inventory) Ref(id ID) Ref {
	if inv.IsHost(id) {
		return Ref{Host: inv.Hosts[id].Name}
	}
	s := inv.Service(id)
	return Ref{Host: inv.Hosts[s.Host].Name, Service: s.Description}
}

// Policy gives the policy of an object.
func (inv *Inventory) Policy(id ID) *Policy {
	if inv.IsHost(id) {
		return &inv.Policies[inv.Hosts[id].Policy]
	}
	return &inv.Policies[inv.Service(id).Policy]
}

// Check gives the check command of an object.
func (inv *Inventory) Check(id ID) Call {
	if inv.IsHost(id) {
		return inv.Hosts[id].Check
	}
	return inv.Service(id).Check
}
