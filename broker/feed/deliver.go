package feed

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// trouble is what a module has that takes nothing.
type trouble struct {
	since, told time.Time // zero while it takes what it gets, or while nothing was said
	wait        time.Duration
}

// deliver has the module take broks, tries until it does, and calls took; its error is that ctx ended before, or a modules.Rewind.
func (h *module) deliver(ctx context.Context, broks []monitor.Brok, took func()) error {
	if len(broks) == 0 {
		took()
		return ctx.Err()
	}
	h.one.Lock()
	defer h.one.Unlock()
	if err := h.room(ctx, len(broks)); err != nil {
		return err
	}
	for ctx.Err() == nil {
		err := h.give(ctx, broks)
		h.countRefused()
		if err == nil {
			h.well()
			took()
			return nil
		}
		if ctx.Err() != nil {
			break
		}
		h.ill(err, len(broks))
		pause(ctx, max(h.trouble.wait, asked(err)))
		if _, ok := errors.AsType[modules.Rewind](err); ok {
			return err
		}
	}
	return ctx.Err()
}

// asked gives how long the other side wants to be left alone.
func asked(err error) time.Duration {
	if later, ok := errors.AsType[*modules.Later](err); ok {
		return later.After
	}
	return 0
}

// ill notes why the module takes nothing, and says so rarely.
func (h *module) ill(err error, broks int) {
	h.failed.Inc()
	t, now := &h.trouble, time.Now()
	if t.since.IsZero() {
		t.since = now
	}
	t.wait = min(max(2*t.wait, leastPause), mostPause)
	if now.Sub(t.told) >= sayAgain {
		t.told = now
		h.log.Warn("an export module takes nothing; it gets the same again until it does", "broks", broks, "since", t.since, "error", err)
	}
	text := err.Error()
	if len(text) > mostError {
		text = text[:mostError]
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.standing.Failing, h.standing.LastError, h.standing.LastFailed = monitor.At(t.since), text, monitor.At(now)
	h.changes++
}

// mostError is how much of an error is kept for people.
const mostError = 500

// well notes that the module takes what it gets, again if it did not before.
func (h *module) well() {
	if h.trouble.since.IsZero() {
		return
	}
	h.log.Info("an export module takes what it gets again", "after", time.Since(h.trouble.since).Round(time.Second))
	h.trouble = trouble{}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.standing.Failing = 0
	h.changes++
}

// countRefused notes what the module passed over since it was last asked.
func (h *module) countRefused() {
	r, ok := h.exporter.(modules.Refusing)
	if !ok {
		return
	}
	n := r.Refused() - h.refused
	if n == 0 {
		return
	}
	h.refused += n
	h.mu.Lock()
	defer h.mu.Unlock()
	h.standing.Refused += n
	h.standing.LastRefused = monitor.At(time.Now())
	h.changes++
}

// give has the module take broks once. Unless it is in trouble it may finish when ctx ends meanwhile: what is cut short comes twice.
// The caller holds one.
func (h *module) give(ctx context.Context, broks []monitor.Brok) error {
	finishing, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	well := h.trouble.since.IsZero()
	defer context.AfterFunc(ctx, func() {
		if well && !errors.Is(context.Cause(ctx), errTaken) {
			pause(finishing, finish)
		}
		cancel()
	})()
	return export(finishing, h.exporter, broks)
}

// export keeps a module's panic from being the broker's.
func export(ctx context.Context, m modules.Exporter, broks []monitor.Brok) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the module has a bug, please report it: %v\n%s", r, debug.Stack())
		}
	}()
	return m.Export(ctx, broks)
}
