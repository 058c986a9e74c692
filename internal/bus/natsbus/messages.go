package natsbus

import (
	"context"

	"github.com/nats-io/nats.go"

	"github.com/onbu/onbu/internal/bus"
)

// Messages is a connection for messages alone; its server may be one without JetStream.
type Messages struct {
	bus.Messenger
	c *Conn
}

// ConnectMessages connects a user to a server inside this process for messages alone.
func ConnectMessages(ctx context.Context, in nats.InProcessConnProvider, u User, o Options) (*Messages, error) {
	c := newConn(o)
	if err := c.dial(ctx, "", append(c.options(), nats.InProcessServer(in), nats.UserInfo(u.Name, u.Password))); err != nil {
		c.end()
		return nil, err
	}
	return &Messages{c, c}, nil
}

// Close ends the connection.
func (m *Messages) Close() error { return m.c.Close() }
