package app

import (
	"context"
	"strings"
	"sync/atomic"
	"time"
)

// readyAnyway is how long the start waits for the other servers of a bus before the supervisor hears that the process is up: who starts
// machines one after the other would wait for ever, as the first one waits for the second.
const readyAnyway = 10 * time.Second

// stuck is a daemon that knows whether its loops turn. It must not wait for the bus: a restart does not bring that back.
type stuck interface {
	Stuck(limit time.Duration) error
}

// supervise tells the supervisor how the process is until ctx ends. What it gives is to be called once the roles run.
func (a *App) supervise(ctx context.Context) (running func()) {
	if a.o.Supervisor == nil {
		return func() {}
	}
	var up atomic.Bool
	early := time.AfterFunc(readyAnyway, func() {
		if ctx.Err() == nil && !up.Load() {
			a.o.Supervisor.Ready("waiting for the bus")
			go a.feed(ctx, &up)
		}
	})
	return func() {
		up.Store(true)
		a.o.Supervisor.Ready(strings.Join(a.o.Roles, ", ") + " of " + a.o.Name)
		if early.Stop() {
			go a.feed(ctx, &up)
		}
	}
}

// feed keeps the watchdog quiet while the loops of all daemons turn. Loops that hang are said once and end in a restart.
func (a *App) feed(ctx context.Context, up *atomic.Bool) {
	every := a.o.Supervisor.Watchdog() / 3
	if every == 0 {
		return
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	said := false
	for {
		err := a.hangs(up, every)
		if err == nil {
			a.o.Supervisor.Alive()
		} else if !said {
			a.o.Log.Error("a daemon hangs; the watchdog will end this process unless it goes on", "error", err)
		}
		said = err != nil
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// hangs says which daemon's loop has not turned for so long. It hangs itself where a daemon holds its lock for ever.
func (a *App) hangs(up *atomic.Bool, limit time.Duration) error {
	if !up.Load() {
		return nil
	}
	for _, r := range a.roles {
		l := r.current()
		if l == nil {
			continue // in maintenance
		}
		if s, ok := l.daemon.(stuck); ok {
			if err := s.Stuck(limit); err != nil {
				return err
			}
		}
	}
	return nil
}

// reloading tells the supervisor that the configuration is being read again, and with what it gives that this is over.
func (a *App) reloading() (over func()) {
	a.o.Supervisor.Reloading()
	return func() { a.o.Supervisor.Ready(strings.Join(a.o.Roles, ", ") + " of " + a.o.Name) }
}
