package scheduler

import (
	"log/slog"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// batchJobs is how many jobs are in one message to a poller at most.
const batchJobs = 64

// dispatcher hands the jobs of all shards of this scheduler to pollers, as many as each has room for. What nobody has
// room for waits here, at most one job for each object, in the order in which they fell due.
//
// The credit is per scheduler and not per shard: a window cut into sixteen would leave one busy shard short of room while
// fifteen hold some that they do not use.
type dispatcher struct {
	name     string
	bus      bus.Messenger
	log      *slog.Logger
	orphaned func(monitor.Shard, []core.JobKey) // jobs of a dead poller; called without the lock

	mu      sync.Mutex
	pollers map[string]*pollerState
	pools   map[string]*pool
	flights map[flightKey]*flight
	free    []*flight    // to be used again
	batch   wire.Jobs    // being filled by pump
	buf     []byte       // the batch encoded
	taken   []*flight    // the flights of the batch
	decode  wire.Decoder // of what pollers say
}

// pool is what waits for pollers of one tag.
type pool struct {
	waiting []flightKey // a queue; head is the index of the first
	head    int
	// shunned are jobs that wait for another poller than the one that they avoid.
	shunned []flightKey
	pollers []*pollerState
	// unserved is since when checks wait and nobody is there; complained when that was last said.
	unserved, complained time.Time
}

type flightKey struct {
	shard  monitor.Shard
	object monitor.ID
}

// flight is a job on its way: waiting while poller is nil, else with that poller.
type flight struct {
	job    monitor.Job
	line   []byte // what job.Line points to; kept when the flight is used again
	poller *pollerState
	since  time.Time
}

func newDispatcher(name string, b bus.Messenger, log *slog.Logger, orphaned func(monitor.Shard, []core.JobKey)) *dispatcher {
	return &dispatcher{
		name: name, bus: b, log: log, orphaned: orphaned,
		pollers: map[string]*pollerState{}, pools: map[string]*pool{}, flights: map[flightKey]*flight{},
		batch: wire.Jobs{From: name},
	}
}

// offer takes jobs that have fallen due. It copies them.
func (d *dispatcher) offer(jobs []monitor.Job) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range jobs {
		d.enqueueLocked(&jobs[i])
	}
	for name, p := range d.pools {
		d.pumpLocked(name, p)
	}
}

func (d *dispatcher) enqueueLocked(job *monitor.Job) {
	key := flightKey{job.Shard, job.Object}
	f := d.flights[key]
	waits := f != nil && f.poller == nil
	if f == nil {
		f = d.newFlightLocked()
		d.flights[key] = f
	}
	d.landLocked(f)
	f.line = append(f.line[:0], job.Line...)
	f.job, f.since = *job, time.Now()
	f.job.Line = f.line
	if !waits {
		p := d.poolLocked(job.Pool)
		p.waiting = append(p.waiting, key)
	}
}

func (d *dispatcher) newFlightLocked() *flight {
	if n := len(d.free); n > 0 {
		f := d.free[n-1]
		d.free = d.free[:n-1]
		return f
	}
	return &flight{}
}

// landLocked takes a flight off the poller that has it.
func (d *dispatcher) landLocked(f *flight) {
	if f.poller != nil {
		f.poller.running--
		f.poller = nil
	}
}

func (d *dispatcher) poolLocked(name string) *pool {
	p := d.pools[name]
	if p == nil {
		p = &pool{}
		d.pools[name] = p
	}
	return p
}

// answered frees the room that the jobs of these results took.
func (d *dispatcher) answered(results []monitor.Result) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range results {
		key := flightKey{results[i].Shard, results[i].Object}
		f := d.flights[key]
		if f == nil || f.poller == nil || f.job.Seq != results[i].Seq || f.job.Epoch != results[i].Epoch {
			continue
		}
		d.forgetLocked(key, f)
	}
	for name, p := range d.pools {
		d.pumpLocked(name, p)
	}
}

func (d *dispatcher) forgetLocked(key flightKey, f *flight) {
	d.landLocked(f)
	delete(d.flights, key)
	if len(d.free) < 1<<14 {
		d.free = append(d.free, f)
	}
}

// drop forgets everything of a shard that this scheduler no longer owns, or that got a new inventory.
func (d *dispatcher) drop(shard monitor.Shard) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for key, f := range d.flights {
		if key.shard == shard {
			d.forgetLocked(key, f)
		}
	}
}

// pumpLocked sends what waits in a pool to those of its pollers that have room.
func (d *dispatcher) pumpLocked(name string, p *pool) {
	d.pumpShunnedLocked(name, p)
	defer d.pumpShunnedLocked(name, p)
	for p.head < len(p.waiting) {
		best := p.roomiest()
		if best == nil {
			break
		}
		start := p.head
		d.fillLocked(p, name, best, min(best.credit(), batchJobs))
		if len(d.taken) > 0 && !d.sendLocked(best) {
			p.head = start
		}
	}
	if p.head == len(p.waiting) {
		p.waiting, p.head = p.waiting[:0], 0
	} else if p.head > 1024 && p.head > len(p.waiting)/2 {
		p.waiting = append(p.waiting[:0], p.waiting[p.head:]...)
		p.head = 0
	}
}

// pumpShunnedLocked sends jobs that avoid a poller to another one that has room. They wait while one that has none could
// take them, and go back to the queue, for whoever is left, where there is no other.
func (d *dispatcher) pumpShunnedLocked(name string, p *pool) {
	waiting := p.shunned
	p.shunned = nil
	for _, key := range waiting {
		f := d.flights[key]
		if f == nil || f.poller != nil || f.job.Pool != name {
			continue
		}
		best := p.roomiestBut(f.job.Avoid)
		if best == nil && !p.hasOther(f.job.Avoid) {
			p.waiting = append(p.waiting, key)
			continue
		}
		d.batch.Jobs, d.taken = append(d.batch.Jobs[:0], f.job), append(d.taken[:0], f)
		if best == nil || !d.sendLocked(best) {
			p.shunned = append(p.shunned, key)
		}
	}
}

// hasOther says whether the pool has another poller than one.
func (p *pool) hasOther(than string) bool {
	for _, one := range p.pollers {
		if one.name != than && one.window > 0 {
			return true
		}
	}
	return false
}

func (p *pool) roomiest() *pollerState { return p.roomiestBut("") }

// roomiestBut gives the poller with the most room but for one.
func (p *pool) roomiestBut(avoid string) *pollerState {
	var best *pollerState
	for _, one := range p.pollers {
		if one.name != avoid && one.credit() > 0 && (best == nil || one.credit() > best.credit()) {
			best = one
		}
	}
	return best
}

// fillLocked takes up to n waiting jobs for a poller into the batch; keys whose flight is gone or under way are passed
// over, and jobs that avoid the poller are put aside for another one.
func (d *dispatcher) fillLocked(p *pool, name string, to *pollerState, n int) {
	d.batch.Jobs, d.taken = d.batch.Jobs[:0], d.taken[:0]
	for p.head < len(p.waiting) && len(d.taken) < n {
		key := p.waiting[p.head]
		f := d.flights[key]
		p.head++
		if f != nil && f.poller == nil && f.job.Avoid == to.name && p.hasOther(to.name) {
			p.shunned = append(p.shunned, key)
			continue
		}
		if f != nil && f.poller == nil && f.job.Pool == name {
			d.batch.Jobs = append(d.batch.Jobs, f.job)
			d.taken = append(d.taken, f)
		}
	}
}

// sendLocked sends the batch, or says why not and passes the poller over until it speaks again.
func (d *dispatcher) sendLocked(to *pollerState) bool {
	d.buf = wire.Append(d.buf[:0], d.batch)
	if err := d.bus.Publish(bus.Jobs(to.name), d.buf); err != nil {
		d.log.Warn("jobs could not be sent; they wait", "poller", to.name, "jobs", len(d.taken), "error", err)
		to.full = true
		return false
	}
	now := time.Now()
	for _, f := range d.taken {
		f.poller, f.since = to, now
		if f.job.Trace != "" {
			d.followed(f.job.Trace, to.name, len(d.taken)-1)
		}
	}
	to.running += len(d.taken)
	return true
}
