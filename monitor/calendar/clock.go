package calendar

import (
	"time"

	"github.com/onbu/onbu/monitor"
)

// wall is a moment on the wall clock, with what the calendar says about its day.
type wall struct {
	t     monitor.Time
	local time.Time
	// second counts on the face of the clock from 00:00:00, without fractions.
	second int32
	times  times
}

// at reads the wall clock at t.
func (p *Period) at(t monitor.Time) wall {
	local := time.Unix(0, int64(t)).In(p.zone)
	hour, minute, second := local.Clock()
	return wall{
		t:      t,
		local:  local,
		second: int32(hour*3600 + minute*60 + second),
		times:  p.on(dateOf(local)),
	}
}

// moment gives when the clock shows another second of the same day, if it runs evenly until then.
func (w *wall) moment(second int32) monitor.Time {
	whole := w.t - floorMod(w.t, monitor.Time(time.Second))
	return whole.Add(time.Duration(second-w.second) * time.Second)
}

// until gives how far the clock runs evenly: to the end of the day, or to the change of the clock if that is sooner.
func (w *wall) until() monitor.Time {
	midnight := w.moment(secondsPerDay)
	if _, change := w.local.ZoneBounds(); !change.IsZero() {
		return min(midnight, monitor.Time(change.UnixNano()))
	}
	return midnight
}

// floorMod is a modulo n, never negative.
func floorMod[T ~int | ~int64](a, n T) T { return ((a % n) + n) % n }
