package broker

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/nats-io/nuid"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

const (
	// traceWait is how long a trace waits for the check unless it is told otherwise; maxTraceWait what it may be told.
	traceWait    = 10 * time.Minute
	maxTraceWait = 24 * time.Hour
	// traceEnd is how long a trace goes on once the check was made, for daemons that still have something to tell.
	traceEnd = 2 * time.Second
)

// sighting is a trace that waits for the check's result to come into the view.
type sighting struct {
	ref  monitor.Ref
	hops chan<- wire.Hop
}

// seenLocked tells the traces that wait for an object that the view has a new result of it.
func (b *Broker) seenLocked(c *monitor.Check) {
	for one := range b.sightings {
		if one.ref == c.Ref {
			hop := wire.Hop{Time: monitor.At(time.Now()), Daemon: "broker", Step: "the view shows it: " + c.StateName(), Last: true}
			select {
			case one.hops <- hop:
			default: // whoever follows has stopped listening
			}
		}
	}
}

// watch has an object's results told to hops until stop is called.
func (b *Broker) watch(ref monitor.Ref, hops chan<- wire.Hop) (stop func()) {
	one := &sighting{ref, hops}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sightings[one] = struct{}{}
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.sightings, one)
	}
}

// trace follows the next check of an object and gives each step as it is told.
func (b *Broker) trace(w http.ResponseWriter, r *http.Request) {
	wait, err := traceWaitOf(r.URL.Query().Get("wait"))
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	defer cancel()
	id := nuid.Next()
	hops := make(chan wire.Hop, 64)
	stop, err := b.o.Bus.Subscribe(bus.Trace(id), func(m bus.Msg) {
		var h wire.Hop
		if wire.Unmarshal(m.Data, &h) == nil {
			select {
			case hops <- h:
			default:
			}
		}
	})
	if err != nil {
		refuse(w, http.StatusBadGateway, err.Error())
		return
	}
	defer stop()
	e, ref, ok := b.explained(w, r, wire.Question{Kind: wire.AskTrace, Trace: id})
	if !ok {
		return
	}
	defer b.watch(ref, hops)()
	head(w)
	t := tracing{enc: json.NewEncoder(w), flush: http.NewResponseController(w).Flush}
	t.say(api.Step{Time: monitor.At(time.Now()).Unix(), NextCheck: e.Status.NextCheck.Unix()})
	if !t.follow(ctx, hops) && r.Context().Err() == nil {
		t.say(api.Step{Time: monitor.At(time.Now()).Unix(), Error: fmt.Sprintf("no check was made within %v", wait)})
	}
}

// traceWaitOf reads how many seconds to wait.
func traceWaitOf(text string) (time.Duration, error) {
	if text == "" {
		return traceWait, nil
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if wait := time.Duration(seconds * float64(time.Second)); err == nil && wait > 0 && wait <= maxTraceWait {
		return wait, nil
	}
	return 0, fmt.Errorf("wait=%s is no time to wait: give seconds, at most a day", text)
}

// tracing passes steps on.
type tracing struct {
	enc   *json.Encoder
	flush func() error
}

func (t *tracing) say(s api.Step) {
	_ = t.enc.Encode(s) // the reader is gone; its context ends the trace
	_ = t.flush()
}

// follow passes the steps on until the scheduler, the poller and the view have told their last one. It says whether a
// check was made at all.
func (t *tracing) follow(ctx context.Context, hops <-chan wire.Hop) (made bool) {
	last := map[string]bool{}
	var end <-chan time.Time
	for len(last) < 3 {
		select {
		case h := <-hops:
			if h.Daemon == "broker" && !made {
				continue // of a check before the one that is followed
			}
			made = true
			t.say(api.Step{Time: h.Time.Unix(), Daemon: h.Daemon, Step: h.Step})
			if h.Last {
				last[h.Daemon] = true
				end = time.After(traceEnd)
			}
		case <-end:
			return made
		case <-ctx.Done():
			return made
		}
	}
	return made
}
