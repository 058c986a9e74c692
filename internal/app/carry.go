package app

import (
	"context"
	"errors"
	"sync"

	"github.com/onbu/onbu/internal/courier"
)

// carrier is the courier of the process, which the roles share that store payloads. It works as long as one of them does.
type carrier struct {
	*courier.Courier

	mu    sync.Mutex // guards what follows
	users int
	end   context.CancelFunc
	over  chan struct{} // closed when the courier's Run has returned
	err   error         // of Run; read it when over is closed
}

// post gives the courier.
func (a *App) post() *carrier {
	if a.courier == nil {
		a.courier = &carrier{Courier: courier.New(courier.Options{Bus: a.bus, Log: a.o.Log.With("part", "courier"), Metrics: a.metrics})}
	}
	return a.courier
}

// beside runs something with the courier beside it. It ends when ctx does, or one of the two.
func (c *carrier) beside(ctx context.Context, run func(context.Context) error) error {
	over := c.begin()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-over:
			cancel()
		case <-ctx.Done():
		}
	}()
	err := run(ctx)
	return errors.Join(err, c.leave())
}

func (c *carrier) begin() (over <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.users++; c.users == 1 {
		ctx, end := context.WithCancel(context.Background())
		c.end, c.over, c.err = end, make(chan struct{}), nil
		go func(over chan<- struct{}) {
			c.err = c.Courier.Run(ctx)
			close(over)
		}(c.over)
	}
	return c.over
}

// leave waits for the courier's end when nobody needs it any more.
func (c *carrier) leave() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.users--; c.users > 0 {
		return nil
	}
	c.end()
	<-c.over
	return c.err
}
