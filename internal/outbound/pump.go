package outbound

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

const (
	mostBytes = 4 << 20 // of a body before it is compressed
	// mostTries bounds what the search for the bad points of one body may cost, in posts.
	mostTries = 512
)

// Format is how points are written for a store.
type Format struct {
	// Encode adds the points of a check to b, each ended with Cut. Several goroutines call it, each with a batch of its own.
	Encode func(b *Batch, c *monitor.Check)
	// Wrap makes a body of points and appends it to dst, which is empty.
	Wrap   func(dst, points []byte) []byte
	Header http.Header
}

// Pump brings the points of checks to a store, in order for each object. One goroutine calls Send.
type Pump struct {
	client  *Client
	format  Format
	senders int
	points  int
	// resend is how far back the store may lose what it has taken when it dies; 0 if it does not.
	resend time.Duration
	log    *slog.Logger
	seed   maphash.Seed
	lanes  []lane
	// done are the checks of a Send that went wrong which are at the other side all the same, until none of them can come again: how
	// many of each, as an object may have several of one time. skipped are those that this Send left out for that.
	done    map[key]int
	skipped []key
	until   monitor.Time // of the newest check of that Send
	quiet   quiet
	// probe is whose point shows that the store takes points; passed counts those that were passed over.
	probe  monitor.Ref
	passed atomic.Uint64

	sent, refused, posts, failed *metrics.Counter
	seconds                      *metrics.Histogram
}

type key struct {
	ref monitor.Ref
	at  monitor.Time
}

// NewPump reads the settings of a pump and its client; kind is the type in the names of metrics.
func NewPump(s *modules.Settings, e modules.Env, kind, url string, f Format) *Pump {
	p := &Pump{
		client: Read(s, url), format: f, log: e.Log, seed: maphash.MakeSeed(), done: map[key]int{},
		points: s.Int("batch", 5000, 1, 100_000), senders: s.Int("senders", 2, 1, 64),
		resend: s.Duration("resend", 0, 0, 5*time.Minute),
		probe:  monitor.Ref{Host: "onbu", Service: "export " + s.Name()},
	}
	p.lanes = make([]lane, p.senders)
	name := func(what string) string { return fmt.Sprintf("onbu_%s_%s{module=%q}", kind, what, s.Name()) }
	p.sent = e.Metrics.GetOrCreateCounter(name("points_sent_total"))
	p.refused = e.Metrics.GetOrCreateCounter(name("points_refused_total"))
	p.posts = e.Metrics.GetOrCreateCounter(name("posts_total"))
	p.failed = e.Metrics.GetOrCreateCounter(name("posts_failed_total"))
	p.seconds = e.Metrics.GetOrCreateHistogram(name("post_seconds"))
	return p
}

// Client gives the client, for what is particular to a format.
func (p *Pump) Client() *Client { return p.client }

// Close implements modules.Closer.
func (p *Pump) Close() error {
	p.client.Close()
	return nil
}

// Send brings the points of all checks among the broks to the store. After an error the same broks may come again, in whatever
// pieces: what was taken is not sent twice, but for parts of a body in which bad points were looked for. Points that the store
// refuses are counted and passed over, if it takes others.
func (p *Pump) Send(ctx context.Context, broks []monitor.Brok) error {
	checks, newest := p.fresh(broks)
	lanes := p.lanes[:min(p.senders, 1+2*len(checks)/p.points)]
	for i := range checks {
		l := &lanes[0]
		if len(lanes) > 1 {
			l = &lanes[maphash.Comparable(p.seed, checks[i].Ref)%uint64(len(lanes))]
		}
		l.checks = append(l.checks, checks[i])
	}
	var wg sync.WaitGroup
	for i := range lanes {
		wg.Go(func() { lanes[i].err = lanes[i].run(ctx, p) })
	}
	wg.Wait()
	return p.settle(lanes, newest)
}

// fresh gives the checks among broks that are not at the other side yet, and the time of the newest.
func (p *Pump) fresh(broks []monitor.Brok) (checks []*monitor.Check, newest monitor.Time) {
	oldest := monitor.Time(0)
	for i := range broks {
		c := broks[i].Check
		if c == nil {
			continue
		}
		newest = max(newest, c.Time)
		if oldest == 0 || c.Time < oldest {
			oldest = c.Time
		}
		if len(p.done) > 0 {
			if k := (key{c.Ref, c.Time}); p.done[k] > 0 {
				p.done[k]--
				p.skipped = append(p.skipped, k)
				continue
			}
		}
		checks = append(checks, c)
	}
	if len(p.done) > 0 && oldest > p.until {
		clear(p.done)
	}
	return checks, newest
}

// settle empties the lanes, and remembers what they brought over if one of them did not get through.
func (p *Pump) settle(lanes []lane, newest monitor.Time) error {
	var err error
	for i := range lanes {
		err = errors.Join(err, lanes[i].err)
	}
	for i := range lanes {
		l := &lanes[i]
		if err != nil {
			for _, c := range l.checks[:l.over] {
				p.done[key{c.Ref, c.Time}]++
			}
		}
		clear(l.checks)
		l.checks, l.over, l.err = l.checks[:0], 0, nil
	}
	if err != nil {
		for _, k := range p.skipped { // they come again too
			p.done[k]++
		}
	}
	p.skipped = p.skipped[:0]
	if p.resend > 0 && wasGone(err) {
		clear(p.done) // it may have lost these too
		return modules.Rewind{By: p.resend, Err: err}
	}
	if err != nil {
		p.until = max(p.until, newest)
	}
	return err
}

// wasGone says that the store may have ended: it did not answer, or who stands before it says so.
func wasGone(err error) bool {
	_, silent := errors.AsType[*silence](err)
	_, behind := errors.AsType[*away](err)
	return silent || behind
}

// search is the sending of one body, and the search for bad points if it is refused.
type search struct {
	lane  *lane
	tries int  // so many posts are left for it
	taken bool // the store took something since the body was first refused
}

// post sends the points from…to-1 of a batch, and looks for the bad ones by halves if they are refused.
func (p *Pump) post(ctx context.Context, s *search, from, to int) error {
	l := s.lane
	l.body = p.format.Wrap(l.body[:0], l.batch.span(from, to))
	err := p.send(ctx, l.body)
	s.tries--
	refused, content := errors.AsType[*Refused](err)
	switch {
	case err == nil:
		p.sent.Add(to - from)
		s.taken = true
		return nil
	case !content:
		return err
	case to-from == 1 || s.tries <= 0:
		if err := p.doubt(ctx, s, refused); err != nil {
			return err
		}
		p.passOver(l, from, to, refused)
		return nil
	}
	half := from + (to-from)/2
	if err := p.post(ctx, s, from, half); err != nil {
		return err
	}
	return p.post(ctx, s, half, to)
}

// send posts a body, and counts that.
func (p *Pump) send(ctx context.Context, body []byte) error {
	began := time.Now()
	err := p.client.Post(ctx, p.format.Header, body)
	p.seconds.UpdateDuration(began)
	p.posts.Inc()
	if _, content := errors.AsType[*Refused](err); err != nil && !content {
		p.failed.Inc()
	}
	return err
}

// doubt tells points that are bad from an address that takes none. Where nothing else of the body was taken, a point that is
// surely good, of this moment, has to be: a server that refuses this too is not asked for a verdict on any other.
func (p *Pump) doubt(ctx context.Context, s *search, refused error) error {
	if s.taken {
		return nil
	}
	var b Batch
	now := monitor.At(time.Now())
	p.format.Encode(&b, &monitor.Check{Ref: p.probe, Time: now, Started: now, Perfdata: "probe=1"})
	err := p.send(ctx, p.format.Wrap(nil, b.Bytes))
	if err == nil {
		s.taken = true
		return nil
	}
	if _, content := errors.AsType[*Refused](err); content {
		p.failed.Inc()
		return fmt.Errorf("every point is refused, so it is not the points; check the url and its path: %w", refused)
	}
	return err
}

// Refused gives how many points were passed over because the store refused them. Any goroutine may call it.
func (p *Pump) Refused() uint64 { return p.passed.Load() }

func (p *Pump) passOver(l *lane, from, to int, why error) {
	p.refused.Add(to - from)
	p.passed.Add(uint64(to - from))
	if n, say := p.quiet.more(to-from, time.Now()); say {
		p.log.Warn("points were refused and are passed over", "points", n, "first", l.batch.of[from].Ref.String(), "error", why)
	}
}

// lane is one of the senders; one goroutine works with it during Send.
type lane struct {
	checks []*monitor.Check
	over   int // so many of checks are done with
	batch  Batch
	body   []byte
	err    error
}

func (l *lane) run(ctx context.Context, p *Pump) error {
	defer l.batch.reset() // nothing holds the broks any longer
	for at := 0; at < len(l.checks); l.over = at {
		l.batch.reset()
		for at < len(l.checks) && len(l.batch.ends) < p.points && len(l.batch.Bytes) < mostBytes {
			p.format.Encode(&l.batch, l.checks[at])
			at++
		}
		if len(l.batch.ends) == 0 {
			continue
		}
		if err := p.post(ctx, &search{lane: l, tries: mostTries}, 0, len(l.batch.ends)); err != nil {
			return err
		}
	}
	return nil
}

// quiet has one line a minute say how much there was since the last.
type quiet struct {
	mu   sync.Mutex
	last time.Time
	n    int
}

func (q *quiet) more(n int, now time.Time) (total int, say bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.n += n
	if !q.last.IsZero() && now.Sub(q.last) < time.Minute {
		return 0, false
	}
	total, q.n, q.last = q.n, 0, now
	return total, true
}
