package feed

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/onbu/onbu/internal/bus"
)

// settled is how long a new place waits at most for the list of the others.
const settled = 10 * time.Second

// inherit gives a place that is new what a part of the same definition leaves behind that is there no more: a target with
// another address goes on where the old one was. It stores the place first, still empty: the watch tells of places in
// the order of their changes, so once it has told of this one it has told of all that were there before.
func (h *module) inherit(ctx context.Context, e *entry) error {
	if len(e.Places) > 0 || len(h.asked.Parts) == 0 || h.wants.Own {
		return nil
	}
	if err := h.adopt(ctx, e); err != nil {
		return err
	}
	for waited := time.Duration(0); h.feeder.revision(h.key) < e.revision && waited < settled && ctx.Err() == nil; waited += breath {
		pause(ctx, breath)
	}
	h.feeder.heirs.Lock()
	defer h.feeder.heirs.Unlock()
	key, left := h.feeder.leftBy(h.asked)
	if key == "" {
		return nil
	}
	h.awaitEnd(ctx, key)
	if key, left = h.feeder.leftBy(h.asked); key == "" { // as its end has left it
		return ctx.Err()
	}
	h.log.Info("an export module goes on where another one of its definition was that is there no more", "was", left.Module)
	e.Places, e.Sent, e.LastSent, e.Refused, e.LastRefused = left.Places, left.Sent, left.LastSent, left.Refused, left.LastRefused
	if err := h.adopt(ctx, e); err != nil {
		return err
	}
	if err := h.feeder.o.Bus.Delete(ctx, bus.FEED, key, left.revision); err != nil {
		h.log.Debug("the place that was taken over is forgotten in a day", "was", left.Module, "error", err)
	}
	h.feeder.forget(key)
	return nil
}

// adopt makes a standing the module's, and stores it.
func (h *module) adopt(ctx context.Context, e *entry) error {
	h.mu.Lock()
	h.standing, h.doubt = *e, false
	h.mu.Unlock()
	err := h.store(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	e.revision = h.standing.revision
	return err
}

// awaitEnd waits for a broker that still works with a place, since it does not know the new configuration yet.
func (h *module) awaitEnd(ctx context.Context, key string) {
	for waited := time.Duration(0); waited < settled && ctx.Err() == nil; waited += breath {
		if _, err := h.feeder.o.Bus.Get(ctx, bus.LEASE, key); errors.Is(err, bus.ErrNotFound) {
			pause(ctx, breath) // the watch tells of its last step
			return
		}
		pause(ctx, breath)
	}
}

// revision gives that of a place as the watch has told it, 0 if it has not.
func (f *Feeder) revision(key string) uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.places[key].revision
}

func (f *Feeder) forget(key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.places, key)
}

// leftBy gives the place of a part of a definition that the definition no longer has, the first by key; none with an empty key.
func (f *Feeder) leftBy(asked Asked) (key string, left entry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for k, e := range f.places {
		if e.Of == asked.Of && !e.Own && len(e.Places) > 0 && !slices.Contains(asked.Parts, e.Module) && (key == "" || k < key) {
			key, left = k, e
		}
	}
	return key, left
}
