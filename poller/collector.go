package poller

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

const (
	flushEvery   = 10 * time.Millisecond
	batchResults = 256
	keepResults  = 1 << 18 // results that may wait for the bus; beyond, the oldest are dropped and counted
	lanes        = 4
	lastWords    = 2 * time.Second // for what is left once the poller ends
)

// collector gathers results and appends them to RES, a batch for each shard, in the order in which they came: each shard
// has its lane. Results that the bus refuses wait; a result that is dropped all the same costs one check, which the core
// issues again.
type collector struct {
	bus        bus.Streams
	name, boot string
	log        *slog.Logger
	lost       *metrics.Counter

	wake [lanes]chan struct{} // holds a token when a shard of the lane has results again
	mu   sync.Mutex
	// ready holds the results of each shard that are not on their way yet.
	ready map[monitor.Shard][]monitor.Result
	count int
	batch uint64
}

func newCollector(b bus.Streams, name, boot string, log *slog.Logger, set *metrics.Set) *collector {
	c := &collector{
		bus: b, name: name, boot: boot, log: log,
		ready: map[monitor.Shard][]monitor.Result{}, lost: set.NewCounter("onbu_poller_results_lost_total"),
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

// add takes a result. It never blocks.
func (c *collector) add(r monitor.Result) {
	c.mu.Lock()
	if c.count >= keepResults {
		c.dropLocked(r.Shard)
	}
	c.ready[r.Shard] = append(c.ready[r.Shard], r)
	c.count++
	first := len(c.ready[r.Shard]) == 1
	c.mu.Unlock()
	if first {
		select {
		case c.wake[laneOf(r.Shard)] <- struct{}{}:
		default:
		}
	}
}

func laneOf(s monitor.Shard) int { return int(s) % lanes }

// dropLocked makes room by dropping the oldest results of a shard, or of any when that one has none.
func (c *collector) dropLocked(shard monitor.Shard) {
	for other := range c.ready {
		if len(c.ready[shard]) > 0 {
			break
		}
		shard = other
	}
	n := min(batchResults, len(c.ready[shard]))
	c.ready[shard] = append(c.ready[shard][:0], c.ready[shard][n:]...)
	c.count -= n
	c.lost.Add(n)
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
	var buf []byte
	for over := false; !over; {
		select {
		case <-ctx.Done():
			over = true
		case <-c.wake[lane]:
			c.gather(ctx)
		}
		for o, ok := c.next(lane); ok; o, ok = c.next(lane) {
			buf = c.send(late, o, buf)
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
	shard   monitor.Shard
	results []monitor.Result
	id      string
}

// next takes a batch out of a lane.
func (c *collector) next(lane int) (outgoing, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for shard, results := range c.ready {
		if laneOf(shard) != lane {
			continue
		}
		if len(results) == 0 {
			delete(c.ready, shard)
			continue
		}
		n := min(len(results), batchResults)
		c.batch++
		o := outgoing{shard: shard, results: results[:n:n], id: fmt.Sprintf("%s.%s.%d", c.name, c.boot, c.batch)}
		if n == len(results) {
			delete(c.ready, shard)
		} else {
			c.ready[shard] = results[n:]
		}
		c.count -= n
		return o, true
	}
	return outgoing{}, false
}

// send appends one batch, again and again until it is stored or ctx ends. It gives buf back for the next batch.
func (c *collector) send(ctx context.Context, o outgoing, buf []byte) []byte {
	buf = wire.AppendBatch(buf[:0], o.results)
	if len(buf) > maxMessage && len(o.results) > 1 {
		half := len(o.results) / 2
		buf = c.send(ctx, outgoing{o.shard, o.results[:half], o.id + "a"}, buf)
		return c.send(ctx, outgoing{o.shard, o.results[half:], o.id + "b"}, buf)
	}
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		try, cancel := context.WithTimeout(ctx, 2*time.Second)
		err := c.bus.Append(try, bus.Results(uint16(o.shard), c.name), buf, o.id)
		cancel()
		if err == nil {
			return buf
		}
		if ctx.Err() != nil || errors.Is(err, bus.ErrFull) || errors.Is(err, bus.ErrTooLarge) {
			c.lost.Add(len(o.results))
			c.log.Warn("results lost; their checks are issued again", "results", len(o.results), "error", err)
			return buf
		}
		c.log.Warn("results wait for the bus", "results", len(o.results), "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// maxMessage stays well below the megabyte that the bus carries at most.
const maxMessage = 700 << 10
