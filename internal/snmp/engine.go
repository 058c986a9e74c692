package snmp

import (
	"errors"
	"fmt"
	"hash/maphash"
	"net/netip"
	"runtime"
	"time"
)

// Options are an Engine's settings; the zero value is good.
type Options struct {
	// Agents is how many SNMPv3 agents are remembered, and four times as many keys; 0 means 100,000. An agent that is
	// forgotten costs one more question and the time of a few hashes.
	Agents int
	// Lessons is how many devices are remembered that take more or less than usual; 0 means 100,000.
	Lessons int
}

// Engine asks devices. Any goroutine may use it.
type Engine struct {
	shards []*shard
	seed   maphash.Seed
	secure *secure
}

// New makes an engine. It opens nothing before the first Ask.
func New(o Options) *Engine {
	if o.Agents <= 0 {
		o.Agents = 100_000
	}
	if o.Lessons <= 0 {
		o.Lessons = 100_000
	}
	// A shard's own work is a fifth of what its system calls cost, and those want batches: few shards are enough.
	e := &Engine{seed: maphash.MakeSeed(), secure: newSecure(o.Agents)}
	e.shards = make([]*shard, min(max(runtime.GOMAXPROCS(0)/2, 1), 8))
	for i := range e.shards {
		e.shards[i] = newShard(max(o.Lessons/len(e.shards), 16))
	}
	return e
}

// maxOIDs bounds a request.
const maxOIDs = 1000

// Ask asks and returns at once. The request must have a device with a valid address, and a Receiver.
func (e *Engine) Ask(r *Request) {
	switch n := len(r.OIDs); {
	case n == 0 || n > maxOIDs:
		r.end(fmt.Errorf("a request for %d objects: ask for 1 to %d", n, maxOIDs))
	case r.To.Version == Version3:
		e.secure.ask(r)
	default:
		e.shardOf(r.To.Addr).ask(r)
	}
}

func (e *Engine) shardOf(device netip.AddrPort) *shard {
	if len(e.shards) == 1 {
		return e.shards[0]
	}
	return e.shards[maphash.Comparable(e.seed, device)%uint64(len(e.shards))]
}

// About says what is known of a device, in a line for people: "takes 64 objects a request, learned from tooBig at 10:03".
// It is empty for a device that needed no learning.
func (e *Engine) About(device netip.AddrPort) string { return e.shardOf(device).about(device) }

// Counters give what has happened since the engine was made.
func (e *Engine) Counters() Counters {
	var sum Counters
	for _, s := range e.shards {
		s.mu.Lock()
		sum.add(&s.count)
		s.mu.Unlock()
	}
	return sum
}

// Close ends all requests that are under way with ErrClosed, and what is asked later too. It returns when no goroutine of
// the engine is left.
func (e *Engine) Close() error {
	var errs []error
	for _, s := range e.shards {
		errs = append(errs, s.close())
	}
	e.secure.close()
	return errors.Join(errs...)
}

// Counters say what became of messages of versions 1 and 2c.
type Counters struct {
	// Requests are messages sent, Repeats among them are those sent again.
	Requests, Repeats uint64
	// Answers that were waited for.
	Answers uint64
	// Foreign datagrams belong to no question that is under way: late ones, or invented ones.
	Foreign uint64
	// Misplaced ones have the number of a question, but come from an address that was not asked.
	Misplaced uint64
	// Malformed ones are no SNMP, or of a kind that nobody asked for.
	Malformed uint64
	// TooBig is how often a device said so.
	TooBig uint64
}

func (c *Counters) add(d *Counters) {
	c.Requests += d.Requests
	c.Repeats += d.Repeats
	c.Answers += d.Answers
	c.Foreign += d.Foreign
	c.Misplaced += d.Misplaced
	c.Malformed += d.Malformed
	c.TooBig += d.TooBig
}

// end gives the request an answer that is an error, outside of a conversation.
func (r *Request) end(err error) { r.Then.Answered(r, &Answer{Err: err}) }

// limit gives the moment at which a request that is asked now gives up, and whether that is because of Until.
func (r *Request) limit(now time.Time) (at time.Duration, until bool) {
	at = r.To.patience()
	if !r.Until.IsZero() {
		if left := r.Until.Sub(now); left < at {
			return left, true
		}
	}
	return at, false
}
