package monitor

// BrokKind tells what happened.
type BrokKind uint8

// The kinds of broks. Their numbers are on the wire and in the journal: never reorder, only add.
const (
	// BrokCheck: a check was made and its result applied. Goes to PERF, not to the journal.
	BrokCheck BrokKind = iota + 1
	// BrokState: the lasting part of an object's status changed (state, type, attempt, acknowledgement, switches …).
	BrokState
	// BrokAlert is a BrokState that Nagios would log as a SERVICE ALERT or HOST ALERT.
	BrokAlert
	// BrokNotification: a contact is to be told; Action says how.
	BrokNotification
	// BrokEventHandler: an event handler is to be run; Action says how.
	BrokEventHandler
	// BrokAck: a problem was acknowledged, or an acknowledgement was removed (Status says which).
	BrokAck
	// BrokDowntime: a downtime was entered, began or was changed.
	BrokDowntime
	// BrokDowntimeGone: a downtime ended or was cancelled; only Downtime.ID and Ref count.
	BrokDowntimeGone
	// BrokComment: a comment was added.
	BrokComment
	// BrokCommentGone: a comment was removed; only Comment.ID and Ref count.
	BrokCommentGone
	// BrokProgram: the engine-wide switches changed.
	BrokProgram
	// BrokCommand: an external command was carried out or refused; Text says which.
	BrokCommand
	// BrokLog: a line for the log.
	BrokLog
	// BrokContact: a contact's switches changed by command.
	BrokContact
	// BrokActionDone: a reactionner finished an action; Text holds what went wrong, if anything.
	BrokActionDone
	// BrokMoved: an object came from another shard with a reload; Status is its whole present, Told who was told of the
	// problem that it has. Its downtimes and comments come before it in broks of their own.
	BrokMoved
	// BrokContactDowntime: a contact's downtime was entered, began or was changed; Downtime.Contact names the contact.
	BrokContactDowntime
	// BrokContactDowntimeGone: it ended or was cancelled; only Downtime.ID and Contact count.
	BrokContactDowntimeGone
	// BrokSnapshot: a snapshot command is to be run; Action says how.
	BrokSnapshot
	// BrokHeard: a passive result came that changed nothing lasting; Status has what it said. Its sender was told that it is
	// stored, so the journal has it, but a snapshot makes it superfluous.
	BrokHeard
)

// Brok is one thing that happened. Which of the pointers is set follows from Kind; the others are nil. A brok that was
// handed on is never changed.
type Brok struct {
	Kind     BrokKind
	Time     Time
	Shard    Shard
	Status   *Status
	Action   *Action
	Downtime *Downtime
	Comment  *Comment
	Program  *Program
	Contact  *ContactStatus
	// NotificationType says why people are told: PROBLEM, RECOVERY, ACKNOWLEDGEMENT, …
	NotificationType string
	Text             string
	// Told is set in BrokMoved only.
	Told []Telling
	// Type and Attempt are those of a BrokAlert. They differ from Status' at a recovery, which is told with the type and
	// attempt of the problem, while Status is what stays. Attempt 0 is none.
	Type    StateType
	Attempt uint16
	// Check is set in BrokCheck, which has no Status.
	Check *Check
	// By says who gave the external command that made it so, as the command's Source does: "web anna". It is set in BrokCommand, and in
	// what such a command ends or logs; empty where no command did it, or an older release wrote it.
	By string
	// Answer is what whoever gave the command of a BrokCommand was told: AnswerDone, or AnswerRefused and why. Text says so too, but may end
	// with words of the command's own that look like it. Empty where an older release wrote it.
	Answer string
}

// What Answer says. The reason follows AnswerRefused.
const (
	AnswerDone    = "done"
	AnswerRefused = "refused: "
)

// Durable says whether the brok belongs into the journal: whether a state restored without it would be wrong.
func (b *Brok) Durable() bool { return b.Kind != BrokCheck }

// Program is the state of engine-wide switches, as commands like DISABLE_NOTIFICATIONS leave them.
type Program struct {
	// HostSwitches and ServiceSwitches hold what is on for hosts and for services.
	HostSwitches, ServiceSwitches Switch
	// HostHandler and ServiceHandler are lines of global event handlers that a command set; empty where the
	// configuration's hold.
	HostHandler, ServiceHandler string
}

// ContactStatus is what commands changed on a contact.
type ContactStatus struct {
	Name                                          string
	HostNotificationsOff, ServiceNotificationsOff bool
	// HostPeriod and ServicePeriod are notification periods that a command set; empty where the configuration's hold.
	HostPeriod, ServicePeriod string
	Vars                      []Var // custom variables that a command set
}
