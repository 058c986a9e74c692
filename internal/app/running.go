package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// buildAgain is the pause after which a role is built again that could not be, after maintenance.
const buildAgain = 10 * time.Second

// running is a role of the process. It works in lives: one from its start, or from when it was taken out of maintenance, until it is put
// there.
type running struct {
	app  *App
	role role
	ctx  context.Context // of the role, over all lives
	end  context.CancelFunc
	// ended is closed when the role has ended for good.
	ended chan struct{}
	// over is closed when no life will work any more, a little before.
	over chan struct{}
	// news holds a token when there is another order, soon when the heart is to beat at once.
	news, soon chan struct{}
	tell       monitor.Chronicle
	twin       twin // only beat uses it
	started    bool // run was called; only the process's start and end use it

	mu    sync.Mutex // guards everything that follows
	order wire.RoleOrder
	state wire.NodeState
	life  *life  // that works or is to begin; nil in between
	boot  string // of the newest life
	lives int    // that have begun
}

// life is a role at work.
type life struct {
	part   *part
	daemon Daemon
	cancel context.CancelCauseFunc
	ended  chan struct{}
	err    error // of Run; read it when ended is closed
	begun  bool
}

func (a *App) newRunning(r role) *running {
	ctx, end := context.WithCancel(context.Background())
	return &running{
		app: a, role: r, ctx: ctx, end: end, ended: make(chan struct{}), over: make(chan struct{}), news: make(chan struct{}, 1), soon: make(chan struct{}, 1),
		tell: a.deeds.For(r.name),
	}
}

// build makes a life that has not begun.
func (r *running) build() error {
	p := r.app.newPart()
	d, err := r.role.build(p)
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w", r.role.name, err), p.close())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.life, r.boot = &life{part: p, daemon: d, ended: make(chan struct{})}, p.boot
	return nil
}

// current gives the life that works; nil for none.
func (r *running) current() *life {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.life == nil || !r.life.begun {
		return nil
	}
	return r.life
}

// built gives the life that works or is to begin; nil for none.
func (r *running) built() *life {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.life
}

func (r *running) wanted() wire.RoleOrder {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.order
}

// set takes an order.
func (r *running) set(o wire.RoleOrder) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if o.State == r.order.State && o.Drain == r.order.Drain && o.Why == r.order.Why {
		return
	}
	r.order = o
	signal(r.news)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// enter notes a state and lets the others see it at once.
func (r *running) enter(s wire.NodeState) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state = s
	signal(r.soon)
}

func (r *running) is() wire.NodeState {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

func (r *running) booted() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.boot
}

// run keeps the role as it is ordered, from when the first order is known until r.ctx ends or the role fails.
func (r *running) run() {
	defer close(r.ended)
	var beating sync.WaitGroup
	defer beating.Wait()
	defer close(r.over)
	defer r.end()
	beating.Go(r.beat)
	select {
	case <-r.app.ordered:
	case <-r.ctx.Done():
		r.drop()
		return
	}
	for r.ctx.Err() == nil {
		again := r.follow()
		var ended <-chan struct{}
		if l := r.current(); l != nil {
			ended = l.ended
		}
		select {
		case <-again:
		case <-r.news:
		case <-r.ctx.Done():
		case <-ended:
			if !r.failed() {
				return
			}
			r.rest()
		}
	}
	r.finish(nil)
	r.drop()
}

// follow does what is ordered. It is to be called again when what it returns fires.
func (r *running) follow() (again <-chan time.Time) {
	o := r.wanted()
	working := r.current() != nil
	switch {
	case o.State != wire.NodeUp && working:
		r.giveUp(o)
	case o.State != wire.NodeUp:
		r.stay(o)
	case !working:
		if err := r.begin(); err != nil {
			r.app.o.Log.Error("a role cannot begin again, trying again", "role", r.role.name, "error", err)
			r.tell.Tell(monitor.RoleEnded, r.about(), "it cannot begin again: "+err.Error())
			return time.After(buildAgain)
		}
	}
	return nil
}

func (r *running) about() string { return r.role.name + " of " + r.app.o.Name }

// begin begins a life: that of the start, or a new one.
func (r *running) begin() error {
	r.mu.Lock()
	l, was := r.life, r.state
	r.mu.Unlock()
	if l == nil {
		if err := r.build(); err != nil {
			return err
		}
		l = r.life
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	r.mu.Lock()
	l.cancel, l.begun = cancel, true
	r.lives++
	r.mu.Unlock()
	r.app.server.refresh()
	go func() {
		defer close(l.ended)
		l.err = l.daemon.Run(ctx)
	}()
	r.enter(wire.NodeUp)
	kind, why := monitor.RoleStarted, "version "+version()
	if was != wire.NodeUp {
		kind, why = monitor.NodeUp, "taken out of "+was.String()
	}
	r.tell.Tell(kind, r.about(), why)
	return nil
}

// stay is what a role does that is out of work: before its first life, nothing of which has begun, or between two.
func (r *running) stay(o wire.RoleOrder) {
	if r.is() == o.State {
		return
	}
	r.drop()
	r.enter(o.State)
	r.tell.Tell(kindOf(o.State), r.about(), because(o))
	if r.role.name == "arbiter" {
		go r.app.prepareBus(r.ctx)
	}
}

func kindOf(s wire.NodeState) string {
	if s == wire.NodeDisconnected {
		return monitor.NodeDisconnected
	}
	return monitor.NodeMaintenance
}

// because says who ordered something, and why.
func because(o wire.RoleOrder) string {
	text := "ordered"
	if o.By != "" {
		text += " by " + o.By
	}
	if o.Drain {
		text += ", to end first what is under way"
	}
	if o.Why != "" {
		text += ": " + o.Why
	}
	return text
}

// finish ends the life, if there is one that works, and waits for its end.
func (r *running) finish(cause error) {
	l := r.current()
	if l == nil {
		return
	}
	l.cancel(cause)
	<-l.ended
	r.drop()
	switch {
	case l.err != nil && (cause == nil || !errors.Is(l.err, cause)):
		r.fail(l.err)
	case cause == nil:
		r.tell.Tell(monitor.RoleEnded, r.about(), "in order, with its process")
	}
}

// drop forgets the life, which has ended or never began.
func (r *running) drop() {
	r.mu.Lock()
	l := r.life
	r.life = nil
	r.mu.Unlock()
	if l == nil {
		return
	}
	r.app.server.refresh()
	if err := l.part.close(); err != nil {
		r.app.o.Log.Warn("what belongs to a role did not end well", "role", r.role.name, "error", err)
	}
}

// failed sees to a life that has ended by itself. At the start that is the end of the role, and of the process with an error; one that
// came out of maintenance is to begin again, so that a mistake in the files of an arbiter does not cost what the others do.
func (r *running) failed() (again bool) {
	l := r.current()
	r.drop()
	if r.lives > 1 && l.err != nil {
		r.app.o.Log.Error("a role that was in maintenance failed and begins again", "role", r.role.name, "error", l.err)
		r.tell.Tell(monitor.RoleEnded, r.about(), "it begins again: "+l.err.Error())
		return true
	}
	if l.err != nil {
		r.fail(l.err)
	}
	return false
}

// rest waits a while, or for another order.
func (r *running) rest() {
	select {
	case <-time.After(buildAgain):
	case <-r.news:
	case <-r.ctx.Done():
	}
}

func (r *running) fail(err error) {
	r.tell.Tell(monitor.RoleEnded, r.about(), err.Error())
	r.app.failed <- fmt.Errorf("%s: %w", r.role.name, err)
}
