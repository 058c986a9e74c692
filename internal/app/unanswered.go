package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

const (
	// answerWithin is how long the bus may take for what somebody asks the API.
	answerWithin = 8 * time.Second
	// storesEvery is how often it is looked, while somebody waits, whether the bus still stores.
	storesEvery = time.Second
)

// mute says that the bus stores nothing, for longer than an election takes; nil while it stores, and where this process may not ask.
func (a *App) mute() error {
	if a.busState == nil {
		return nil
	}
	if _, err := a.busState.health(time.Now()); err != nil {
		return fmt.Errorf("the bus: %w", err)
	}
	return nil
}

// muteSince is mute with the time from which on nothing is stored.
func (a *App) muteSince() (time.Time, error) {
	err := a.mute()
	if err == nil {
		return time.Time{}, nil
	}
	a.busState.mu.Lock()
	defer a.busState.mu.Unlock()
	return a.busState.mute.since, err
}

// told gives an error as people are to read it: of a bus that does not answer, what the health of this process says.
func (s *httpServer) told(err error) string {
	err = bus.Plain(s.app.bus, err)
	if _, away := errors.AsType[*bus.Away](err); away && s.app.busState != nil {
		if silent := s.app.busState.silent(time.Now()); silent != nil {
			return "the bus: " + silent.Error()
		}
	}
	return err.Error()
}

// within bounds how long the bus may take for an answer.
func within(answer http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), answerWithin)
		defer cancel()
		answer(w, r.WithContext(ctx))
	}
}

// whileStored gives a context that ends, with the reason as its cause, when the bus stores nothing any more.
func (a *App) whileStored(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		ticker := time.NewTicker(storesEvery)
		defer ticker.Stop()
		for ctx.Err() == nil {
			if err := a.mute(); err != nil {
				cancel(err)
			}
			select {
			case <-ctx.Done():
			case <-ticker.C:
			}
		}
	}()
	return ctx, func() { cancel(nil) }
}

// refuseLog says why the cluster log cannot be read, and which entries this process has told that are not stored yet.
func refuseLog(w http.ResponseWriter, why string, waiting []api.Deed) {
	head(w)
	w.WriteHeader(http.StatusServiceUnavailable)
	_ = json.NewEncoder(w).Encode(api.LogAway{Error: why, Waiting: waiting}) // the asker is gone
}

// lastRoster is the list of nodes as it was given last. Any goroutine may use it.
type lastRoster struct {
	mu  sync.Mutex // guards what follows
	all []api.Role
	at  time.Time
}

func (l *lastRoster) keep(all []api.Role) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all, l.at = all, time.Now()
}

// refuse says why there is no list, and gives the last.
func (l *lastRoster) refuse(w http.ResponseWriter, why string) {
	l.mu.Lock()
	answer := api.NodesAway{Error: why, Nodes: l.all}
	if l.all != nil {
		answer.Asked = monitor.At(l.at).Unix()
	}
	l.mu.Unlock()
	head(w)
	w.WriteHeader(http.StatusServiceUnavailable)
	_ = json.NewEncoder(w).Encode(answer) // the asker is gone
}

// unordered says why an order was not given: it is refused, or the bus does not answer.
func (s *httpServer) unordered(w http.ResponseWriter, err error) {
	code := http.StatusConflict
	if _, away := errors.AsType[*bus.Away](err); away {
		code = http.StatusServiceUnavailable
	}
	refuse(w, code, s.told(err))
}
