package scheduler

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/spread"
)

const (
	knockEvery = 300 * time.Millisecond
	knocks     = 3 // so many knocks in a row for which nobody is there: the process is dead
)

// takesNothing is what a scheduler that takes no shards answers to a knock; others answer with nothing.
var takesNothing = []byte("takes nothing")

// answer lets others see that this process is there, until stop is called.
func (k *keeper) answer() (stop func(), err error) {
	stop, err = k.s.bus.Subscribe(bus.Present(k.me.Name, k.me.Boot), func(m bus.Msg) {
		if m.Reply == nil {
			return
		}
		if k.takes() {
			_ = m.Reply(nil) // one that gets no answer knocks again
		} else {
			_ = m.Reply(takesNothing)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("knocks of other schedulers: %w", err)
	}
	return stop, nil
}

// answer lets those see who show states that somebody looks after the shard.
func (l *lease) answer() (stop func(), err error) {
	stop, err = l.bus.Subscribe(bus.Alive(l.shard), func(m bus.Msg) {
		if m.Reply != nil {
			_ = m.Reply(nil)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("knocks on shard %d: %w", l.shard, err)
	}
	return stop, nil
}

// knocking knocks at all other schedulers again and again until ctx ends. A process that was killed is known after a second:
// the server says that nobody is there. One that was stopped does not answer, and its leases age.
func (p *picture) knocking(ctx context.Context, b bus.Messenger) {
	every := time.NewTicker(knockEvery)
	defer every.Stop()
	for {
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
		var wg sync.WaitGroup
		for m, shard := range p.doors() {
			wg.Go(func() { p.knock(ctx, b, m, shard) })
		}
		wg.Wait()
	}
}

// door is a shard of a scheduler that never answered a knock itself: those of before there were such knocks answer for their
// shards.
type door struct {
	shard monitor.Shard
	ok    bool
}

// doors gives everybody at whose door to knock, and forgets those of whom nothing is left.
func (p *picture) doors() map[spread.Member]door {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := map[spread.Member]door{}
	for m := range p.peers {
		all[m] = door{}
	}
	owners := map[spread.Member]bool{}
	for id, s := range p.leases {
		owner := ownerOf(s.lease)
		owners[owner] = true
		if one := p.peers[owner]; one != nil && !one.answers {
			all[owner] = door{id, true}
		}
	}
	for m, one := range p.peers {
		if !one.beats && !owners[m] {
			delete(p.peers, m)
			delete(all, m)
		}
	}
	return all
}

func (p *picture) knock(ctx context.Context, b bus.Messenger, m spread.Member, d door) {
	ctx, cancel := context.WithTimeout(ctx, knockEvery)
	defer cancel()
	answer, err := b.Request(ctx, bus.Present(m.Name, m.Boot), nil)
	nobody := errors.Is(err, bus.ErrNoResponders)
	itself := err == nil
	if nobody && d.ok {
		_, err = b.Request(ctx, bus.Alive(uint16(d.shard)), nil)
		nobody = errors.Is(err, bus.ErrNoResponders)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	one := p.peers[m]
	if one == nil {
		return
	}
	before := *one
	if nobody {
		one.silent++
	} else if err == nil {
		one.silent = 0
	}
	if itself {
		one.answers, one.takes = true, !bytes.Equal(answer, takesNothing)
	}
	if before.takes != one.takes || before.dead() != one.dead() {
		p.wake()
	}
}
