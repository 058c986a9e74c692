package scheduler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/onbu/onbu/internal/bus"
	leases "github.com/onbu/onbu/internal/lease"
	"github.com/onbu/onbu/internal/poison"
	"github.com/onbu/onbu/internal/pulse"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
	"github.com/onbu/onbu/scheduler/recall"
)

const (
	// The core is asked for what is due this far apart at least: what falls due in between travels together.
	shortTick = 5 * time.Millisecond
	longTick  = 10 * time.Millisecond
	inboxSize = 256
)

// errLost ends the work on a shard that somebody else owns now; errEnded is for those who still ask it something.
var (
	errLost  = leases.ErrLost
	errEnded = errors.New("the shard is not owned here any more")
)

// shard runs the core of one shard that this scheduler owns. Everything happens in the goroutine of run; the others
// post functions into the inbox.
type shard struct {
	id        monitor.Shard
	epoch     monitor.Epoch
	bus       bus.Conn
	log       *slog.Logger
	meter     *meter
	tally     tally // what the meter is still to be told
	jobs      *dispatcher
	census    *census
	counted   time.Time // when it was last told of this shard
	core      *core.Core
	journal   *journal
	lease     *lease
	traces    *traces
	homes     *homes
	heir      func(monitor.Shard) will
	chronicle monitor.Chronicle
	poison    *poison.Bin
	before    func(monitor.Shard) // called before each step; nil for nothing
	unheld    bool                // it was said that the lease does not hold

	snapshots *snapshots
	snapshot  []byte // taken, and waiting until the journal has come as far; nil for none
	// snapshotSize is how many bytes the last one had.
	snapshotSize int
	snapDue      func()                    // takes one as soon as it may be taken; nil for none that is due
	covered      atomic.Pointer[time.Time] // when the newest that is stored was taken; at first when the shard began

	inbox   chan func(now monitor.Time)
	ended   chan struct{} // closed when the loop has ended
	decided core.Decisions
	recall.Noted
	// awaitedResults and awaitedCommands belong to those who read passive results and commands.
	awaitedResults, awaitedCommands awaited
	ticked                          monitor.Time  // when the core was last asked for what is due
	tick                            time.Duration // how long it is not asked again
	stamped                         monitor.Time  // the time of the last brok
	perf                            *perf
	// decoder reads results, whose strings lie in their message, into found, and those from outside into handed.
	decoder wire.Decoder
	found   []monitor.Result
	handed  []monitor.Submission
	content []byte // of resultIn
	nudges  nudges

	hosts, services, waiting atomic.Int64  // for the metrics
	pulse                    pulse.Pulse   // of the loop
	generation, stand        atomic.Uint64 // which configuration it has, and with which it last changed
	usedResults              atomic.Uint64 // the sequence in RES up to where results were used
}

// count publishes which configuration the shard has, and how many objects.
func (s *shard) count(generation uint64) {
	inv := s.core.Inventory()
	s.generation.Store(generation)
	s.stand.Store(inv.Generation)
	s.hosts.Store(int64(len(inv.Hosts)))
	s.services.Store(int64(len(inv.Services)))
}

// post hands f to the shard's loop. It blocks while the loop is behind, and gives up with ctx or when the loop has ended.
func (s *shard) post(ctx context.Context, f func(now monitor.Time)) error {
	select {
	case s.inbox <- f:
		return nil
	case <-s.ended:
		return errEnded
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run works on the shard until ctx ends or the shard is lost; then it has committed what it could and left a snapshot.
func (s *shard) run(ctx context.Context) error {
	inner, cancel := context.WithCancel(ctx)
	stopInputs, err := s.listen(inner)
	if err != nil {
		cancel()
		return err
	}
	s.perf.begin()
	defer s.perf.abandon()
	err = s.loop(inner)
	cancel()
	close(s.ended)
	stopInputs()
	if errors.Is(err, errLost) || errors.Is(err, bus.ErrFenced) {
		s.journal.abandon()
		return err
	}
	return errors.Join(err, s.leave())
}

func (s *shard) loop(ctx context.Context) error {
	renew := time.NewTicker(renewEvery)
	defer renew.Stop()
	snap := time.NewTimer(s.firstSnapshot())
	defer snap.Stop()
	defer s.dropSnapshot()
	timer := time.NewTimer(0)
	defer timer.Stop()
	renewed := make(chan error, 1)
	renewing := true
	renewal := func() { renewed <- s.lease.renew(ctx) }
	go renewal() // others are to know that the shard is looked after
	defer s.pulse.End()
	for {
		s.pulse.Beat()
		select {
		case <-ctx.Done():
			return nil
		case f := <-s.inbox:
			f(now())
			s.drain()
		case <-timer.C:
		case c := <-s.journal.done:
			if err := s.journal.landed(c); err != nil {
				return err
			}
		case <-renew.C:
			s.watchLease()
			if !renewing {
				renewing = true
				go renewal()
			}
		case err := <-renewed:
			renewing = false
			if errors.Is(err, errLost) {
				return fmt.Errorf("shard %d: %w", s.id, err)
			}
		case <-snap.C:
			snap.Reset(s.snap(ctx))
		}
		if s.before != nil {
			s.before(s.id)
		}
		timer.Reset(s.step())
	}
}

// watchLease says once when the lease does not hold, and when it does again.
func (s *shard) watchLease() {
	if holds := s.lease.holds(); holds == s.unheld {
		s.unheld = !holds
		if holds {
			s.log.Info("the lease is renewed again: the shard goes on as before")
		} else {
			s.log.Error("the lease cannot be renewed: checks go on, nothing is recorded and nobody is told until it can", "for", holdFor)
		}
	}
}

// drain does what else waits in the inbox, so that a busy inbox costs one step and not many.
func (s *shard) drain() {
	for range inboxSize {
		select {
		case f := <-s.inbox:
			f(now())
		default:
			return
		}
	}
}

// step lets the core decide what is due, if a tick has passed since it last did, and acts on all decisions; it says how
// long nothing more will be due.
func (s *shard) step() time.Duration {
	at, pause := now(), 100*time.Millisecond
	s.takeCensus(time.Now())
	switch next := s.ticked.Add(s.tick); {
	case s.journal.full():
	case at < next && next <= at.Add(longTick): // else the clock was set back
		pause = next.Sub(at)
	default:
		s.core.Tick(at, &s.decided)
		s.ticked, s.tick = at, tickFor(len(s.decided.Jobs))
		pause = min(max(s.decided.Wake.Sub(at), s.tick), time.Second)
	}
	s.act()
	return s.perf.within(pause)
}

// tickFor gives the pause after a tick that gave so many jobs. A few are sent off soon; many fill a message by themselves;
// in between a longer pause halves the number of messages, which cost more than what is in them.
func tickFor(jobs int) time.Duration {
	if jobs >= 4 && jobs < batchShare {
		return longTick
	}
	return shortTick
}

// act sends jobs out, records what must last and tells of checks made.
func (s *shard) act() {
	if len(s.decided.Jobs) > 0 {
		s.traces.mark(s.decided.Jobs)
		s.jobs.offer(s.decided.Jobs)
	}
	s.correspond()
	s.listenForQuiet(time.Now())
	s.decided.Each(s.checked, s.happened)
	s.tally.flush(s.meter)
	s.meter.triggers.Add(s.decided.Triggers)
	s.meter.triggerErrors.Add(s.decided.TriggerErrors)
	s.decided.Reset()
	s.perf.publishDue()
	s.journal.flush()
	s.trySnapshot()
	s.waiting.Store(int64(s.journal.size()))
}

// stamp gives the time of a check or brok. Checks go over PERF and the rest over EV: who reads both needs to know which of
// two is the newer one.
func (s *shard) stamp(t monitor.Time) monitor.Time {
	s.stamped = max(s.stamped+1, t)
	return s.stamped
}

// happened records a brok.
func (s *shard) happened(b *monitor.Brok) {
	b.Shard, b.Time = s.id, s.stamp(b.Time)
	s.jobs.sighted(s.id, b)
	s.Obeyed.Note(b)
	s.journal.add(b)
}

// checked tells of a check made.
func (s *shard) checked(c *monitor.Check) {
	c.Time = s.stamp(c.Time)
	s.tally.check(c)
	s.perf.add(c)
}

func now() monitor.Time { return monitor.At(time.Now()) }
