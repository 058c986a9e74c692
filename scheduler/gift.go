package scheduler

import (
	"maps"
	"slices"
	"time"

	"github.com/onbu/onbu/internal/boottime"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/spread"
)

// gift is what was handed over last.
type gift struct {
	shard monitor.Shard
	to    spread.Member
	at    boottime.Mark // zero for nothing
}

// giveLocked hands a shard over.
func (k *keeper) giveLocked(id monitor.Shard, to spread.Member) {
	t := k.tenures[id]
	t.given, t.heir = true, to
	k.gift = gift{id, to, boottime.Now()}
	t.end()
}

// givingLocked says whether what was handed over last is still on its way. Who let it lie gets nothing more for a time.
func (k *keeper) givingLocked() bool {
	if k.gift.at.IsZero() {
		return false
	}
	if k.tenures[k.gift.shard] != nil && boottime.Since(k.gift.at) < arriveWithin {
		return true // not given up yet
	}
	seen := k.picture.seen(k.gift.shard)
	owner := ownerOf(seen.lease)
	switch {
	case owner == k.gift.to && seen.lease.Epoch != 0:
	case boottime.Since(k.gift.at) < arriveWithin && (owner == k.gift.to || owner == spread.Nobody || owner == k.me):
		return true
	case owner != k.gift.to:
		k.refused[k.gift.to] = boottime.Now()
		k.s.log.Warn("another scheduler did not take the shard that it was given; it gets none for a while", "shard", k.gift.shard, "scheduler", k.gift.to.Name, "for", spurned)
	}
	k.gift = gift{}
	return false
}

// heir says to whom a shard goes that is given up.
func (k *keeper) heir(id monitor.Shard) will {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch t := k.tenures[id]; {
	case t.hopeless != nil:
		return will{why: t.hopeless.Error(), unsaved: true, leaves: !k.takesLocked()}
	case t.given:
		return will{heir: t.heir, why: "it has less to do"}
	}
	if k.heirs == nil { // all at once, so that they are shared evenly
		view, _ := k.viewLocked()
		k.heirs = view.Heirs()
	}
	return will{heir: k.heirs[id], why: "this scheduler ends", leaves: true}
}

const (
	// mostLeaving is how many shards a scheduler that ends gives up at a time: the others go on meanwhile, so that each is without an
	// owner for a short time only.
	mostLeaving = 2
	// leaveWithin is how long it waits for one of those to be given up, and arriveSoon for its heir to work on it, before it
	// gives up the next all the same: the bus may be gone.
	leaveWithin = 250 * time.Millisecond
	arriveSoon  = 750 * time.Millisecond
	arrivedTick = 10 * time.Millisecond
)

// leaveAll gives up everything, and returns when that is done.
func (k *keeper) leaveAll() {
	k.mu.Lock()
	ids := slices.Sorted(maps.Keys(k.tenures))
	tenures := make([]*tenure, len(ids))
	for i, id := range ids {
		tenures[i] = k.tenures[id]
	}
	k.mu.Unlock()
	for i, t := range tenures {
		if i >= mostLeaving {
			k.awaitLeft(ids[i-mostLeaving], tenures[i-mostLeaving])
		}
		t.end()
	}
	for _, t := range tenures {
		<-t.ended
	}
}

// awaitLeft waits until a shard was given up and its heir, if there is one, works on it, but not for long.
func (k *keeper) awaitLeft(id monitor.Shard, t *tenure) {
	select {
	case <-t.ended:
	case <-time.After(leaveWithin):
		return
	}
	for end := time.Now().Add(arriveSoon); time.Now().Before(end); time.Sleep(arrivedTick) {
		l := k.picture.seen(id).lease
		if waits := l.Heir != "" || l.Owner != "" && l.Epoch == 0; !waits {
			return
		}
	}
}
