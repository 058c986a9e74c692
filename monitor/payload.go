package monitor

import "time"

// Payload is what the agent output of one host, the source, held for another one, the target. There is one for each pair: a
// newer one takes the older one's place.
type Payload struct {
	Target, Source string
	// Site is where it was fetched; empty for the site that it is read in.
	Site string
	// At is when the output that held it was fetched, by the clock of the machine that did. It stays as it is on all ways.
	At Time
	// Raw is what the output calls the target, before any translation.
	Raw string
	// Data are the sections as they stood there, headers included.
	Data []byte
	// Seq is the payload's place in the stream that it was read from; 0 in one that is on its way.
	Seq uint64
	// Origin says which of the outputs of the source held it.
	Origin string
}

// Source tells when a host whose output holds payloads was last heard of; of one with several outputs, each for itself.
type Source struct {
	Name, Site string
	// At is when the last output that held payloads was fetched: the same moment as in those payloads.
	At Time
	// Targets is for how many hosts it held payloads.
	Targets uint32
	// Silent is set when the newest output held none at all.
	Silent bool
	// Newest is when the newest output was fetched that anybody began to store; 0 for no later one than At. While it is later
	// and Silent is not set, the payloads of that output are on their way.
	Newest Time
	// Sites are the other sites that the last output with payloads had some for, sorted; only where the source was fetched.
	Sites []string
	// Origin says which of the outputs of the source this is about.
	Origin string
}

// Arrival tells the owner of a host that a payload for it was stored.
type Arrival struct {
	Host, Source string
	At           Time
	Seq          uint64 // in the stream of payloads
}

// Pattern names hosts: one by its name or, as a regular expression that must match from the start of the name on, any number.
type Pattern struct {
	Text  string
	Regex bool
}

// Piggyback is what the configuration says of payloads: how targets are named, who may speak for whom, and how old a payload
// may be. modules/piggyback applies it.
type Piggyback struct {
	Translations []PiggybackTranslation
	Policies     []PiggybackPolicy
	// Sites says where hosts are looked at that no site knows yet.
	Sites []PiggybackSite
	// Addresses are those of the hosts whose checks read agent output, sorted, without those that several hosts have or that are
	// names of hosts. Payloads for one are the host's.
	Addresses []PiggybackAddress
}

// PiggybackAddress is the address of a host.
type PiggybackAddress struct{ Address, Host string }

// PiggybackSite sends the payloads for hosts that no site knows to a site that makes hosts of them. The first that fits source
// and target counts; payloads for other unknown hosts stay where they are.
type PiggybackSite struct {
	Sources []Pattern // empty for every source
	Hosts   []Pattern // the targets, by their translated names; empty for all
	Site    string    // empty for the site itself
}

// NameCase is what a translation does to letters.
type NameCase uint8

// What a translation does to letters.
const (
	CaseKept NameCase = iota
	CaseLower
	CaseUpper
)

// PiggybackTranslation turns the names in the output of some sources into names of hosts, and says for which of these they may
// speak. Of several that fit a source the first that says something about a step counts for that step.
type PiggybackTranslation struct {
	Name    string
	Sources []Pattern // whose output it is for; empty for every source
	// The steps, in their order; CaseKept, false and empty say nothing.
	Case       NameCase
	DropDomain bool
	Regexes    []PiggybackRename // the first that matches the whole name counts
	Map        []PiggybackRename // the first that is the name counts; To may name several hosts, parted by commas
	// Allow and Refuse are about translated names: a target must fit Allow, unless that is empty, and must not fit Refuse.
	Allow, Refuse []Pattern
	// Most bounds the targets of one output; 0 for the built-in bound.
	Most uint32
}

// PiggybackRename is a name or an expression, and what comes in its place; \1 and so on stand for groups of an expression.
type PiggybackRename struct{ From, To string }

// PiggybackUse is what a host does with payloads.
type PiggybackUse uint8

// What a host does with payloads.
const (
	UseUnset     PiggybackUse = iota // the policy says nothing about it
	UseIfPresent                     // the default
	UseExpect                        // always used; WARNING when there is none, or none that is new enough
	UseNever
)

// PiggybackPolicy says how payloads are used. What the first policy that names a host exactly or fits it says counts before
// what one for the source says, and that before one for all.
type PiggybackPolicy struct {
	Name    string
	Hosts   []Pattern // the targets
	Sources []Pattern // the sources; with Hosts too, both must fit
	Use     PiggybackUse
	// MaxAge is how old a payload that is used may be, Validity how long one counts as new though its source left it out, and
	// ValidityState the state meanwhile. Nil says nothing.
	MaxAge, Validity *time.Duration
	ValidityState    *State
}

// SourceInquiry asks the owner of a host for its SourceState, now and whenever that changes in the next minute.
type SourceInquiry struct {
	Host  string
	Shard Shard // which asks
	// Targets is how many hosts of the shard have all that is known of them from this one.
	Targets uint32
	// Look says that one of those fails: the source is to be looked at now.
	Look bool
}

// SourceState tells how a host is that payloads come from, to those who own their targets.
type SourceState struct {
	Host string
	// Trouble says that its agent cannot be asked: it is not UP, suffers from something in front of it, or the service of
	// its agent is CRITICAL or UNKNOWN. Root says that this is a root problem, or suffers from one: people hear of that.
	Trouble, Root bool
	Since         Time // of the trouble; what was fetched later shows that it is none
	// Fine is when the newest check of its agent began that was neither; 0 if nobody knows.
	Fine   Time
	Looked Time // when the newest check of its agent began
	// Interval is the distance of the checks of its agent; 0 if there are none.
	Interval time.Duration
	// Roots are the first of the root problems, Text says what is wrong, for people.
	Roots []Ref
	Text  string
}
