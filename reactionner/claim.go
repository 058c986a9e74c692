package reactionner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// errDone says that an action needs nothing more.
var errDone = errors.New("done already")

// grace is how long after its time limit an action counts as still being carried out.
const grace = 5 * time.Second

// claim is the right to carry an action out, kept in CLAIM. A message of the journal can come again although its action
// is done: what a reader has used is stored a little later than the rest. The claim keeps people from being told twice
// for that. Only an action whose reactionner died in the middle is repeated, since nobody can know how far it came.
type claim struct {
	key      string
	revision uint64
	again    bool // somebody began with it before
}

// claimed is the value of a claim.
type claimed struct {
	By, Boot string
	// Until is when the action has ended at the latest; Done says that it has.
	Until monitor.Time
	Done  bool
	// Untouched says that whoever had it is sure that nothing came of it.
	Untouched bool
}

// claim takes an action; errDone if it is done, another error if somebody else is at it or the bus refuses.
func (r *Reactionner) claim(ctx context.Context, a *monitor.Action) (claim, error) {
	c := claim{key: bus.ClaimKey(a.ID)}
	e, err := r.o.Bus.Get(ctx, bus.CLAIM, c.key)
	switch {
	case errors.Is(err, bus.ErrNotFound):
	case err != nil:
		return c, fmt.Errorf("claim: %w", err)
	default:
		var held claimed
		if err := wire.Unmarshal(e.Value, &held); err == nil && held.Done {
			return c, errDone
		}
		if time.Now().Before(held.Until.Std()) {
			return c, fmt.Errorf("%s is at it: %w", held.By, bus.Later{After: time.Until(held.Until.Std()) + grace})
		}
		c.again, c.revision = !held.Untouched, e.Revision
	}
	mine := claimed{By: r.o.Name, Boot: r.o.Boot, Until: monitor.At(time.Now().Add(limitOf(a) + grace))}
	c.revision, err = r.o.Bus.Put(ctx, bus.CLAIM, c.key, wire.Marshal(mine), c.revision)
	return c, err
}

// release notes that a claimed action is done.
func (r *Reactionner) release(ctx context.Context, c claim) {
	ctx, cancel := context.WithTimeout(ctx, recordWithin)
	defer cancel()
	done := claimed{By: r.o.Name, Boot: r.o.Boot, Done: true}
	if _, err := r.o.Bus.Put(ctx, bus.CLAIM, c.key, wire.Marshal(done), c.revision); err != nil {
		r.o.Log.Warn("an action is done but not noted as such; it may be repeated", "error", err)
	}
}

// abandon gives a claim up, so that its action can be taken at once: one that was ended in the middle, or of which it is
// certain that nothing came of it.
func (r *Reactionner) abandon(ctx context.Context, c claim, untouched bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer cancel()
	free := claimed{By: r.o.Name, Boot: r.o.Boot, Untouched: untouched && !c.again}
	if _, err := r.o.Bus.Put(ctx, bus.CLAIM, c.key, wire.Marshal(free), c.revision); err != nil {
		r.o.Log.Debug("a claim was not given up", "error", err)
	}
}

// limitOf is how long an action may run.
func limitOf(a *monitor.Action) time.Duration {
	if a.Timeout <= 0 {
		return defaultRun
	}
	return min(a.Timeout, longestRun)
}
