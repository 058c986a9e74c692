package scheduler

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/boottime"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/spread"
)

const (
	// vanishedFor is how long a lease that was there and is gone, as after a restart of a bus that keeps leases in memory, is
	// left to the one who had it.
	vanishedFor = 5 * time.Second
	// settledAfter is how long a scheduler is there before others hand shards over to it: one that fails again and again
	// would have them moved to and fro.
	settledAfter = 10 * time.Second
)

// picture is what a scheduler sees of leases and of other schedulers. Any goroutine may use it.
type picture struct {
	me     spread.Member
	news   chan struct{} // holds a token when there may be something to do
	mu     sync.Mutex    // guards everything that follows
	leases map[monitor.Shard]*sighting
	peers  map[spread.Member]*peer
	beats  map[string]spread.Member // who is behind each key of HB
}

// sighting is what is known of a shard's lease.
type sighting struct {
	lease    wire.Lease
	revision uint64        // 0 if there is none
	changed  boottime.Mark // when it last changed, or could not have been changed by anybody
	vanished boottime.Mark // when it went without being given up
}

// peer is another scheduler, one start of it.
type peer struct {
	came boottime.Mark
	// beats says that it is in HB and may work; answers that it has ever answered a knock itself, takes that it said then that it
	// takes shards.
	beats, answers, takes bool
	// silent counts the knocks in a row for which nobody was there.
	silent int
}

func (p *peer) dead() bool { return p.silent >= knocks }

func newPicture(me spread.Member) *picture {
	return &picture{
		me: me, news: make(chan struct{}, 1),
		leases: map[monitor.Shard]*sighting{}, peers: map[spread.Member]*peer{}, beats: map[string]spread.Member{},
	}
}

func (p *picture) wake() {
	select {
	case p.news <- struct{}{}:
	default:
	}
}

// watch keeps the picture up to date until ctx ends.
func (p *picture) watch(ctx context.Context, b bus.Conn) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { _ = b.Watch(ctx, bus.HB, bus.BeatsOf("scheduler"), p.beat) })
	return b.Watch(ctx, bus.LEASE, bus.AllLeases(), p.leased)
}

// first reads the leases of so many shards, so that none that somebody has looks free before the watch has told of it.
func (p *picture) first(ctx context.Context, b bus.Conn, shards int) error {
	for id := range uint16(shards) {
		e, err := b.Get(ctx, bus.LEASE, bus.LeaseKey(id))
		switch {
		case errors.Is(err, bus.ErrNotFound):
			continue
		case err != nil:
			return fmt.Errorf("lease of shard %d: %w", id, err)
		}
		p.leased(e)
	}
	return nil
}

// wrote takes a change of a lease that was made here, unless a newer one is known.
func (p *picture) wrote(e bus.Entry) {
	if id, ok := bus.LeasedShard(e.Key); ok && p.seen(monitor.Shard(id)).revision < e.Revision {
		p.leased(e)
	}
}

// leased takes a change of a lease.
func (p *picture) leased(e bus.Entry) {
	id, ok := bus.LeasedShard(e.Key)
	var held wire.Lease
	if !ok || e.Value != nil && wire.Unmarshal(e.Value, &held) != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.leases[monitor.Shard(id)]
	if s == nil {
		s = &sighting{}
		p.leases[monitor.Shard(id)] = s
	}
	if e.Revision == s.revision && e.Revision != 0 {
		return // told again
	}
	s.revision, s.changed = e.Revision, boottime.Now()
	if e.Value == nil {
		s.vanished = s.changed
		p.wake()
		return
	}
	if held.Owner == "" || held.Owner != s.lease.Owner || held.Boot != s.lease.Boot || held.Epoch != s.lease.Epoch {
		p.wake()
	}
	s.lease, s.vanished = held, boottime.Mark{}
	if owner := ownerOf(held); owner != spread.Nobody {
		p.peerLocked(owner)
	}
	if held.Leaver != "" {
		leaver := p.peerLocked(spread.Member{Name: held.Leaver, Boot: held.LeaverBoot})
		leaver.answers, leaver.takes = true, false
	}
}

func ownerOf(l wire.Lease) spread.Member { return spread.Member{Name: l.Owner, Boot: l.Boot} }

func (p *picture) peerLocked(m spread.Member) *peer {
	if m == p.me || m == spread.Nobody {
		return &peer{}
	}
	one := p.peers[m]
	if one == nil {
		one = &peer{came: boottime.Now()}
		p.peers[m] = one
	}
	return one
}

// beat takes a scheduler's heartbeat, or its end.
func (p *picture) beat(e bus.Entry) {
	var h wire.Heartbeat
	if e.Value != nil && wire.Unmarshal(e.Value, &h) != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	was, is := p.beats[e.Key], spread.Member{Name: h.Name, Boot: h.Boot}
	if was != is {
		p.peerLocked(was).beats = false
		delete(p.beats, e.Key)
		p.wake()
	}
	if is.Boot == "" {
		return // gone, or of before there was a boot: such a one takes and gives nothing by agreement
	}
	p.beats[e.Key] = is
	p.peerLocked(is).beats = h.State == wire.NodeUp
}

// excuse is called when the bus did not take a lease: then nobody could renew it, and nobody is silent for that.
func (p *picture) excuse(id monitor.Shard) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.leases[id]; s != nil {
		s.changed = boottime.Now()
	}
}

// seen gives a copy of what is known of a lease.
func (p *picture) seen(id monitor.Shard) sighting {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.leases[id]; s != nil {
		return *s
	}
	return sighting{}
}

// reason says why a shard is free: kind in a word, for metrics, and text for people.
type reason struct{ kind, text string }

// reasons are the kinds of reasons.
var reasons = [...]string{"new", "given", "own", "dead", "vanished", "silent"}

// free says whether somebody may take a shard whose lease is held or was, and why.
func (p *picture) free(s *sighting) (why reason, free bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	owner := ownerOf(s.lease)
	one := p.peers[owner]
	switch {
	case owner == spread.Nobody && s.lease.Heir != "":
		return reason{"given", "it was handed over"}, true
	case owner == spread.Nobody:
		return reason{"new", "nobody had it"}, true
	case owner == p.me:
		return reason{"own", "this scheduler had it and does not work on it"}, true
	case one != nil && one.dead():
		return reason{"dead", "scheduler " + owner.Name + " is dead: nobody was there for its knocks"}, true
	case !s.vanished.IsZero():
		return reason{"vanished", "the lease of scheduler " + owner.Name + " is gone"}, boottime.Since(s.vanished) > vanishedFor
	}
	return reason{"silent", "scheduler " + owner.Name + " was silent for " + leaseStale.String()}, boottime.Since(s.changed) > leaseStale
}

// leaves says whether a scheduler has said that it takes nothing more.
func (p *picture) leaves(m spread.Member) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	one := p.peers[m]
	return one != nil && one.answers && !one.takes
}

// members gives the schedulers that take shards, without this one, and which of them are so for a short time only.
func (p *picture) members() (all []spread.Member, young map[spread.Member]bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	young = map[spread.Member]bool{}
	for m, one := range p.peers {
		if one.beats && one.takes && !one.dead() {
			all = append(all, m)
			young[m] = boottime.Since(one.came) < settledAfter
		}
	}
	return all, young
}
