package reactionner

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

const (
	// patience is how long a notification whose target does not answer is tried again.
	patience = time.Hour
	// A target that does not answer rests so long, and twice as long each time after that.
	shortestRest, longestRest = 5 * time.Second, 2 * time.Minute
)

// sender gives who sends an action without a fork; nil when it is to be run. wrong says what speaks against the command
// line of one that would.
func (r *Reactionner) sender(a *monitor.Action) (s modules.Sender, wrong string) {
	if r.o.Senders == nil || a.Kind != monitor.ActionNotification || a.Notice == nil {
		return nil, ""
	}
	s, err := r.o.Senders(a.Line)
	switch {
	case errors.Is(err, modules.ErrNotMine):
		return nil, ""
	case err != nil:
		return nil, err.Error()
	}
	return s, ""
}

// errPerhaps is in what send gives when nobody knows whether the contact was told.
var errPerhaps = errors.New("it may have been told")

// send sends a notification. An error means that it must come again: ctx ended it, or (bus.Later) its target is in
// trouble; nothing was told then, or it is errPerhaps too. wrong is what else did not go well.
func (r *Reactionner) send(ctx context.Context, s modules.Sender, a *monitor.Action, again bool) (wrong string, err error) {
	limit := limitOf(a)
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err = guarded(func() error { return s.Send(within, a, again) })
	later, temporary := errors.AsType[*modules.Later](err)
	switch {
	case err == nil:
		r.rest.over(s.Target())
		return "", nil
	case ctx.Err() != nil:
		return "", err
	case !temporary:
		return err.Error(), nil
	case age(a) >= patience:
		return fmt.Sprintf("given up after %s: %v", patience, err), nil
	}
	pause := r.rest.begin(s.Target(), later.After)
	r.o.Log.Warn("a notification is put off: its target is in trouble", "target", s.Target(), "contact", a.Contact, "object", a.Ref, "again in", pause.Round(time.Second), "error", err)
	if later.Perhaps {
		return "", fmt.Errorf("%w: %w", errPerhaps, bus.Later{After: pause})
	}
	return "", bus.Later{After: pause}
}

// guarded turns a module's panic into an error of this one notification.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the module panicked: %v", p)
		}
	}()
	return f()
}

func age(a *monitor.Action) time.Duration { return time.Since(a.Time.Std()) }

// rest knows which targets are left alone for a while, so that a dead one costs one try now and then and not one for each
// notification. Any goroutine may use it.
type rest struct {
	mu      sync.Mutex
	targets map[string]resting
}

type resting struct {
	until time.Time
	pause time.Duration
}

// left says how long a target still rests.
func (r *rest) left(target string) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return max(time.Until(r.targets[target].until), 0)
}

// begin lets a target rest, at least for as long as it asked for itself.
func (r *rest) begin(target string, asked time.Duration) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.targets == nil {
		r.targets = map[string]resting{}
	}
	t := r.targets[target]
	if !time.Now().Before(t.until) {
		t.pause = min(max(2*t.pause, shortestRest), longestRest)
	}
	t.until = time.Now().Add(max(t.pause, asked))
	r.targets[target] = t
	return time.Until(t.until)
}

// over forgets that a target was in trouble.
func (r *rest) over(target string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.targets, target)
}
