// Package nats knows how broks become JSON on subjects of a NATS server, for anybody who listens there: one subject for each kind of
// brok and object. It is not the engine's own bus, but may be the same server.
package nats

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/brokjson"
)

// Module is the exporter; one call at a time.
type Module struct {
	name, prefix   string
	events, checks bool
	passive        bool // the lines about passive results too
	link           *link
	log            *slog.Logger
	said           time.Time // when a message that is too large was last logged
	buf            []byte
	passed         atomic.Uint64 // messages that were passed over

	sent, acked, tooLarge *metrics.Counter
}

// New reads the settings of a module.
func New(s *modules.Settings, e modules.Env, _ modules.Outlook) modules.Exporter {
	m := &Module{
		name: s.Name(), prefix: s.Text("subject", "onbu"), events: s.Bool("events", true), checks: s.Bool("checks", true),
		passive: s.Bool("passive", false), link: readLink(s), log: e.Log,
	}
	if bad(m.prefix) {
		s.Wrong("subject", "%q: write words of letters, digits, - and _ with dots between, without wildcards", m.prefix)
	}
	if !m.events && !m.checks {
		s.Wrong("events", "neither events nor checks are asked for: nothing would be sent")
	}
	name := func(what string) string { return fmt.Sprintf("onbu_nats_%s{module=%q}", what, s.Name()) }
	m.sent = e.Metrics.GetOrCreateCounter(name("messages_sent_total"))
	m.acked = e.Metrics.GetOrCreateCounter(name("messages_stored_total"))
	m.tooLarge = e.Metrics.GetOrCreateCounter(name("messages_too_large_total"))
	m.link.prefix = m.prefix
	return m
}

func bad(prefix string) bool {
	for word := range strings.SplitSeq(prefix, ".") {
		if word == "" || strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) >= 0 {
			return true
		}
	}
	return len(prefix) > 200
}

// Name implements modules.Exporter.
func (m *Module) Name() string { return m.name }

// To implements modules.Bound: no secret may be in it.
func (m *Module) To() string { return m.link.url }

// Wants implements modules.Exporter.
func (m *Module) Wants() modules.Wants { return modules.Wants{Events: m.events, Checks: m.checks} }

// Export implements modules.Exporter. It returns once every message that a stream of the other server covers is stored there, and
// the server has all others.
func (m *Module) Export(ctx context.Context, broks []monitor.Brok) error {
	ctx, cancel := context.WithTimeout(ctx, m.link.timeout)
	defer cancel()
	if err := m.link.open(ctx); err != nil {
		return err
	}
	var waiting []jetstream.PubAckFuture
	for i := range broks {
		e, ok := brokjson.Of(&broks[i])
		if !ok || !m.passive && brokjson.PassiveLine(&broks[i]) {
			continue
		}
		var err error
		if m.buf, err = brokjson.Append(m.buf[:0], &e); err != nil {
			return err
		}
		msg := &nats.Msg{Subject: subject(m.prefix, &e), Data: m.buf}
		ack, err := m.publish(msg)
		switch {
		case errors.Is(err, nats.ErrMaxPayload):
			m.passOver(msg, err)
		case err != nil:
			return fmt.Errorf("publishing on %s: %w", msg.Subject, err)
		case ack != nil:
			waiting = append(waiting, ack)
		}
	}
	if err := m.link.flush(ctx); err != nil {
		return err
	}
	return m.wait(ctx, waiting)
}

// publish sends a message, and gives what waits for the stream that it belongs to, if there is one.
func (m *Module) publish(msg *nats.Msg) (jetstream.PubAckFuture, error) {
	m.sent.Inc()
	if !m.link.stored(msg.Subject) {
		return nil, m.link.conn.PublishMsg(msg)
	}
	msg.Data = append([]byte(nil), msg.Data...) // it is kept until the answer is there
	return m.link.js.PublishMsgAsync(msg, jetstream.WithMsgID(identity(msg)), jetstream.WithRetryAttempts(0))
}

func (m *Module) wait(ctx context.Context, waiting []jetstream.PubAckFuture) error {
	for _, ack := range waiting {
		select {
		case <-ack.Ok():
			m.acked.Inc()
		case err := <-ack.Err():
			if refused, ok := errors.AsType[*jetstream.APIError](err); ok && refused.ErrorCode == tooLarge {
				m.passOver(ack.Msg(), err)
				continue
			}
			m.link.forget()
			return fmt.Errorf("the stream of %s did not store a message: %w", ack.Msg().Subject, err)
		case <-ctx.Done():
			m.link.forget()
			return fmt.Errorf("waiting for the streams of %s.>: %w", m.prefix, ctx.Err())
		}
	}
	return nil
}

// tooLarge is JSStreamMessageExceedsMaximumErr.
const tooLarge = 10054

// passOver counts a message that the other side will never take.
func (m *Module) passOver(msg *nats.Msg, why error) {
	m.tooLarge.Inc()
	m.passed.Add(1)
	if now := time.Now(); now.Sub(m.said) > time.Minute {
		m.said = now
		m.log.Warn("a message is too large for the other server and passed over", "subject", msg.Subject, "bytes", len(msg.Data), "error", why)
	}
}

// identity names a message by what is in it, so that a stream keeps it once.
func identity(msg *nats.Msg) string {
	h := fnv.New128a()
	_, _ = h.Write([]byte(msg.Subject + "\x00"))
	_, _ = h.Write(msg.Data)
	return fmt.Sprintf("%x", h.Sum(nil))
}

// Refused implements modules.Refusing.
func (m *Module) Refused() uint64 { return m.passed.Load() }

// Close implements modules.Closer.
func (m *Module) Close() error {
	m.link.close()
	return nil
}
