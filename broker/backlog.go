package broker

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor/api"
)

const (
	// lateAge is how old what waits may be; lateAfter how long a queue may not be empty of which no age is known.
	lateAge   = 15 * time.Second
	lateAfter = time.Minute
	// usedGone is the age up to which results may lie there though they were used: their owners remove them every two seconds.
	usedGone = 5 * time.Second
	// someBytes is less than what a busy scheduler or receiver has on its way at any moment.
	someBytes = 1 << 20
)

// waits is a word of a heartbeat's load that says what waits.
type waits struct {
	role, word string
	name, unit string
	// least is what is no more than coming and going; age is the word that has the age of the oldest in seconds.
	least int64
	age   string
}

// loads are the words that daemons have for what waits with them.
var loads = []waits{
	{role: "scheduler", word: "waiting", name: "jobs", unit: "jobs"},
	{role: "scheduler", word: "journal_bytes", name: "journal", unit: "bytes", least: someBytes},
	{role: "poller", word: "waiting", name: "checks", unit: "checks"},
	{role: "receiver", word: "spool_bytes", name: "spool", unit: "bytes", age: "spool_seconds"},
	{role: "reactionner", word: "actions_waiting", name: "actions", unit: "actions", age: "actions_seconds"},
	{role: "broker", word: "feed_seconds", name: "feed", unit: "seconds", age: "feed_seconds"},
}

// backlog looks at every queue but that of payloads.
func (b *Broker) backlog(ctx context.Context) ([]api.Queue, error) {
	var all []api.Queue
	for _, of := range []struct {
		stream bus.Stream
		name   string
	}{{bus.RES, "results"}, {bus.PASSIVE, "passive"}, {bus.CMD, "commands"}} {
		x, err := b.o.Bus.Extent(ctx, of.stream, 0)
		if err != nil {
			return nil, err
		}
		q := api.Queue{Name: of.name, Waiting: int64(x.Behind(0)), Unit: "messages"}
		if !x.Next.IsZero() {
			q.Oldest = max(time.Since(x.Next), 0).Seconds()
		}
		if of.stream == bus.RES && q.Oldest < usedGone.Seconds() {
			q.Waiting, q.Oldest = 0, 0
		}
		all = append(all, q)
	}
	beats, err := b.o.Bus.List(ctx, bus.HB, "")
	if err != nil {
		return nil, fmt.Errorf("reading heartbeats: %w", err)
	}
	for _, e := range beats {
		var h wire.Heartbeat
		if wire.Unmarshal(e.Value, &h) == nil {
			all = append(all, waiting(&h)...)
		}
	}
	return all, nil
}

// waiting gives what a daemon says of its queues.
func waiting(h *wire.Heartbeat) (all []api.Queue) {
	for _, w := range loads {
		if n := h.Load[w.word]; h.Role == w.role && n > w.least {
			all = append(all, api.Queue{Name: w.name, Of: h.Name, Waiting: n, Unit: w.unit, Oldest: float64(h.Load[w.age])})
		}
	}
	return all
}

// queueKey tells queues apart.
type queueKey struct{ name, of string }

// note remembers a look at the queues: since when each was not empty, and which are late.
func (q *queues) note(all []api.Queue, now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	before := q.full
	q.full = map[queueKey]time.Time{}
	for i := range all {
		one := &all[i]
		if one.Waiting == 0 {
			continue
		}
		key := queueKey{one.Name, one.Of}
		since, held := before[key]
		if !held {
			since = now.Add(-time.Duration(one.Oldest * float64(time.Second)))
		}
		q.full[key] = since
		one.Since = float64(since.UnixNano()) / 1e9
		one.Late = one.Oldest > lateAge.Seconds() || one.Oldest == 0 && now.Sub(since) > lateAfter
	}
	q.all = all
}

// list gives all queues as they were seen last, those of payloads too; the late ones first.
func (q *queues) list() []api.Queue {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := append([]api.Queue{}, q.all...)
	for site, n := range q.seen.Waiting {
		since := q.since[site]
		all = append(all, api.Queue{Name: "payloads", Of: site, Waiting: int64(n), Unit: "payloads", Since: float64(since.UnixNano()) / 1e9, Late: time.Since(since) > waitsLong})
	}
	slices.SortStableFunc(all, func(a, b api.Queue) int {
		return cmp.Or(boolean(b.Late)-boolean(a.Late), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Of, b.Of))
	})
	return all
}

func boolean(is bool) int {
	if is {
		return 1
	}
	return 0
}
