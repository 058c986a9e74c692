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
	senders      = 4
)

// collector gathers results and appends them to RES, a batch for each shard. Results that the bus refuses wait;
// a result that is dropped all the same costs one check, which the core issues again.
type collector struct {
	bus        bus.Streams
	name, boot string
	log        *slog.Logger
	lost       *metrics.Counter

	wake chan struct{}
	mu   sync.Mutex
	// ready holds the results of each shard that are not on their way yet.
	ready map[monitor.Shard][]monitor.Result
	count int
	batch uint64
}

func newCollector(b bus.Streams, name, boot string, log *slog.Logger, set *metrics.Set) *collector {
	c := &collector{
		bus: b, name: name, boot: boot, log: log, wake: make(chan struct{}, 1),
		ready: map[monitor.Shard][]monitor.Result{}, lost: set.NewCounter("onbu_poller_results_lost_total"),
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
	first := c.count == 1 || len(c.ready[r.Shard]) == batchResults
	c.mu.Unlock()
	if first {
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
}

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
	work := make(chan outgoing)
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			var buf []byte
			for o := range work {
				buf = c.send(ctx, o, buf)
			}
		})
	}
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-c.wake:
			c.gather(ctx)
		}
		c.hand(work)
	}
	c.hand(work)
	close(work)
	wg.Wait()
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

// hand gives everything that is ready to the senders.
func (c *collector) hand(work chan<- outgoing) {
	for {
		o, ok := c.next()
		if !ok {
			return
		}
		work <- o
	}
}

func (c *collector) next() (outgoing, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for shard, results := range c.ready {
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

// send appends one batch, again and again until it is stored; once ctx is over it tries for two seconds more. It
// gives buf back for the next batch.
func (c *collector) send(ctx context.Context, o outgoing, buf []byte) []byte {
	buf = wire.AppendBatch(buf[:0], o.results)
	if len(buf) > maxMessage && len(o.results) > 1 {
		half := len(o.results) / 2
		buf = c.send(ctx, outgoing{o.shard, o.results[:half], o.id + "a"}, buf)
		return c.send(ctx, outgoing{o.shard, o.results[half:], o.id + "b"}, buf)
	}
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		try, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		err := c.bus.Append(try, bus.Results(uint16(o.shard), c.name), buf, o.id)
		cancel()
		if err == nil {
			return buf
		}
		if ctx.Err() != nil || errors.Is(err, bus.ErrFull) {
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
