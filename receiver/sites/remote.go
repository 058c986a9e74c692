package sites

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules/piggyback"
	"github.com/onbu/onbu/monitor"
)

// How often a site is asked whether it is there: while it is not, or has not confirmed everything, so often that the end of an
// outage is noticed at once. Questions overlap: on a slow link their answers wait behind payloads.
const (
	askBusy  = 400 * time.Millisecond // while parcels are not confirmed
	askAway  = time.Second
	askIdle  = 2 * time.Second
	askFor   = 10 * time.Second
	asksOut  = 20
	awayFor  = 6 * time.Second // without an answer a site is away
	learnFor = time.Minute
	skewed   = 30 * time.Second
	heardFor = time.Hour // how often it is noted that the site is there
)

// remote is the talk with one other site.
type remote struct {
	room   *room
	site   string
	key    string
	cancel context.CancelFunc
	stale  chan struct{} // has something when the site has another list of hosts than the one stored
	came   chan struct{} // has something when the site answered

	mu       sync.Mutex // guards what follows
	hello    hello      // what the site said last
	seen     time.Time  // when; zero before
	since    time.Time  // from when on it has been there without a break
	rtt      time.Duration
	asked    int // questions on the way
	drain    *drain
	incoming incoming
	in, out  uint64 // payloads
	lost     string // why the last drain ended
	skew     bool   // was told of
}

func newRemote(r *room, site string, cancel context.CancelFunc) *remote {
	return &remote{room: r, site: site, key: key(r.tenant.Name, site), cancel: cancel, stale: make(chan struct{}, 1), came: make(chan struct{}, 1)}
}

// run talks until ctx ends.
func (p *remote) run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { p.follow(ctx) })
	wg.Go(func() { p.send(ctx) })
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		p.ask(ctx, &wg)
		timer.Reset(p.patience())
	}
}

// patience is how long to wait with the next question.
func (p *remote) patience() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.drain != nil && p.drain.waits():
		return askBusy
	case time.Since(p.seen) < awayFor:
		return askIdle
	}
	return askAway
}

// ask asks the site whether it is there, unless many such questions are on the way.
func (p *remote) ask(ctx context.Context, wg *sync.WaitGroup) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked >= asksOut {
		return
	}
	p.asked++
	before := p.drain.mark()
	wg.Go(func() {
		began := time.Now()
		h, err := p.question(ctx, message{Kind: askHello}, askFor)
		p.mu.Lock()
		p.asked--
		p.mu.Unlock()
		if err != nil {
			return
		}
		said, err := decodeHello(h)
		if err != nil || said.Site != p.site {
			p.room.s.count.bad.Inc()
			return
		}
		p.answered(said, time.Since(began), before)
	})
}

// question sends a message to the site and gives its answer.
func (p *remote) question(ctx context.Context, m message, patience time.Duration) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	m.From, m.Boot = p.room.s.o.Name, p.room.s.o.Boot
	return p.room.m.Request(ctx, bus.AtSite(p.site), wire.Marshal(m))
}

// answered takes the answer to a question that was asked behind the parcel before.
func (p *remote) answered(h hello, took time.Duration, before mark) {
	p.heard(h)
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Sub(p.seen) > awayFor {
		p.since = now
	}
	p.seen, p.rtt = now, took
	p.skewLocked(now.Add(-took/2).Sub(h.Time.Std()), took)
	if p.drain != nil {
		p.drain.confirm(before, h)
	}
	signal(p.came)
}

func (p *remote) skewLocked(by, within time.Duration) {
	wrong := by.Abs() > skewed+within
	if wrong && !p.skew {
		p.room.s.o.Log.Warn("the clock of another site differs from this one's: payloads will look too old, or be taken for newer ones", "site", p.key, "by", by.Round(time.Second))
	}
	p.skew = wrong
}

// heard takes what the site says of itself.
func (p *remote) heard(h hello) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hello = h
	known, ok := p.room.s.known.get(p.key)
	if !ok || known.Hash != h.Hash || time.Since(known.Heard.Std()) > heardFor {
		signal(p.stale)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// follow stores the site's list of hosts whenever it is another one.
func (p *remote) follow(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.stale:
		}
		err := p.learn(ctx)
		if ctx.Err() == nil && err != nil && !errors.Is(err, bus.ErrNoResponders) {
			p.room.s.o.Log.Warn("the hosts of another site are not known anew", "site", p.key, "error", err)
		}
		if err != nil {
			pause(ctx, time.Second)
		}
	}
}

func (p *remote) learn(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, learnFor)
	defer cancel()
	p.mu.Lock()
	h := p.hello
	p.mu.Unlock()
	known, ok := p.room.s.known.get(p.key)
	now := monitor.At(time.Now())
	if ok && known.Hash == h.Hash {
		return p.room.s.learn(ctx, p.key, nil, now)
	}
	hosts, err := p.names(ctx, askHosts, h.Hash)
	if err != nil {
		return err
	}
	theirs := p.room.tenant.Theirs
	kept := hosts[:0]
	for _, host := range hosts {
		if piggyback.IsName(host) && (theirs == nil || theirs(host)) {
			kept = append(kept, host)
		}
	}
	if err := p.room.s.learn(ctx, p.key, &list{h.Hash, kept}, now); err != nil {
		return err
	}
	p.room.s.o.Log.Info("the hosts of another site are known", "site", p.key, "hosts", len(kept), "passed_over", len(hosts)-len(kept))
	return nil
}

// names asks for all pages of a list.
func (p *remote) names(ctx context.Context, what kind, hash uint64) (all []string, err error) {
	text := 0
	for start := uint32(0); ; {
		answer, err := p.question(ctx, message{Kind: what, Start: start}, askFor)
		if err != nil {
			return nil, err
		}
		var pg page
		if err := wire.Unmarshal(answer, &pg); err != nil {
			return nil, err
		}
		if hash != 0 && pg.Hash != hash {
			return nil, errors.New("they change while they are told, which is tried again")
		}
		names, err := pg.names()
		if err != nil {
			return nil, err
		}
		all, text = append(all, names...), text+int(pg.Size)
		if len(all) > maxHosts || text > maxHostsText {
			return nil, fmt.Errorf("more than %d names or %d bytes of them", maxHosts, maxHostsText)
		}
		if pg.Next == 0 {
			return all, nil
		}
		if pg.Next <= start {
			return nil, errors.New("pages in a circle")
		}
		start = pg.Next
	}
}
