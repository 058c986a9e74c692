package natsbus

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/onbu/onbu/internal/bus"
)

// stored is a message of a stream with the headers that it was stored with.
type stored struct {
	bus.Msg
	header nats.Header
}

// lastOf returns the newest message of a stream under a filter, from the stream's leader: no answer of it is old. It
// returns ErrNotFound when there is none.
func (c *Conn) lastOf(ctx context.Context, stream bus.Stream, filter bus.Subject) (stored, error) {
	try, cancel := context.WithTimeout(ctx, c.tryTimeout())
	defer cancel()
	ask, err := json.Marshal(map[string]string{"last_by_subj": string(filter)})
	if err != nil {
		return stored{}, err
	}
	reply, err := c.nc.RequestWithContext(try, "$JS.API.STREAM.MSG.GET."+string(stream), ask)
	c.noteAnswer(ctx, err)
	if err != nil {
		return stored{}, fmt.Errorf("last message of %s: %w", filter, closed(err))
	}
	var answer struct {
		Error   *apiError `json:"error"`
		Message struct {
			Subject bus.Subject `json:"subject"`
			Seq     uint64      `json:"seq"`
			Header  string      `json:"hdrs"`
			Data    []byte      `json:"data"`
			Time    time.Time   `json:"time"`
		} `json:"message"`
	}
	if err := json.Unmarshal(reply.Data, &answer); err != nil {
		return stored{}, fmt.Errorf("last message of %s: %w", filter, err)
	}
	if answer.Error != nil {
		if answer.Error.ErrCode == errNoMessage {
			return stored{}, fmt.Errorf("last message of %s: %w", filter, bus.ErrNotFound)
		}
		return stored{}, fmt.Errorf("last message of %s: %w", filter, answer.Error)
	}
	m := answer.Message
	header, err := decodeHeader(m.Header)
	return stored{bus.Msg{Subject: m.Subject, Data: m.Data, Seq: m.Seq, Time: m.Time}, header}, err
}

func decodeHeader(encoded string) (nats.Header, error) {
	if encoded == "" {
		return nil, nil
	}
	text, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, fmt.Errorf("header of a stored message: %w", err)
	}
	return nats.DecodeHeadersMsg(text)
}

// Sizes of one request of scan.
const (
	scanMessages = 1000
	scanBytes    = pullBytes
)

// scan hands on the messages of a stream under a filter with after < sequence <= upTo, in batches. The slice is reused.
// It needs no consumer, so nothing is left behind. The answers may come from any replica of the stream; one that lags is
// asked again until it has caught up.
func (c *Conn) scan(ctx context.Context, stream bus.Stream, filter bus.Subject, after, upTo uint64, handle func([]stored) error) error {
	g := c.getter(stream)
	defer c.putBack(g)
	wait := pause(100 * time.Millisecond)
	for after < upTo {
		batch, err := g.get(ctx, getRequest{Next: filter, Seq: after + 1, Batch: scanMessages, MaxBytes: scanBytes})
		if len(batch) == 0 {
			if err == nil && c.gone(ctx, stream, filter, after) {
				return nil // a limit has removed the last ones meanwhile
			}
			if !wait.sleep(ctx) {
				return errors.Join(ctx.Err(), err)
			}
			continue
		}
		wait = pause(100 * time.Millisecond)
		after = batch[len(batch)-1].Seq
		for len(batch) > 0 && batch[len(batch)-1].Seq > upTo {
			batch = batch[:len(batch)-1]
		}
		if err := handle(batch); err != nil {
			return err
		}
	}
	return nil
}

// gone tells whether the leader has nothing left after a sequence.
func (c *Conn) gone(ctx context.Context, stream bus.Stream, filter bus.Subject, after uint64) bool {
	newest, err := c.lastOf(ctx, stream, filter)
	return errors.Is(err, bus.ErrNotFound) || err == nil && newest.Seq <= after
}

// getter asks a stream for batches of messages (direct get, ADR-31). One goroutine at a time may use it.
type getter struct {
	nc      *nats.Conn
	stream  bus.Stream
	subject string
	sub     *nats.Subscription // nil when an answer was given up, whose rest may still come
	answers chan *nats.Msg
	prefix  string
	asked   int
	timer   *time.Timer
	batch   []stored
	code    string // how the last answer ended: its status, and how many messages were left
	pending string
}

// getRequest is a request for a batch of messages.
type getRequest struct {
	Next      bus.Subject   `json:"next_by_subj,omitempty"`
	MultiLast []bus.Subject `json:"multi_last,omitempty"`
	Seq       uint64        `json:"seq"`
	StartTime *time.Time    `json:"start_time,omitempty"`
	Batch     int           `json:"batch"`
	MaxBytes  int           `json:"max_bytes"`
}

// gettersIdle is how many getters of a stream wait to be used again: whoever has none to take up makes a server look through all
// the subjects that it knows, twice.
const gettersIdle = 256

// getter gives one that waits, or a new one.
func (c *Conn) getter(stream bus.Stream) *getter {
	c.mu.Lock()
	defer c.mu.Unlock()
	if idle := c.getters[stream]; len(idle) > 0 {
		g := idle[len(idle)-1]
		c.getters[stream] = idle[:len(idle)-1]
		return g
	}
	timer := time.NewTimer(requestTimeout)
	timer.Stop()
	return &getter{nc: c.nc, stream: stream, subject: "$JS.API.DIRECT.GET." + string(stream), timer: timer}
}

// putBack keeps a getter for the next one who wants it.
func (c *Conn) putBack(g *getter) {
	clear(g.batch)
	c.mu.Lock()
	defer c.mu.Unlock()
	if idle := c.getters[g.stream]; len(idle) < gettersIdle {
		c.getters[g.stream] = append(idle, g)
		return
	}
	g.leave()
}

// leave takes no more answers.
func (g *getter) leave() {
	if g.sub != nil {
		_ = g.sub.Unsubscribe() // fails only on a connection that is closed, where nothing is left to end
		g.sub = nil
	}
}

// listen makes room for one whole answer.
func (g *getter) listen() (err error) {
	if g.sub != nil {
		return nil
	}
	g.prefix, g.asked = g.nc.NewInbox(), 0
	g.answers = make(chan *nats.Msg, max(scanMessages, multiLast)+16)
	g.sub, err = g.nc.ChanSubscribe(g.prefix+".*", g.answers)
	return err
}

// get returns the messages of one answer, none if nothing is there, with an error if the answer was cut short: what came
// before is good. The slice is reused by the next call.
func (g *getter) get(ctx context.Context, request getRequest) ([]stored, error) {
	clear(g.batch)
	g.batch, g.code, g.pending = g.batch[:0], "", ""
	ask, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	if err := g.listen(); err != nil {
		return nil, fmt.Errorf("reading %s: %w", g.stream, closed(err))
	}
	g.asked++
	inbox := g.prefix + "." + strconv.Itoa(g.asked)
	if err := g.nc.PublishRequest(g.subject, inbox, ask); err != nil {
		return nil, closed(err)
	}
	err = g.collect(ctx)
	if g.code == "" {
		g.leave()
	}
	return g.batch, err
}

// collect takes the messages of an answer, up to the status that ends it.
func (g *getter) collect(ctx context.Context) error {
	g.timer.Reset(requestTimeout)
	defer g.timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-g.timer.C:
			return nats.ErrTimeout
		case m, open := <-g.answers:
			if !open {
				return bus.ErrClosed
			}
			if status := m.Header.Get("Status"); status != "" {
				g.code, g.pending = status, m.Header.Get(hdrPending)
				return statusError(status, m.Header.Get("Description"))
			}
			s, err := fromDirect(m)
			if err != nil {
				return err
			}
			g.batch = append(g.batch, s)
		}
	}
}

// statusError is nil for the end of a batch and for "no such message".
func statusError(status, text string) error {
	switch status {
	case "204", "404":
		return nil
	case "503":
		return nats.ErrNoResponders
	}
	return fmt.Errorf("direct get: %s %s", status, text)
}

// The headers of an answer to a direct get.
const (
	hdrSubject  = "Nats-Subject"
	hdrSequence = "Nats-Sequence"
	hdrTime     = "Nats-Time-Stamp"
	hdrPending  = "Nats-Num-Pending" // at the end of a batch: how many are left
)

func fromDirect(m *nats.Msg) (stored, error) {
	seq, err := strconv.ParseUint(m.Header.Get(hdrSequence), 10, 64)
	if err != nil {
		return stored{}, fmt.Errorf("direct get: %w", err)
	}
	at, err := time.Parse(time.RFC3339Nano, m.Header.Get(hdrTime))
	if err != nil {
		return stored{}, fmt.Errorf("direct get: %w", err)
	}
	return stored{bus.Msg{Subject: bus.Subject(m.Header.Get(hdrSubject)), Data: m.Data, Seq: seq, Time: at}, m.Header}, nil
}
