// Package bus knows what the daemons promise each other about messages: what may be lost and asked for again, what is
// stored, who may write the journal. It holds the contracts, the subjects and the layout of streams; natsbus and membus
// carry them, and bustest holds both to the same promises.
package bus

import (
	"context"
	"errors"
	"time"
)

// What a caller may have to tell apart. All are returned wrapped.
var (
	// ErrNoResponders: nobody listens on the subject of a request.
	ErrNoResponders = errors.New("nobody answers")
	// ErrFenced: somebody else owns the shard since; the caller must stop at once and forget what it decided.
	ErrFenced = errors.New("fenced: another owner has taken the shard")
	// ErrUnprepared: there is no such bucket yet; an arbiter makes it.
	ErrUnprepared = errors.New("the bus is not prepared: no arbiter was here yet")
	// ErrConflict: the key changed, or exists already.
	ErrConflict = errors.New("changed by somebody else")
	// ErrNotFound: no such key or blob.
	ErrNotFound = errors.New("not found")
	// ErrFull: the stream takes no more; the sender must wait.
	ErrFull = errors.New("stream is full")
	// ErrTooLarge: the message or the batch is above MaxMessage, MaxBatch or MaxBatchBytes, and was not sent.
	ErrTooLarge = errors.New("too large for the bus")
	// ErrClosed: the connection was closed by its own side.
	ErrClosed = errors.New("connection to the bus is closed")
)

// What one call may carry. The first is NATS' default max_payload of 1 MiB less room for headers; MaxBatch is the
// server's own limit (nats-server 2.15, streamDefaultMaxAtomicBatchSize).
const (
	MaxMessage    = 1<<20 - 4<<10
	MaxBatch      = 1000
	MaxBatchBytes = 16 << 20
	// MaxBlob bounds a blob.
	MaxBlob = 1 << 30
)

// Msg is a message as it arrives. Data belongs to the receiver and is never changed by the bus.
type Msg struct {
	Subject Subject
	Data    []byte
	// Seq is the message's place in its stream, from 1; 0 outside a stream.
	Seq uint64
	// Time is when the stream stored it.
	Time time.Time
	// ID is the id that it was appended with, for who reads with Durable; without one the bus may have given it some.
	ID string
	// Reply sends the answer to a request; nil when none is wanted.
	Reply func(data []byte) error
}

// Messenger carries what may be asked for again. Nothing is stored.
type Messenger interface {
	// Publish sends to whoever listens now. It may keep data until it returns, not longer.
	Publish(subject Subject, data []byte) error
	// Subscribe calls deliver for each message, one at a time and in order per publisher, until stop is called.
	// deliver must not block for long; a subscriber that lags far behind loses messages, which the bus counts and logs.
	// After stop has returned, deliver is not called again; so deliver must not call stop itself. In a cluster, who publishes
	// through another server may miss a subscriber that is younger than some milliseconds.
	Subscribe(subject Subject, deliver func(Msg)) (stop func(), err error)
	// Request sends and waits for the first answer, or for ctx. ErrNoResponders comes at once if nobody listens. Who
	// listens and stays silent makes it wait: give ctx a deadline.
	Request(ctx context.Context, subject Subject, data []byte) ([]byte, error)
}

// Later is what handle of a durable Read returns for messages that are to come again after a time. They keep their place
// among the 10,000 that one name may have out.
type Later struct{ After time.Duration }

// Error implements error.
func (l Later) Error() string { return "to come again in " + l.After.String() }

// Streams carries what must not be lost.
type Streams interface {
	// Append stores a message in the stream that its subject belongs to and returns when it is stored (on disk, for the
	// streams that are synced). A message whose id (not empty) was stored within the last two minutes is not stored again;
	// that is no error. ErrFull when the stream refuses. While the bus cannot be reached, or the stream does not exist
	// yet, it tries again until ctx ends; after ctx's error it is unknown whether the message is stored.
	Append(ctx context.Context, subject Subject, data []byte, id string) error
	// Read hands on messages in order, in batches of at most c.Batch, until ctx ends; it returns ctx's error then. It
	// waits for a stream that does not exist yet. The slice is the bus's again when handle returns, the messages' Data is
	// not.
	//
	// With c.Durable, a batch counts as used once handle has returned nil, and what is not used comes again, also to a
	// later reader of the same name; after an error from handle the batch comes again after a pause. Several readers of one
	// name share the messages; a single one gets them in order even over errors, but for those that it puts off itself: an
	// error that is a Later lets the batch come again after its time, and others first. Without a name, reading starts behind c.After
	// and an error from handle ends Read and is returned. A stream that is not synced may lose its newest messages with its server, one
	// kept in memory all of them, and others get their sequences: whoever was handed a message that was lost is handed those as well.
	Read(ctx context.Context, c Cursor, handle func([]Msg) error) error
	// Forget removes what a stream holds under a subject, which may be a filter as in Cursor, up to and with a sequence: for
	// those who know that nobody wants it any more. An error leaves some of it there, until a limit removes it.
	Forget(ctx context.Context, stream Stream, filter Subject, upTo uint64) error
	// Unused says how many messages a reader with a name has yet to use, those too that it was given; 0 for a name that never read.
	Unused(ctx context.Context, stream Stream, durable string) (uint64, error)
	// Extent says what a stream holds, and how much of that lies behind a sequence.
	Extent(ctx context.Context, stream Stream, after uint64) (Extent, error)
}

// Extent is what a stream holds at a moment.
type Extent struct {
	// First and Last are the sequences of the oldest and the newest message; in an empty stream First is Last+1, and Last that of
	// the newest there ever was.
	First, Last uint64
	// Bytes is how much they are, MaxBytes how much they may be, and MaxAge how old; 0 for as old as they get.
	Bytes, MaxBytes int64
	MaxAge          time.Duration
	// Next is when the first message behind the sequence asked about was stored; zero where there is none.
	Next time.Time
}

// Behind is how many messages lie behind a sequence, as far as none between them was removed.
func (e *Extent) Behind(after uint64) uint64 { return e.Last - min(max(after, e.First-1), e.Last) }

// Cursor says what to read from a stream.
type Cursor struct {
	Stream Stream
	// Filter may end in ".>" or hold "*"; empty for all.
	Filter Subject
	// Durable names the reader; empty for one that leaves no trace. A stream that is a Queue wants a name, and for each of
	// its subjects at most one name ever: Read returns an error otherwise.
	Durable string
	// After is the sequence behind which a reader without a name starts; 0 for the first that is stored. Stored is the Time of that
	// message, zero where it is not known: by it a reader knows a stream that has lost it, and where to go on. Without it reading starts at
	// the first message when the stream has not come as far as After. FromNow skips everything stored before.
	After   uint64
	Stored  time.Time
	FromNow bool
	Batch   int           // at most so many messages in a batch; 0 for 256
	Ack     time.Duration // how long handle may take before a durable's batch comes again; 0 for 30 s
	// Alone is for a durable of which there is never more than one reader that counts, and whose messages must come in order over
	// the death of one: when it begins, and after each trouble on the way to the server, what any reader of the name had
	// taken and not used comes again at once, and before all that is newer. One that was stopped, and goes on when it has an heir,
	// takes nothing past that one either: what it takes comes to the heir again.
	Alone bool
	// May is asked before such a reader begins, and before it begins again after trouble: while it says no the reader waits. One that was
	// stopped takes nothing from its heir so. It must be fast, and may be called from any goroutine; nil always says yes.
	May func() bool
}

// MayEvery is how often a reader asks May while it says no.
const MayEvery = 100 * time.Millisecond

// Letter is a message of a stream that keeps the last one of each subject.
type Letter struct {
	Subject Subject
	Data    []byte
	// TTL is how long it is kept, in whole seconds; 0 for as long as the stream's own limits allow.
	TTL time.Duration
	// First stores it only where nothing is stored under the subject.
	First bool
	// While, if set, is a subject of the same stream, and the letter is stored only as long as the newest under it is at Place,
	// 0 for none: of two writers, the one that wrote there first is refused.
	While Subject
	Place uint64
}

// Letters carries what only the newest counts of: payloads. The subjects are those of a stream that is kept with Last.
type Letters interface {
	// Post stores letters, many at a time and in any order, and returns when all are stored, with the newest of their places. A
	// First one whose subject is taken is passed over. ErrFenced when one was refused by its While; the others may be stored.
	// After another error it is unknown which are; posting them again does no harm. While the bus cannot be reached it tries
	// again until ctx ends.
	Post(ctx context.Context, letters []Letter) (last uint64, err error)
	// Newest hands on what is stored under a filter, in batches, oldest first. The slice is the bus's again when handle
	// returns, the Data is not. No subject that something was stored under before the call is missed; one that is written
	// meanwhile, or in a cluster just before, may come twice, the newer one last.
	Newest(ctx context.Context, stream Stream, filter Subject, handle func([]Msg) error) error
	// Subjects gives the subjects under a filter that something is stored under, without reading it.
	Subjects(ctx context.Context, stream Stream, filter Subject) ([]Subject, error)
}

// Fence proves the ownership of a shard: the sequence of the claim in the journal. It is the epoch.
type Fence struct {
	Shard uint16
	Seq   uint64
}

// Record is one message of a journal batch.
type Record struct {
	Subject Subject
	Data    []byte
	// TTL is how long it is kept at most, in whole seconds; 0 for as long as the stream's own limits allow.
	TTL time.Duration
}

// Journal carries the truth: the stream EV, written only by the owner of each shard.
type Journal interface {
	// Claim makes the caller the owner of shard and returns its fence; every fence given out before is worth nothing from
	// then on. claim is stored, for people to read. ErrConflict when somebody else claims at the same moment. No age
	// removes a claim, but when the journal has grown by its MaxBytes since, the claim goes as the oldest and its owner is
	// fenced: it claims again.
	Claim(ctx context.Context, shard uint16, claim []byte) (Fence, error)
	// Commit stores all records or none, in order, and returns the sequence of the last one. The records' subjects are
	// among EventsOf the fence's shard. ErrFenced when the fence is old, ErrTooLarge for too many or too large records
	// (nothing is stored then). After any other error it is unknown whether they are stored; the same call with the
	// same batch id may be made again and stores them once. One Commit per shard may be under way at a time. Batch ids
	// are told apart within a fence only. While the bus cannot be reached it tries again until ctx ends.
	Commit(ctx context.Context, f Fence, batch string, records []Record) (last uint64, err error)
	// Replay hands on the records of a shard stored after seq, oldest first, up to the newest at the time of the call, and returns
	// the sequence of the last. The slice and its Data are the bus's again when handle returns.
	Replay(ctx context.Context, shard uint16, after uint64, handle func([]Msg) error) (last uint64, err error)
}

// Entry is a value of a bucket. Revision goes up with every change of the key, and is 0 for a key that is not there.
type Entry struct {
	Key      string
	Value    []byte
	Revision uint64
}

// Store keeps small values by key, in buckets. Keys hold letters, digits and - _ . = only.
type Store interface {
	// Get returns ErrNotFound for a key that is not there.
	Get(ctx context.Context, b Bucket, key string) (Entry, error)
	// Put changes the key if it still has that revision (0: if it is not there), else ErrConflict; it returns the new
	// revision. After other errors it is unknown whether the key changed: Get tells.
	Put(ctx context.Context, b Bucket, key string, value []byte, revision uint64) (uint64, error)
	// Delete removes the key if it still has that revision, else ErrConflict; a key that is not there is no error with
	// revision 0.
	Delete(ctx context.Context, b Bucket, key string, revision uint64) error
	// List gives the entries under a key or pattern, as in Watch, sorted by key. In a cluster they may be a little old.
	List(ctx context.Context, b Bucket, key string) ([]Entry, error)
	// Watch calls changed for every key that is there, then with a nil Value for each key removed and with the Entry for
	// each change, until ctx ends; it returns ctx's error then. key may be one key, or a pattern in which "*" stands for
	// one part between dots and a last ">" for all the rest; "" is all. Several quick changes of a key may be told as one,
	// and after a lost connection every key is told again. It waits for a bucket that does not exist yet.
	Watch(ctx context.Context, b Bucket, key string, changed func(Entry)) error
}

// Blobs keeps large values: inventories and snapshots.
type Blobs interface {
	// PutBlob replaces the blob of that name as a whole: a reader sees the old one or the new one. Any name will do.
	PutBlob(ctx context.Context, b Bucket, name string, data []byte) error
	// Blob returns ErrNotFound for a name that is not there.
	Blob(ctx context.Context, b Bucket, name string) ([]byte, error)
	// DeleteBlob is no error for a name that is not there.
	DeleteBlob(ctx context.Context, b Bucket, name string) error
	// BlobNames lists what is there, sorted.
	BlobNames(ctx context.Context, b Bucket) ([]string, error)
}

// Conn is one daemon's connection to the bus. Any goroutine may use it.
type Conn interface {
	Messenger
	Streams
	Letters
	Journal
	Store
	Blobs
	// Prepare creates or updates every stream and bucket of the layout. Only the arbiter calls it; it may be called again.
	Prepare(ctx context.Context) error
	// Ready returns once the streams and buckets are there, or with ctx's error.
	Ready(ctx context.Context) error
	// Close ends the connection; what was promised before is kept.
	Close() error
}
