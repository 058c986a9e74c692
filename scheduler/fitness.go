package scheduler

import (
	"context"
	"fmt"
	"time"

	"github.com/onbu/onbu/internal/boottime"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/monitor"
)

const (
	// fitEvery is how often a scheduler looks whether it could store what its shards decided.
	fitEvery = 5 * time.Second
	// unfitAfter is how long a shard's commits may fail before somebody else may do better.
	unfitAfter = 20 * time.Second
	// unfitFor is how long a scheduler takes no shards after it could store nothing while others could.
	unfitFor = 5 * time.Minute
)

// The rule for a store that takes nothing. A shard is given up when its commits have failed for unfitAfter although its lease was
// renewed all that time, and the journal has grown meanwhile: then others can store, and the next owner decides again, from
// what is stored, what this one could not record. When the journal does not grow, its disk is full or it has no
// quorum: nobody could do better, and what waits in memory would be lost with the move. So the shard stays, checks go on, and
// everything is recorded when there is room again.

// fitness gives up shards that cannot be stored here and could be elsewhere, until ctx ends.
func (k *keeper) fitness(ctx context.Context) {
	newest := uint64(0) // of the journal, while some shard is stalled
	for sleep(ctx, fitEvery) == nil {
		stalled, all := k.stalled()
		if len(stalled) == 0 {
			newest = 0
			continue
		}
		try, cancel := context.WithTimeout(ctx, fitEvery)
		extent, err := k.s.bus.Extent(try, bus.EV, 0)
		cancel()
		if err != nil {
			newest = 0
			continue
		}
		if newest != 0 && extent.Last > newest {
			k.giveUp(stalled, all)
		}
		newest = extent.Last
	}
}

// stalled gives the shards that have stored nothing for too long, with the reason, and whether these are all that run here.
func (k *keeper) stalled() (list map[monitor.Shard]error, all bool) {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	list = map[monitor.Shard]error{}
	for id, sh := range k.s.shards {
		if waited, err := sh.journal.stall.over(unfitAfter); waited > 0 && sh.lease.holds() {
			list[id] = err
		}
	}
	return list, len(list) == len(k.s.shards)
}

// giveUp lets others have shards that cannot be stored here. If those are all, this scheduler takes none for a while.
func (k *keeper) giveUp(stalled map[monitor.Shard]error, all bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if all {
		k.unfit = boottime.Now()
		k.s.log.Error("nothing can be stored from here, and others can store: this scheduler gives its shards up and takes none", "for", unfitFor)
	}
	for id, why := range stalled {
		if t := k.tenures[id]; t != nil && !t.given {
			t.given, t.hopeless = true, fmt.Errorf("others can store and this scheduler could not for %s: %w", unfitAfter, why)
			k.failLocked(id)
			t.end()
		}
	}
}
