package scheduler

import (
	"fmt"
	"slices"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

const (
	pollerGone = 5 * time.Second // a poller that said nothing for so long is dead
	sweepEvery = time.Second
	restLong   = time.Second // a poller without a job for so long gets the next
	mostSilent = 1000        // pollers that are remembered as silent
	// After so long without a poller a pool with checks is worth a word, and then again and again.
	unservedFor   = 10 * time.Second
	complainEvery = 5 * time.Minute
	// An answer that nobody waits for any more keeps its place for so long at most. The core has issued the job
	// anew long before.
	forgetAfter = 10 * time.Minute
)

// pollerState is what is known of one poller.
type pollerState struct {
	name, boot string
	number     uint32 // in dispatcher.numbers; slots have it
	before     string // the boot that this one replaced
	complained time.Time
	window     int
	running    int
	given      time.Time // when it last got jobs
	pools      map[string]bool
	heard      time.Time
	// full says that the poller gave jobs back; it gets none until it speaks again.
	full    bool
	batches numbering
}

func (p *pollerState) credit() int {
	if p.full {
		return 0
	}
	return p.window - p.running
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
	if p != nil && p.before == w.Boot {
		d.complainOfTwinsLocked(p)
		d.mu.Unlock()
		return
	}
	if w.Left {
		lost := d.leftLocked(p, w.Boot)
		d.mu.Unlock()
		d.tell(lost)
		return
	}
	var lost map[monitor.Shard][]core.JobKey
	before := ""
	if p != nil && p.boot != w.Boot {
		lost, before = d.removeLocked(p), p.boot
		p = nil
	}
	if p == nil {
		p = d.addPollerLocked(&pollerState{name: w.Poller, boot: w.Boot, before: before, pools: map[string]bool{}, batches: newNumbering(time.Now())})
		d.log.Info("poller joined", "poller", w.Poller, "pool", w.Pool)
		if at, was := d.silent[w.Poller]; was {
			delete(d.silent, w.Poller)
			d.chronicle.Tell(monitor.PollerBack, "poller "+w.Poller, fmt.Sprintf("it speaks again after %s", time.Since(at).Round(time.Second)))
		}
	}
	if !p.pools[w.Pool] {
		p.pools[w.Pool] = true
		pl := d.poolLocked(w.Pool)
		pl.pollers = append(pl.pollers, p)
	}
	if h, told := w.Heard[d.name]; (told || w.Counts) && lost == nil {
		lost = d.missedLocked(p, h, time.Now())
	}
	p.window, p.heard, p.full = int(min(w.Window, 1<<20)+min(w.Aside[d.name], 1<<20)), time.Now(), false
	d.pumpLocked(d.poolLocked(w.Pool))
	d.mu.Unlock()
	d.tell(lost)
}

// leftLocked forgets a poller that has said good-bye, and gives the jobs that it had.
func (d *dispatcher) leftLocked(p *pollerState, boot string) map[monitor.Shard][]core.JobKey {
	if p == nil || p.boot != boot {
		return nil
	}
	d.log.Info("poller left; what it had not answered is issued again", "poller", p.name, "checks", p.running)
	return d.removeLocked(p)
}

// addPollerLocked gives a poller a number that no other has.
func (d *dispatcher) addPollerLocked(p *pollerState) *pollerState {
	free := 1 + slices.Index(d.numbers[1:], nil)
	if free == 0 {
		free = len(d.numbers)
		d.numbers = append(d.numbers, nil)
	}
	p.number = uint32(free)
	d.numbers[free], d.pollers[p.name] = p, p
	return p
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
		s := d.flights.sent(key, job.Epoch, job.Seq)
		if s == nil {
			continue
		}
		d.numbers[s.poller].full = true
		d.landLocked(s)
		d.flights.park(s, job)
		p := d.poolLocked(job.Pool)
		p.waiting = append(p.waiting, key)
	}
	d.pumpAllLocked()
}

// sweep finds dead pollers, whose jobs go back to their shards at once, and answers that never came.
func (d *dispatcher) sweep() {
	d.mu.Lock()
	lost := map[monitor.Shard][]core.JobKey{}
	now := time.Now()
	for _, p := range d.pollers {
		if now.Sub(p.heard) > pollerGone {
			d.log.Warn("poller is gone; its checks are issued again", "poller", p.name, "checks", p.running)
			d.chronicle.Tell(monitor.PollerSilent, "poller "+p.name, fmt.Sprintf("silent for %s; its %d checks are issued again", pollerGone, p.running))
			if len(d.silent) >= mostSilent { // names that never come back, of containers for example
				clear(d.silent)
			}
			d.silent[p.name] = now
			for shard, keys := range d.removeLocked(p) {
				lost[shard] = append(lost[shard], keys...)
			}
		}
	}
	if now.Sub(d.swept) > forgetAfter/10 {
		d.swept = now
		d.forgetLocked()
	}
	d.complainLocked(now)
	d.mu.Unlock()
	d.tell(lost)
}

// forgetLocked forgets the jobs that nobody will ever answer.
func (d *dispatcher) forgetLocked() {
	old := int64(d.seconds()) - int64(forgetAfter/time.Second)
	for shard := range d.flights.tables {
		d.flights.each(monitor.Shard(shard), func(s *slot) {
			if s.poller != 0 && int64(s.since) < old {
				d.landLocked(s)
				d.flights.forget(s)
			}
		})
	}
}

// complainLocked says, now and then, which pools have checks and no poller.
func (d *dispatcher) complainLocked(now time.Time) {
	for name, p := range d.pools {
		waiting := len(p.waiting) - p.head
		if waiting == 0 || len(p.pollers) > 0 {
			p.unserved = time.Time{}
			continue
		}
		if p.unserved.IsZero() {
			p.unserved = now
		}
		if now.Sub(p.unserved) > unservedFor && now.Sub(p.complained) > complainEvery {
			p.complained = now
			d.log.Warn("checks wait for a poller that is not there; start one, or give a running one this tag",
				"poller_tag", tagOf(name), "checks", waiting, "since", p.unserved.Format(time.TimeOnly))
		}
	}
}

// complainOfTwinsLocked says, now and then, that a poller which was thought to be replaced by its successor still speaks:
// then there are two of one name, and only the newer one gets jobs.
func (d *dispatcher) complainOfTwinsLocked(p *pollerState) {
	if time.Since(p.complained) > complainEvery {
		p.complained = time.Now()
		d.log.Error("two pollers have the same name, and only one of them gets checks; start each with its own --name", "poller", p.name)
	}
}

// tagOf gives a pool as people write it.
func tagOf(pool string) string {
	if pool == "" {
		return "None"
	}
	return pool
}

// standing says, for people, where the check of an object stands; empty if none is on its way.
func (d *dispatcher) standing(shard monitor.Shard, object monitor.ID) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := flightKey{shard, object}
	if s := d.flights.find(key); s != nil && s.poller != 0 {
		return "its check is with poller " + d.numbers[s.poller].name
	}
	job := d.flights.waits(key)
	if job == nil {
		return ""
	}
	if p := d.pools[job.Pool]; p == nil || len(p.pollers) == 0 {
		return "its check waits: no poller serves the tag " + tagOf(job.Pool)
	}
	return "its check waits until a poller of the tag " + tagOf(job.Pool) + " has room"
}

// removeLocked forgets a poller and gives the jobs that it had.
func (d *dispatcher) removeLocked(p *pollerState) map[monitor.Shard][]core.JobKey {
	lost := d.flights.with(p.number, func(*slot) bool { return true })
	for shard, keys := range lost {
		for _, k := range keys {
			d.flights.forget(d.flights.find(flightKey{shard, k.Object}))
		}
	}
	delete(d.pollers, p.name)
	delete(d.blind, p.name)
	d.numbers[p.number] = nil
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
		l.waiting[name], l.pollers[name] = len(p.waiting)-p.head+len(p.shunned), len(p.pollers)
	}
	for _, p := range d.pollers {
		l.running += p.running
	}
	return l
}
