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

// What one message to a poller holds at most, and how many jobs it may at least, however many pollers share the work.
const (
	batchJobs  = 512
	batchBytes = 96 << 10
	batchShare = 64
)

// dispatcher hands the jobs of all shards of this scheduler to pollers, as many as each has room for. A job is encoded as it
// is offered, where a poller has room. What nobody has room for waits here, at most one job for each object, in the order
// in which they fell due.
//
// The credit is per scheduler and not per shard: a window cut into sixteen would leave one busy shard short of room while
// fifteen hold some that they do not use.
type dispatcher struct {
	name     string
	bus      bus.Messenger
	log      *slog.Logger
	began    time.Time
	orphaned func(monitor.Shard, []core.JobKey) // jobs of a dead poller; called without the lock

	chronicle monitor.Chronicle // set before the first job

	mu      sync.Mutex
	blind   blindness
	silent  map[string]time.Time // pollers that went without a word, and when that was noticed
	pollers map[string]*pollerState
	numbers []*pollerState // by number; nil for one that is gone
	pools   map[string]*pool
	flights flights
	swept   time.Time    // when it was last looked for answers that never came
	decode  wire.Decoder // of what pollers say

	// batch goes to the poller to of the pool in, and holds at most so many jobs; taken are these, traced those of them that
	// somebody follows. It is sent before the lock is given up; to is nil then.
	batch  wire.JobBatch
	to     *pollerState
	in     *pool
	most   int
	taken  []flightKey
	traced []string
}

// pool is what waits for pollers of one tag.
type pool struct {
	name    string
	waiting []flightKey // a queue; head is the index of the first
	head    int
	// shunned are jobs that wait for another poller than the one that they avoid.
	shunned []flightKey
	pollers []*pollerState
	// turn is where the search for a poller begins, behind the one that was found last.
	turn int
	// unserved is since when checks wait and nobody is there; complained when that was last said.
	unserved, complained time.Time
}

func newDispatcher(name string, b bus.Messenger, log *slog.Logger, orphaned func(monitor.Shard, []core.JobKey)) *dispatcher {
	return &dispatcher{
		name: name, bus: b, log: log, orphaned: orphaned, began: time.Now(), swept: time.Now(),
		blind: blindness{}, silent: map[string]time.Time{}, pollers: map[string]*pollerState{}, numbers: []*pollerState{nil}, pools: map[string]*pool{},
		batch: wire.JobBatch{From: name},
	}
}

// offer takes jobs that have fallen due. It copies what it keeps.
func (d *dispatcher) offer(jobs []monitor.Job) {
	d.mu.Lock()
	defer d.mu.Unlock()
	since := d.seconds()
	for i := range jobs {
		d.offerLocked(&jobs[i], since)
	}
	d.sendLocked()
	d.pumpAllLocked()
}

func (d *dispatcher) offerLocked(job *monitor.Job, since uint32) {
	job = d.asideLocked(job)
	s := d.flights.at(job)
	d.landLocked(s)
	p := d.in
	if p == nil || p.name != job.Pool {
		p = d.poolLocked(job.Pool)
	}
	if s.waiting == 0 && job.Avoid == "" && p.idle() && d.openLocked(p) {
		d.addLocked(s, job, since)
		return
	}
	queued := s.waiting != 0
	d.flights.park(s, job)
	if !queued {
		p.waiting = append(p.waiting, flightKey{job.Shard, job.Object})
	}
}

// idle says that nothing waits in the pool.
func (p *pool) idle() bool { return p.head == len(p.waiting) && len(p.shunned) == 0 }

// openLocked sees to a batch with room for a job of a pool; false if no poller has any.
func (d *dispatcher) openLocked(p *pool) bool {
	if d.in == p && d.to != nil && d.batch.Len() < d.most && d.batch.Size() < batchBytes && d.to.credit() > 0 {
		return true
	}
	d.sendLocked()
	best := p.roomiest()
	d.directLocked(p, best)
	return best != nil
}

// directLocked has the batch, which is empty, go to a poller.
func (d *dispatcher) directLocked(p *pool, to *pollerState) {
	d.in, d.to = p, to
	d.most = max(batchShare, batchJobs/max(1, len(p.pollers)))
	if to == nil {
		return
	}
	now := time.Now()
	if to.rests(now) && p.hasOther(to.name) {
		d.most = 1 // a look is enough: others may have more room
	}
	to.given = now
}

// addLocked puts a job into the batch. It counts as the poller's from then on.
func (d *dispatcher) addLocked(s *slot, job *monitor.Job, since uint32) {
	d.batch.Add(job)
	d.taken = append(d.taken, flightKey{job.Shard, job.Object})
	if job.Trace != "" {
		d.traced = append(d.traced, job.Trace)
	}
	s.seq, s.since, s.poller, s.batch = job.Seq, since, d.to.number, d.to.batches.sent+1
	d.to.running++
	d.flights.unpark(s)
}

// sendLocked sends the batch, or says why not and passes the poller over until it speaks again; its jobs wait then, before
// all others.
func (d *dispatcher) sendLocked() {
	to := d.to
	d.to = nil
	if d.batch.Len() == 0 {
		return
	}
	d.batch.Serial = to.batches.next()
	err := d.bus.Publish(bus.Jobs(to.name), d.batch.Message())
	if err == nil {
		for _, trace := range d.traced {
			d.followed(trace, to.name, len(d.taken)-1)
		}
	} else {
		d.log.Warn("jobs could not be sent; they wait", "poller", to.name, "jobs", len(d.taken), "error", err)
		to.full = true
		d.takeBackLocked()
	}
	d.batch.Reset()
	d.taken, d.traced = d.taken[:0], d.traced[:0]
}

// takeBackLocked parks the jobs of the batch in front of what waits.
func (d *dispatcher) takeBackLocked() {
	var back wire.Jobs
	if err := wire.Unmarshal(d.batch.Message(), &back); err != nil {
		d.log.Error("jobs that could not be sent are unreadable; they are issued again when they are overdue", "error", err)
		return
	}
	for i := range back.Jobs {
		s := d.flights.find(d.taken[i])
		d.landLocked(s)
		d.flights.park(s, &back.Jobs[i])
	}
	p := d.in
	p.waiting, p.head = append(append([]flightKey(nil), d.taken...), p.waiting[p.head:]...), 0
}

// seconds gives the age of the dispatcher, as slots have it.
func (d *dispatcher) seconds() uint32 { return uint32(time.Since(d.began) / time.Second) }

// landLocked takes a job off the poller that has it.
func (d *dispatcher) landLocked(s *slot) {
	if s.poller != 0 {
		if p := d.numbers[s.poller]; p != nil {
			p.running--
		}
		s.poller = 0
	}
}

func (d *dispatcher) poolLocked(name string) *pool {
	p := d.pools[name]
	if p == nil {
		p = &pool{name: name}
		d.pools[name] = p
	}
	return p
}

// answered frees the room that the jobs of these results took.
func (d *dispatcher) answered(results []monitor.Result) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range results {
		r := &results[i]
		if s := d.flights.sent(flightKey{r.Shard, r.Object}, r.Epoch, r.Seq); s != nil {
			d.landLocked(s)
			d.flights.forget(s)
		}
	}
	d.pumpAllLocked()
}

// recall takes the jobs of a shard back that wait, because it gets a new inventory: they are to be issued again, as that says.
// What pollers have stays with them.
func (d *dispatcher) recall(shard monitor.Shard) []core.JobKey {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.flights.recall(shard)
}

// drop forgets everything of a shard that this scheduler no longer owns.
func (d *dispatcher) drop(shard monitor.Shard) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.flights.each(shard, d.landLocked)
	d.flights.drop(shard)
	d.unshardLocked(shard)
}

func (d *dispatcher) pumpAllLocked() {
	for _, p := range d.pools {
		if !p.idle() {
			d.pumpLocked(p)
		}
	}
}

// pumpLocked sends what waits in a pool to those of its pollers that have room.
func (d *dispatcher) pumpLocked(p *pool) {
	d.pumpShunnedLocked(p)
	defer d.pumpShunnedLocked(p)
	for since := d.seconds(); p.head < len(p.waiting) && d.openLocked(p); {
		key := p.waiting[p.head]
		p.head++
		job := d.flights.waits(key)
		switch {
		case job == nil || job.Pool != p.name: // gone, or sent, or it waits elsewhere
		case job.Avoid == d.to.name && p.hasOther(d.to.name):
			p.shunned = append(p.shunned, key)
		default:
			d.addLocked(d.flights.find(key), job, since)
		}
	}
	d.sendLocked()
	if p.head == len(p.waiting) {
		p.waiting, p.head = p.waiting[:0], 0
	} else if p.head > 1024 && p.head > len(p.waiting)/2 {
		p.waiting = append(p.waiting[:0], p.waiting[p.head:]...)
		p.head = 0
	}
}

// pumpShunnedLocked sends jobs that avoid a poller to another one that has room. They wait while one that has none could
// take them, and go back to the queue, for whoever is left, where there is no other.
func (d *dispatcher) pumpShunnedLocked(p *pool) {
	waiting := p.shunned
	p.shunned = nil
	for _, key := range waiting {
		job := d.flights.waits(key)
		if job == nil || job.Pool != p.name {
			continue
		}
		best := p.roomiestBut(job.Avoid)
		switch {
		case best == nil && !p.hasOther(job.Avoid):
			p.waiting = append(p.waiting, key)
		case best == nil:
			p.shunned = append(p.shunned, key)
		default:
			d.sendLocked()
			d.directLocked(p, best)
			d.addLocked(d.flights.find(key), job, d.seconds())
			d.sendLocked()
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

// roomiestBut gives, of the pollers but for one that have at least half as much room as the one with the most, the one that has the
// fewest jobs, and of several the one whose turn it is: those that are alike share the work, and one that has become slow, which keeps
// what it gets for longer, gets less. Before all others comes one that has had nothing to do for restLong: each of a pool must look at
// something, or nobody would know what it sees (scheduler/core, isolation.go).
func (p *pool) roomiestBut(avoid string) *pollerState {
	if rested := p.restedBut(avoid, time.Now()); rested != nil {
		return rested
	}
	most := 0
	for _, one := range p.pollers {
		if one.name != avoid {
			most = max(most, one.credit())
		}
	}
	if most == 0 {
		return nil
	}
	var best *pollerState
	turn := p.turn
	for i := range p.pollers {
		i = (turn + i) % len(p.pollers)
		if one := p.pollers[i]; one.name != avoid && one.credit() >= (most+1)/2 && (best == nil || one.running < best.running) {
			best, p.turn = one, i+1
		}
	}
	return best
}

// restedBut gives the poller that rests the longest, but for one; nil if none does.
func (p *pool) restedBut(avoid string, now time.Time) *pollerState {
	var best *pollerState
	for _, one := range p.pollers {
		if one.name != avoid && one.credit() > 0 && one.rests(now) && (best == nil || one.given.Before(best.given)) {
			best = one
		}
	}
	return best
}

func (p *pollerState) rests(now time.Time) bool {
	return p.running == 0 && now.Sub(p.given) >= restLong
}
