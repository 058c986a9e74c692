package bus

import (
	"slices"
	"strings"
)

// Role is a kind of daemon, by the name that it has on the command line and in certificates.
type Role string

// The roles.
const (
	Arbiter     Role = "arbiter"
	Scheduler   Role = "scheduler"
	Poller      Role = "poller"
	Reactionner Role = "reactionner"
	Receiver    Role = "receiver"
	Broker      Role = "broker"
	// Operator is no daemon: it is a person, who gives orders to nodes and reads the cluster log on the bus itself.
	Operator Role = "operator"
)

// Roles gives every role.
func Roles() []Role {
	return []Role{Arbiter, Scheduler, Poller, Reactionner, Receiver, Broker, Operator}
}

// Rights are all that a daemon may do on the bus. Subjects are filters, and so are keys.
type Rights struct {
	// Send and Hear are the subjects of messages that nobody stores. Answer allows to answer what is heard.
	Send, Hear []Subject
	Answer     bool
	// Store are the subjects of messages that a stream stores.
	Store []Subject
	// Read are streams that may be read, by readers without a name, and looked into; Forget those that may be purged.
	Read, Forget []Stream
	// Measure are streams of which may be asked how much they hold.
	Measure []Stream
	// Take are readers with a name.
	Take []Taking
	// Get, Watch and Put are keys of buckets. Put allows to delete too.
	Get, Watch, Put []Keys
	// Fetch are buckets whose blobs may be read, Keep those whose blobs may be written.
	Fetch, Keep []Bucket
	// Prepare allows to make streams and buckets, and to change how they are kept.
	Prepare bool
}

// Taking is reading a stream with a name, under filters.
type Taking struct {
	Stream Stream
	Filter Subject
	// Alone is that of a Cursor.
	Alone bool
}

// Keys are keys of a bucket: one, or a pattern as in Store.Watch.
type Keys struct {
	Bucket Bucket
	Key    string
}

// grant is a line of the table: what the roles in each place may do with one subject, stream or key. In a subject or key, "@"
// stands for the daemon's own name: of the one that hears, stores or puts. For who sends to it, or gets it, it is any name.
type grant struct {
	subject            Subject
	send, hear, answer []Role
	store              []Role
	stream             Stream
	read, take, forget []Role
	measure            []Role
	alone              bool
	bucket             Bucket
	key                string
	get, watch, put    []Role
	blobs              Bucket
	fetch, keep        []Role
	// fresh says that the release before has no such line: a bus of that release refuses what stands here.
	fresh bool
}

type roles = []Role

// table is what every role may do. Whoever adds a subject, a stream or a bucket adds its line here: a test finds what is
// missing, and the bus refuses it.
func table() []grant {
	everybody := Roles()
	couriers := roles{Poller, Receiver}
	return []grant{
		// Messages that nobody stores: who sends, who hears, and who may answer.
		{subject: "want.*", send: roles{Poller}, hear: roles{Scheduler}},
		{subject: "job.@", send: roles{Scheduler}, hear: roles{Poller}},
		{subject: "refuse.@", send: roles{Poller}, hear: roles{Scheduler}},
		{subject: "ask.*", send: roles{Broker}, hear: roles{Scheduler}, answer: roles{Scheduler}},
		{subject: "alive.*", send: roles{Scheduler, Broker}, hear: roles{Scheduler}, answer: roles{Scheduler}},
		{subject: "alive.role_arbiter", send: roles{Arbiter}, hear: roles{Arbiter}, answer: roles{Arbiter}},
		{subject: "verdict.*", send: roles{Scheduler}, hear: roles{Receiver, Broker}},
		{subject: "trace.*", send: roles{Scheduler, Poller}, hear: roles{Broker}},
		{subject: "said.@", send: roles{Broker}, hear: roles{Poller}, answer: roles{Poller}},
		{subject: "engine.reload", send: roles{Receiver, Broker, Operator}, hear: roles{Arbiter}, answer: roles{Arbiter}},
		{subject: "engine.check", send: roles{Receiver, Broker, Operator}, hear: roles{Arbiter}, answer: roles{Arbiter}},
		{subject: "engine.sites", send: roles{Broker}, hear: roles{Receiver}, answer: roles{Receiver}},
		{subject: "counts", send: roles{Scheduler}, hear: roles{Scheduler}},
		{subject: "pbq", send: roles{Scheduler}, hear: roles{Scheduler}},
		{subject: "brq.*", send: roles{Scheduler}, hear: roles{Scheduler}},
		{subject: "brs.*", send: roles{Scheduler}, hear: roles{Scheduler}},
		{subject: "brt.*", send: roles{Scheduler}, hear: roles{Scheduler}},
		{subject: "counts", send: roles{Scheduler}, hear: roles{Scheduler}},
		{subject: "pbs.*", send: roles{Scheduler}, hear: roles{Scheduler}},
		{subject: "pbn.*", send: couriers, hear: roles{Scheduler}, answer: roles{Scheduler}},

		// Messages that streams store. Commands and results reach a broker's modules too, such as Livestatus.
		{subject: "own.*", store: roles{Scheduler}},
		{subject: "ev.>", store: roles{Scheduler}},
		{subject: "res.*.@", store: roles{Poller}},
		{subject: "pas.*.@", store: roles{Receiver, Broker}},
		{subject: "pas.*.*", store: roles{Scheduler}}, // those of hosts that moved to another shard
		{subject: "cmd.*", store: roles{Receiver, Broker, Scheduler}},
		{subject: "perf.*", store: roles{Scheduler}, hear: roles{Broker}},
		{subject: "done.*", store: roles{Reactionner}},
		{subject: "log.@", store: everybody},
		{subject: "pb.*.*", store: couriers},
		{subject: "pbc.*.*", store: couriers},
		{subject: "pbo.*.*.*", store: couriers},
		{subject: "pbx.*.*", store: couriers},

		// Streams: who reads, with a name or without, and who removes what is used.
		{stream: EV, read: roles{Scheduler, Broker}},
		{stream: EV, subject: "ev.*.action.*", take: roles{Reactionner}},
		{stream: RES, read: roles{Scheduler}, forget: roles{Scheduler}},
		{stream: RES, measure: roles{Broker}, fresh: true},
		{stream: PASSIVE, measure: roles{Broker}, fresh: true},
		{stream: CMD, measure: roles{Broker}, fresh: true},
		{stream: PASSIVE, subject: "pas.*.>", take: roles{Scheduler}, alone: true},
		{stream: CMD, subject: "cmd.*", take: roles{Scheduler}, alone: true},
		{stream: PERF, read: roles{Broker}},
		{stream: DONE, read: roles{Broker}},
		{stream: LOG, read: roles{Broker, Operator}},
		{stream: PB, read: roles{Poller, Receiver, Broker, Arbiter}, forget: couriers},
		{stream: PBO, read: roles{Poller, Receiver, Broker, Arbiter}, forget: couriers},
		{stream: PBX, read: roles{Poller, Receiver, Broker, Arbiter}, forget: couriers},

		// Buckets.
		{bucket: CFG, key: "current", get: everybody, watch: everybody},
		{bucket: CFG, key: ">", get: roles{Arbiter}, watch: roles{Arbiter}, put: roles{Arbiter}},
		{bucket: CFG, key: "site.*", get: couriers, watch: couriers, put: roles{Receiver}},
		{bucket: LEASE, key: "shard.*", get: roles{Scheduler, Broker, Operator}, watch: roles{Scheduler, Broker, Operator}, put: roles{Scheduler}},
		{bucket: LEASE, key: "role.*", get: roles{Arbiter, Broker, Operator}, watch: roles{Arbiter, Broker, Operator}, put: roles{Arbiter}},
		{bucket: LEASE, key: "all.*", get: roles{Broker}, watch: roles{Broker}, put: roles{Broker}},
		{bucket: LEASE, key: "own.*.*", get: roles{Broker}, watch: roles{Broker}, put: roles{Broker}},
		{bucket: FEED, key: ">", get: roles{Broker}, watch: roles{Broker}, put: roles{Broker}},
		{bucket: CLAIM, key: "*", get: roles{Reactionner}, put: roles{Reactionner}},
		{bucket: STRAY, key: "@", get: roles{Receiver}, put: roles{Receiver}},
		{bucket: STRAY, key: "*", get: roles{Broker}, watch: roles{Broker}},
		{bucket: HB, key: ">", get: everybody, watch: everybody},
		{bucket: HB, key: "scheduler.*", get: roles{Scheduler}, watch: roles{Scheduler}},
		{bucket: NODE, key: "order.*", get: everybody, watch: everybody, put: roles{Broker, Operator}},
		{bucket: NODE, key: "known.*.*", get: roles{Broker, Operator}, watch: roles{Broker, Operator}, put: roles{Broker, Operator}},
		{bucket: NODE, key: "silent.*", get: roles{Broker, Operator}, watch: roles{Broker}, put: roles{Broker, Operator}, fresh: true},

		// Blobs.
		{blobs: CFG, fetch: everybody, keep: roles{Arbiter}},
		{blobs: SNAP, fetch: roles{Scheduler}, keep: roles{Scheduler}},
	}
}

// Allowed gives the rights of a daemon of that name that has some roles.
func Allowed(name string, have ...Role) Rights { return allowed(table(), name, have) }

// AllowedBefore gives those that it has on a bus of the release before, which refuses all others to everybody. That is no fault of who
// is refused: he goes without until the bus is replaced.
func AllowedBefore(name string, have ...Role) Rights {
	return allowed(slices.DeleteFunc(table(), func(g grant) bool { return g.fresh }), name, have)
}

func allowed(table []grant, name string, have []Role) Rights {
	var r Rights
	for _, g := range table {
		g.add(&r, Token(name), have)
	}
	for _, role := range have { // each shows that it is there
		for _, own := range []Keys{{HB, BeatKey(string(role), name)}, {NODE, KnownKey(string(role), name)}} {
			r.Get, r.Put = append(r.Get, own), append(r.Put, own)
		}
	}
	r.Prepare = slices.Contains(have, Arbiter)
	return r
}

func (g *grant) add(r *Rights, name string, have []Role) {
	one := func(may []Role) bool {
		return slices.ContainsFunc(may, func(role Role) bool { return slices.Contains(have, role) })
	}
	mine, any := Subject(fill(string(g.subject), name)), Subject(fill(string(g.subject), "*"))
	add(&r.Send, any, one(g.send))
	add(&r.Hear, mine, one(g.hear))
	r.Answer = r.Answer || one(g.answer)
	add(&r.Store, mine, one(g.store))
	add(&r.Read, g.stream, one(g.read))
	add(&r.Forget, g.stream, one(g.forget))
	add(&r.Measure, g.stream, one(g.measure))
	add(&r.Take, Taking{g.stream, g.subject, g.alone}, one(g.take))
	add(&r.Get, Keys{g.bucket, fill(g.key, "*")}, one(g.get))
	add(&r.Watch, Keys{g.bucket, fill(g.key, "*")}, one(g.watch))
	add(&r.Put, Keys{g.bucket, fill(g.key, name)}, one(g.put))
	add(&r.Fetch, g.blobs, one(g.fetch))
	add(&r.Keep, g.blobs, one(g.keep))
}

func add[T comparable](to *[]T, what T, may bool) {
	if may && !slices.Contains(*to, what) {
		*to = append(*to, what)
	}
}

// fill puts a name in the place of "@".
func fill(pattern, name string) string { return strings.ReplaceAll(pattern, "@", name) }
