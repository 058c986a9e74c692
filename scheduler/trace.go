package scheduler

import (
	"fmt"
	"maps"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// maxTraces is how many checks of a shard may be followed at once; who asks for more is told so.
const maxTraces = 64

// traceLasts is how long a check that is wanted is sure to be followed. After that it gives way to others: whoever wanted it has
// mostly gone, and it is perhaps never made, as of an object without active checks.
const traceLasts = 10 * time.Minute

// traces are the checks of a shard that somebody follows. The shard's loop owns them; all of them cost nothing while
// nobody does.
type traces struct {
	bus    bus.Messenger
	daemon string
	// wanted are those whose next check is to be followed; under way those that have been sent off.
	wanted   map[monitor.Ref]wanted
	underWay map[monitor.ID]followed
}

type wanted struct {
	trace string
	since time.Time
}

type followed struct {
	trace string
	seq   uint32
}

func newTraces(b bus.Messenger, scheduler string) *traces {
	return &traces{
		bus: b, daemon: "scheduler " + scheduler,
		wanted: map[monitor.Ref]wanted{}, underWay: map[monitor.ID]followed{},
	}
}

// want has the next check of an object followed; of two who want that the later one gets it. refused says why not.
func (t *traces) want(ref monitor.Ref, trace string) (refused string) {
	if len(t.wanted) >= maxTraces {
		maps.DeleteFunc(t.wanted, func(_ monitor.Ref, w wanted) bool { return time.Since(w.since) > traceLasts })
	}
	if len(t.wanted) >= maxTraces {
		return fmt.Sprintf("%d checks of this shard are followed already; wait until they were made", maxTraces)
	}
	t.wanted[ref] = wanted{trace, time.Now()}
	return ""
}

// mark marks the jobs that somebody wants to follow.
func (t *traces) mark(jobs []monitor.Job) {
	if len(t.wanted) == 0 {
		return
	}
	for i := range jobs {
		job := &jobs[i]
		ref := monitor.Ref{Host: job.Host, Service: job.Service}
		w, ok := t.wanted[ref]
		if !ok {
			continue
		}
		trace := w.trace
		delete(t.wanted, ref)
		if len(t.underWay) >= maxTraces { // of checks that were never answered
			clear(t.underWay)
		}
		job.Trace = trace
		t.underWay[job.Object] = followed{trace, job.Seq}
		t.tell(trace, job.Due, "the check was due", false)
		t.tell(trace, now(), fmt.Sprintf("decided to make it; the command line has %d bytes", len(job.Line)), false)
	}
}

// arrived tells of followed checks among results by when the bus had stored them and when they were read.
func (t *traces) arrived(results []monitor.Result, stored, read time.Time) {
	for i := range results {
		if f, ok := t.of(&results[i]); ok {
			t.tell(f.trace, monitor.At(stored), "the bus had stored the result"+beside(len(results)-1), false)
			t.tell(f.trace, monitor.At(read), "read the result", false)
		}
	}
}

// applied tells of followed checks among results that the core has used; recorded calls its function once what came of
// them is in the journal.
func (t *traces) applied(results []monitor.Result, status func(monitor.ID) monitor.Status, recorded func(func())) {
	for i := range results {
		f, ok := t.of(&results[i])
		if !ok {
			continue
		}
		delete(t.underWay, results[i].Object)
		s := status(results[i].Object)
		t.tell(f.trace, now(), fmt.Sprintf("made its verdict: %s (%s, attempt %d of %d)", s.StateName(), s.Type, s.Attempt, s.MaxAttempts), false)
		recorded(func() { t.tell(f.trace, now(), "the journal holds all that came of it", true) })
	}
}

func (t *traces) of(r *monitor.Result) (followed, bool) {
	if len(t.underWay) == 0 {
		return followed{}, false
	}
	f, ok := t.underWay[r.Object]
	return f, ok && f.seq == r.Seq
}

func (t *traces) tell(trace string, at monitor.Time, step string, last bool) {
	tellHop(t.bus, trace, wire.Hop{Time: at, Daemon: t.daemon, Step: step, Last: last})
}

// tellHop tells whoever follows; a step that is lost is a gap in what they see, and nothing else.
func tellHop(b bus.Messenger, trace string, h wire.Hop) {
	_ = b.Publish(bus.Trace(trace), wire.Marshal(h))
}

// followed tells that a followed job went to a poller.
func (d *dispatcher) followed(trace, poller string, others int) {
	tellHop(d.bus, trace, wire.Hop{
		Time: now(), Daemon: "scheduler " + d.name, Step: "sent the job to poller " + poller + beside(others),
	})
}

// beside says how many more were in one message.
func beside(others int) string {
	switch others {
	case 0:
		return ", alone"
	case 1:
		return ", with 1 other"
	}
	return fmt.Sprintf(", with %d others", others)
}
