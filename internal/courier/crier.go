package courier

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// A word to the owner of a shard is repeated while nobody takes it: the shard may be about to get another owner. After wordLasts
// the checks' own interval has brought what it tells of, or soon will.
const (
	wordLasts  = time.Minute
	wordAnswer = 2 * time.Second
	wordPause  = 500 * time.Millisecond
	// mostWords is how many wait for one shard; the oldest goes.
	mostWords = 64
)

// crier tells the owners of shards, each in order, until they say that they have heard.
type crier struct {
	mu      sync.Mutex
	ctx     context.Context          // nil while the courier does not run
	waiting map[monitor.Shard][]word // of the shards for which a goroutine is at work
	working sync.WaitGroup
}

type word struct {
	data  []byte
	until time.Time
}

// open lets words go out until ctx ends; then close waits for the goroutines.
func (c *crier) open(ctx context.Context) (close func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ctx, c.waiting = ctx, map[monitor.Shard][]word{}
	return func() {
		c.mu.Lock()
		c.ctx = nil
		c.mu.Unlock()
		c.working.Wait()
	}
}

// tell takes a batch for the owner of a shard, and empties it.
func (c *Courier) tell(shard monitor.Shard, b *wire.Batch) {
	if b.Len() == 0 {
		return
	}
	w := word{slices.Clone(b.Message()), time.Now().Add(wordLasts)}
	b.Reset()
	c.crier.mu.Lock()
	defer c.crier.mu.Unlock()
	if c.crier.ctx == nil {
		return
	}
	queue, busy := c.crier.waiting[shard]
	if len(queue) >= mostWords {
		queue = queue[1:]
	}
	c.crier.waiting[shard] = append(queue, w)
	if !busy {
		ctx := c.crier.ctx
		c.crier.working.Go(func() { c.cry(ctx, shard) })
	}
}

// cry tells the owner of a shard all that waits.
func (c *Courier) cry(ctx context.Context, shard monitor.Shard) {
	for {
		w, ok := c.crier.next(shard)
		if !ok {
			return
		}
		for !c.heard(ctx, shard, w) {
			select {
			case <-ctx.Done():
				return
			case <-time.After(wordPause):
			}
		}
	}
}

// next takes the word that waits longest; without one the goroutine is at its end.
func (c *crier) next(shard monitor.Shard) (word, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	queue := c.waiting[shard]
	if len(queue) == 0 {
		delete(c.waiting, shard)
		return word{}, false
	}
	c.waiting[shard] = queue[1:]
	return queue[0], true
}

// heard says a word once. It is true too for a word that is not to be said again.
func (c *Courier) heard(ctx context.Context, shard monitor.Shard, w word) bool {
	try, cancel := context.WithTimeout(ctx, wordAnswer)
	defer cancel()
	_, err := c.o.Bus.Request(try, bus.Arrived(uint16(shard)), w.data)
	if err == nil || ctx.Err() != nil {
		return true
	}
	if time.Now().Before(w.until) {
		return false
	}
	c.o.Log.Warn("nobody took word of payloads for a minute; the interval of the checks brings them", "shard", shard, "error", err)
	return true
}
