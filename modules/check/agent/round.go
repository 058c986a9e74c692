package agent

import (
	"cmp"
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/modules/piggyback"
	"github.com/onbu/onbu/monitor"
)

// round is what is known of a host at one time: its own output and the payloads for it. It is not changed once it is made.
type round struct {
	at   time.Time // when it was over
	bug  error     // there is nothing but that
	set  section.Set
	own  *ownOutput // nil for a host without own output
	text string     // of the own output
	// carried are the payloads, without their data, and place up to where they were read.
	carried    modules.Carried
	carriedErr error
	place      uint64
	bytes      int  // of all that the sections were read from
	whole      bool // nothing was left out of them
}

// ownOutput is how a fetch went.
type ownOutput struct {
	at      time.Time // when it was over
	took    time.Duration
	bytes   int64
	form    string
	err     error // there is no output
	dropped piggyback.Dropped
	// guests is for how many names there were blocks; the others say what became of them.
	guests     int
	delivered  modules.Delivered
	deliverErr error
}

// serves says whether a check that came behind the round need not wait for another one.
func (r *round) serves(w *waiter) bool {
	if w.object.Forced && r.at.Before(w.began) {
		return false
	}
	if r.own != nil && !w.object.Arrival && w.began.Sub(r.own.at) >= w.fresh {
		return false // it was made for a payload, of an output that was there
	}
	return r.bug == nil && w.began.Sub(r.at) < w.fresh && r.place >= w.object.Payload
}

// round makes one for checks that wait. A panic in it is its result.
func (h *host) round(batch []*waiter) (r *round) {
	ctx, done := h.begin(batch)
	defer done()
	defer func() {
		if p := recover(); p != nil {
			stack := debug.Stack()
			r = &round{at: time.Now(), bug: fmt.Errorf("the module has a bug, please report it: %v\n%s", p, stack[:min(len(stack), 2048)])}
		}
	}()
	h.module.counts.rounds.Add(1)
	r = &round{}
	c := batch[0].command
	blocks, fresh := h.fetch(ctx, r, batch)
	h.collect(ctx, r, c, batch)
	if fresh && r.own.err == nil {
		h.deliver(ctx, r, blocks)
		h.remember(r)
	}
	h.read(r)
	r.at = time.Now()
	h.module.rounds.put(h, r, r.bytes*4/3+roundSize) // the lines take a third or so
	return r
}

// roundSize is about what a round takes besides the texts and their lines.
const roundSize = 4 << 10

// fetch gets the own output and what is in it for others, or, not fresh, the last one if that serves.
func (h *host) fetch(ctx context.Context, r *round, batch []*waiter) (blocks []piggyback.Block, fresh bool) {
	c := batch[0].command
	if c.way == byPayload {
		return nil, false
	}
	if !h.old(batch) {
		var ok bool
		if r.text, ok = h.last(); ok {
			r.own = h.own
			return nil, false
		}
	}
	began := time.Now()
	limited, cancel := context.WithTimeout(ctx, min(c.timeout, time.Until(h.end())*4/5))
	defer cancel()
	f, err := h.module.fetchInTurn(limited, c, cmp.Or(h.key.name, c.host))
	now := time.Now()
	h.own = &ownOutput{at: now, took: now.Sub(began), err: err}
	r.own = h.own
	if err != nil {
		return nil, true
	}
	h.own.bytes, h.own.form, h.own.dropped, h.own.guests = f.bytes, f.form, f.dropped, len(f.blocks)
	r.text = f.own
	return f.blocks, true
}

// old says whether the own output has to be fetched.
func (h *host) old(batch []*waiter) bool {
	if h.own == nil {
		return true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range batch {
		age, limit, saw := w.began.Sub(h.own.at), w.fresh, h.sawLocked(w, h.own)
		if w.object.Arrival { // it was not due
			limit, saw = max(limit, settled), false
		}
		if w.object.Forced || saw || age >= limit {
			return true
		}
	}
	return false
}

// last gives the text of the last fetch, if it is kept anywhere. That of one that failed is empty.
func (h *host) last() (string, bool) {
	if h.own.err != nil {
		return "", true
	}
	if r, ok := h.module.rounds.get(h); ok && r.own == h.own {
		return r.text, true
	}
	o, ok := h.module.outputs.get(h.key.name)
	if !ok || !o.at.Equal(h.own.at) {
		return "", false
	}
	text, err := o.text()
	return inPlace(text), err == nil
}

func (h *host) end() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ends
}

// collect gets the payloads of others.
func (h *host) collect(ctx context.Context, r *round, c *command, batch []*waiter) {
	least := h.payload
	for _, w := range batch {
		least = max(least, w.object.Payload)
	}
	r.place, h.payload = least, least
	courier := h.module.options.Courier
	if c.alone || courier == nil || h.key.name == "" {
		r.carried.Use = monitor.UseNever
		return
	}
	select {
	case h.module.reckons <- struct{}{}:
		defer func() { <-h.module.reckons }()
	case <-ctx.Done():
		r.carriedErr = ctx.Err()
		return
	}
	r.carried, r.carriedErr = courier.Payloads(ctx, h.key.name, c.address, least)
}

// deliver hands on what the output held for others. What turns out to be for the host itself becomes part of its own output.
func (h *host) deliver(ctx context.Context, r *round, blocks []piggyback.Block) {
	courier := h.module.options.Courier
	if courier == nil || h.key.name == "" {
		return
	}
	d := modules.Delivery{Source: h.key.name, Origin: h.key.outlet(), At: monitor.At(r.own.at), Blocks: make([]modules.Block, len(blocks))}
	for i, b := range blocks {
		d.Blocks[i] = modules.Block{Name: b.Name, Data: b.Data}
	}
	r.own.delivered, r.own.deliverErr = courier.Deliver(ctx, d)
	for _, own := range r.own.delivered.Own {
		r.text += "\n<<<>>>\n" + string(own)
	}
	r.own.delivered.Own = nil
}

// read makes sections of all that was fetched.
func (h *host) read(r *round) {
	r.whole, r.bytes = true, len(r.text)
	now := time.Now()
	if r.own != nil && r.own.err == nil {
		r.whole = section.ParseText(r.text, &r.set, section.Options{Now: r.own.at})
		h.kept.Merge(&r.set, now)
	}
	for i := range r.carried.Payloads {
		p := &r.carried.Payloads[i]
		if p.Usable && r.carried.Use != monitor.UseNever {
			h.module.counts.payloads.Add(1)
			r.bytes += len(p.Data)
			whole := section.Parse(p.Data, &r.set, section.Options{Source: p.Source, Now: p.At.Std()})
			r.whole = r.whole && whole
		}
		p.Data = nil
	}
}
