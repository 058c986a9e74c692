package trigger

import (
	"time"

	"github.com/onbu/onbu/monitor"
)

// mostExhausted is how many runs of a shard may use up all that they have in a second. Each takes some milliseconds of the shard's time.
const mostExhausted = 20

// fatigue keeps scripts that never come to an end from taking all of a shard's time. When there were too many such runs in a second,
// objects whose last run was one keep its error, and are tried again in another second.
type fatigue struct {
	tired  map[monitor.ID]string // the error of the last run
	since  monitor.Time          // when the present second began
	counts int
}

// rests gives the error that an object keeps, if its triggers are not to run now.
func (f *fatigue) rests(id monitor.ID, now monitor.Time) (wrong string, rests bool) {
	if len(f.tired) == 0 {
		return "", false
	}
	if now.Sub(f.since) >= time.Second {
		f.since, f.counts = now, 0
	}
	wrong, tired := f.tired[id]
	return wrong, tired && f.counts >= mostExhausted
}

// note remembers that a run used up all that it had.
func (f *fatigue) note(id monitor.ID, now monitor.Time, wrong string) {
	if now.Sub(f.since) >= time.Second {
		f.since, f.counts = now, 0
	}
	f.counts++
	f.tired[id] = wrong
}

func (f *fatigue) forget(id monitor.ID) {
	if len(f.tired) > 0 {
		delete(f.tired, id)
	}
}
