package livestatus

import (
	"context"
	"runtime/debug"
	"sync"
	"time"

	"github.com/onbu/onbu/modules/export/livestatus/lql"
	"github.com/onbu/onbu/monitor"
)

const (
	// look is how often a condition is looked at while somebody waits for it: checks that change no state are in no event.
	look = 100 * time.Millisecond
	// longestWait bounds waits whose client gives no bound: it may be gone.
	longestWait = 10 * time.Minute
	// mostWaits is how many queries of one source may wait at once.
	mostWaits = 200
)

// wait returns when the condition of a query holds, its trigger has fired, its time is up or ctx ends. Then it may be answered.
func (m *Module) wait(ctx context.Context, source string, q *lql.Query) *lql.Error {
	if !m.waits.join(source, mostWaits) {
		return &lql.Error{Code: lql.LimitExceeded, Text: "too many queries of this client wait already"}
	}
	defer m.waits.leave(source)
	within := longestWait
	if t := q.Wait.Timeout; t > 0 {
		within = min(t, longestWait)
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	fired := m.pulse.next(q.Wait.Trigger)
	for {
		if ready, err := m.ready(ctx, source, q); ready || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-fired:
			if !q.Wait.Conditional {
				return nil
			}
			fired = m.pulse.next(q.Wait.Trigger)
		case <-ticker.C:
			if t := q.Wait.Trigger; !q.Wait.Conditional && (t == "check" || t == "all") {
				return nil // checks are made all the time
			}
		}
	}
}

// ready says whether the condition holds. Where nothing has changed since it was looked at, it is not looked at again so soon;
// otherwise that is work as that of any query.
func (m *Module) ready(ctx context.Context, source string, q *lql.Query) (bool, *lql.Error) {
	w := m.world(ctx)
	if !q.Due(w) {
		return false, nil
	}
	back, ok := m.places.take(ctx, source, q.Quick())
	if !ok {
		return false, nil
	}
	defer back()
	return q.Ready(w)
}

// crowd counts who wait, by source. Any goroutine may use it.
type crowd struct {
	mu sync.Mutex
	of map[string]int
}

// join adds one, unless there are so many already.
func (c *crowd) join(source string, most int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of[source] >= most {
		return false
	}
	if c.of == nil {
		c.of = map[string]int{}
	}
	c.of[source]++
	return true
}

func (c *crowd) leave(source string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of[source]--; c.of[source] == 0 {
		delete(c.of, source)
	}
}

// pulse tells those who wait that something happened. Any goroutine may use it.
type pulse struct {
	mu      sync.Mutex
	waiting map[string]chan struct{} // by trigger; closed when it fires
}

// next gives a channel that is closed when the trigger fires next.
func (p *pulse) next(trigger string) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting == nil {
		p.waiting = map[string]chan struct{}{}
	}
	if p.waiting[trigger] == nil {
		p.waiting[trigger] = make(chan struct{})
	}
	return p.waiting[trigger]
}

// broks fires the triggers that broks are about.
func (p *pulse) broks(broks []monitor.Brok) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 {
		return
	}
	p.fireLocked("all")
	for i := range broks {
		for _, trigger := range triggers(broks[i].Kind) {
			p.fireLocked(trigger)
		}
	}
}

func (p *pulse) fireLocked(trigger string) {
	if c := p.waiting[trigger]; c != nil {
		close(c)
		delete(p.waiting, trigger)
	}
}

// triggers are what a kind of brok fires besides all.
func triggers(k monitor.BrokKind) []string {
	switch k {
	case monitor.BrokCheck:
		return []string{"check"}
	case monitor.BrokState, monitor.BrokMoved, monitor.BrokAck:
		return []string{"state"}
	case monitor.BrokAlert:
		return []string{"state", "log"}
	case monitor.BrokDowntime, monitor.BrokDowntimeGone, monitor.BrokContactDowntime, monitor.BrokContactDowntimeGone:
		return []string{"downtime", "log"}
	case monitor.BrokComment, monitor.BrokCommentGone:
		return []string{"comment"}
	case monitor.BrokCommand:
		return []string{"command", "log"}
	case monitor.BrokProgram:
		return []string{"program"}
	}
	return []string{"log"}
}

// version is Onbu's.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "unknown"
}
