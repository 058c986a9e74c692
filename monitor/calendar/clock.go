package calendar

import (
	"time"

	"github.com/onbu/onbu/monitor"
)

// wall is a moment on the wall clock, with what the period says about its day.
type wall struct {
	t monitor.Time
	// second counts on the face of the clock from 00:00:00, without fractions.
	second int32
	times  times
	// until is how far the clock runs evenly: to the end of the day, or to the change of the clock if that is sooner.
	until monitor.Time
}

// at reads the wall clock when it is offset ahead of UTC. To ask the zone for each part of the date would cost far more
// than all the rest.
func (p *Period) at(t monitor.Time, offset time.Duration) wall {
	local := time.Unix(0, int64(t.Add(offset))).UTC()
	hour, minute, second := local.Clock()
	return wall{
		t:      t,
		second: int32(hour*3600 + minute*60 + second),
		times:  p.on(dateOf(local)),
	}
}

// moment gives when the clock shows another second of the same day, if it runs evenly until then.
func (w *wall) moment(second int32) monitor.Time {
	whole := w.t - floorMod(w.t, monitor.Time(time.Second))
	return whole.Add(time.Duration(second-w.second) * time.Second)
}

// hand goes through a period day by day. Moments must not go backwards.
type hand struct {
	*Period
	// offset is how far the clock is ahead of UTC until it is changed.
	offset time.Duration
	change monitor.Time
	moved  bool
}

// at reads the wall clock at t and says how far it runs evenly.
func (h *hand) at(t monitor.Time) wall {
	if !h.moved || t >= h.change {
		h.move(t)
	}
	w := h.Period.at(t, h.offset)
	w.until = min(w.moment(secondsPerDay), h.change)
	return w
}

// move asks the zone about t.
func (h *hand) move(t monitor.Time) {
	local := time.Unix(0, int64(t)).In(h.zone)
	_, seconds := local.Zone()
	h.offset, h.change, h.moved = time.Duration(seconds)*time.Second, 1<<63-1, true
	if _, change := local.ZoneBounds(); !change.IsZero() && change.Year() < 2262 { // where monitor.Time ends
		h.change = monitor.At(change)
	}
}

// floorMod is a modulo n, never negative.
func floorMod[T ~int | ~int64](a, n T) T { return ((a % n) + n) % n }
