package feed

import (
	"errors"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// marks say where the module was when, oldest first, and a second or more apart but for the newest.
type marks []mark

type mark struct {
	at     time.Time
	after  uint64
	stored monitor.Time
}

// mostMarks bounds how far back the marks go.
const mostMarks = 600

// at makes room for a mark.
func (m marks) at(now time.Time) marks {
	if n := len(m); n > 1 && now.Sub(m[n-2].at) < time.Second {
		m = m[:n-1] // the newest but one stands for this second
	}
	if len(m) >= mostMarks {
		m = append(m[:0], m[1:]...)
	}
	return m
}

// before gives the place at a time before the newest mark; ok is false where there is no mark.
func (m marks) before(by time.Duration) (place mark, ok bool) {
	if len(m) == 0 {
		return mark{}, false
	}
	least := m[len(m)-1].at.Add(-by)
	place = m[0]
	for _, mark := range m {
		if mark.at.After(least) {
			break
		}
		place = mark
	}
	return place, true
}

// rewound puts the place back if that is what an error asks for.
func (h *module) rewound(stream bus.Stream, err error) bool {
	r, ok := errors.AsType[modules.Rewind](err)
	if !ok {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.standing.place(stream)
	if back, ok := h.marks[stream].before(r.By); ok && back.after < p.After {
		h.log.Info("what an export module took last is given to it again: it may be lost at the other side", "stream", stream, "messages", p.After-back.after)
		p.Counted, p.Held = max(p.Counted, p.After), 0 // it has had all that
		p.After, p.Stored = back.after, back.stored
		h.changes++
	}
	delete(h.marks, stream)
	return true
}
