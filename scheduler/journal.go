package scheduler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

const (
	recordBytes  = 256 << 10 // a record of broks is closed at this size
	commitMax    = 500       // records in one commit
	journalLimit = 64 << 20  // bytes that may wait before the shard pauses its checks
	// actionsAtOnce share a record: the server syncs each record by itself, and a reactionner takes one at a time.
	actionsAtOnce = 16
	commitWait    = 10 * time.Second
	heldEvery     = 100 * time.Millisecond // how often it is looked whether the lease holds again
)

// errNotHeld is why nothing is committed while the lease cannot be renewed.
var errNotHeld = errors.New("the shard's lease could not be renewed for " + holdFor.String())

// journal collects what a shard decides and commits it, one batch under way at a time. The shard's loop owns it; only
// commit runs beside.
type journal struct {
	// ctx is the journal's own: a shard that ends still waits for the batch under way.
	ctx     context.Context
	abandon context.CancelFunc

	bus   bus.Journal
	log   *slog.Logger
	fence bus.Fence
	boot  string
	// left is how long the lease of the shard holds; while it is 0 nothing is committed.
	left func() time.Duration

	states  wire.Batch
	actions []actions // of each pool, behind the states that they follow from
	// What a snapshot makes superfluous goes into records of its own, which stay for quietFor, as long as quietly is set. They
	// come first in their commit; so nothing of an object goes there that has a lasting brok waiting.
	quiet    wire.Batch
	hushed   []bus.Record // closed records of those
	loud     map[monitor.Ref]struct{}
	quietly  bool
	quietFor time.Duration

	seen    []wire.Seen   // since the last record
	used    wire.Position // holds for everything added so far
	told    wire.Position // the newest that is in a record
	records []bus.Record
	bytes   int // of records, and of the batch under way
	waiting []func()
	last    uint64 // the newest record stored
	batches uint64

	stall  stall
	busy   bool
	flying []func() // waiting for the batch under way
	flown  int      // its bytes
	done   chan committed
}

// actions are those of a pool that are to share a record.
type actions struct {
	of    bus.Subject
	batch wire.Batch
}

type committed struct {
	last uint64
	err  error
}

func newJournal(b bus.Journal, log *slog.Logger, fence bus.Fence, boot string, left func() time.Duration) *journal {
	ctx, abandon := context.WithCancel(context.Background())
	return &journal{ctx: ctx, abandon: abandon, bus: b, log: log, fence: fence, boot: boot, left: left, last: fence.Seq, done: make(chan committed, 1), loud: map[monitor.Ref]struct{}{}}
}

// add takes a durable brok; it is encoded at once.
func (j *journal) add(b *monitor.Brok) {
	if b.Action != nil {
		j.act(b)
		return
	}
	into := &j.states
	if j.isQuiet(b) {
		into = &j.quiet
	}
	into.Add(b)
	switch {
	case into.Size() < recordBytes:
	case into == &j.quiet:
		j.hush(wire.Position{})
	default:
		j.close(j.told)
	}
}

// act takes an action.
func (j *journal) act(b *monitor.Brok) {
	of := bus.Actions(j.fence.Shard, b.Action.Pool)
	i := slices.IndexFunc(j.actions, func(a actions) bool { return a.of == of })
	if i < 0 {
		i = len(j.actions)
		j.actions = append(j.actions, actions{of: of})
	}
	a := &j.actions[i]
	if a.batch.Add(b); a.batch.Len() >= actionsAtOnce || a.batch.Size() >= recordBytes {
		j.close(j.told)
		j.dispatch(a)
	}
}

// dispatch makes a record of the actions of a pool. One that is alone needs no batch.
func (j *journal) dispatch(a *actions) {
	if one := a.batch.Single(); one != nil {
		j.record(a.of, one)
		a.batch.Reset()
	} else if a.batch.Len() > 0 {
		j.record(a.of, a.batch.Take())
	}
}

// acting is how many pools have actions that are in no record yet.
func (j *journal) acting() (n int) {
	for i := range j.actions {
		if j.actions[i].batch.Len() > 0 {
			n++
		}
	}
	return n
}

// isQuiet says whether a brok need not last, and remembers of whom one has to.
func (j *journal) isQuiet(b *monitor.Brok) bool {
	if b.Status == nil {
		return false
	}
	if b.Kind == monitor.BrokHeard && j.quietly {
		if _, loud := j.loud[b.Status.Ref]; !loud {
			return true
		}
	}
	j.loud[b.Status.Ref] = struct{}{}
	return false
}

// at takes the position that holds once everything added so far is stored, and what was seen on the way there.
func (j *journal) at(p wire.Position, seen ...wire.Seen) {
	j.used = p
	j.seen = append(j.seen, seen...)
}

// after calls f, in the shard's loop, once everything added so far is stored; at once if it is.
func (j *journal) after(f func()) {
	switch {
	case j.pending():
		j.waiting = append(j.waiting, f)
	case j.busy:
		j.flying = append(j.flying, f)
	default:
		f()
	}
}

// pending says that something was added that is not on its way yet.
func (j *journal) pending() bool {
	return j.states.Len() > 0 || j.quiet.Len() > 0 || j.acting() > 0 || len(j.records)+len(j.hushed) > 0 || j.used != j.told
}

// close makes a record of the lasting broks collected. Until all that waits is in records, the position is that of before:
// of what one commit does not take, the rest comes later.
func (j *journal) close(p wire.Position) {
	if j.states.Len() > 0 {
		j.record(bus.States(j.fence.Shard), j.ledger(p, j.states.Take()))
		j.told = p
	}
}

// ledger gives the message of a record. The one with the newest position has what was seen on the way there.
func (j *journal) ledger(p wire.Position, batch []byte) []byte {
	if p != j.used {
		return wire.Ledger(p, batch)
	}
	seen := j.seen
	j.seen = nil
	return wire.Ledger(p, batch, seen...)
}

// hush makes a record of the quiet broks collected.
func (j *journal) hush(p wire.Position) {
	r := bus.Record{Subject: bus.Quiet(j.fence.Shard), Data: j.ledger(p, j.quiet.Take()), TTL: j.quietFor}
	j.hushed = append(j.hushed, r)
	j.bytes += len(r.Data)
}

// seal makes records of everything collected. A position shares the last one with broks: a commit of several records costs the
// server many times what one costs. Quiet ones come first, also before lasting ones that the last commit did not take: they tell a
// position only where they stand alone. The last record of a commit, by which it is known again after a try that got no answer,
// is one that lasts if any does.
//
// Actions stand behind the states that they follow from. So these tell the newest position only if one commit takes all.
func (j *journal) seal() {
	acting := j.acting()
	if p := j.used; acting == 0 || j.whole(acting) {
		j.close(p)
	} else {
		j.close(j.told)
	}
	for i := range j.actions {
		j.dispatch(&j.actions[i])
	}
	news := j.used != j.told
	switch alone := len(j.records) == 0; {
	case news && alone && j.quietly:
		j.hush(j.used)
	case news:
		j.record(bus.States(j.fence.Shard), j.ledger(j.used, nil))
		fallthrough
	default:
		if j.quiet.Len() > 0 {
			j.hush(wire.Position{})
		}
	}
	j.told = j.used
	j.records = append(j.hushed, j.records...)
	j.hushed = nil
}

// whole says whether one commit takes all that waits, with so many records of actions.
func (j *journal) whole(acting int) bool {
	const others = 3 // of states, of a position, and of what is quiet
	return len(j.records)+len(j.hushed)+acting+others <= commitMax && j.size() < bus.MaxBatchBytes-recordBytes
}

func (j *journal) record(s bus.Subject, data []byte) {
	j.records = append(j.records, bus.Record{Subject: s, Data: data})
	j.bytes += len(data)
}

// full says that so much waits to be stored that nothing new should be decided.
func (j *journal) full() bool { return j.size() > journalLimit }

// size is how many bytes wait to be stored, those of the batch under way included.
func (j *journal) size() int {
	n := j.bytes + j.states.Size() + j.quiet.Size()
	for i := range j.actions {
		n += j.actions[i].batch.Size()
	}
	return n
}

// flush starts to store what was added, unless a batch is under way; landed must be called with what done then gives.
func (j *journal) flush() {
	if j.busy || j.left() == 0 {
		return // what is collected meanwhile shares its records
	}
	if j.seal(); len(j.records) == 0 {
		return
	}
	n := j.fits()
	batch := append([]bus.Record(nil), j.records[:n]...)
	j.records = append(j.records[:0], j.records[n:]...)
	if len(j.records) == 0 {
		j.flying, j.waiting = append(j.flying[:0], j.waiting...), j.waiting[:0]
		clear(j.loud)
	}
	j.flown = 0
	for _, r := range batch {
		j.flown += len(r.Data)
	}
	j.busy = true
	j.stall.begin()
	j.batches++
	id := fmt.Sprintf("%s.%d.%d", j.boot, j.fence.Shard, j.batches)
	go func() { j.done <- j.commit(j.ctx, id, batch) }()
}

// fits gives how many of the records one commit takes: at least one.
func (j *journal) fits() int {
	n, size := 0, 0
	for n < min(len(j.records), commitMax) {
		if size += len(j.records[n].Data); size > bus.MaxBatchBytes && n > 0 {
			break
		}
		n++
	}
	return n
}

// commit stores a batch and does not give up before it is stored, the shard lost, or the journal abandoned.
func (j *journal) commit(ctx context.Context, id string, batch []bus.Record) committed {
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		left := j.left()
		if left == 0 {
			j.stall.failed(errNotHeld)
			if err := sleep(ctx, heldEvery); err != nil {
				return committed{err: err}
			}
			continue
		}
		try, cancel := context.WithTimeout(ctx, min(commitWait, left))
		last, err := j.bus.Commit(try, j.fence, id, batch)
		cancel()
		if err == nil || errors.Is(err, bus.ErrFenced) || ctx.Err() != nil {
			return committed{last, err}
		}
		j.stall.failed(err)
		j.log.Error("the journal takes nothing; checks go on, nobody is told until it does", "records", len(batch), "error", err)
		if err := sleep(ctx, pause); err != nil {
			return committed{err: err}
		}
	}
}

// settleStalled is how long the end of a shard waits for one commit: when a whole site is ended at once, no server of the bus leads any
// more. What is not stored then nobody was told of: it comes again, or is checked again.
const settleStalled = 4 * time.Second

// errStalled is of an end at which the bus stores nothing.
var errStalled = errors.New("the bus stores nothing")

// settle waits until everything added is stored, at most until ctx ends or no commit comes back; then the journal is of no more use.
func (j *journal) settle(ctx context.Context) error {
	defer j.abandon()
	stalled := time.NewTimer(settleStalled)
	defer stalled.Stop()
	for j.flush(); j.busy; j.flush() {
		select {
		case c := <-j.done:
			if err := j.landed(c); err != nil {
				return err
			}
			stalled.Reset(settleStalled)
		case <-stalled.C:
			return fmt.Errorf("journal of shard %d: %d bytes of decisions are left: %w for %s", j.fence.Shard, j.size(), errStalled, settleStalled)
		case <-ctx.Done():
			return fmt.Errorf("journal of shard %d: %d bytes of decisions could not be stored: %w", j.fence.Shard, j.size(), ctx.Err())
		}
	}
	return nil
}

// landed takes what became of the batch under way and calls those who waited for it.
func (j *journal) landed(c committed) error {
	j.busy = false
	j.stall.end()
	if c.err != nil {
		return fmt.Errorf("journal of shard %d: %w", j.fence.Shard, c.err)
	}
	j.last = c.last
	j.bytes -= j.flown
	told := j.flying
	j.flying = nil
	for _, f := range told {
		f()
	}
	return nil
}
