package monitor

import "time"

// Job is one check to be made now. The scheduler that sent it owns the object; whoever runs it answers with a Result
// that repeats Shard, Epoch, Object and Seq.
//
// Line may point into a buffer that is used again: it is valid until the next call on the core that filled it, or, in a
// decoded batch, as long as the batch's bytes are.
type Job struct {
	Shard  Shard
	Epoch  Epoch
	Object ID
	// Seq goes up by one at each issue of a job for Object; a result with another Seq is late and is dropped.
	Seq     uint32
	Host    string
	Service string // empty for a host check
	// Pool is the poller_tag; empty for untagged.
	Pool string
	// Line is the command line with every macro replaced, as Nagios would hand it to a shell.
	Line    []byte
	Timeout time.Duration
	// Due is when the check should have started; latency is measured from it.
	Due Time
	// Avoid names a poller that is not to run it if another can: one that may have lost its network.
	Avoid string
	// Env are NAME=value additions to the environment of a plugin; nil for none.
	Env []string
	// Trace is set when somebody follows this check: whoever handles it tells of each step under that name. Empty for
	// nearly all.
	Trace string
	// Payload is the newest place in the stream of payloads that the core knows of for the host; 0 for none.
	Payload uint64
	// Reasons are why this check is made now, beside that it was due.
	Reasons Reasons
}

// Reasons are why a check is made although it was not due.
type Reasons uint8

const (
	// Forced: a person asked for it.
	Forced Reasons = 1 << iota
	// Arrived: a payload came.
	Arrived
)

// Has says whether one of them is there.
func (r Reasons) Has(want Reasons) bool { return r&want != 0 }

// Outcome is what one look at a target gave. A target that is down is an Outcome, not an error.
type Outcome struct {
	// State is the plugin's answer, 0-3, for hosts too; the core turns it into UP or DOWN.
	State State
	// Output is the first line without performance data; LongOutput the other lines, parted by LF; Perfdata all
	// performance data in one line.
	Output, LongOutput, Perfdata string
	// TimedOut says that the time limit ended the check; State and Output say so too.
	TimedOut bool
}

// Result is the answer to a Job.
type Result struct {
	Shard  Shard
	Epoch  Epoch
	Object ID
	Seq    uint32
	// Poller and Module say who ran the check and how ("exec", "nrpe", …).
	Poller, Module    string
	Started, Finished Time
	Outcome
}

// Submission is a passive result, from whatever receiver.
type Submission struct {
	Ref
	// Time is when the sender made the check; zero means on arrival.
	Time Time
	// Source says where it came from, for logs and quotas: "cmdfile", "nsca 10.0.0.7", …
	Source string
	Outcome
	// ID names the result, for a sender that sends it again when it is not sure: within two minutes it counts once. Empty for
	// one that has no name.
	ID string
	// Keep leaves the state as it is, as Shinken's PROCESS_…_OUTPUT: the state of the Outcome does not count. Triggers may set
	// another.
	Keep bool
}

// ActionKind tells what an Action is for.
type ActionKind uint8

// The kinds of actions.
const (
	ActionNotification ActionKind = iota
	ActionEventHandler
	ActionSnapshot
)

// Action is a command to be run for its effect: to tell a contact, or to handle an event. It lies in the journal before
// anybody runs it.
type Action struct {
	// ID is the same for the same action however often it is read: the key against telling twice.
	ID   string
	Kind ActionKind
	Ref
	// Pool is the reactionner_tag; empty for untagged.
	Pool    string
	Contact string
	Command string // name of the command definition
	Line    string // with every macro replaced
	Timeout time.Duration
	Time    Time // when it was decided
	// Env are NAME=value additions to the environment of a command; nil for none.
	Env []string
	// Notice is what a notification says; nil for other kinds.
	Notice *Notice
	// Once says that it is rather lost than carried out twice, when a reactionner dies in the middle of it.
	Once bool
}

// Notice is what a contact is told, for notifiers that write the text themselves.
type Notice struct {
	// Type is PROBLEM, RECOVERY, ACKNOWLEDGEMENT, FLAPPINGSTART, FLAPPINGSTOP, FLAPPINGDISABLED, DOWNTIMESTART,
	// DOWNTIMEEND, DOWNTIMECANCELLED or CUSTOM.
	Type   string
	Number uint32
	// Problem is the id of the problem it is about, of the last one in a recovery; all notifications of one problem have
	// the same.
	Problem              uint64
	State                State
	StateType            StateType
	Attempt, MaxAttempts uint16
	Since                Time // of the state
	HostState            State
	HostAlias, Address   string
	Output, LongOutput   string
	Perfdata             string
	Author, Comment      string
	Escalated            bool
	BusinessImpact       int8
	Impacts              uint32 // how many objects suffer from it
	Email, Pager         string
	NotesURL, ActionURL  string
	// Zone is the zone of times in texts (use_timezone), an IANA name; empty for the machine's own.
	Zone string
}
