package membus

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"github.com/onbu/onbu/internal/bus"
)

// lagMessages is how far a subscriber may lag before it loses messages.
const lagMessages = 65536

type subscription struct {
	conn   *conn
	filter bus.Subject
	queue  []bus.Msg     // guarded by Bus.mu
	wake   chan struct{} // holds a token when queue is not empty
	once   sync.Once
	quit   chan struct{}
	ended  chan struct{}
}

// Subscribe implements bus.Messenger.
func (c *conn) Subscribe(subject bus.Subject, deliver func(bus.Msg)) (func(), error) {
	if err := c.open(context.Background()); err != nil {
		return nil, fmt.Errorf("subscribing to %s: %w", subject, err)
	}
	s := &subscription{
		conn: c, filter: subject,
		wake: make(chan struct{}, 1), quit: make(chan struct{}), ended: make(chan struct{}),
	}
	c.bus.mu.Lock()
	c.bus.subs[s] = struct{}{}
	c.bus.mu.Unlock()
	go s.run(deliver)
	return s.stop, nil
}

func (s *subscription) run(deliver func(bus.Msg)) {
	defer close(s.ended)
	for {
		select {
		case <-s.quit:
			return
		case <-s.wake:
		}
		for _, m := range s.take() {
			select {
			case <-s.quit:
				return
			default:
				deliver(m)
			}
		}
	}
}

func (s *subscription) take() []bus.Msg {
	s.conn.bus.mu.Lock()
	defer s.conn.bus.mu.Unlock()
	queue := s.queue
	s.queue = nil
	return queue
}

func (s *subscription) stop() {
	s.conn.bus.mu.Lock()
	delete(s.conn.bus.subs, s)
	s.conn.bus.mu.Unlock()
	s.once.Do(func() { close(s.quit) })
	<-s.ended
}

// Publish implements bus.Messenger.
func (c *conn) Publish(subject bus.Subject, data []byte) error {
	if err := c.sendable(subject, data); err != nil {
		return fmt.Errorf("publishing: %w", err)
	}
	c.bus.send(bus.Msg{Subject: subject, Data: data})
	return nil
}

func (c *conn) sendable(subject bus.Subject, data []byte) error {
	if err := bus.CheckMessage(subject, data); err != nil {
		return err
	}
	return c.open(context.Background())
}

// send queues a copy of m for each subscriber and returns how many there are.
func (b *Bus) send(m bus.Msg) (listeners int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for s := range b.subs {
		if !m.Subject.Matches(s.filter) {
			continue
		}
		listeners++
		if len(s.queue) >= lagMessages {
			b.lost++
			continue
		}
		own := m
		own.Data = bytes.Clone(m.Data)
		s.queue = append(s.queue, own)
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
	return listeners
}

// Request implements bus.Messenger.
func (c *conn) Request(ctx context.Context, subject bus.Subject, data []byte) ([]byte, error) {
	if err := c.sendable(subject, data); err != nil {
		return nil, fmt.Errorf("asking: %w", err)
	}
	answers := make(chan []byte, 1)
	reply := func(data []byte) error {
		if len(data) > bus.MaxMessage {
			return fmt.Errorf("answering on %s with %d bytes: %w", subject, len(data), bus.ErrTooLarge)
		}
		select {
		case answers <- bytes.Clone(data):
		default: // not the first
		}
		return nil
	}
	if c.bus.send(bus.Msg{Subject: subject, Data: data, Reply: reply}) == 0 {
		return nil, fmt.Errorf("asking %s: %w", subject, bus.ErrNoResponders)
	}
	select {
	case answer := <-answers:
		return answer, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("asking %s: %w", subject, ctx.Err())
	case <-c.done:
		return nil, fmt.Errorf("asking %s: %w", subject, bus.ErrClosed)
	}
}
