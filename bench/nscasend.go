package bench

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/onbu/onbu/bench/target"
	"github.com/onbu/onbu/modules/listen/nsca/packet"
)

// server is an engine with its NSCA servers.
type server struct {
	name string
	pids []int
	// port gives the port for a method.
	port func(packet.Method) int
	// onePerShort says that the server takes one packet of 720 bytes from a connection, no more.
	onePerShort bool
	// mute says that the server does not count what it accepts.
	mute bool
	// counted says how many results were accepted and applied so far.
	counted func(ctx context.Context) (accepted, applied int64, err error)
}

// send has the senders send, one after the other.
func (r *run) send(ctx context.Context, s *server) error {
	results := nscaResults
	if r.o.Services < 10_000 { // a small run
		results = 20 * r.o.Services
	}
	if s.mute { // a slow one
		results /= 4
	}
	for _, shape := range shapes(results) {
		if err := r.sendShape(ctx, s, shape); err != nil {
			return err
		}
	}
	return nil
}

// sendShape has one sender send in a way, unless the server cannot take that.
func (r *run) sendShape(ctx context.Context, s *server, shape shape) error {
	l := shape.load
	l.Port, l.Services, l.Password = s.port(l.Method), r.o.Services, nscaPassword
	if s.onePerShort && l.Size == packet.Short {
		return nil
	}
	if shape.most > 0 {
		l.Results = min(l.Results, shape.most)
	}
	r.say("%s: %s results, %s", s.name, thousands(l.Results), shape.about)
	out, err := r.sendOne(ctx, s, &l)
	if err != nil {
		return fmt.Errorf("%s, %s: %w", s.name, shape.about, err)
	}
	out.Engine, out.About = s.name, shape.about
	r.senders = append(r.senders, out)
	return nil
}

// nscaAnswered is how a sender says how much it has sent.
var nscaAnswered = regexp.MustCompile(`^answered (\d+)$`)

const (
	// nscaPatience is how long a sender sends at most; then it stops, and what it has sent until then counts. nscaQuiet is how long
	// nothing more comes once everything is applied.
	nscaPatience = 15 * time.Second
	nscaQuiet    = 2 * time.Second
	nscaLook     = 100 * time.Millisecond
)

// sendOne has one sender send, and waits until nothing more comes of it.
func (r *run) sendOne(ctx context.Context, s *server, l *target.NSCALoad) (*NSCASender, error) {
	f := following{server: s, out: &NSCASender{}}
	var err error
	if f.accepted, f.applied, err = s.counted(ctx); err != nil {
		return nil, err
	}
	cpu := s.cpu()
	c, err := start(ctx, targetListens, r.o.Program, "bench", "target", l.Name())
	if err != nil {
		return nil, err
	}
	defer c.stop()
	if _, err := c.said(ctx); err != nil {
		return nil, err
	}
	for f.began = time.Now(); ; {
		quiet, err := f.look(ctx, c)
		if err != nil {
			return nil, err
		}
		if quiet {
			break
		}
		if !pause(ctx, nscaLook) {
			return nil, ctx.Err()
		}
	}
	f.out.CPU = float64((s.cpu() - cpu).Microseconds()) / float64(max(f.out.Accepted, 1))
	f.out.RSS = s.rss()
	return f.out, nil
}

// following looks at what becomes of what a sender sends.
type following struct {
	*server
	out               *NSCASender
	accepted, applied int64 // before
	began             time.Time
	sum               int64 // of all counters, and when it changed last
	moved             time.Time
	told              bool // the sender, to stop
}

// look reads all counters; quiet says that nothing more will come.
func (f *following) look(ctx context.Context, sender *child) (quiet bool, err error) {
	if f.out.Sent, err = sentBy(ctx, sender); err != nil {
		return false, err
	}
	accepted, applied, err := f.counted(ctx)
	if err != nil {
		return false, err
	}
	now := time.Now()
	if applied -= f.applied; applied > f.out.Applied {
		f.out.Applied, f.out.Applying = applied, now.Sub(f.began).Seconds()
	}
	if accepted -= f.accepted; f.mute { // what makes a state was accepted
		accepted = applied
	}
	if accepted > f.out.Accepted {
		f.out.Accepted, f.out.Sending = accepted, now.Sub(f.began).Seconds()
	}
	if sum := f.out.Sent + accepted + applied; sum != f.sum || f.moved.IsZero() {
		f.sum, f.moved = sum, now
	}
	if now.Sub(f.began) > nscaPatience && !f.told {
		f.told = true
		if _, err := fmt.Fprintln(sender.input, "trouble 1 0"); err != nil {
			return false, err
		}
	}
	rest := nscaQuiet
	if applied < f.out.Sent {
		rest = 2 * nscaQuiet
	}
	return now.Sub(f.moved) > rest || now.Sub(f.began) > 3*nscaPatience, nil
}

func sentBy(ctx context.Context, c *child) (int64, error) {
	c.lines.expect(nscaAnswered)
	if _, err := fmt.Fprintln(c.input, "count"); err != nil {
		return 0, err
	}
	text, err := c.said(ctx)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}

func (s *server) cpu() time.Duration {
	var all time.Duration
	for _, pid := range s.pids {
		all += usageOf(pid).total()
	}
	return all
}

func (s *server) rss() int64 {
	var all int64
	for _, pid := range s.pids {
		for _, p := range tree(pid) {
			now, _ := memory(p.pid)
			all += now
		}
	}
	return all
}
