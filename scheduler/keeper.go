package scheduler

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/onbu/onbu/internal/boottime"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/pulse"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/spread"
)

const (
	// lookEvery is how often a scheduler asks itself at least what to take and what to give.
	lookEvery = 250 * time.Millisecond
	// arriveWithin is how long one who hands a shard over waits for it to arrive before he hands over another one.
	arriveWithin = 10 * time.Second
	// A shard that could not be taken is tried again after failPause, and twice that each time, at most failMost.
	failPause = time.Second
	failMost  = 8 * time.Second
	// spurned is how long nothing is handed over to a scheduler that did not take what it was given.
	spurned = 5 * time.Minute
)

// keeper decides which shards this scheduler takes and which it hands over. What should be so is worked out in package spread;
// here are the leases, and what has to be done.
type keeper struct {
	s       *Scheduler
	me      spread.Member
	picture *picture
	leaving atomic.Bool // this scheduler ends
	pulse   pulse.Pulse // of run

	mu      sync.Mutex // guards everything that follows
	tenures map[monitor.Shard]*tenure
	free    map[monitor.Shard]boottime.Mark // since when shards have been free
	failed  map[monitor.Shard]*failure
	gift    gift
	refused map[spread.Member]boottime.Mark // who did not take what he was given
	heirs   []spread.Member                 // of each shard, when this scheduler leaves
	unfit   boottime.Mark                   // when it could store nothing; zero if it can
}

// tenure is this scheduler's time with a shard, from the moment at which it takes its lease.
type tenure struct {
	// end has the work on the shard end in order, with heir as who is to have it next; ended is closed when it has.
	end     context.CancelFunc
	ended   chan struct{}
	given   bool
	heir    spread.Member
	working bool // it is restored, and runs
	lost    bool // another scheduler has it, and the work here has not ended yet: it may be stuck
	// hopeless is why what the shard decided since is given up with it; nil if it is stored first.
	hopeless error
}

// failure is what went wrong with a shard.
type failure struct {
	at    boottime.Mark
	pause time.Duration
}

func newKeeper(s *Scheduler) *keeper {
	me := spread.Member{Name: s.name, Boot: s.boot}
	return &keeper{
		s: s, me: me, picture: newPicture(me), tenures: map[monitor.Shard]*tenure{}, free: map[monitor.Shard]boottime.Mark{},
		failed: map[monitor.Shard]*failure{}, refused: map[spread.Member]boottime.Mark{},
	}
}

// takes says whether this scheduler takes shards.
func (k *keeper) takes() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.takesLocked()
}

func (k *keeper) takesLocked() bool {
	return !k.leaving.Load() && (k.unfit.IsZero() || boottime.Since(k.unfit) > unfitFor)
}

// run takes and hands over shards until ctx ends and all were left.
func (k *keeper) run(ctx context.Context) {
	if k.begin(ctx) != nil {
		return
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	life, end := context.WithCancel(context.WithoutCancel(ctx)) // until everything was given up
	defer end()
	defer k.leaveAll()
	wg.Go(func() { _ = k.picture.watch(life, k.s.bus) })
	wg.Go(func() { k.picture.knocking(life, k.s.bus) })
	wg.Go(func() { k.fitness(ctx) })
	every := time.NewTicker(lookEvery)
	defer every.Stop()
	defer k.pulse.End()
	for {
		k.pulse.Beat()
		k.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-k.picture.news:
		case <-every.C:
		}
	}
}

// begin waits for a configuration and for the leases.
func (k *keeper) begin(ctx context.Context) error {
	for k.s.generation.Load() == nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-k.picture.news:
		}
	}
	for {
		err := k.picture.first(ctx, k.s.bus, int(k.s.generation.Load().Shards))
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		k.s.log.Warn("who has which shard cannot be read, trying again", "error", err)
		_ = sleep(ctx, time.Second)
	}
}

// look does what is to be done now.
func (k *keeper) look(ctx context.Context) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if ctx.Err() != nil {
		return
	}
	view, why := k.viewLocked()
	plan := view.Plan()
	for _, shard := range plan.Take {
		k.takeLocked(ctx, monitor.Shard(shard), why[shard])
	}
	if plan.To != spread.Nobody {
		k.giveLocked(monitor.Shard(plan.Give), plan.To)
	}
}

// viewLocked gives what the plan is made from, and of each free shard why it is free.
func (k *keeper) viewLocked() (spread.View, []reason) {
	g := k.s.generation.Load()
	members, young := k.picture.members()
	for m, at := range k.refused {
		if boottime.Since(at) < spurned {
			young[m] = true
		} else {
			delete(k.refused, m)
		}
	}
	view := spread.View{Me: k.me, Members: members, Young: young, Shards: make([]spread.Shard, g.Shards)}
	if k.takesLocked() {
		view.Members = append(view.Members, k.me)
	}
	why := make([]reason, g.Shards)
	for i := range view.Shards {
		if i < len(g.Weights) {
			view.Shards[i].Weight = g.Weights[i]
		}
		why[i] = k.shardLocked(monitor.Shard(i), &view.Shards[i])
	}
	view.Giving = k.givingLocked()
	return view, why
}

// shardLocked fills in how a shard stands, and says why it is free if it is.
func (k *keeper) shardLocked(id monitor.Shard, s *spread.Shard) (why reason) {
	seen, t := k.picture.seen(id), k.tenures[id]
	if t != nil {
		owner := ownerOf(seen.lease)
		t.lost = t.lost || t.working && owner != spread.Nobody && owner != k.me
	}
	if t != nil && !t.lost {
		s.Owner, s.Arriving = k.me, !t.working || t.given
		delete(k.free, id)
		return reason{}
	}
	why, free := k.picture.free(&seen)
	if !free {
		s.Owner, s.Arriving = ownerOf(seen.lease), seen.lease.Epoch == 0
		s.Leaving = k.picture.leaves(s.Owner)
		delete(k.free, id)
		return reason{}
	}
	f := k.failed[id]
	s.Barred = t != nil || f != nil && boottime.Since(f.at) < f.pause
	if k.free[id].IsZero() {
		k.free[id] = boottime.Now()
	}
	s.Free, s.Heir = boottime.Since(k.free[id]), spread.Member{Name: seen.lease.Heir, Boot: seen.lease.HeirBoot}
	if owner := ownerOf(seen.lease); owner == k.me {
		s.Heir = k.me
	} else {
		s.Lost = owner
	}
	return why
}

func (k *keeper) takeLocked(ctx context.Context, id monitor.Shard, why reason) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // leaveAll ends it
	t := &tenure{end: cancel, ended: make(chan struct{})}
	k.tenures[id] = t
	seen, since := k.picture.seen(id), k.free[id]
	delete(k.free, id)
	go func() {
		defer close(t.ended)
		defer cancel()
		err := k.s.own(ctx, id, seen.revision, taking{why: why, since: since})
		k.ended(id, err)
	}()
}

// taking says why a shard is taken, and since when it is known that it may be.
type taking struct {
	why   reason
	since boottime.Mark
}

// working is called when a shard begins to run.
func (k *keeper) working(id monitor.Shard) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tenures[id].working = true
	delete(k.failed, id)
	k.picture.wake()
}

// ended takes what became of a tenure.
func (k *keeper) ended(id monitor.Shard, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	worked := k.tenures[id].working
	delete(k.tenures, id)
	k.picture.wake()
	switch lost := errors.Is(err, errLost) || errors.Is(err, bus.ErrFenced); {
	case err == nil || k.leaving.Load() && errors.Is(err, context.Canceled):
	case errors.Is(err, bus.ErrConflict):
		k.s.log.Debug("another scheduler was faster", "shard", id)
	case !worked:
		k.failLocked(id)
		k.s.log.Error("shard could not be taken, trying again", "shard", id, "pause", k.failed[id].pause, "error", err)
	default:
		if !lost {
			k.failLocked(id)
		}
		k.s.meter.lost.Inc()
		k.s.log.Warn("shard lost", "shard", id, "error", err)
		k.s.chronicle.Tell(monitor.ShardLost, fmt.Sprint("shard ", id), err.Error())
	}
}

// failLocked has a shard rest for a while, so that others may try.
func (k *keeper) failLocked(id monitor.Shard) {
	f := k.failed[id]
	if f == nil {
		f = &failure{pause: failPause / 2}
		k.failed[id] = f
	}
	f.at, f.pause = boottime.Now(), min(2*f.pause, failMost)
}
