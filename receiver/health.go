package receiver

import (
	"context"
	"fmt"
	"time"

	"github.com/onbu/onbu/modules"
)

const (
	// steady is how long a listener must be at it to be called up: one that cannot have its port fails at once.
	steady = time.Second
	// sayAgain is how often the log repeats that something does not work.
	sayAgain = 10 * time.Minute
)

// deaf says that a listener does not listen.
func deaf(name string, why error) error {
	return fmt.Errorf("listener %s does not listen: %w", name, why)
}

// Troubles are the listeners that do not listen, with the reasons. Any goroutine may call it.
func (r *Receiver) Troubles() []string { return r.doors.Lines(deaf) }

// host has a listener listen until ctx ends. One that gives up is started again after a pause.
func (r *Receiver) host(ctx context.Context, name string, l modules.Listener, s modules.Sink) {
	metric := fmt.Sprintf("onbu_listener_up{module=%q}", name)
	up := r.o.Metrics.GetOrCreateGauge(metric, nil)
	defer r.o.Metrics.UnregisterMetric(metric)
	defer r.doors.Set(name, nil)
	var said time.Time
	for ctx.Err() == nil {
		listens := time.AfterFunc(steady, func() {
			up.Set(1)
			r.doors.Set(name, nil)
		})
		err := l.Listen(ctx, s)
		listens.Stop()
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = errOver
		}
		up.Set(0)
		r.doors.Set(name, err)
		if time.Since(said) >= sayAgain {
			said = time.Now()
			r.o.Log.Error("a listener is not listening; tried again every 15 s", "listener", name, "error", err)
		}
		rest(ctx, listenAgain)
	}
}

// blocked is since when, and why, passive results can be stored nowhere.
type blocked struct {
	since, said time.Time
	why         error
}

// block notes that a message could be stored neither on the bus nor in the spool, and says so in the log, now and then.
func (s *store) block(why error) {
	now := time.Now()
	b := blocked{since: now, why: why}
	if old := s.blocked.Load(); old != nil {
		b.since, b.said = old.since, old.said
	}
	if now.Sub(b.said) >= sayAgain {
		b.said = now
		s.log.Error("passive results can be stored nowhere: their senders wait", "error", why)
	}
	s.blocked.Store(&b)
}

// err says so too, once it has lasted for some time.
func (s *store) err(limit time.Duration) error {
	b := s.blocked.Load()
	if b == nil {
		return nil
	}
	age := time.Since(b.since)
	if age < limit {
		return nil
	}
	return fmt.Errorf("for %s passive results can be stored nowhere, their senders wait: %w", age.Round(time.Second), b.why)
}

// keepLearning opens a book on each configuration that comes, and tries again where that fails, unless a newer one has come.
func (r *Receiver) keepLearning(ctx context.Context, newest <-chan []byte) {
	var current []byte
	var again <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case current = <-newest:
		case <-again:
		}
		again = nil
		err := r.learn(ctx, current)
		if err == nil {
			r.opened.Do(func() { close(r.known) })
		} else if ctx.Err() == nil {
			r.o.Log.Error("the new directory of hosts is not in use; it is read again in 5 s", "error", err)
			again = time.After(learnAgain)
		}
	}
}

// replace puts a value in the place of one that nobody took yet.
func replace(newest chan []byte, value []byte) {
	select {
	case <-newest:
	default:
	}
	newest <- value
}
