package bus

import (
	"crypto/sha256"
	"encoding/base32"
	"strconv"
	"strings"
)

// Subject is a subject of the bus. Build one only with the functions of this file: they alone know how names from
// outside become tokens.
type Subject string

// Token makes one subject token of any text: unpadded base32hex in lower case, or "w" and the first 26 characters of the
// SHA-256 in base32hex when the text is longer than 100 bytes. Tokens hold [0-9a-w] only; the empty text gives "_".
func Token(name string) string {
	if name == "" {
		return "_"
	}
	if len(name) > 100 {
		sum := sha256.Sum256([]byte(name))
		return "w" + lower32.EncodeToString(sum[:])[:26]
	}
	return lower32.EncodeToString([]byte(name))
}

// Named gives the text that a token was made of; false for one that was too long to stand in its token.
func Named(token string) (name string, ok bool) {
	if token == "_" {
		return "", true
	}
	text, err := lower32.DecodeString(token)
	return string(text), err == nil && token != ""
}

var lower32 = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

// Want is where pollers of a pool say how many jobs they have room for.
func Want(pool string) Subject { return Subject("want." + Token(pool)) }

// Wants is every pool's Want.
func Wants() Subject { return "want.*" }

// Jobs is where a poller gets its jobs.
func Jobs(poller string) Subject { return Subject("job." + Token(poller)) }

// Refused is where a poller gives jobs back that it has no room for.
func Refused(scheduler string) Subject { return Subject("refuse." + Token(scheduler)) }

// Results is where a poller sends a shard's results.
func Results(shard uint16, poller string) Subject {
	return Subject("res." + number(shard) + "." + Token(poller))
}

// ResultsOf is every poller's results for a shard.
func ResultsOf(shard uint16) Subject { return Subject("res." + number(shard) + ".>") }

// Passive is where a receiver stores passive results for the hosts of a shard.
func Passive(shard uint16, receiver string) Subject {
	return Subject("pas." + number(shard) + "." + Token(receiver))
}

// PassiveOf is every receiver's passive results for a shard.
func PassiveOf(shard uint16) Subject { return Subject("pas." + number(shard) + ".>") }

// Commands is where external commands for a shard go.
func Commands(shard uint16) Subject { return Subject("cmd." + number(shard)) }

// Own is the subject of claims to a shard: the fence.
func Own(shard uint16) Subject { return Subject("own." + number(shard)) }

// States is where an owner records batches of broks, each with the position up to where it has used its inputs.
func States(shard uint16) Subject { return Subject("ev." + number(shard) + "." + wordState) }

// Quiet is where an owner records broks that only matter until its next snapshot, in the form of States.
func Quiet(shard uint16) Subject { return Subject("ev." + number(shard) + "." + wordQuiet) }

// EventsOf is all that was recorded of a shard, but for the claims.
func EventsOf(shard uint16) Subject { return Subject("ev." + number(shard) + ".>") }

// Actions is where an owner records actions for a pool of reactionners.
func Actions(shard uint16, pool string) Subject {
	return Subject("ev." + number(shard) + "." + wordAction + "." + Token(pool))
}

// ActionsOf is every shard's actions for a pool.
func ActionsOf(pool string) Subject { return Subject("ev.*." + wordAction + "." + Token(pool)) }

// AllEvents is everything in the journal but the claims.
func AllEvents() Subject { return "ev.>" }

// Perf is where an owner tells of the checks made.
func Perf(shard uint16) Subject { return Subject("perf." + number(shard)) }

// AllPerf is every shard's Perf.
func AllPerf() Subject { return "perf.*" }

// Done is where a reactionner tells what became of an action.
func Done(shard uint16) Subject { return Subject("done." + number(shard)) }

// Ask is where the owner of a shard answers questions.
func Ask(shard uint16) Subject { return Subject("ask." + number(shard)) }

// Verdict is where the owner of a shard tells what became of the external command with that request id.
func Verdict(request string) Subject { return Subject("verdict." + Token(request)) }

// Trace is where the steps of a check that somebody follows are told.
func Trace(id string) Subject { return Subject("trace." + Token(id)) }

// Remembered is where a poller tells what a host's agent said last.
func Remembered(poller string) Subject { return Subject("said." + Token(poller)) }

// Deeds is where a node tells the cluster log what happened to it.
func Deeds(node string) Subject { return Subject("log." + Token(node)) }

// AllDeeds is every node's Deeds.
func AllDeeds() Subject { return "log.*" }

// Reload is where an arbiter is asked to read its files again; it answers once they are in force, or are not.
func Reload() Subject { return "engine.reload" }

// CheckFiles is where the leading arbiter is asked what a reload would do.
func CheckFiles() Subject { return "engine.check" }

// Alive is where the owner of a shard answers that it is there.
func Alive(shard uint16) Subject { return Subject("alive." + number(shard)) }

// Present is where a scheduler, by its name and boot, answers that it is there, whether it has shards or not. No token of these
// is a number of a shard.
func Present(scheduler, boot string) Subject {
	return Subject("alive." + Token(scheduler+"\nscheduler\n"+boot))
}

// AliveRole is where the one daemon of a role that leads the others answers that it is there. No token of a name is like it.
func AliveRole(role Role) Subject { return Subject("alive.role_" + string(role)) }

// PayloadFor is where the payload of a source for a host of this site is kept. Here and below a source is named by SourceAt.
func PayloadFor(target, source string) Subject {
	return Subject("pb." + Token(target) + "." + Token(source))
}

// PayloadsFor is every source's payload for a host.
func PayloadsFor(target string) Subject { return Subject("pb." + Token(target) + ".*") }

// AllPayloads is every payload for hosts of this site.
func AllPayloads() Subject { return "pb.>" }

// SourceAt is how subjects name a source that is at a site; its name alone if the site is this one, which is the empty text.
// What another site says thus never comes under the subjects of a source of this one. Names of sources have no line ends.
func SourceAt(site, source string) string {
	if site == "" {
		return source
	}
	return source + "\n" + site
}

// SourceFrom takes the text that SourceAt made apart.
func SourceFrom(name string) (site, source string) {
	source, site, _ = strings.Cut(name, "\n")
	return site, source
}

// SourceOf is where it is kept when an output of a source of payloads was last heard of.
func SourceOf(source, origin string) Subject {
	return Subject("pbc." + Token(source) + "." + Token(origin))
}

// SourcesOf is SourceOf for every output of a source; AllSources is that of every source.
func SourcesOf(source string) Subject { return Subject("pbc." + Token(source) + ".*") }

// AllSources is every output's SourceOf, of every source.
func AllSources() Subject { return "pbc.>" }

// SourceIn reads the Token of the source from a SourceOf.
func SourceIn(s Subject) string {
	parts := strings.SplitN(string(s), ".", 3)
	if len(parts) < 3 {
		return ""
	}
	return parts[1]
}

// Outbound is where a payload for a host of another site waits for the way there.
func Outbound(site, target, source string) Subject {
	return Subject("pbo." + Token(site) + "." + Token(target) + "." + Token(source))
}

// OutboundSource is where a monitor.Source waits for the way to a site: one that got payloads of it.
func OutboundSource(site, source, origin string) Subject {
	if origin != "" {
		source += "\n\n" + origin
	}
	return Outbound(site, "", source)
}

// OutboundTo is every payload and source that waits for the way to a site.
func OutboundTo(site string) Subject { return Subject("pbo." + Token(site) + ".>") }

// AllOutbound is every payload and source that waits for the way to any site.
func AllOutbound() Subject { return "pbo.>" }

// OutboundOf reads the Tokens of the site and of the target from a subject of PBO. The target of a source is the Token of the
// empty text.
func OutboundOf(s Subject) (site, target string) {
	parts := strings.SplitN(string(s), ".", 4)
	if len(parts) < 4 {
		return "", ""
	}
	return parts[1], parts[2]
}

// Orphan is where a payload is kept for a host that no site knows.
func Orphan(target, source string) Subject {
	return Subject("pbx." + Token(target) + "." + Token(source))
}

// OrphansOf is every source's payload for a host that no site knows; AllOrphans those of all such hosts.
func OrphansOf(target string) Subject { return Subject("pbx." + Token(target) + ".*") }

// AllOrphans is every payload for hosts that no site knows.
func AllOrphans() Subject { return "pbx.>" }

// OrphanOf reads the Token of the target from a subject of PBX.
func OrphanOf(s Subject) string {
	parts := strings.SplitN(string(s), ".", 3)
	if len(parts) < 3 {
		return ""
	}
	return parts[1]
}

// Counts is where schedulers tell each other how many objects of their shards are in which state.
func Counts() Subject { return "counts" }

// Inquiries is where the owners of hosts that payloads come for ask how the hosts are that these come from.
func Inquiries() Subject { return "pbq" }

// SourceStates is where a shard that asked is told.
func SourceStates(shard uint16) Subject { return Subject("pbs." + number(shard)) }

// BorderInquiries is where the owner of a shard is asked for hosts that those of other shards stand behind.
func BorderInquiries(shard uint16) Subject { return Subject("brq." + number(shard)) }

// BorderStates is where the owner of a shard is told of the hosts of others that its own stand behind.
func BorderStates(shard uint16) Subject { return Subject("brs." + number(shard)) }

// BorderTolls is where the owner of a shard is told what suffers from its root problems elsewhere.
func BorderTolls(shard uint16) Subject { return Subject("brt." + number(shard)) }

// PayloadNames gives the target and the source of a payload's subject, of whichever stream; site is empty but for Outbound.
// ok is false for other subjects, and where a name was too long to stand in its token.
func PayloadNames(s Subject) (site, target, source string, ok bool) {
	parts := strings.Split(string(s), ".")
	switch {
	case len(parts) == 3 && (parts[0] == "pb" || parts[0] == "pbx"):
	case len(parts) == 4 && parts[0] == "pbo":
		if site, ok = Named(parts[1]); !ok {
			return "", "", "", false
		}
	default:
		return "", "", "", false
	}
	target, ok1 := Named(parts[len(parts)-2])
	source, ok2 := Named(parts[len(parts)-1])
	return site, target, source, ok1 && ok2
}

// Arrived is where the owner of a shard is told that payloads for its hosts are stored. It answers, with nothing in it.
func Arrived(shard uint16) Subject { return Subject("pbn." + number(shard)) }

// SiteKey is the key in CFG of what is known of another site.
func SiteKey(site string) string { return "site." + Token(site) }

// AllSites is every SiteKey.
func AllSites() string { return "site.*" }

// AskSites is where the part of a receiver that talks with other sites answers the daemons of its own.
func AskSites() Subject { return "engine.sites" }

// AtSite is where a site listens, on a link.
func AtSite(site string) Subject { return Subject("site." + Token(site)) }

// SiteHello is where sites say on a link that they are there.
func SiteHello() Subject { return "sites.hello" }

func number(n uint16) string { return strconv.FormatUint(uint64(n), 10) }

// Kind tells what a record of EV, DONE, PERF or LOG holds.
type Kind uint8

// The kinds of records. Perf is a batch of broks; States is one too, behind a position; Action and Done are one brok each.
const (
	KindPerf Kind = iota
	KindStates
	KindAction
	KindDone
	KindClaim // of a shard, by its owner: no brok
	KindQuiet // as States
	KindDeeds // entries of the cluster log: no broks
	KindNew   // of a newer release: to be passed over
)

// The words for the kinds in the journal's subjects.
const (
	wordState  = "state"
	wordAction = "action"
	wordQuiet  = "quiet"
)

// LeaseKey is the key in LEASE of a shard.
func LeaseKey(shard uint16) string { return "shard." + number(shard) }

// AllLeases is the LeaseKey of every shard.
func AllLeases() string { return "shard.*" }

// LeasedShard reads the shard from a LeaseKey.
func LeasedShard(key string) (shard uint16, ok bool) {
	text, ok := strings.CutPrefix(key, "shard.")
	n, err := strconv.ParseUint(text, 10, 16)
	return uint16(n), ok && err == nil
}

// BeatKey is the key in HB of a daemon, and BeatsOf that of every daemon of a role.
func BeatKey(role, name string) string { return role + "." + Token(name) }

// BeatsOf is the BeatKey of every daemon of a role.
func BeatsOf(role string) string { return role + ".*" }

// RoleLeaseKey is the key in LEASE of the one daemon of a role that leads the others.
func RoleLeaseKey(role Role) string { return "role." + string(role) }

// FeedKey is the key in FEED, and in LEASE, of an export module; of that of one broker if it is not empty.
func FeedKey(module, broker string) string {
	if broker == "" {
		return "all." + Token(module)
	}
	return "own." + Token(module) + "." + Token(broker)
}

// CommonKey is the key in LEASE of what the modules of all brokers have in common under a word of letters, digits and dashes. It is no
// FeedKey: no Token begins so.
func CommonKey(name string) string { return "all.=" + name }

// ClaimKey is the key in CLAIM of an action.
func ClaimKey(action string) string { return Token(action) }

// KindIn is KindOf for a subject that did not come over a Conn.
func KindIn(subject string) Kind { return KindOf(Subject(subject)) }

// KindOf reads the kind from a subject of EV, DONE, PERF or LOG.
func KindOf(s Subject) Kind {
	parts := strings.Split(string(s), ".")
	switch {
	case parts[0] == "done":
		return KindDone
	case parts[0] == "log":
		return KindDeeds
	case parts[0] == "own":
		return KindClaim
	case len(parts) > 2 && parts[2] == wordState:
		return KindStates
	case len(parts) > 2 && parts[2] == wordQuiet:
		return KindQuiet
	case len(parts) > 2 && parts[2] == wordAction:
		return KindAction
	case parts[0] == "ev":
		return KindNew
	}
	return KindPerf
}

// OrderKey is the key in NODE of what people ordered of a node.
func OrderKey(node string) string { return "order." + Token(node) }

// AllOrders is every OrderKey.
func AllOrders() string { return "order.*" }

// SilentKey is the key in NODE of that the cluster log was told of a node's silence.
func SilentKey(node string) string { return "silent." + Token(node) }

// AllSilent is every SilentKey.
func AllSilent() string { return "silent.*" }

// KnownKey is the key in NODE of what is remembered of a role of a node.
func KnownKey(role, node string) string { return "known." + role + "." + Token(node) }

// AllKnown is every KnownKey.
func AllKnown() string { return "known.*.*" }
