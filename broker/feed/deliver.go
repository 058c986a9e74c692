package feed

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// deliver has the module take broks, and tries until it does; its error is that ctx ended before.
func (h *module) deliver(ctx context.Context, broks []monitor.Brok) error {
	if len(broks) == 0 {
		return ctx.Err()
	}
	h.one.Lock()
	defer h.one.Unlock()
	var began, told time.Time
	for wait := leastPause; ctx.Err() == nil; wait = min(2*wait, mostPause) {
		err := give(ctx, h.exporter, broks)
		if err == nil {
			h.well(began)
			return nil
		}
		if ctx.Err() != nil {
			break
		}
		h.failed.Inc()
		if began.IsZero() {
			began = time.Now()
		}
		h.ill(began, err)
		if time.Since(told) >= sayAgain {
			h.log.Warn("an export module takes nothing; it gets the same again until it does", "broks", len(broks), "since", began, "error", err)
			told = time.Now()
		}
		pause(ctx, wait)
	}
	return ctx.Err()
}

// ill notes why the module takes nothing.
func (h *module) ill(since time.Time, err error) {
	text := err.Error()
	if len(text) > 500 {
		text = text[:500]
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if text != h.standing.LastError || h.standing.Failing == 0 {
		h.standing.Failing, h.standing.LastError = monitor.At(since), text
		h.changes++
	}
}

// well notes that the module takes what it gets, again if it did not before.
func (h *module) well(began time.Time) {
	if !began.IsZero() {
		h.log.Info("an export module takes what it gets again", "after", time.Since(began).Round(time.Second))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.standing.Failing = 0
}

// give keeps a module's panic from being the broker's.
func give(ctx context.Context, m modules.Exporter, broks []monitor.Brok) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the module has a bug, please report it: %v\n%s", r, debug.Stack())
		}
	}()
	return m.Export(ctx, broks)
}
