package bus

import (
	"cmp"
	"slices"
	"time"
)

// LayoutVersion is the version of what Layout gives. It goes up by one with each release that changes the settings of a stream or bucket:
// who prepares the bus leaves alone what a newer release has prepared.
const LayoutVersion = 1

// Stream names a stream of the layout.
type Stream string

// Bucket names a bucket of the layout, for values or for blobs.
type Bucket string

// The streams. Layout says how each is kept.
const (
	// EV is the journal: what happened to the state of things, and who owns which shard.
	EV Stream = "EV"
	// RES carries results of active checks from pollers to owners.
	RES Stream = "RES"
	// PASSIVE carries results that came from outside.
	PASSIVE Stream = "PASSIVE"
	// CMD carries external commands.
	CMD Stream = "CMD"
	// PERF carries a brok for every check made.
	PERF Stream = "PERF"
	// DONE carries what became of actions.
	DONE Stream = "DONE"
	// PB holds the newest payload of each source for each host of this site, and when each source was last heard of.
	PB Stream = "PB"
	// PBO holds payloads for hosts of other sites until they were fetched.
	PBO Stream = "PBO"
	// PBX holds payloads for hosts that nobody knows. It is small and apart, so that no amount of rubbish costs the good ones.
	PBX Stream = "PBX"
	// LOG holds what the daemons of the cluster decided by themselves, and why.
	LOG Stream = "LOG"
)

// The buckets.
const (
	// CFG holds "current" (the generation that is in force), what is known of other sites, and as blobs the inventories and
	// directories.
	CFG Bucket = "CFG"
	// LEASE holds who works on which shard, and what modules of all brokers have in common; in memory, unless several servers keep it.
	LEASE Bucket = "LEASE"
	// HB holds who is alive; entries vanish after 15 s. For show only.
	HB Bucket = "HB"
	// SNAP holds the shards' snapshots as blobs.
	SNAP Bucket = "SNAP"
	// FEED holds how far each export module is in each stream.
	FEED Bucket = "FEED"
	// CLAIM holds which reactionner has which action, and which are done, for a day.
	CLAIM Bucket = "CLAIM"
	// STRAY holds, by receiver, the hosts and services that results came for and that nobody knows; for show only.
	STRAY Bucket = "STRAY"
	// NODE holds which nodes there are, and what people ordered of them: maintenance.
	NODE Bucket = "NODE"
)

// Keeping says how a stream is kept.
type Keeping struct {
	Stream   Stream
	Subjects []Subject
	// Memory keeps it in memory only. Otherwise it is on disk; and unless Lazy, synced before an append returns.
	Memory, Lazy bool
	// Last keeps the newest message of each subject only, and lets messages have an age of their own: its messages are Letters.
	Last bool
	// Queue removes a message once it was used; otherwise messages stay until a limit is reached.
	Queue    bool
	MaxAge   time.Duration
	MaxBytes int64
	// Refuse answers ErrFull at the limit; otherwise the oldest messages go.
	Refuse bool
	// Atomic allows Commit.
	Atomic bool
}

// BucketKeeping says how a bucket is kept.
type BucketKeeping struct {
	Bucket Bucket
	Blobs  bool // an object store beside the values
	Memory bool // on disk all the same where several servers keep it
	TTL    time.Duration
}

// Limits bound what a stream keeps; 0 where the layout decides.
type Limits struct {
	Age   time.Duration
	Bytes int64
}

// Limited gives a layout in which some streams have limits of their own.
func Limited(layout []Keeping, limits map[Stream]Limits) []Keeping {
	own := slices.Clone(layout)
	for i := range own {
		l := limits[own[i].Stream]
		own[i].MaxAge, own[i].MaxBytes = cmp.Or(l.Age, own[i].MaxAge), cmp.Or(l.Bytes, own[i].MaxBytes)
	}
	return own
}

// Layout gives every stream and bucket that Onbu uses.
func Layout() ([]Keeping, []BucketKeeping) {
	streams := []Keeping{
		{Stream: EV, Subjects: []Subject{"own.*", "ev.>"}, MaxAge: 30 * 24 * time.Hour, MaxBytes: 4 << 30, Atomic: true},
		{Stream: RES, Subjects: []Subject{"res.>"}, Memory: true, MaxAge: 2 * time.Minute, MaxBytes: 256 << 20},
		{Stream: PASSIVE, Subjects: []Subject{"pas.>"}, Queue: true, MaxBytes: 1 << 30, Refuse: true},
		{Stream: CMD, Subjects: []Subject{"cmd.>"}, Queue: true, MaxBytes: 256 << 20, Refuse: true},
		{Stream: PERF, Subjects: []Subject{"perf.>"}, Lazy: true, MaxAge: 24 * time.Hour, MaxBytes: 1 << 30},
		{Stream: DONE, Subjects: []Subject{"done.>"}, MaxAge: 30 * 24 * time.Hour, MaxBytes: 256 << 20},
		{Stream: PB, Subjects: []Subject{"pb.>", "pbc.>"}, Last: true, Lazy: true, MaxBytes: 1 << 30},
		{Stream: PBO, Subjects: []Subject{"pbo.>"}, Last: true, Lazy: true, MaxBytes: 512 << 20},
		{Stream: PBX, Subjects: []Subject{"pbx.>"}, Last: true, Lazy: true, MaxBytes: 64 << 20},
		{Stream: LOG, Subjects: []Subject{"log.*"}, MaxAge: 90 * 24 * time.Hour, MaxBytes: 64 << 20},
	}
	buckets := []BucketKeeping{
		{Bucket: CFG, Blobs: true},
		{Bucket: LEASE, Memory: true},
		{Bucket: HB, Memory: true, TTL: 15 * time.Second},
		{Bucket: SNAP, Blobs: true},
		{Bucket: FEED},
		{Bucket: CLAIM, TTL: 24 * time.Hour},
		{Bucket: STRAY, Memory: true, TTL: 15 * time.Minute},
		{Bucket: NODE},
	}
	return streams, buckets
}
