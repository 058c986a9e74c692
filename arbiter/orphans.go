package arbiter

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/onbu/onbu/arbiter/dynamic"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// mostPending bounds the candidates that wait; more of them come again with the next output of their sources.
const mostPending = 50000

// orphans watches the payloads for hosts that nobody knows, and gathers those that a rule makes hosts of.
type orphans struct {
	bus bus.Conn
	log *slog.Logger
	// news holds one value while there are candidates.
	news chan struct{}
	// anew holds one value when the rules changed: then everything that is stored is looked at again.
	anew chan struct{}

	mu      sync.Mutex
	matcher *dynamic.Matcher
	pending map[[2]string]dynamic.Candidate // by host and source
}

func newOrphans(c bus.Conn, log *slog.Logger) *orphans {
	return &orphans{bus: c, log: log, news: make(chan struct{}, 1), anew: make(chan struct{}, 1), pending: map[[2]string]dynamic.Candidate{}}
}

// follow has the rules of a list looked at from now on; nil for none.
func (o *orphans) follow(m *dynamic.Matcher) {
	o.mu.Lock()
	o.matcher = m
	clear(o.pending)
	o.mu.Unlock()
	signal(o.anew)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// take gives the candidates that were gathered.
func (o *orphans) take() []dynamic.Candidate {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := make([]dynamic.Candidate, 0, len(o.pending))
	for _, c := range o.pending {
		all = append(all, c)
	}
	clear(o.pending)
	return all
}

// run watches until ctx ends.
func (o *orphans) run(ctx context.Context) {
	for ctx.Err() == nil {
		o.mu.Lock()
		m := o.matcher
		o.mu.Unlock()
		reading, cancel := context.WithCancel(ctx)
		var done sync.WaitGroup
		if m != nil {
			done.Go(func() { o.read(reading, m) })
		}
		select {
		case <-ctx.Done():
		case <-o.anew:
		}
		cancel()
		done.Wait()
	}
}

// read looks at every orphan that is stored and at each that comes.
func (o *orphans) read(ctx context.Context, m *dynamic.Matcher) {
	var d wire.Decoder
	cursor := bus.Cursor{Stream: bus.PBX, Filter: bus.AllOrphans()}
	for ctx.Err() == nil {
		err := o.bus.Read(ctx, cursor, func(msgs []bus.Msg) error {
			for _, msg := range msgs {
				o.look(&d, m, msg)
				cursor.After = msg.Seq
			}
			return nil
		})
		if ctx.Err() == nil {
			o.log.Warn("watching for dynamic hosts stopped and starts again", "error", err)
			sleep(ctx, time.Second)
		}
	}
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// look takes an orphan in if a rule makes a host of it.
func (o *orphans) look(d *wire.Decoder, m *dynamic.Matcher, msg bus.Msg) {
	p, _, err := wire.DecodePayloadHead(d, msg.Data)
	if err != nil {
		o.log.Debug("unreadable payload", "subject", msg.Subject, "error", err)
		return
	}
	r := m.Rule(p.Target, p.Source)
	if r == nil {
		return
	}
	c := dynamic.Candidate{Host: p.Target, Source: p.Source, Rule: r.Name, At: p.At}
	if r.Discover {
		if p, err = wire.DecodePayload(d, msg.Data); err == nil {
			c.Services = offers(r, []monitor.Payload{p})
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if m != o.matcher || len(o.pending) >= mostPending {
		return
	}
	o.pending[[2]string{c.Host, c.Source}] = c
	signal(o.news)
}
