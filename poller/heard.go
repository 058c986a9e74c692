package poller

import (
	"time"

	"github.com/onbu/onbu/internal/wire"
)

const (
	// restarted is how far apart serials are that no batches were lost between: the scheduler counts from elsewhere.
	restarted = 1 << 20
	// mostMissed bounds how many gaps are told, and missedFor how long each is: a word of ours may be lost like a batch.
	mostMissed = 32
	missedFor  = 10 * time.Second
)

// heard is what came of the batches of one scheduler.
type heard struct {
	first, last uint64 // since it counts as it does
	missed      []missed
}

// missed is a gap between two batches that came.
type missed struct {
	wire.Span
	at time.Time
}

// note takes the serial of a batch that came; 0 is that of a scheduler that counts none.
func (h *heard) note(serial uint64, now time.Time) {
	switch {
	case serial == 0, serial <= h.last && h.last-serial <= restarted: // late: it was told as missed
		return
	case h.last == 0, serial < h.last, serial-h.last > restarted:
		h.first, h.missed = serial, nil
	case serial > h.last+1:
		if len(h.missed) == mostMissed {
			h.missed = h.missed[1:]
		}
		h.missed = append(h.missed, missed{wire.Span{From: h.last + 1, To: serial - 1}, now})
	}
	h.last = serial
}

// tell gives what is to be said of it.
func (h *heard) tell(now time.Time) wire.Heard {
	for len(h.missed) > 0 && now.Sub(h.missed[0].at) > missedFor {
		h.missed = h.missed[1:]
	}
	told := wire.Heard{First: h.first, Last: h.last}
	for _, m := range h.missed {
		told.Missed = append(told.Missed, m.Span)
	}
	return told
}

// heard gives what came of the batches of each scheduler.
func (r *room) heard(now time.Time) map[string]wire.Heard {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all map[string]wire.Heard
	for name, s := range r.senders {
		if s.heard.last == 0 {
			continue
		}
		if all == nil {
			all = map[string]wire.Heard{}
		}
		all[name] = s.heard.tell(now)
	}
	return all
}
