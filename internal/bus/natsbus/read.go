package natsbus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"github.com/onbu/onbu/internal/bus"
)

// Read implements bus.Streams. Messages are pulled batch by batch, so that none waits in this process while others of the
// same durable could have it, and a batch whose handle failed is kept and handed on again, so that order holds.
func (c *Conn) Read(ctx context.Context, cur bus.Cursor, handle func([]bus.Msg) error) error {
	if err := bus.CheckCursor(c.layout, cur); err != nil {
		return err
	}
	err := c.newReader(cur, handle).read(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("reading %s: %w", cur.Stream, err)
}

func (c *Conn) newReader(cur bus.Cursor, handle func([]bus.Msg) error) *reader {
	if cur.Batch <= 0 {
		cur.Batch = 256
	}
	cur.Batch = min(cur.Batch, maxPull)
	if cur.Ack <= 0 {
		cur.Ack = 30 * time.Second
	}
	return &reader{c: c, cur: cur, after: cur.After, at: cur.Stored, handle: handle, idle: func() error { return nil }}
}

// read reads until ctx ends, the connection is closed, the server refuses the cursor, or handle of a reader without a name
// fails.
func (r *reader) read(ctx context.Context) error {
	wait := pause(100 * time.Millisecond)
	for r.may(ctx) {
		err := r.run(ctx, &wait)
		if r.failed != nil {
			return r.failed
		}
		if r.c.nc.IsClosed() {
			return bus.ErrClosed
		}
		if ctx.Err() == nil {
			r.c.log.Debug("reading again", "stream", r.cur.Stream, "durable", r.cur.Durable, "err", err)
			wait.sleep(ctx)
		}
	}
	return ctx.Err()
}

// reader is one Read.
type reader struct {
	c      *Conn
	cur    bus.Cursor
	handle func([]bus.Msg) error
	idle   func() error // called when nothing came for a while; its error ends a reader without a name
	after  uint64       // of a reader without a name: the last sequence that was handled
	at     time.Time    // when that was stored, zero if unknown
	pinned bool         // after is set, also if the reader began with FromNow
	next   uint64       // the number that the consumer of this reader alone gives what it delivers next
	failed error        // what ends Read
}

// may waits until the reader may begin; it returns false when ctx has ended.
func (r *reader) may(ctx context.Context) bool {
	for r.cur.May != nil && !r.cur.May() {
		if again := pause(bus.MayEvery); !again.sleep(ctx) {
			return false
		}
	}
	return ctx.Err() == nil
}

// run reads until something is wrong with the consumer or ctx ends.
func (r *reader) run(ctx context.Context, wait *pause) error {
	again := r.c.reconnected()
	name, err := r.attach(ctx)
	if refused, ok := errors.AsType[*jetstream.APIError](err); ok && refused.Code == 400 && !r.overtaken(refused) {
		r.failed = err
	}
	if err != nil {
		return err
	}
	p, err := r.c.newPuller(r.cur.Stream, name, r.cur.Durable != "", again)
	if err != nil {
		return err
	}
	defer p.close()
	pull := p.pull
	if r.cur.Durable == "" {
		defer r.detach(ctx, name)
		pull = p.flow
	}
	for {
		batch, err := pull(ctx, r.cur.Batch)
		switch {
		case err != nil:
		case len(batch) == 0:
			r.failed = r.idle()
			err = r.failed
		default:
			*wait = pause(100 * time.Millisecond)
			err = r.use(ctx, batch)
		}
		if err != nil {
			return err
		}
	}
}

// attach makes sure that the consumer is there, and returns its name.
func (r *reader) attach(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	s, err := r.c.js.Stream(ctx, string(r.cur.Stream))
	if err != nil {
		return "", err
	}
	cfg := jetstream.ConsumerConfig{FilterSubject: string(r.cur.Filter), AckPolicy: jetstream.AckExplicitPolicy}
	if r.cur.Durable != "" {
		cfg.Durable = durableName(r.cur.Durable)
		cfg.AckWait = r.cur.Ack
		cfg.MaxAckPending = max(10_000, 16*r.cur.Batch)
		cfg.MaxDeliver = -1
		if r.cur.FromNow {
			cfg.DeliverPolicy = jetstream.DeliverNewPolicy
		}
	} else {
		if err := r.pin(ctx, s.CachedInfo().State.LastSeq); err != nil {
			return "", err
		}
		cfg.AckPolicy = jetstream.AckNonePolicy
		cfg.DeliverPolicy, cfg.OptStartSeq = jetstream.DeliverByStartSequencePolicy, r.after+1
		cfg.InactiveThreshold, cfg.MemoryStorage, cfg.Replicas = time.Minute, true, 1
	}
	r.next = 1
	if r.cur.Alone {
		if err := retire(ctx, s, cfg.Durable); err != nil {
			return "", err
		}
		cfg.Durable += turn + nuid.Next()
	}
	consumer, err := r.create(ctx, s, cfg)
	if err != nil {
		return "", err
	}
	return consumer.CachedInfo().Name, nil
}

// turn parts the name of a durable that is read alone from what is new at each of its beginnings: a reader that was stopped, and goes
// on when it has an heir, must not pull what would then seem to be missing to that one.
const turn = "="

// retire ends all consumers of a durable that is read alone. The server would hold back what was taken until its time is over, and
// give out newer messages meanwhile.
func retire(ctx context.Context, s jetstream.Stream, durable string) error {
	names := s.ConsumerNames(ctx)
	for name := range names.Name() {
		if base, _, _ := strings.Cut(name, turn); base != durable {
			continue
		}
		if err := s.DeleteConsumer(ctx, name); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return err
		}
	}
	return names.Err()
}

// overtaken says whether a reader that reads alone was refused because another one of its name began at the same moment.
func (r *reader) overtaken(refused *jetstream.APIError) bool {
	const several, notUnique = 10099, 10100 // consumers of a queue (nats-server 2.15, JSConsumerWQ…)
	return r.cur.Alone && (refused.ErrorCode == several || refused.ErrorCode == notUnique)
}

// create keeps the start of a durable that is there already: a server refuses to change it.
func (r *reader) create(ctx context.Context, s jetstream.Stream, cfg jetstream.ConsumerConfig) (jetstream.Consumer, error) {
	if cfg.Durable != "" {
		there, err := s.Consumer(ctx, cfg.Durable)
		if err == nil {
			old := there.CachedInfo().Config
			cfg.DeliverPolicy, cfg.OptStartSeq = old.DeliverPolicy, old.OptStartSeq
		} else if !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return nil, err
		}
	}
	return s.CreateOrUpdateConsumer(ctx, cfg)
}

func (r *reader) detach(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := r.c.js.DeleteConsumer(ctx, string(r.cur.Stream), name); err != nil {
		r.c.log.Debug("removing a reader", "stream", r.cur.Stream, "err", err) // it removes itself after a minute
	}
}

// use hands a batch on.
func (r *reader) use(ctx context.Context, batch []*nats.Msg) error {
	msgs, err := r.decode(batch)
	if err != nil {
		return err
	}
	if r.cur.Durable != "" {
		return r.useDurably(ctx, batch, msgs)
	}
	if err := r.handle(msgs); err != nil {
		r.failed = err
		return err
	}
	last := &msgs[len(msgs)-1]
	r.after, r.at = last.Seq, last.Time
	return nil
}

// decode returns an error when a message is missing before one of these: then the consumer is made anew behind the last
// that was handled. What a server that was cut off had sent is missing so, while the connection to another one holds; a queue that is read
// alone would bring it behind what is newer, and whoever keeps a position would take it for used.
func (r *reader) decode(batch []*nats.Msg) ([]bus.Msg, error) {
	msgs := make([]bus.Msg, len(batch))
	for i, m := range batch {
		meta, err := m.Metadata()
		if err != nil {
			return nil, fmt.Errorf("message of %s: %w", r.cur.Stream, err)
		}
		if (r.cur.Durable == "" || r.cur.Alone) && meta.Sequence.Consumer != r.next {
			return nil, fmt.Errorf("message %d of %s came as number %d instead of %d", meta.Sequence.Stream, r.cur.Stream, meta.Sequence.Consumer, r.next)
		}
		r.next++
		msgs[i] = bus.Msg{Subject: bus.Subject(m.Subject), Data: m.Data, Seq: meta.Sequence.Stream, Time: meta.Timestamp}
		if r.cur.Durable != "" {
			msgs[i].ID = m.Header.Get(hdrMsgID)
		}
	}
	return msgs, nil
}

// useDurably calls handle until it succeeds; it tells the server meanwhile that the messages are not forgotten. When ctx
// ends before, they are given back.
func (r *reader) useDurably(ctx context.Context, batch []*nats.Msg, msgs []bus.Msg) error {
	wait := time.Second
	for {
		err := r.handle(msgs)
		if err == nil {
			return r.c.answer(batch, "+ACK")
		}
		if later, ok := errors.AsType[bus.Later](err); ok {
			return r.c.answer(batch, fmt.Sprintf(`-NAK {"delay": %d}`, max(later.After, time.Millisecond)))
		}
		r.c.log.Warn("messages could not be used, trying again", "stream", r.cur.Stream, "durable", r.cur.Durable,
			"first", msgs[0].Seq, "count", len(msgs), "err", err)
		if !r.hold(ctx, batch, wait) {
			return errors.Join(ctx.Err(), r.c.answer(batch, "-NAK"))
		}
		wait = min(2*wait, 30*time.Second)
	}
}

// hold waits and keeps the batch from coming again meanwhile; it returns false when ctx has ended.
func (r *reader) hold(ctx context.Context, batch []*nats.Msg, wait time.Duration) bool {
	over := time.NewTimer(wait)
	defer over.Stop()
	beat := time.NewTicker(r.cur.Ack / 3)
	defer beat.Stop()
	for {
		_ = r.c.answer(batch, "+WPI") // when it fails the batch may come twice
		select {
		case <-ctx.Done():
			return false
		case <-over.C:
			return true
		case <-beat.C:
		}
	}
}

// answer acknowledges (+ACK), returns (-NAK, at once or after a delay) or holds (+WPI) messages.
func (c *Conn) answer(batch []*nats.Msg, what string) error {
	for _, m := range batch {
		if err := c.nc.Publish(m.Reply, []byte(what)); err != nil {
			return closed(err)
		}
	}
	return nil
}

// durableName makes a name that NATS accepts of any name.
func durableName(name string) string {
	for _, r := range name {
		if r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return "x_" + bus.Token(name)
		}
	}
	return name
}
