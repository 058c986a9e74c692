package receiver

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
)

const (
	// A message to the owner of a shard takes no more of what waits than this.
	parcelItems = 512
	parcelBytes = 512 << 10
	// aloneAtOnce is how many messages of one item each may be on their way for a shard.
	aloneAtOnce = 8
)

// parcel is a message for the owner of a shard: what several wait for to be stored.
type parcel struct {
	subject bus.Subject
	id      string // the same at every try
	items   wire.Batch
	// alone is set for an item that must not share a message: its host's name. Of those several are stored at a time.
	alone string
	// stored is closed once err is set.
	stored chan struct{}
	err    error

	lane  *lane  // nil if it was never on a lane
	spans []span // whose the items are, in their order
	taken bool   // it is on its way, or was
}

// wait returns once the parcel is stored or cannot be.
func (p *parcel) wait(ctx context.Context) error {
	select {
	case <-p.stored:
		return p.err
	case <-ctx.Done():
	}
	select {
	case <-p.stored:
		return p.err
	default:
		return context.Cause(ctx)
	}
}

// ids gives every message of a receiver an id of its own.
type ids struct {
	boot string
	n    atomic.Uint64
}

func (i *ids) next() string { return bus.MessageID(i.boot, i.n.Add(1)) }

// lane brings what is for one shard to one stream, in the order in which it came. While a message is on its way, what comes
// is gathered for the next one: the slower the disk, the more one message holds. Any goroutine may use it.
type lane struct {
	subject bus.Subject
	ids     *ids
	// deliver returns once a parcel is stored, or cannot be.
	deliver func(*parcel) error

	mu      sync.Mutex
	waiting []*parcel
	filling *parcel       // the last of waiting, if more may go into it
	idle    chan struct{} // closed once nobody delivers; nil while nobody does
	ended   bool          // nothing more is taken
	usual   int           // how many bytes a message has, or a bit more
}

// add puts an item, a pointer to a noun, into a parcel and gives that; nothing of the item is kept.
func (l *lane) add(item any, by claim) *parcel {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return refused()
	}
	p := l.filling
	if p == nil {
		p = l.open(l.ids.next())
		p.items.Grow(l.usual)
		l.filling = p
	}
	p.include(item, by)
	if p.items.Len() >= parcelItems || p.items.Size() >= parcelBytes {
		l.filling = nil
	}
	l.start()
	return p
}

// addAlone is add for an item whose message has an id of its own.
func (l *lane) addAlone(item any, host, id string, by claim) *parcel {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return refused()
	}
	p := l.open(id)
	p.alone = host
	p.include(item, by)
	l.filling = nil
	l.start()
	return p
}

func (l *lane) open(id string) *parcel {
	p := &parcel{subject: l.subject, id: id, stored: make(chan struct{}), lane: l}
	l.waiting = append(l.waiting, p)
	return p
}

func (l *lane) start() {
	if l.idle == nil {
		l.idle = make(chan struct{})
		go l.run()
	}
}

// end lets the lane take nothing more and returns when nobody delivers any more.
func (l *lane) end() {
	l.mu.Lock()
	l.ended = true
	idle := l.idle
	l.mu.Unlock()
	if idle != nil {
		<-idle
	}
}

// refused is a parcel that is not stored because the receiver ends.
func refused() *parcel {
	p := &parcel{stored: make(chan struct{}), err: errEnded}
	close(p.stored)
	return p
}

var errEnded = errors.New("the receiver has ended")

// run delivers until nothing waits.
func (l *lane) run() {
	for {
		group := l.take()
		if len(group) == 0 {
			return
		}
		if len(group) == 1 {
			l.send(group[0])
			continue
		}
		var wg sync.WaitGroup
		for _, p := range group {
			wg.Go(func() { l.send(p) })
		}
		wg.Wait()
	}
}

func (l *lane) send(p *parcel) {
	p.err = l.deliver(p)
	close(p.stored)
}

// take gives what is to be delivered next: one parcel, or several that are alone, each for another host, as their order
// does not matter.
func (l *lane) take() []*parcel {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for n < len(l.waiting) && (n == 0 || n < aloneAtOnce && apart(l.waiting[:n], l.waiting[n])) {
		n++
	}
	if n == 0 {
		close(l.idle)
		l.idle = nil
		return nil
	}
	group := l.waiting[:n:n]
	for _, p := range group {
		p.taken, p.spans = true, nil
	}
	if l.waiting = l.waiting[n:]; len(l.waiting) == 0 {
		l.waiting, l.filling = nil, nil
	}
	l.usual = max(group[0].items.Size(), l.usual*15/16)
	return group
}

// apart says whether p may be on its way together with others.
func apart(others []*parcel, p *parcel) bool {
	for _, o := range others {
		if o.alone == "" || p.alone == "" || o.alone == p.alone {
			return false
		}
	}
	return true
}
