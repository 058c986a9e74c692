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
)

// wait returns when the condition of a query holds, its trigger has fired or its time is up. Then it may be answered.
func (m *Module) wait(ctx context.Context, q *lql.Query) *lql.Error {
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
		if ready, err := q.Ready(m.world(ctx)); ready || err != nil {
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
