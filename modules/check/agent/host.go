package agent

import (
	"context"
	"sync"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/modules/check/agent/service"
)

const (
	// forgotten is after how long without a check a host is forgotten, with its counters.
	forgotten = time.Hour
	// sweepEvery is how often it is looked which are.
	sweepEvery = 10 * time.Second
	// settled is how old a host's own output may be when a check comes because of a payload, and atHand how long its sections are
	// kept for such checks. Later they are made anew of the text.
	settled = 15 * time.Minute
	atHand  = time.Minute
	// together is how many rounds may fetch at once, and reckon how many may read payloads and sections.
	together = 4096
	reckon   = 256
)

// hostKey names a host with one origin of its output.
type hostKey struct {
	name string // of the monitored host; empty for a check that nobody is monitored by
	origin
}

// hosts are those that were checked lately. Any goroutine may use it.
type hosts struct {
	mu    sync.Mutex
	by    map[hostKey]*host
	timer *time.Timer // runs while there are any
	ended bool
}

// host is what is remembered of one.
type host struct {
	module *Module
	key    hostKey

	mu      sync.Mutex // guards what follows
	used    time.Time
	running bool // a round is under way
	waiting []*waiter
	// seen is which own output each service was evaluated from last, by the time of its fetch: no interval, however short, gets
	// the same one twice. A check for a payload does not count, since it takes whatever there is.
	seen map[string]time.Time
	// stop ends the round under way; ends is when that will be.
	stop *time.Timer
	ends time.Time

	// The round under way alone uses what follows, but for counters.
	own      *ownOutput // how the last fetch went; nil before the first
	kept     section.Kept
	payload  uint64 // the place up to which payloads were read
	counters service.Counters
}

// waiter is a check that waits for a round.
type waiter struct {
	*check
	host         *host
	began, until time.Time
	then         modules.Waiter
}

// limit is when its round must be over: a little before the engine's time limit, so that there is time for words.
func (w *waiter) limit() time.Time {
	left := w.until.Sub(w.began)
	return w.until.Add(-min(left/10, 2*time.Second))
}

// host gives the state of a host, made if there was none.
func (m *Module) host(k hostKey, now time.Time) *host {
	m.hosts.mu.Lock()
	defer m.hosts.mu.Unlock()
	h := m.hosts.by[k]
	if h == nil {
		h = &host{module: m, key: k, used: now}
		if m.hosts.by == nil {
			m.hosts.by = map[hostKey]*host{}
		}
		m.hosts.by[k] = h
	}
	if m.hosts.timer == nil && !m.hosts.ended {
		m.hosts.timer = time.AfterFunc(sweepEvery, m.sweep)
	}
	return h
}

// sweep forgets what nobody uses any more.
func (m *Module) sweep() {
	now := time.Now()
	m.rounds.forgetOld(func(r *round) bool { return now.Sub(r.at) > atHand })
	m.hosts.mu.Lock()
	defer m.hosts.mu.Unlock()
	for k, h := range m.hosts.by {
		h.mu.Lock()
		idle := !h.running && now.Sub(h.used) > forgotten
		h.mu.Unlock()
		if idle {
			delete(m.hosts.by, k)
		}
	}
	m.hosts.timer = nil
	if len(m.hosts.by) > 0 && !m.hosts.ended {
		m.hosts.timer = time.AfterFunc(sweepEvery, m.sweep)
	}
}

func (hs *hosts) close() {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	hs.ended = true
	if hs.timer != nil {
		hs.timer.Stop()
	}
}

// join has a check evaluated: at once when a round that serves it is at hand, or by the next one.
func (h *host) join(w *waiter) {
	h.mu.Lock()
	h.used = w.began
	if !h.running {
		if r, ok := h.module.rounds.get(h); ok && h.servesLocked(r, w) {
			h.mu.Unlock()
			w.end(r)
			return
		}
		h.running = true
		h.module.work.Go(h.run)
	}
	h.waiting = append(h.waiting, w)
	if h.stop != nil && w.limit().Before(h.ends) {
		h.ends = w.limit()
		h.stop.Reset(time.Until(h.ends))
	}
	h.mu.Unlock()
}

// run makes rounds until nobody waits for one.
func (h *host) run() {
	for batch := h.next(nil); len(batch) > 0; {
		r := h.round(batch)
		h.note(batch, r)
		for _, w := range batch {
			w.end(r)
		}
		batch = h.next(r)
	}
}

// next gives the checks for which a round is to be made. Those that came during the last one and are served by it are ended.
func (h *host) next(r *round) (batch []*waiter) {
	h.mu.Lock()
	var served []*waiter
	for _, w := range h.waiting {
		if r != nil && h.servesLocked(r, w) {
			served = append(served, w)
		} else {
			batch = append(batch, w)
		}
	}
	h.waiting, h.running = nil, len(batch) > 0
	h.mu.Unlock()
	for _, w := range served {
		w.end(r)
	}
	return batch
}

// servesLocked says whether a check that came behind the round need not wait for another one, and notes that it does not.
func (h *host) servesLocked(r *round, w *waiter) bool {
	if !r.serves(w) || !w.object.Arrival && h.sawLocked(w, r.own) {
		return false
	}
	h.noteLocked(w, r.own)
	return true
}

// sawLocked says whether a service was evaluated from an own output already, and wants to be again from another one.
func (h *host) sawLocked(w *waiter, own *ownOutput) bool {
	at, ok := h.seen[w.object.Service]
	return own != nil && !w.cached && ok && at.Equal(own.at)
}

// mostSeen bounds the services of a host that are remembered.
const mostSeen = 20_000

func (h *host) noteLocked(w *waiter, own *ownOutput) {
	if own == nil || h.key.name == "" || w.object.Arrival {
		return
	}
	if h.seen == nil || len(h.seen) > mostSeen {
		h.seen = map[string]time.Time{}
	}
	h.seen[w.object.Service] = own.at
}

// note notes what the checks that a round was made for are evaluated from.
func (h *host) note(batch []*waiter, r *round) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range batch {
		h.noteLocked(w, r.own)
	}
}

// begin gives the context of a round, which ends in time for all checks that wait for it, and done, which ends it.
func (h *host) begin(batch []*waiter) (ctx context.Context, done func()) {
	ctx, cancel := context.WithCancel(h.module.life)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ends = batch[0].limit()
	for _, w := range batch[1:] {
		if w.limit().Before(h.ends) {
			h.ends = w.limit()
		}
	}
	h.stop = time.AfterFunc(time.Until(h.ends), cancel)
	return ctx, func() {
		h.mu.Lock()
		h.stop.Stop()
		h.stop = nil
		h.mu.Unlock()
		cancel()
	}
}
