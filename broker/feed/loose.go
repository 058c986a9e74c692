package feed

import (
	"context"
	"time"
)

// loose are the broks that the module took and that come again if the broker dies now, since its place is not stored behind them. The
// module's mu guards it.
type loose struct {
	broks  int
	stored chan struct{} // closed when fewer are loose
}

// room waits until n broks more may be loose: a batch in all, or one that is larger alone. So no more than that comes twice after a
// kill -9, however slow the bus is. The caller holds one.
func (h *module) room(ctx context.Context, n int) error {
	for {
		h.mu.Lock()
		full, stored := h.loose.broks > 0 && h.loose.broks+n > batch, h.loose.stored
		h.mu.Unlock()
		if !full {
			return ctx.Err()
		}
		h.askToStore()
		select {
		case <-ctx.Done():
		case <-stored:
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// loosened notes n broks more that are loose. If there is no room for as many again, the place is stored while they are fetched. The
// caller holds mu.
func (h *module) loosened(n int) {
	if h.loose.broks += n; h.loose.broks+n > batch {
		h.askToStore()
	}
}

func (h *module) askToStore() {
	select {
	case h.due <- struct{}{}:
	default: // it is asked for already
	}
}

// settle notes that a place is stored behind n of the loose broks. The caller holds mu.
func (h *module) settle(n int) {
	h.loose.broks -= n
	close(h.loose.stored)
	h.loose.stored = make(chan struct{})
}

// awaitDue waits until the place is to be stored: after saveEvery, or when somebody waits for room.
func (h *module) awaitDue(ctx context.Context) {
	t := time.NewTimer(saveEvery)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	case <-h.due:
	}
}
