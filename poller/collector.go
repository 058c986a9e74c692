package poller

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

const (
	flushEvery   = 10 * time.Millisecond
	batchResults = 1024
	// maxMessage stays well below the megabyte that the bus carries at most.
	maxMessage = 700 << 10
	// What may wait for the bus; beyond, the oldest are dropped and counted.
	keepResults = 1 << 18
	keepBytes   = 256 << 20
	lanes       = 4
	lastWords   = 2 * time.Second // for what is left once the poller ends
	// Empty batches that are kept for use again, and how large they may be.
	spareBatches = 64
	spareBytes   = 256 << 10
)

// collector gathers results, encoded as they come, and appends them to RES, a batch for each shard, in the order in which
// they came: each shard has its lane. Results that the bus refuses wait; a result that is dropped all the same costs one
// check, which the core issues again.
type collector struct {
	bus  bus.Streams
	name string
	ids  string // what the ids of all batches begin with
	log  *slog.Logger
	lost *metrics.Counter

	wake [lanes]chan struct{} // holds a token when a shard of the lane has results again
	mu   sync.Mutex
	// ready holds what is not on its way yet.
	ready  map[monitor.Shard]*heap
	result monitor.Result // what is being encoded
	count  int            // results that are ready
	size   int            // their bytes
	sent   uint64         // batches
	spare  []*wire.Batch
}

// heap is what is ready of one shard: full batches, and a last one that is still being filled.
type heap struct {
	shard   monitor.Shard
	batches []*wire.Batch
}

func newCollector(b bus.Streams, name, boot string, log *slog.Logger, set *metrics.Set) *collector {
	c := &collector{
		bus: b, name: name, ids: name + "." + boot + ".", log: log,
		ready: map[monitor.Shard]*heap{}, lost: set.NewCounter("onbu_poller_results_lost_total"),
	}
	for lane := range c.wake {
		c.wake[lane] = make(chan struct{}, 1)
	}
	set.NewGauge("onbu_poller_results_waiting", func() float64 {
		c.mu.Lock()
		defer c.mu.Unlock()
		return float64(c.count)
	})
	return c
}

// add takes a result, which is encoded when add returns: its strings may be used again. It never blocks.
func (c *collector) add(r *monitor.Result) {
	c.mu.Lock()
	h := c.ready[r.Shard]
	if h == nil {
		h = &heap{shard: r.Shard}
		c.ready[r.Shard] = h
	}
	first := len(h.batches) == 0
	c.result = *r
	c.encodeLocked(h)
	for c.count > keepResults || c.size > keepBytes {
		c.dropLocked(h)
	}
	c.mu.Unlock()
	if first {
		select {
		case c.wake[laneOf(r.Shard)] <- struct{}{}:
		default:
		}
	}
}

func laneOf(s monitor.Shard) int { return int(s) % lanes }

// encodeLocked puts the result into its shard's last batch, or into a new one when that is full.
func (c *collector) encodeLocked(h *heap) {
	long := len(c.result.Output) + len(c.result.LongOutput) + len(c.result.Perfdata)
	var b *wire.Batch
	if n := len(h.batches); n > 0 {
		b = h.batches[n-1]
	}
	if b == nil || b.Len() >= batchResults || b.Size()+long > maxMessage {
		b = c.emptyLocked()
		h.batches = append(h.batches, b)
	}
	before := b.Size()
	b.Add(&c.result)
	c.count++
	c.size += b.Size() - before
}

func (c *collector) emptyLocked() *wire.Batch {
	if n := len(c.spare); n > 0 {
		b := c.spare[n-1]
		c.spare = c.spare[:n-1]
		return b
	}
	return &wire.Batch{}
}

// dropLocked makes room by dropping the oldest batch of a shard that has another one, or of any shard that has.
func (c *collector) dropLocked(h *heap) {
	for _, other := range c.ready {
		if len(h.batches) > 1 {
			break
		}
		if len(other.batches) > 0 {
			h = other
		}
	}
	c.lost.Add(h.batches[0].Len())
	c.popLocked(h)
}

// popLocked takes a shard's first batch off.
func (c *collector) popLocked(h *heap) *wire.Batch {
	b := h.batches[0]
	h.batches = slices.Delete(h.batches, 0, 1)
	c.count -= b.Len()
	c.size -= b.Size()
	return b
}

// run sends until ctx ends, and then what is left.
func (c *collector) run(ctx context.Context) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(lastWords, cancel) })()
	var wg sync.WaitGroup
	for lane := range lanes {
		wg.Go(func() { c.serve(ctx, late, lane) })
	}
	wg.Wait()
}

// serve sends the results of one lane until ctx ends, and then what is left until late ends.
func (c *collector) serve(ctx, late context.Context, lane int) {
	for over := false; !over; {
		select {
		case <-ctx.Done():
			over = true
		case <-c.wake[lane]:
			c.gather(ctx)
		}
		for o, ok := c.next(lane); ok; o, ok = c.next(lane) {
			c.send(late, o)
			c.used(o.batch)
		}
	}
}

// gather gives further results the chance to travel with the first one.
func (c *collector) gather(ctx context.Context) {
	t := time.NewTimer(flushEvery)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// outgoing is a batch of results of one shard.
type outgoing struct {
	shard monitor.Shard
	batch *wire.Batch
	id    string
}

// next takes a batch out of a lane.
func (c *collector) next(lane int) (outgoing, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for shard, h := range c.ready {
		if laneOf(shard) != lane || len(h.batches) == 0 {
			continue
		}
		c.sent++
		return outgoing{shard: shard, batch: c.popLocked(h), id: c.ids + strconv.FormatUint(c.sent, 10)}, true
	}
	return outgoing{}, false
}

// used takes a batch back that is on its way no more.
func (c *collector) used(b *wire.Batch) {
	if b.Size() > spareBytes {
		return
	}
	b.Reset()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.spare) < spareBatches {
		c.spare = append(c.spare, b)
	}
}

// send appends one batch, again and again until it is stored or ctx ends.
func (c *collector) send(ctx context.Context, o outgoing) {
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		try, cancel := context.WithTimeout(ctx, 2*time.Second)
		err := c.bus.Append(try, bus.Results(uint16(o.shard), c.name), o.batch.Message(), o.id)
		cancel()
		if err == nil {
			return
		}
		if ctx.Err() != nil || errors.Is(err, bus.ErrFull) || errors.Is(err, bus.ErrTooLarge) {
			c.lost.Add(o.batch.Len())
			c.log.Warn("results lost; their checks are issued again", "results", o.batch.Len(), "error", err)
			return
		}
		c.log.Warn("results wait for the bus", "results", o.batch.Len(), "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}
