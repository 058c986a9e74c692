package wire

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/onbu/onbu/monitor"
)

// Want is what a poller says of itself, twice a second and whenever it changes, on the subject of each of its pools.
type Want struct {
	Poller string
	// Boot differs after each start: jobs given to an earlier boot will never be answered.
	Boot string
	Pool string
	// Window is how many jobs one scheduler may have unanswered with this poller; 0 says that it is leaving.
	Window uint32
	// Aside are jobs, by scheduler, that do not count against its window: checks of targets that did not answer last time,
	// which wait at the poller so that they hold nothing that others need.
	Aside map[string]uint32
	// Left says that it has left: what it has not answered it will not answer any more.
	Left bool
	// Heard is, by scheduler, what came of its batches of jobs. Whoever is not in it sent none lately, or none with a serial.
	Heard map[string]Heard
	// Counts says that this poller fills Heard: from a scheduler that is not in it, nothing came.
	Counts bool
}

// Heard says which batches of one scheduler came: all from First to Last but for those in Missed. The bus keeps no batch that it cannot
// deliver, so what was lost at the end of a server is known from this alone.
type Heard struct {
	Last   uint64
	Missed []Span
	// First is the first that came since the scheduler counts as it does; 0 is unknown.
	First uint64
}

// Span are the serials from From to To, both included.
type Span struct{ From, To uint64 }

// Jobs is a batch for one poller.
type Jobs struct {
	// From is the scheduler that sent it, to whom jobs without room are given back as they came.
	From string
	Jobs []monitor.Job
	// Serial is one more with each batch from one scheduler to one poller. It begins somewhere, far from where it was before; 0 says
	// nothing.
	Serial uint64
}

// KeepGenerations is how many generations stay stored, the one in force included, for daemons that are still loading the
// one before.
const KeepGenerations = 3

// Generation is the value of CFG's key "current": which inventories are in force.
type Generation struct {
	Number uint64
	Shards uint16
	// Hash is of the whole compiled configuration: the same files give the same one.
	Hash string
	// Source is the main file, for people.
	Source string
	// Moved is the newest generation with which hosts came into another shard; 0 if none ever did.
	Moved uint64
	// Stands says of each shard with which generation its inventory last changed: under that number it is stored. Empty when
	// all are stored under Number.
	Stands []uint64
	// Weights is the work of each shard, as far as the configuration says: how many hosts and services it has. Empty from an
	// older arbiter.
	Weights []uint64
	// Epoch is that of the arbiter that leads: it goes up with every change of the leader, who writes it before anything else. An
	// arbiter that finds another one here leads no more.
	Epoch uint64
	// By is the arbiter whose files these are, by name, and Texts a hash of what is in them. Both are empty from an older arbiter.
	By, Texts string
	// PollerTags and ReactionnerTags are those that the configuration has work for, sorted; "None" stands for work without a tag. Both are
	// empty from an older arbiter.
	PollerTags, ReactionnerTags []string
}

// ArbiterFiles is what an arbiter says of its files: the value of CFG's key "arbiters" is a list of those that have stood by while
// another one led, sorted by name. Where there is one, several arbiters belong to the installation.
type ArbiterFiles struct {
	Name, Main, Texts string
	// Asked counts how often the one that leads has asked what is in the files, Answered is the last of these questions that Texts is an
	// answer to.
	Asked, Answered uint64
}

// Stand is the generation under which the inventory of a shard is stored.
func (g *Generation) Stand(shard monitor.Shard) uint64 {
	if int(shard) < len(g.Stands) {
		return g.Stands[shard]
	}
	return g.Number
}

// Lease is the value of a key in LEASE: who works on a shard.
type Lease struct {
	// Owner and Boot are empty while nobody has the shard.
	Owner, Boot string
	// Epoch is that of the owner's claim; 0 until he works on the shard.
	Epoch uint64
	// Heir is who is to take the shard next, by name and boot, when its owner gave it up; empty for no one.
	Heir, HeirBoot string
	// Leaver and LeaverBoot are who gave it up because he takes no shards any more; empty if he does.
	Leaver, LeaverBoot string
}

// Census is what a scheduler tells the others of its shards, for macros that count all objects.
type Census struct {
	From string
	// Asks says that a shard of the scheduler wants to know the sum.
	Asks   bool
	Shards []ShardCount
}

// ShardCount is what a shard counted, in the order of the counts in scheduler/core.
type ShardCount struct {
	Shard   monitor.Shard
	Epoch   monitor.Epoch
	Numbers []uint64
}

// Heartbeat is the value of a key in HB; for show only.
type Heartbeat struct {
	Role, Name, Host string
	PID              int
	Since            monitor.Time
	HTTP             string
	// Load is what the role does, in its own unit: shards owned, checks under way.
	Load map[string]int64
	// State is what the role may do; who balances counts only those that are NodeUp.
	State NodeState
	// Version is that of the binary, Wire that of its messages. Boot differs after each start.
	Version string
	Wire    uint8
	Boot    string
	// Generation is of the configuration that the role works with: all that is new in it is in use. 0 for none, and for roles
	// that read none.
	Generation uint64
	// Tags are the poller_tags or reactionner_tags that the role serves, "None" for work without a tag. Empty for other roles, and from an
	// older release.
	Tags []string
	// Troubles are what somebody should look at, a sentence each, though the role works: a module that cannot have its port, say.
	Troubles []string
}

// NodeState says what a role of a node may do. Its daemon runs in NodeUp and NodeDraining only.
type NodeState uint8

// The states.
const (
	NodeUp           NodeState = iota
	NodeDraining               // takes nothing new and ends what it has
	NodeMaintenance            // has given up everything
	NodeDisconnected           // will leave the bus, or has left it knowingly
)

// String gives the state in a word.
func (s NodeState) String() string {
	switch s {
	case NodeUp:
		return "up"
	case NodeDraining:
		return "draining"
	case NodeMaintenance:
		return "maintenance"
	case NodeDisconnected:
		return "disconnected"
	}
	return fmt.Sprintf("state %d", uint8(s))
}

// Deed is an entry of the cluster log: what a daemon decided or met by itself. The messages of LOG are batches of them.
type Deed struct {
	// Time is by the clock of the node.
	Time monitor.Time
	// Role is empty for what the process as a whole did.
	Node, Role       string
	Kind, About, Why string
}

// QuestionKind tells what the owner of a shard is asked for.
type QuestionKind uint8

// The questions.
const (
	AskStatuses QuestionKind = iota + 1 // a page of statuses; Answer.Statuses, Next
	AskNotes                            // all downtimes and comments, and the program
	AskExplain                          // why Ref is as it is; Answer.Explanation
	AskTrace                            // follow Ref's next check as Trace; Answer.Explanation
)

// Question is sent to the owner of a shard.
type Question struct {
	Kind QuestionKind
	Ref  monitor.Ref
	From uint32 // AskStatuses: the first object of the page
	// Trace is the name under which the steps are told (AskTrace).
	Trace string
}

// Hop is a step in the life of a check that somebody follows, told by whoever took it.
type Hop struct {
	// Time is by the clock of the machine that took the step.
	Time monitor.Time
	// Daemon took it: "scheduler one", "poller two".
	Daemon string
	// Step says what was done.
	Step string
	// Last says that this daemon has nothing more to tell of the check.
	Last bool
}

// Answer is what the owner of a shard says.
type Answer struct {
	Epoch      monitor.Epoch
	Generation uint64
	Statuses   []monitor.Status
	// Next is the first object of the next page; 0 after the last.
	Next        uint32
	Downtimes   []monitor.Downtime
	Comments    []monitor.Comment
	Program     *monitor.Program
	Explanation *monitor.Explanation
	// Time is when the owner answered, by its own clock, as on the broks that it sends.
	Time monitor.Time
	// Refused says why a question was understood and is not answered; empty if it is.
	Refused string
	// Contacts are those that commands changed; they go with the notes.
	Contacts []monitor.ContactStatus
}

// Verdict is what became of an external command: Refused is empty when it was carried out, and recorded.
type Verdict struct {
	Refused string
}

// Batch builds a message that DecodeBatch reads, value by value. The zero value is ready.
type Batch struct {
	buf []byte
	n   uint32
}

const (
	array32   = 0xdd // MessagePack: array with a 32-bit count
	batchHead = 6
)

// Add appends one value of a noun, v being a pointer to it or the value; all values of a batch are of one type.
func (b *Batch) Add(v any) {
	if len(b.buf) == 0 {
		b.buf = append(b.buf, Form, array32, 0, 0, 0, 0)
	}
	b.buf = appendNoun(b.buf, v)
	b.n++
}

// Join appends the values of a message that another Batch made; it says false, and appends nothing, if b is none.
func (b *Batch) Join(message []byte) bool {
	if len(message) < batchHead || message[0] != Form || message[1] != array32 {
		return false
	}
	if len(b.buf) == 0 {
		b.buf = append(b.buf, message[:batchHead]...)
	}
	b.buf = append(b.buf, message[batchHead:]...)
	b.n += binary.BigEndian.Uint32(message[2:])
	return true
}

// Head is how many bytes of a batch that is not empty are before its first value.
func (b *Batch) Head() int { return batchHead }

// Cut takes out n values, which are so many bytes and begin at a place behind the head. The memory of what is gone is given up
// where it is much.
func (b *Batch) Cut(at, bytes, n int) {
	b.buf = slices.Delete(b.buf, batchHead+at, batchHead+at+bytes)
	b.n -= uint32(n)
	if cap(b.buf) > 2*len(b.buf) {
		b.buf = slices.Clone(b.buf)
	}
}

// Grow makes room for so many bytes.
func (b *Batch) Grow(n int) { b.buf = slices.Grow(b.buf, n) }

// Len gives the number of values, Size the bytes.
func (b *Batch) Len() int { return int(b.n) }

// Size gives the message's length so far in bytes.
func (b *Batch) Size() int { return len(b.buf) }

// Take gives the message and empties the batch; the bytes are the caller's.
func (b *Batch) Take() []byte {
	out := b.Message()
	if out != nil {
		b.buf, b.n = make([]byte, 0, len(out)), 0
	}
	return out
}

// Message gives the message, nil for an empty batch; it is valid until the next Add or Reset.
func (b *Batch) Message() []byte {
	if b.n == 0 {
		return nil
	}
	binary.BigEndian.PutUint32(b.buf[2:], b.n)
	return b.buf
}

// Single gives the message that Unmarshal reads, of a batch of one value; nil for others. The bytes are the caller's.
func (b *Batch) Single() []byte {
	if b.n != 1 {
		return nil
	}
	return append([]byte{Form}, b.buf[batchHead:]...)
}

// IsBatch says whether a message was made by a Batch, and by Message, not by Single.
func IsBatch(message []byte) bool { return len(message) >= batchHead && message[1] == array32 }

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() { b.buf, b.n = b.buf[:0], 0 }

// Position says up to where a shard has used its inputs: what comes again from before is passed over.
type Position struct {
	Passive, Commands uint64
}

// Seen says which messages of a sender a shard has used: those whose ids are up to UpTo, as bus.MessageID counts them. With an empty
// From, UpTo is the mark of a single message, and At the time of the result in it, zero where it has none.
type Seen struct {
	From string
	UpTo uint64
	At   monitor.Time
}

// positionSize is the length of a position in front of a batch. With withSeen in it, the length of a batch of Seen, in four
// bytes, and that batch stand between the two.
const (
	positionSize = 16
	withSeen     = 1 << 63
)

// Ledger gives the message of a States record: a position in front of a batch, which may be nil, and what was seen on the way there.
func Ledger(p Position, batch []byte, seen ...Seen) []byte {
	var between []byte
	if len(seen) > 0 {
		p.Passive |= withSeen
		between = AppendBatch(make([]byte, 4), seen)
		binary.BigEndian.PutUint32(between, uint32(len(between)-4))
	}
	out := make([]byte, positionSize, positionSize+len(between)+len(batch))
	binary.BigEndian.PutUint64(out, p.Passive)
	binary.BigEndian.PutUint64(out[8:], p.Commands)
	return append(append(out, between...), batch...)
}

// cutLedger takes a ledger apart; seen is nil if nothing was.
func cutLedger(b []byte) (p Position, seen, batch []byte, err error) {
	if len(b) < positionSize {
		return p, nil, nil, fmt.Errorf("ledger of %d bytes", len(b))
	}
	p = Position{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
	batch = b[positionSize:]
	if p.Passive&withSeen == 0 {
		return p, nil, batch, nil
	}
	p.Passive &^= withSeen
	if len(batch) < 4 || uint64(binary.BigEndian.Uint32(batch)) > uint64(len(batch)-4) {
		return p, nil, nil, fmt.Errorf("ledger of %d bytes is cut off", len(b))
	}
	n := 4 + int(binary.BigEndian.Uint32(batch))
	return p, batch[4:n], batch[n:], nil
}

// SeenIn reads what was seen from a message that Ledger made.
func SeenIn(d *Decoder, b []byte) ([]Seen, error) {
	_, seen, _, err := cutLedger(b)
	if err != nil || seen == nil {
		return nil, err
	}
	return DecodeBatch(d, seen, []Seen(nil))
}

// DecodeLedger reads what Ledger made, appending the broks to into.
func DecodeLedger(d *Decoder, b []byte, into []monitor.Brok) (Position, []monitor.Brok, error) {
	p, _, batch, err := cutLedger(b)
	if err != nil || len(batch) == 0 {
		return p, into, err
	}
	broks, err := DecodeBatch(d, batch, into)
	return p, broks, err
}

// DecodeActions reads a record of actions: one brok, or a batch of them.
func DecodeActions(d *Decoder, b []byte) ([]monitor.Brok, error) {
	if IsBatch(b) {
		return DecodeBatch(d, b, []monitor.Brok(nil))
	}
	one := make([]monitor.Brok, 1)
	err := d.Decode(b, &one[0])
	return one, err
}

// InventoryName is the name of the blob in CFG that holds a shard's inventory, by Generation.Stand; DirectoryName that of the
// directory.
func InventoryName(generation uint64, shard monitor.Shard) string {
	return fmt.Sprintf("gen.%d.shard.%d", generation, shard)
}

// MovedName is the name of the blob in CFG that holds what other shards remembered of the hosts that came to this one with
// a generation. There is none if none came.
func MovedName(generation uint64, shard monitor.Shard) string {
	return fmt.Sprintf("gen.%d.moved.%d", generation, shard)
}

// PiggybackName is the name of the blob in CFG that holds what a generation says of payloads, a monitor.Piggyback.
func PiggybackName(generation uint64) string { return fmt.Sprintf("gen.%d.piggyback", generation) }

// ModulesName is the name of the blob in CFG that holds the modules that receivers and brokers host, a monitor.Modules. Some
// of their settings are secrets.
func ModulesName(generation uint64) string { return fmt.Sprintf("gen.%d.modules", generation) }

// ServicesName is the name of the blob in CFG that holds what results from outside may be for, a monitor.Roster. There is none
// from an older arbiter.
func ServicesName(generation uint64) string { return fmt.Sprintf("gen.%d.services", generation) }

// DirectoryName is the name of the blob in CFG that holds a generation's directory.
func DirectoryName(generation uint64) string { return fmt.Sprintf("gen.%d.directory", generation) }

// DynamicsName is the name of the blob in CFG that holds what is remembered of dynamic hosts, a monitor.Dynamics. There is none
// where there never were any.
const DynamicsName = "dynamic"
