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
	Host                     ID
	Description, DisplayName string
	Policy                   uint32
	Check                    Call
	Vars                     []Var
	Notes                    string
}

// Group is a host group or service group, cut down to the members in this shard.
type Group struct {
	Name, Alias string
	Members     []ID
}

// ContactGroup is a contact group; Members are indexes into Contacts.
type ContactGroup struct {
	Name, Alias string
	Members     []uint32
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
