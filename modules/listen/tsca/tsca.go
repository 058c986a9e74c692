// Package tsca knows Shinken's Thrift Service Check Acceptor: lists of states as calls of a Thrift service.
package tsca

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/onbu/onbu/internal/serve"
	"github.com/onbu/onbu/internal/serve/tally"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

const (
	defaultPort = 9090
	// oldest is the greatest max_packet_age, as in Shinken.
	oldest = 900 * time.Second
)

// Listener takes the calls of many connections.
type Listener struct {
	name           string
	port           serve.Options
	most           int
	bytes          int64
	age            time.Duration
	patience, wait time.Duration
	tally          *tally.Tally
	log            *slog.Logger
	sink           modules.Sink
	memory         *serve.Memory
}

// New builds a listener.
func New(s *modules.Settings, e modules.Env) modules.Listener {
	l := &Listener{
		name: s.Name(), port: serve.Read(s, defaultPort), most: s.Int("max_results", 10_000, 1, 1_000_000), bytes: s.Bytes("max_message", 1<<20, 1<<10, 64<<20),
		age: s.Duration("max_packet_age", 30*time.Second, 0, 366*24*time.Hour), patience: s.Duration("timeout", 30*time.Second, time.Second, time.Hour),
		wait: s.Duration("idle_timeout", 10*time.Minute, time.Second, 24*time.Hour), tally: tally.New(e, "tsca", s.Name()), log: e.Log,
	}
	s.Listens(l.port.Network, l.port.Address)
	l.age = min(l.age, oldest)
	l.memory = serve.NewMemory(max(32*l.bytes, 64<<20))
	if l.port.Public() {
		s.Doubt("host", "TSCA knows no passwords: everybody who reaches %s can send results for every host; write allowed_hosts", l.port.Address)
	}
	l.port.Log = e.Log
	l.port.Refused = func(why serve.Reason) { l.tally.Refused(string(why)) }
	return l
}

// Name implements modules.Listener.
func (l *Listener) Name() string { return l.name }

// Listen implements modules.Listener.
func (l *Listener) Listen(ctx context.Context, sink modules.Sink) error {
	serving := *l
	serving.sink = sink
	port, err := serve.Open(l.port)
	if err != nil {
		return err
	}
	l.log.Info("listening", "address", port.Addr().String())
	return serve.Serve(ctx, port, l.port, serving.converse)
}

// converse answers calls until the peer is through, or sends what is none.
func (l *Listener) converse(ctx context.Context, c *serve.Conn) {
	t := &transport{from: bufio.NewReader(c), to: bufio.NewWriter(c), loan: l.memory.Loan()}
	defer t.loan.Return()
	for {
		_ = c.SetReadDeadline(time.Now().Add(l.wait)) // it fails where the read does
		if _, err := t.from.Peek(1); err != nil {
			return
		}
		_ = c.SetReadDeadline(time.Now().Add(l.patience))
		t.left = l.bytes
		t.loan.Return()
		if err := l.call(ctx, t, "tsca "+c.From()); err != nil {
			l.judge(ctx, c, err)
			return
		}
	}
}

func (l *Listener) judge(ctx context.Context, c *serve.Conn, err error) {
	switch {
	case ctx.Err() != nil, errors.Is(err, serve.ErrEnding), errors.Is(err, serve.ErrMadeRoom):
		return
	case errors.Is(err, errTooLarge):
		l.tally.Refused("size")
	case errors.Is(err, errMemory):
		l.tally.Refused("memory")
	case errors.Is(err, os.ErrDeadlineExceeded):
		l.tally.Refused("slow")
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		l.tally.Refused("cut")
	default:
		l.tally.Refused("broken")
	}
	l.log.Debug("a connection is closed", "from", c.From(), "error", err)
}

// fresh keeps the results that are of now, by the clocks of both sides, in place. Those whose time is after now get the time of
// now: clocks differ.
func (l *Listener) fresh(all []monitor.Submission, now monitor.Time) []monitor.Submission {
	kept := all[:0]
	for _, s := range all {
		age := now.Sub(s.Time)
		switch {
		case s.Time != 0 && l.age > 0 && age > l.age:
			l.tally.Refused("old")
			continue
		case s.Time != 0 && age < -max(l.age, time.Second):
			l.tally.Refused("future")
			continue
		case s.Host == "":
			l.tally.Refused("partial")
			continue
		}
		s.Time = min(s.Time, now)
		kept = append(kept, s)
	}
	return kept
}
