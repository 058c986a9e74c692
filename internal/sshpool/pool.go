// Package sshpool knows how to run commands on other machines by SSH without logging in each time: connections stay open,
// and a command takes a session on one of them. It finds keys and known hosts where ssh(1) does, and refuses what ssh
// refuses, in its words.
//
// An idle connection costs three goroutines of x/crypto/ssh and one of this package, some 40 kB in all: BenchmarkIdle
// measures it. Logins without a connection cost nothing.
package sshpool

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Options are the pool's settings; the zero value is good.
type Options struct {
	// Resolver looks up host names; nil means net.DefaultResolver.
	Resolver *net.Resolver
	// Home is where .ssh is looked for; empty for the home in the user's entry in passwd, which is what ssh takes.
	Home string
	// Idle is for how long a connection is kept that nobody uses, less when there are many; 0 means 5 minutes.
	Idle time.Duration
	// Sessions is how many commands run at once on a connection; 0 means 8. OpenSSH's servers take ten, unless they
	// are told otherwise (MaxSessions); a server that refuses one is given fewer.
	Sessions int
	// PerLogin is how many connections one login may have, which it gets one after the other; 0 means 4.
	PerLogin int
	// Crowded is how long somebody waits for a session before a login that has a connection gets another one, which costs
	// more than most commands take; 0 means 100 ms.
	Crowded time.Duration
	// Connections is how many there may be in all; 0 means 4096. When there are as many, one that is idle goes for each
	// new one, whichever: who checks in turn would never again find a connection if the oldest went.
	Connections int
	// Logins is how many logins are under way at once, over all hosts: they cost milliseconds of a processor on both sides,
	// and all are late if all begin together. 0 means 64 for each core.
	Logins int
	// Grace is how much time a session has to end after its check has given up on it; then its connection is given up,
	// unless others are served on it: it may be this machine that is slow. 0 means 10 s.
	Grace time.Duration
	// Stale is after how much time in which nothing was heard a connection may be dead without anybody knowing; 0 means 15 s.
	Stale time.Duration
}

func (o *Options) defaults() {
	if o.Resolver == nil {
		o.Resolver = net.DefaultResolver
	}
	if o.Idle == 0 {
		o.Idle = 5 * time.Minute
	}
	if o.Sessions == 0 {
		o.Sessions = 8
	}
	if o.PerLogin == 0 {
		o.PerLogin = 4
	}
	if o.Connections == 0 {
		o.Connections = 4096
	}
	if o.Grace == 0 {
		o.Grace = 10 * time.Second
	}
	if o.Crowded == 0 {
		o.Crowded = 100 * time.Millisecond
	}
	if o.Stale == 0 {
		o.Stale = 15 * time.Second
	}
	if o.Logins == 0 {
		o.Logins = 64 * runtime.GOMAXPROCS(0)
	}
}

// Pool keeps connections. Any number of goroutines may use it.
type Pool struct {
	o      Options
	user   string
	known  cache[*knownHosts]
	keys   cache[*identity]
	ctx    context.Context // ends with the pool
	cancel context.CancelFunc
	all    sync.WaitGroup // of goroutines
	logins chan struct{}  // has an element for each login under way

	mu     sync.Mutex // guards what follows, and all groups and connections
	groups map[Login]*group
	idle   []*conn
	open   int      // connections, with those that are being made
	hungry []*group // wait for room for a connection
	sweeps bool     // a sweeper runs
}

// group is the connections of a login, and who waits for one. There is none for a login that has neither.
type group struct {
	login   Login
	conns   []*conn
	waiting []*waiter
	dialing *dialing
	hungry  bool
	timed   bool // it is looked at again soon whether it needs another connection
}

// waiter waits for a session.
type waiter struct {
	since time.Time
	until time.Time // zero for ever
	ready chan grant
}

// grant is a place on a connection, or why there is none.
type grant struct {
	conn *conn
	err  error
}

// patienceOfDial bounds making a connection for whoever has no time limit.
const patienceOfDial = 2 * time.Minute

// errClosed is what a closed pool says.
var errClosed = errors.New("the pool of SSH connections is closed")

// New gives a pool. It opens nothing.
func New(o Options) *Pool {
	o.defaults()
	p := &Pool{o: o, groups: map[Login]*group{}, logins: make(chan struct{}, o.Logins)}
	p.user, p.o.Home = whoAmI(o.Home)
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// Home gives the folder in which .ssh is looked for.
func (p *Pool) Home() string { return p.o.Home }

// Open says how many connections there are, with those that are being made.
func (p *Pool) Open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open
}

// Close ends all connections, and with them the commands that run.
func (p *Pool) Close() error {
	p.cancel()
	p.mu.Lock()
	for _, g := range p.groups {
		for _, c := range slices.Clone(g.conns) {
			c.retireLocked()
			c.close()
		}
		g.refuseLocked(errClosed)
	}
	p.mu.Unlock()
	p.all.Wait()
	return nil
}

// place gives a session's place on a connection; the caller has to give it back with leave.
func (p *Pool) place(ctx context.Context, l Login) (*conn, error) {
	until, _ := ctx.Deadline()
	w := &waiter{since: time.Now(), until: until, ready: make(chan grant, 1)}
	p.mu.Lock()
	if p.ctx.Err() != nil {
		p.mu.Unlock()
		return nil, errClosed
	}
	g := p.groups[l]
	if g == nil {
		g = &group{login: l}
		p.groups[l] = g
	}
	if c := g.free(p.o.Sessions); c != nil {
		c.enterLocked()
		p.mu.Unlock()
		return c, nil
	}
	g.waiting = append(g.waiting, w)
	p.growLocked(g)
	p.mu.Unlock()
	select {
	case got := <-w.ready:
		return got.conn, got.err
	case <-ctx.Done():
		return nil, p.giveUp(ctx, g, w)
	}
}

// giveUp takes back a wish for a place.
func (p *Pool) giveUp(ctx context.Context, g *group, w *waiter) error {
	p.mu.Lock()
	stage := "waiting for a free session"
	if g.dialing != nil {
		stage = *g.dialing.stage.Load()
	}
	at := slices.Index(g.waiting, w)
	if at >= 0 {
		g.waiting = slices.Delete(g.waiting, at, at+1)
		p.forgetLocked(g)
	}
	p.mu.Unlock()
	if at < 0 { // the place came a moment too late
		if got := <-w.ready; got.conn != nil {
			p.leave(got.conn, nil)
		}
	}
	return &Late{Stage: stage, Err: context.Cause(ctx)}
}

// free gives the connection with a free place that has the most to do: the others can become idle.
func (g *group) free(most int) *conn {
	var best *conn
	for _, c := range g.conns {
		if c.sessions < min(most, c.limit) && (best == nil || c.sessions > best.sessions) {
			best = c
		}
	}
	return best
}

// growLocked opens a connection for a group whose members wait, unless one is under way, it has as many as it may, or
// there is no room. One at a time: servers refuse many that have not logged in yet (MaxStartups).
func (p *Pool) growLocked(g *group) {
	if len(g.waiting) == 0 || g.dialing != nil || g.hungry || len(g.conns) >= p.o.PerLogin {
		return
	}
	if left := p.o.Crowded - time.Since(g.waiting[0].since); left > 0 && len(g.conns) > 0 {
		p.growLaterLocked(g, left)
		return
	}
	if p.open >= p.o.Connections && !p.evictLocked() {
		g.hungry = true
		p.hungry = append(p.hungry, g)
		return
	}
	p.dialLocked(g)
}

// growLaterLocked looks again after some time.
func (p *Pool) growLaterLocked(g *group, after time.Duration) {
	if g.timed {
		return
	}
	g.timed = true
	time.AfterFunc(after, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		g.timed = false
		if p.ctx.Err() == nil {
			p.growLocked(g)
		}
	})
}

// evictLocked closes an idle connection; false if there is none.
func (p *Pool) evictLocked() bool {
	if len(p.idle) == 0 {
		return false
	}
	c := p.idle[rand.IntN(len(p.idle))]
	c.retireLocked()
	c.close()
	return true
}

// feedLocked lets those who wait for room go on.
func (p *Pool) feedLocked() {
	for len(p.hungry) > 0 && (p.open < p.o.Connections || p.evictLocked()) {
		g := p.hungry[0]
		p.hungry = p.hungry[1:]
		g.hungry = false
		p.growLocked(g)
		p.forgetLocked(g)
	}
}

// dialLocked begins to make a connection, with the time that the first who waits for it has.
func (p *Pool) dialLocked(g *group) {
	d := &dialing{until: g.waiting[0].until}
	if d.until.IsZero() {
		d.until = time.Now().Add(patienceOfDial)
	}
	d.at("connecting")
	g.dialing = d
	p.open++
	p.all.Go(func() {
		c, err := p.dial(g, d)
		p.dialed(g, d, c, err)
	})
}

// dialed takes the outcome of a dial.
func (p *Pool) dialed(g *group, d *dialing, c *conn, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g.dialing = nil
	switch {
	case err != nil:
		p.open--
	case p.ctx.Err() != nil:
		c.close()
		err = errClosed
	case c.retired: // lost already
		err = errDisconnect
	}
	if err != nil {
		g.refuseDialLocked(d, err)
		p.growLocked(g)
	} else {
		g.conns = append(g.conns, c)
		c.nth = len(p.idle)
		p.idle = append(p.idle, c)
		p.serveLocked(g)
		p.sweepLocked()
	}
	p.feedLocked()
	p.forgetLocked(g)
}

// refuseDialLocked tells those who wait that a dial failed. Those who have more time than the one that it was made for are
// not told that it was too late.
func (g *group) refuseDialLocked(d *dialing, err error) {
	late, _ := errors.AsType[*Late](err)
	var stay []*waiter
	for _, w := range g.waiting {
		if late != nil && (w.until.IsZero() || w.until.After(d.until)) {
			stay = append(stay, w)
			continue
		}
		w.ready <- grant{err: err}
	}
	g.waiting = stay
}

func (g *group) refuseLocked(err error) {
	for _, w := range g.waiting {
		w.ready <- grant{err: err}
	}
	g.waiting = nil
}

// serveLocked gives free places to those who wait, and asks for more.
func (p *Pool) serveLocked(g *group) {
	for len(g.waiting) > 0 {
		c := g.free(p.o.Sessions)
		if c == nil {
			break
		}
		c.enterLocked()
		w := g.waiting[0]
		g.waiting = g.waiting[1:]
		w.ready <- grant{conn: c}
	}
	p.growLocked(g)
}

// leave gives a place back; s is the session that had it, or nil if there was none.
func (p *Pool) leave(c *conn, s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.leaveLocked(s)
	p.serveLocked(c.group)
	p.feedLocked()
}

// forgetLocked removes a group that nobody needs.
func (p *Pool) forgetLocked(g *group) {
	if len(g.conns) == 0 && len(g.waiting) == 0 && g.dialing == nil && !g.hungry && p.groups[g.login] == g {
		delete(p.groups, g.login)
	}
}

// sweepLocked has idle connections closed in time, as long as there are connections.
func (p *Pool) sweepLocked() {
	if p.sweeps || p.ctx.Err() != nil {
		return
	}
	p.sweeps = true
	p.all.Go(func() {
		tick := time.NewTicker(p.o.Idle / 10)
		defer tick.Stop()
		for more := true; more; {
			select {
			case <-p.ctx.Done():
				return
			case <-tick.C:
				more = p.sweep()
			}
		}
	})
}

// sweep closes what has been idle for too long: the fuller the pool is, the shorter, down to a quarter. It says whether
// there is anything left to watch.
func (p *Pool) sweep() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	patience := p.o.Idle - time.Duration(float64(p.o.Idle)*0.75*float64(p.open)/float64(p.o.Connections))
	for _, c := range slices.Clone(p.idle) {
		if time.Since(c.since) >= patience {
			c.retireLocked()
			c.close()
		}
	}
	p.feedLocked()
	p.sweeps = p.open > 0
	return p.sweeps
}
