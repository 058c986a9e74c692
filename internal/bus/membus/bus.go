// Package membus knows the bus as a thing in memory: for tests of the daemons, also within a testing/synctest bubble, and
// for whoever wants to try Onbu without a store. It keeps the promises of package bus but for those about disks.
package membus

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/bus"
)

// Bus is what all its connections share. The zero value is not usable.
type Bus struct {
	layout []bus.Keeping

	mu      sync.Mutex // guards everything that follows, and what hangs on it
	ready   bool
	streams map[bus.Stream]*stream
	buckets map[bus.Bucket]*bucket
	subs    map[*subscription]struct{}
	lost    uint64
	changed chan struct{} // closed and replaced at each change that somebody may wait for
}

// New returns an empty bus, as a new server is: nothing is prepared.
func New() *Bus {
	layout, _ := bus.Layout()
	return &Bus{
		layout:  layout,
		streams: map[bus.Stream]*stream{}, buckets: map[bus.Bucket]*bucket{},
		subs: map[*subscription]struct{}{}, changed: make(chan struct{}),
	}
}

// NewLimited returns a bus whose streams keep at most so many bytes each.
func NewLimited(maxStream int64) *Bus {
	b := New()
	for i := range b.layout {
		b.layout[i].MaxBytes = min(b.layout[i].MaxBytes, maxStream)
	}
	return b
}

// Lost counts the messages that subscribers lost because they lagged too far behind.
func (b *Bus) Lost() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lost
}

// wakeLocked wakes everybody who waits for a change.
func (b *Bus) wakeLocked() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// Connect returns a new connection. The name is for people.
func (b *Bus) Connect(name string) bus.Conn {
	return &conn{bus: b, name: name, done: make(chan struct{})}
}

type conn struct {
	bus  *Bus
	name string
	once sync.Once
	done chan struct{}
}

// Prepare implements bus.Conn.
func (c *conn) Prepare(ctx context.Context) error {
	if err := c.open(ctx); err != nil {
		return err
	}
	b := c.bus
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ready {
		return nil
	}
	for _, k := range b.layout {
		b.streams[k.Stream] = newStream(k)
	}
	_, buckets := bus.Layout()
	for _, k := range buckets {
		b.buckets[k.Bucket] = newBucket(k)
	}
	b.ready = true
	b.wakeLocked()
	return nil
}

// Ready implements bus.Conn.
func (c *conn) Ready(ctx context.Context) error {
	return c.await(ctx, func() bool { return c.bus.ready })
}

// await calls done under the lock until it returns true; meanwhile it waits for changes.
func (c *conn) await(ctx context.Context, done func() bool) error {
	return c.awaitDue(ctx, func() (bool, time.Duration) { return done(), 0 })
}

// awaitDue is await for what may also come true by itself, after the time that done returns if that is not 0.
func (c *conn) awaitDue(ctx context.Context, done func() (bool, time.Duration)) error {
	for {
		if err := c.open(ctx); err != nil {
			return err
		}
		c.bus.mu.Lock()
		ok, due := done()
		changed := c.bus.changed
		c.bus.mu.Unlock()
		if ok {
			return nil
		}
		c.wait(ctx, changed, due)
	}
}

func (c *conn) wait(ctx context.Context, changed <-chan struct{}, due time.Duration) {
	var over <-chan time.Time
	if due > 0 {
		timer := time.NewTimer(due)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-changed:
	case <-over:
	case <-ctx.Done():
	case <-c.done:
	}
}

// open returns why nothing can be done any more, if so.
func (c *conn) open(ctx context.Context) error {
	select {
	case <-c.done:
		return fmt.Errorf("%s: %w", c.name, bus.ErrClosed)
	default:
		return ctx.Err()
	}
}

// Close implements bus.Conn. It waits for deliver calls under way.
func (c *conn) Close() error {
	c.once.Do(func() { close(c.done) })
	c.bus.mu.Lock()
	var mine []*subscription
	for s := range c.bus.subs {
		if s.conn == c {
			mine = append(mine, s)
		}
	}
	c.bus.mu.Unlock()
	for _, s := range mine {
		s.stop()
	}
	return nil
}
