package scheduler

import (
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// flightKey names an object of a shard.
type flightKey struct {
	shard  monitor.Shard
	object monitor.ID
}

// slot says where the job of an object is: nowhere when it is zero, waiting, or with a poller.
type slot struct {
	seq     uint32
	since   uint32 // when it was sent, in seconds since the dispatcher began
	waiting uint32 // 1 + where it lies in parked
	poller  uint32 // the number of the poller that has it
	batch   uint32 // that it went with
}

// flights holds a slot for every object of every shard, and the jobs that wait. A job that is with a poller is not kept:
// a poller that has no room gives it back whole, and what a dead one had the core issues anew.
type flights struct {
	tables []table // by shard
	parked []parked
	free   []uint32 // places in parked
}

// table has a shard's slots by object. All jobs in it are of one epoch.
type table struct {
	epoch monitor.Epoch
	slots []slot
}

// parked is a job that waits.
type parked struct {
	job  monitor.Job
	line []byte // what job.Line points to, kept when the place is used again
}

// at gives the slot of a job's object, which is made if need be; it is good until the next call.
func (f *flights) at(j *monitor.Job) *slot {
	for int(j.Shard) >= len(f.tables) {
		f.tables = append(f.tables, table{})
	}
	t := &f.tables[j.Shard]
	t.epoch = j.Epoch
	if more := int(j.Object) + 1 - len(t.slots); more > 0 {
		t.slots = append(t.slots, make([]slot, more)...)
	}
	return &t.slots[j.Object]
}

// find gives the slot of an object, nil if it never had a job.
func (f *flights) find(k flightKey) *slot {
	if int(k.shard) >= len(f.tables) || int(k.object) >= len(f.tables[k.shard].slots) {
		return nil
	}
	return &f.tables[k.shard].slots[k.object]
}

// sent gives the slot of a job that is with a poller; nil if it is not, or another one is.
func (f *flights) sent(k flightKey, epoch monitor.Epoch, seq uint32) *slot {
	s := f.find(k)
	if s == nil || s.poller == 0 || s.seq != seq || f.tables[k.shard].epoch != epoch {
		return nil
	}
	return s
}

// waits gives the job of an object that waits, nil if none does. It is good until the next call of park.
func (f *flights) waits(k flightKey) *monitor.Job {
	if s := f.find(k); s != nil && s.waiting != 0 {
		return &f.parked[s.waiting-1].job
	}
	return nil
}

// park keeps a copy of a job that waits, in place of the one that its object may have there.
func (f *flights) park(s *slot, j *monitor.Job) {
	if s.waiting == 0 {
		if n := len(f.free); n > 0 {
			s.waiting, f.free = f.free[n-1]+1, f.free[:n-1]
		} else {
			f.parked = append(f.parked, parked{})
			s.waiting = uint32(len(f.parked))
		}
	}
	s.seq = j.Seq
	p := &f.parked[s.waiting-1]
	p.line = append(p.line[:0], j.Line...)
	p.job = *j
	p.job.Line = p.line
}

// unpark forgets the job that waits.
func (f *flights) unpark(s *slot) {
	if s.waiting != 0 {
		f.parked[s.waiting-1].job = monitor.Job{}
		f.free = append(f.free, s.waiting-1)
		s.waiting = 0
	}
}

// recall forgets the jobs of a shard that wait, and gives them.
func (f *flights) recall(shard monitor.Shard) []core.JobKey {
	var waited []core.JobKey
	f.each(shard, func(s *slot) {
		if s.waiting != 0 {
			job := &f.parked[s.waiting-1].job
			waited = append(waited, core.JobKey{Object: job.Object, Seq: job.Seq})
			f.forget(s)
		}
	})
	return waited
}

// drop forgets a shard.
func (f *flights) drop(shard monitor.Shard) {
	f.each(shard, f.unpark)
	if int(shard) < len(f.tables) {
		f.tables[shard] = table{}
	}
}

// with lists what a poller has and is wanted, by shard.
func (f *flights) with(poller uint32, wanted func(*slot) bool) map[monitor.Shard][]core.JobKey {
	found := map[monitor.Shard][]core.JobKey{}
	for shard := range f.tables {
		for object := range f.tables[shard].slots {
			if s := &f.tables[shard].slots[object]; s.poller == poller && wanted(s) {
				id := monitor.Shard(shard)
				found[id] = append(found[id], core.JobKey{Object: monitor.ID(object), Seq: s.seq})
			}
		}
	}
	return found
}

// each calls do for every slot in use of a shard.
func (f *flights) each(shard monitor.Shard, do func(*slot)) {
	if int(shard) >= len(f.tables) {
		return
	}
	slots := f.tables[shard].slots
	for i := range slots {
		if slots[i] != (slot{}) {
			do(&slots[i])
		}
	}
}

// forget empties a slot whose job is not with a poller any more.
func (f *flights) forget(s *slot) {
	f.unpark(s)
	*s = slot{}
}
