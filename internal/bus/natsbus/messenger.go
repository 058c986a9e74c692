package natsbus

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/onbu/onbu/internal/bus"
)

// A subscriber may lag by so much before it loses messages.
const (
	lagMessages = 65536
	lagBytes    = 128 << 20
)

// Publish implements bus.Messenger.
func (c *Conn) Publish(subject bus.Subject, data []byte) error {
	if err := bus.CheckMessage(subject, data); err != nil {
		return fmt.Errorf("publishing: %w", err)
	}
	if err := c.nc.Publish(string(subject), data); err != nil {
		return fmt.Errorf("publishing to %s: %w", subject, closed(err))
	}
	return nil
}

// Subscribe implements bus.Messenger. The subscription is known to the server when it returns.
func (c *Conn) Subscribe(subject bus.Subject, deliver func(bus.Msg)) (func(), error) {
	var mu sync.Mutex // held while deliver runs
	stopped := false
	sub, err := c.nc.Subscribe(string(subject), func(m *nats.Msg) {
		mu.Lock()
		defer mu.Unlock()
		if !stopped {
			deliver(coreMsg(m))
		}
	})
	if err == nil {
		err = errors.Join(sub.SetPendingLimits(lagMessages, lagBytes), c.nc.FlushTimeout(requestTimeout))
	}
	if err != nil {
		return nil, fmt.Errorf("subscribing to %s: %w", subject, closed(err))
	}
	stop := func() {
		if err := sub.Unsubscribe(); err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
			c.log.Debug("ending a subscription", "subject", subject, "err", err)
		}
		mu.Lock()
		defer mu.Unlock()
		stopped = true
	}
	return stop, nil
}

func coreMsg(m *nats.Msg) bus.Msg {
	msg := bus.Msg{Subject: bus.Subject(m.Subject), Data: m.Data}
	if answerable(m.Reply) {
		msg.Reply = func(data []byte) error {
			if len(data) > bus.MaxMessage {
				return fmt.Errorf("answering on %s with %d bytes: %w", m.Subject, len(data), bus.ErrTooLarge)
			}
			return closed(m.Respond(data))
		}
	}
	return msg
}

// Request implements bus.Messenger.
func (c *Conn) Request(ctx context.Context, subject bus.Subject, data []byte) ([]byte, error) {
	if err := bus.CheckMessage(subject, data); err != nil {
		return nil, fmt.Errorf("asking: %w", err)
	}
	m, err := c.nc.RequestWithContext(ctx, string(subject), data)
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return nil, fmt.Errorf("asking %s: %w", subject, bus.ErrNoResponders)
	case err != nil:
		return nil, fmt.Errorf("asking %s: %w", subject, closed(err))
	}
	return m.Data, nil
}
