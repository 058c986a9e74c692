package natsbus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/onbu/onbu/internal/bus"
)

// puller asks a consumer for messages, one request at a time. One goroutine may use it.
type puller struct {
	c       *Conn
	acks    bool
	msgs    chan *nats.Msg
	sub     *nats.Subscription
	subject string
	prefix  string
	asked   int
	buf     []*nats.Msg

	again <-chan struct{} // closed when the connection was lost since the consumer was made: what it knows may be old

	inbox string // of the request under way
	left  int    // how many messages it may still bring
}

// A pull that waits for the first message is renewed after pullWait; the server shows every pullBeat that it is alive, and one
// that missed two is taken for lost: with the leader of a consumer, it is led by another a few seconds later.
// maxPull bounds a batch, and so does pullBytes: what all readers of a connection have asked for may wait for it at once,
// and a server cuts a connection off for which more than 64 MB wait (nats-server 2.15, DEFAULT_MAX_PENDING), with everything
// that was on its way. The largest message fits.
const (
	maxPull   = 8192
	pullBytes = bus.MaxMessage + 64<<10
	pullWait  = 30 * time.Second
	pullBeat  = 2 * time.Second
)

// newPuller pulls from a consumer, until again is closed; acks is whether that one waits to hear what was used.
func (c *Conn) newPuller(stream bus.Stream, consumer string, acks bool, again <-chan struct{}) (*puller, error) {
	p := &puller{
		c: c, acks: acks, again: again, msgs: make(chan *nats.Msg, 2*maxPull), prefix: c.nc.NewInbox(),
		subject: "$JS.API.CONSUMER.MSG.NEXT." + string(stream) + "." + consumer,
	}
	var err error
	if p.sub, err = c.nc.ChanSubscribe(p.prefix+".*", p.msgs); err != nil {
		return nil, closed(err)
	}
	return p, nil
}

// close gives messages back that came after the last pull.
func (p *puller) close() {
	_ = p.sub.Unsubscribe() // fails only on a closed connection
	for {
		select {
		case m := <-p.msgs:
			if p.acks && m.Header.Get("Status") == "" {
				_ = p.c.answer([]*nats.Msg{m}, "-NAK") // when it fails they come back after a time
			}
		default:
			return
		}
	}
}

// pull returns at least one message and at most n: what is there, else the first that comes with what came meanwhile.
// The slice is reused by the next call. None and no error means that it should be asked again.
func (p *puller) pull(ctx context.Context, n int) ([]*nats.Msg, error) {
	clear(p.buf)
	p.buf = p.buf[:0]
	err := p.ask(ctx, pullRequest{Batch: n, NoWait: true}, requestTimeout)
	if err != nil || len(p.buf) > 0 {
		return p.some(ctx, err)
	}
	err = p.ask(ctx, pullRequest{Batch: 1, Expires: pullWait, Heartbeat: pullBeat}, 2*pullBeat+time.Second)
	if err == nil && len(p.buf) > 0 && n > 1 {
		err = p.ask(ctx, pullRequest{Batch: n - 1, NoWait: true}, requestTimeout)
	}
	return p.some(ctx, err)
}

// flow is pull for a consumer that nobody else uses: one request for n messages stays open, and each call gives what has
// come, so that few messages cost few requests.
func (p *puller) flow(ctx context.Context, n int) ([]*nats.Msg, error) {
	clear(p.buf)
	p.buf = p.buf[:0]
	if p.left == 0 {
		if err := p.request(pullRequest{Batch: n, Expires: pullWait, Heartbeat: pullBeat}); err != nil {
			return nil, err
		}
	}
	timer := time.NewTimer(2*pullBeat + time.Second)
	defer timer.Stop()
	done, err := p.await(ctx, timer) // a message, or a beat: then whoever asked can look whether it still waits for something
	if err != nil || done {
		p.left = 0
		return nil, err
	}
	for p.left > 0 && len(p.msgs) > 0 {
		if done, err := p.await(ctx, timer); err != nil || done {
			p.left = 0 // what is wrong shows again at the next call
			break
		}
	}
	return p.buf, nil
}

// some leaves an error to the next pull when messages came before it. When ctx has ended they are given back.
func (p *puller) some(ctx context.Context, err error) ([]*nats.Msg, error) {
	if ctx.Err() != nil {
		return nil, errors.Join(ctx.Err(), p.c.answer(p.buf, "-NAK"))
	}
	if len(p.buf) > 0 {
		return p.buf, nil
	}
	return nil, err
}

type pullRequest struct {
	Batch     int           `json:"batch"`
	MaxBytes  int           `json:"max_bytes"`
	NoWait    bool          `json:"no_wait,omitempty"`
	Expires   time.Duration `json:"expires,omitempty"`
	Heartbeat time.Duration `json:"idle_heartbeat,omitempty"`
}

var errSilent = errors.New("the server is silent")

// ask sends one request and collects its messages; silence is how long nothing at all may come.
func (p *puller) ask(ctx context.Context, r pullRequest, silence time.Duration) error {
	if err := p.request(r); err != nil {
		return err
	}
	timer := time.NewTimer(silence)
	defer timer.Stop()
	for p.left > 0 {
		if done, err := p.await(ctx, timer); done || err != nil {
			return err
		}
		timer.Reset(silence)
	}
	return nil
}

// request sends a request; await then takes its messages.
func (p *puller) request(r pullRequest) error {
	r.MaxBytes = pullBytes
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	p.asked++
	p.inbox = p.prefix + "." + strconv.Itoa(p.asked)
	p.left = r.Batch
	return closed(p.c.nc.PublishRequest(p.subject, p.inbox, text))
}

// await takes a message, or hears what the server says of the request; done is that it has ended.
func (p *puller) await(ctx context.Context, silence *time.Timer) (done bool, err error) {
	select {
	case <-ctx.Done():
		return true, ctx.Err()
	case <-p.again:
		return true, errors.New("the connection was lost")
	case <-silence.C:
		return true, errSilent
	case m, open := <-p.msgs:
		if !open {
			return true, bus.ErrClosed
		}
		status := m.Header.Get("Status")
		switch {
		case status == "":
			p.buf = append(p.buf, m)
			p.left--
		case m.Subject != p.inbox: // about an earlier request
		default:
			return pullStatus(status, m.Header.Get("Description"))
		}
	}
	return false, nil
}

// pullStatus tells whether a status ends a request (ADR-13).
func pullStatus(status, text string) (done bool, err error) {
	switch status {
	case "100": // alive
		return false, nil
	case "404", "408": // nothing, or nothing more
		return true, nil
	case "503":
		return true, nats.ErrNoResponders
	}
	switch text {
	case "Message Size Exceeds MaxBytes": // the next message belongs to the next request
		return true, nil
	case "Batch Completed": // comes before the messages where several servers keep the consumer: those wait for their copies
		return false, nil
	}
	return true, fmt.Errorf("pulling: %s %s", status, text)
}
