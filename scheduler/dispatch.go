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

const (
	batchJobs  = 64              // jobs in one message to a poller
	pollerGone = 5 * time.Second // a poller that said nothing for so long is dead
	sweepEvery = time.Second
	// An answer that nobody waits for any more keeps its place for so long at most. The core has issued the job
	// anew long before.
	forgetAfter = 10 * time.Minute
)

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

// pollerState is what is known of one poller.
type pollerState struct {
	name, boot string
	window     int
	running    int
	pools      map[string]bool
	heard      time.Time
	// full says that the poller gave jobs back; it gets none until it speaks again.
	full bool
}

func (p *pollerState) credit() int {
	if p.full {
		return 0
	}
	return p.window - p.running
}

// pool is what waits for pollers of one tag.
type pool struct {
	waiting []flightKey // a queue; head is the index of the first
	head    int
	pollers []*pollerState
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
	for p.head < len(p.waiting) {
		best := p.roomiest()
		if best == nil {
			break
		}
		start := p.head
		d.fillLocked(p, name, min(best.credit(), batchJobs))
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

func (p *pool) roomiest() *pollerState {
	var best *pollerState
	for _, one := range p.pollers {
		if one.credit() > 0 && (best == nil || one.credit() > best.credit()) {
			best = one
		}
	}
	return best
}

// fillLocked takes up to n waiting jobs into the batch; keys whose flight is gone or under way are passed over.
func (d *dispatcher) fillLocked(p *pool, name string, n int) {
	d.batch.Jobs, d.taken = d.batch.Jobs[:0], d.taken[:0]
	for p.head < len(p.waiting) && len(d.taken) < n {
		f := d.flights[p.waiting[p.head]]
		p.head++
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
	}
	to.running += len(d.taken)
	return true
}

// want hears what a poller says of itself.
func (d *dispatcher) want(m bus.Msg) {
	var w wire.Want
	d.mu.Lock()
	if err := d.decode.Decode(m.Data, &w); err != nil {
		d.mu.Unlock()
		d.log.Warn("unreadable word from a poller", "error", err)
		return
	}
	p := d.pollers[w.Poller]
	var lost map[monitor.Shard][]core.JobKey
	if p != nil && p.boot != w.Boot {
		lost = d.removeLocked(p)
		p = nil
	}
	if p == nil {
		p = &pollerState{name: w.Poller, boot: w.Boot, pools: map[string]bool{}}
		d.pollers[w.Poller] = p
		d.log.Info("poller joined", "poller", w.Poller, "pool", w.Pool)
	}
	if !p.pools[w.Pool] {
		p.pools[w.Pool] = true
		pl := d.poolLocked(w.Pool)
		pl.pollers = append(pl.pollers, p)
	}
	p.window, p.heard, p.full = int(min(w.Window, 1<<20)), time.Now(), false
	d.pumpLocked(w.Pool, d.poolLocked(w.Pool))
	d.mu.Unlock()
	d.tell(lost)
}

// refused takes jobs back that a poller has no room for.
func (d *dispatcher) refused(m bus.Msg) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var back wire.Jobs
	if err := d.decode.Decode(m.Data, &back); err != nil {
		d.log.Warn("unreadable jobs given back", "error", err)
		return
	}
	for i := range back.Jobs {
		job := &back.Jobs[i]
		key := flightKey{job.Shard, job.Object}
		f := d.flights[key]
		if f == nil || f.poller == nil || f.job.Seq != job.Seq || f.job.Epoch != job.Epoch {
			continue
		}
		f.poller.full = true
		d.landLocked(f)
		p := d.poolLocked(job.Pool)
		p.waiting = append(p.waiting, key)
	}
	for name, p := range d.pools {
		d.pumpLocked(name, p)
	}
}

// sweep finds dead pollers, whose jobs go back to their shards at once, and answers that never came.
func (d *dispatcher) sweep() {
	d.mu.Lock()
	lost := map[monitor.Shard][]core.JobKey{}
	now := time.Now()
	for _, p := range d.pollers {
		if now.Sub(p.heard) > pollerGone {
			d.log.Warn("poller is gone; its checks are issued again", "poller", p.name, "checks", p.running)
			for shard, keys := range d.removeLocked(p) {
				lost[shard] = append(lost[shard], keys...)
			}
		}
	}
	for key, f := range d.flights {
		if f.poller != nil && now.Sub(f.since) > forgetAfter {
			d.forgetLocked(key, f)
		}
	}
	d.mu.Unlock()
	d.tell(lost)
}

// removeLocked forgets a poller and gives the jobs that it had.
func (d *dispatcher) removeLocked(p *pollerState) map[monitor.Shard][]core.JobKey {
	lost := map[monitor.Shard][]core.JobKey{}
	for key, f := range d.flights {
		if f.poller == p {
			lost[key.shard] = append(lost[key.shard], core.JobKey{Object: key.object, Seq: f.job.Seq})
			d.forgetLocked(key, f)
		}
	}
	delete(d.pollers, p.name)
	for name := range p.pools {
		d.pools[name].remove(p)
	}
	return lost
}

func (p *pool) remove(gone *pollerState) {
	for i, one := range p.pollers {
		if one == gone {
			p.pollers = append(p.pollers[:i], p.pollers[i+1:]...)
			return
		}
	}
}

func (d *dispatcher) tell(lost map[monitor.Shard][]core.JobKey) {
	for shard, keys := range lost {
		d.orphaned(shard, keys)
	}
}

// load is how many jobs wait and run, by pool, and how many pollers there are.
type load struct {
	waiting, pollers map[string]int
	running          int
}

func (d *dispatcher) load() load {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := load{waiting: map[string]int{}, pollers: map[string]int{}}
	for name, p := range d.pools {
		l.waiting[name], l.pollers[name] = len(p.waiting)-p.head, len(p.pollers)
	}
	for _, p := range d.pollers {
		l.running += p.running
	}
	return l
}
