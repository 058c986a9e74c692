package natsbus

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/onbu/onbu/internal/bus"
)

// What one Post may have on the way: a stream queues 10,000 messages of all its writers (nats-server 2.15,
// streamDefaultMaxQueueMsgs).
const (
	postMessages = 1024
	postBytes    = 4 << 20
)

// Post implements bus.Letters. The letters go out without waiting for each one's answer; those without a good answer go
// again.
func (c *Conn) Post(ctx context.Context, letters []bus.Letter) (last uint64, err error) {
	if err := bus.CheckLetters(c.layout, letters); err != nil {
		return 0, fmt.Errorf("posting: %w", err)
	}
	p := &post{c: c, letters: letters, left: len(letters), done: make([]bool, len(letters))}
	for p.left > 0 && err == nil {
		err = c.retry(ctx, "post", func() error { return p.round(ctx) })
	}
	if err == nil {
		err = p.refused
	}
	if err != nil {
		return 0, fmt.Errorf("posting %d letters: %w", len(letters), err)
	}
	return p.last, nil
}

// post is one Post.
type post struct {
	c       *Conn
	letters []bus.Letter
	done    []bool // by letter: stored, passed over or refused
	left    int    // how many are not done
	last    uint64
	refused error // of a letter that is done all the same

	answers chan *nats.Msg
	prefix  string
	out     int // messages and bytes on the way
	bytes   int
}

// round sends what is not done and takes the answers. Its error is the first that may pass.
func (p *post) round(ctx context.Context) error {
	if len(p.letters) == 1 { // the connection's own place for answers will do
		seq, err := p.c.publish(ctx, p.message(0))
		return p.settle(0, seq, err)
	}
	p.answers, p.prefix = make(chan *nats.Msg, 2*postMessages), p.c.nc.NewInbox()+"."
	p.out, p.bytes = 0, 0
	sub, err := p.c.nc.ChanSubscribe(p.prefix+"*", p.answers)
	if err != nil {
		return closed(err)
	}
	defer func() { _ = sub.Unsubscribe() }() // fails only on a closed connection
	again := p.c.reconnected()
	silence := time.NewTimer(requestTimeout)
	defer silence.Stop()
	var passes error
	for i := range p.letters {
		if p.done[i] {
			continue
		}
		for p.out > 0 && (p.out >= postMessages || p.bytes+len(p.letters[i].Data) > postBytes) {
			if err := p.await(ctx, silence, again, &passes); err != nil {
				return err
			}
		}
		if err := p.send(i); err != nil {
			return closed(err)
		}
	}
	for p.out > 0 {
		if err := p.await(ctx, silence, again, &passes); err != nil {
			return err
		}
	}
	return passes
}

func (p *post) send(i int) error {
	m := p.message(i)
	m.Reply = p.prefix + strconv.Itoa(i)
	p.out, p.bytes = p.out+1, p.bytes+len(m.Data)
	return p.c.nc.PublishMsg(m)
}

// message is a letter for the server.
func (p *post) message(i int) *nats.Msg {
	l := &p.letters[i]
	m := &nats.Msg{Subject: string(l.Subject), Data: l.Data}
	if l.TTL > 0 || l.First || l.While != "" {
		m.Header = make(nats.Header, 3)
	}
	if l.TTL > 0 {
		m.Header[hdrTTL] = []string{strconv.Itoa(int(l.TTL / time.Second))}
	}
	if l.First {
		m.Header[hdrLast] = []string{"0"}
	}
	if l.While != "" {
		m.Header[hdrLast], m.Header[hdrLastOf] = []string{strconv.FormatUint(l.Place, 10)}, []string{string(l.While)}
	}
	return m
}

// await takes one answer. What may pass goes to passes; another error ends the round.
func (p *post) await(ctx context.Context, silence *time.Timer, again <-chan struct{}, passes *error) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-again:
		return nats.ErrDisconnected
	case <-silence.C:
		return nats.ErrTimeout
	case m, open := <-p.answers:
		if !open {
			return bus.ErrClosed
		}
		silence.Reset(requestTimeout)
		i, err := strconv.Atoi(strings.TrimPrefix(m.Subject, p.prefix))
		if err != nil || i < 0 || i >= len(p.letters) {
			return fmt.Errorf("answer to %s, which nobody asked", m.Subject)
		}
		p.out, p.bytes = p.out-1, p.bytes-len(p.letters[i].Data)
		seq, err := acknowledged(m)
		err = p.settle(i, seq, err)
		if err != nil && *passes == nil && passing(err) {
			*passes, err = err, nil
		}
		return err
	}
}

// settle judges what the server says of a letter.
func (p *post) settle(i int, seq uint64, err error) error {
	l := &p.letters[i]
	switch {
	case err == nil:
		p.last = max(p.last, seq)
	case refusedWith(err, errWrongLast) && l.First:
	case refusedWith(err, errWrongLast) && l.While != "":
		p.refused = bus.ErrFenced
	default:
		return full(err)
	}
	if !p.done[i] {
		p.done[i], p.left = true, p.left-1
	}
	return nil
}

// acknowledged reads the answer of a stream to one message.
func acknowledged(m *nats.Msg) (uint64, error) {
	if len(m.Data) == 0 && m.Header.Get("Status") == "503" {
		return 0, nats.ErrNoResponders
	}
	if seq, ok := plainAck(m.Data); ok {
		return seq, nil
	}
	var ack struct {
		Error *apiError `json:"error"`
		Seq   uint64    `json:"seq"`
	}
	if err := json.Unmarshal(m.Data, &ack); err != nil {
		return 0, fmt.Errorf("acknowledgement: %w", err)
	}
	if ack.Error != nil {
		return 0, ack.Error
	}
	return ack.Seq, nil
}

// plainAck reads {"stream":"…","seq":…} and nothing else, the answer to nearly all messages.
func plainAck(b []byte) (uint64, bool) {
	rest, ok := bytes.CutPrefix(b, []byte(`{"stream":"`))
	if !ok {
		return 0, false
	}
	_, rest, ok = bytes.Cut(rest, []byte(`","seq":`))
	if !ok || len(rest) < 2 || rest[len(rest)-1] != '}' {
		return 0, false
	}
	seq, err := strconv.ParseUint(string(rest[:len(rest)-1]), 10, 64)
	return seq, err == nil
}
