// Package reactionner knows how actions become deeds: it reads notifications from the journal, where their owners
// recorded them together with the state that caused them, runs their commands and records what became of each.
package reactionner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

const (
	atOnce       = 16               // actions under way at the same time
	ackWithin    = 30 * time.Second // after so long an action comes again; its claim says whether it is still being carried out
	longestRun   = 2 * time.Minute
	recordWithin = 3 * time.Second
	stopWait     = 8 * time.Second        // how long actions under way may take when the reactionner ends
	giveUpWait   = 500 * time.Millisecond // and when others stand ready for them
	defaultRun   = 30 * time.Second       // Nagios' notification_timeout
	waitingEvery = 5 * time.Second
)

// Runner runs a command line with additions to its environment and gives what it printed and its exit status. An error
// means that it could not be run, or was ended because ctx did.
type Runner func(ctx context.Context, line string, env []string) (output string, exit int, err error)

// Senders gives who sends a notification of that command line without a fork; modules.ErrNotMine when it is to be run.
type Senders func(line string) (modules.Sender, error)

// Options is what a reactionner needs; Metrics may be nil.
type Options struct {
	// Name is for people; Boot is unique to this start.
	Name, Boot string
	// Pools are the reactionner_tags that it serves; "" is the pool of untagged actions.
	Pools   []string
	Bus     bus.Conn
	Run     Runner
	Senders Senders // nil when everything is run
	Log     *slog.Logger
	Metrics *metrics.Set
	// Chronicle is told what the daemon decides by itself; nil for nobody.
	Chronicle monitor.Chronicle
}

// Reactionner is a reactionner daemon.
type Reactionner struct {
	o            Options
	done, failed *metrics.Counter
	unreadable   *metrics.Counter
	repeated     *metrics.Counter
	rest         rest
	gate         *gate

	// waiting is how many actions of its pools nobody has carried out, as looked up last.
	waiting atomic.Int64

	mu            sync.Mutex
	running, sent int64
}

// New builds a reactionner; nothing is opened before Run.
func New(o Options) *Reactionner {
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	return &Reactionner{
		o: o, gate: newGate(),
		done:       o.Metrics.NewCounter("onbu_actions_total"),
		failed:     o.Metrics.NewCounter("onbu_actions_failed_total"),
		unreadable: o.Metrics.NewCounter("onbu_reactionner_unreadable_messages_total"),
		repeated:   o.Metrics.NewCounter("onbu_actions_repeated_total"),
	}
}

// Load says how much the reactionner does, for its heartbeat.
func (r *Reactionner) Load() map[string]int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return map[string]int64{"running": r.running, "done": r.sent, "actions_waiting": r.waiting.Load()}
}

// watchWaiting looks every few seconds how many records of actions wait, or are under way with any reactionner, until ctx ends.
func (r *Reactionner) watchWaiting(ctx context.Context) {
	ticker := time.NewTicker(waitingEvery)
	defer ticker.Stop()
	for {
		sum := uint64(0)
		for _, pool := range r.o.Pools {
			n, err := r.o.Bus.Unused(ctx, bus.EV, durable(pool))
			if err != nil {
				r.o.Log.Debug("how many actions wait is not known", "pool", pool, "error", err)
			}
			sum += n
		}
		r.waiting.Store(int64(sum))
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// durable names the readers of a pool's actions.
func durable(pool string) string { return "react-" + bus.Token(pool) }

// Run carries out actions until ctx ends; those under way then get some seconds more. What is ended in the middle is done
// again by whoever comes next.
func (r *Reactionner) Run(ctx context.Context) error {
	if err := r.o.Bus.Ready(ctx); err != nil {
		return err
	}
	actions, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	go r.watchWaiting(ctx)
	var wg sync.WaitGroup
	for _, pool := range r.o.Pools {
		room := make(chan struct{}, atOnce)
		// Each takes one record of actions at a time: a command that hangs holds up no other one.
		for range atOnce {
			wg.Go(func() { r.serve(ctx, actions, room, pool) })
		}
	}
	<-ctx.Done()
	wait := stopWait
	if errors.Is(context.Cause(ctx), monitor.ErrGiveUp) {
		wait = giveUpWait
	}
	patience := time.AfterFunc(wait, end)
	defer patience.Stop()
	wg.Wait()
	return nil
}

// Drain takes no more actions, and returns when none is under way or ctx ends.
func (r *Reactionner) Drain(ctx context.Context) {
	r.gate.close(ctx)
}

// Resume takes actions again after Drain.
func (r *Reactionner) Resume() { r.gate.reopen() }

func (r *Reactionner) serve(ctx, actions context.Context, room chan struct{}, pool string) {
	cursor := bus.Cursor{
		Stream: bus.EV, Filter: bus.ActionsOf(pool), Durable: durable(pool), Batch: 1, Ack: ackWithin,
	}
	for {
		reading, leave, ok := r.gate.enter(ctx)
		if !ok {
			return
		}
		err := r.o.Bus.Read(reading, cursor, func(msgs []bus.Msg) error { return r.handle(actions, room, msgs) })
		ended := reading.Err() != nil
		leave()
		if ended {
			continue
		}
		r.o.Log.Warn("reading actions stopped and starts again", "pool", pool, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// handle carries out the actions of messages. A command that fails is recorded, not repeated: it may have told somebody before it
// failed.
func (r *Reactionner) handle(ctx context.Context, room chan struct{}, msgs []bus.Msg) error {
	for _, m := range msgs {
		var d wire.Decoder
		broks, err := wire.DecodeActions(&d, m.Data)
		if err != nil {
			r.unreadable.Inc()
			r.o.Log.Error("actions are unreadable and are passed over", "subject", m.Subject, "seq", m.Seq, "error", err)
		}
		if err := r.each(ctx, room, broks); err != nil {
			return err
		}
	}
	return nil
}

// each carries out actions as there is room. When some are not done all come again, and those that are done are known by their
// claims. What of them is wanted soonest decides when.
func (r *Reactionner) each(ctx context.Context, room chan struct{}, broks []monitor.Brok) (undone error) {
	errs := make([]error, len(broks))
	var wg sync.WaitGroup
	for i := range broks {
		b := &broks[i]
		if b.Action == nil {
			r.unreadable.Inc()
			continue
		}
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			if err := r.carryOut(ctx, b); err != nil {
				errs[i] = fmt.Errorf("action for %s is not done: %w", b.Action.Ref, err)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		undone = sooner(undone, err)
	}
	return undone
}

// sooner gives that of two errors after which a message comes again sooner: one that is no Later at once.
func sooner(a, b error) error {
	if a == nil || b == nil {
		return cmp.Or(a, b)
	}
	one, later := errors.AsType[bus.Later](a)
	other, too := errors.AsType[bus.Later](b)
	if !later || too && one.After <= other.After {
		return a
	}
	return b
}

// carryOut claims an action, carries it out and records what became of it. An error says that it must come again: ctx
// ended it, somebody else seems to be at it, or its target does not answer (bus.Later then).
func (r *Reactionner) carryOut(ctx context.Context, b *monitor.Brok) error {
	a := b.Action
	sender, wrong := r.sender(a)
	if sender != nil {
		if pause := r.rest.left(sender.Target()); pause > 0 && age(a) < patience {
			return bus.Later{After: pause}
		}
	}
	c, err := r.claim(ctx, a)
	switch {
	case errors.Is(err, errDone):
		return nil
	case err != nil:
		r.o.Log.Debug("an action is left for later", "object", a.Ref, "error", err)
		return err
	}
	r.count(1, 0)
	defer r.count(-1, 1)
	if c.again {
		r.repeated.Inc()
		r.o.Log.Warn("an action is carried out again: nobody knows whether it was done the first time", "command", a.Command, "contact", a.Contact, "object", a.Ref)
	}
	switch {
	case c.again && a.Once:
		wrong = "not repeated, as the contact wishes: nobody knows whether it was done the first time"
	case wrong != "":
	case sender != nil:
		wrong, err = r.send(ctx, sender, a, c.again)
	default:
		wrong, err = r.run(ctx, a, c.again)
	}
	if err != nil {
		_, later := errors.AsType[bus.Later](err)
		r.abandon(ctx, c, later && !errors.Is(err, errPerhaps))
		return err
	}
	r.finish(context.WithoutCancel(ctx), b, c, wrong)
	return nil
}

// finish records what became of an action.
func (r *Reactionner) finish(ctx context.Context, b *monitor.Brok, c claim, wrong string) {
	r.done.Inc()
	if wrong != "" {
		r.failed.Inc()
		r.o.Log.Error("an action went wrong; check its command definition", "command", b.Action.Command, "contact", b.Action.Contact, "object", b.Action.Ref, "what", wrong)
	}
	r.record(ctx, b, wrong)
	r.release(ctx, c)
}

// run runs an action's command line. An error means that ctx ended it; wrong is what else did not go well.
func (r *Reactionner) run(ctx context.Context, a *monitor.Action, again bool) (wrong string, err error) {
	limit := limitOf(a)
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	output, exit, err := r.o.Run(within, a.Line, environment(a, again))
	switch {
	case err != nil && ctx.Err() != nil:
		return "", err
	case within.Err() != nil:
		return fmt.Sprintf("ended after %s, its time limit", limit), nil
	case err != nil:
		return err.Error(), nil
	case exit != 0:
		return fmt.Sprintf("exit status %d: %s", exit, firstLine(output)), nil
	}
	return "", nil
}

// environment gives a command the means to tell a repetition from something new.
func environment(a *monitor.Action, again bool) []string {
	env := append(a.Env[:len(a.Env):len(a.Env)], "ONBU_ACTION_ID="+a.ID)
	if again {
		env = append(env, "ONBU_POSSIBLE_DUPLICATE=1")
	}
	return env
}

func (r *Reactionner) record(ctx context.Context, b *monitor.Brok, wrong string) {
	done := monitor.Brok{
		Kind: monitor.BrokActionDone, Time: monitor.At(time.Now()), Shard: b.Shard, Action: b.Action,
		NotificationType: b.NotificationType, Text: wrong,
	}
	ctx, cancel := context.WithTimeout(ctx, recordWithin)
	defer cancel()
	if err := r.o.Bus.Append(ctx, bus.Done(uint16(b.Shard)), wire.Marshal(done), "done."+b.Action.ID); err != nil {
		r.o.Log.Warn("what became of an action was not recorded", "object", b.Action.Ref, "error", err)
	}
}

func (r *Reactionner) count(running, sent int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running += running
	r.sent += sent
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line[:min(len(line), 200)]
}
