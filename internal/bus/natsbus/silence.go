package natsbus

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

// tryTimeout is how long one try to write may take. In a cluster the leader may be a server that was stopped: another leads
// a few seconds later, and only a further try finds it.
func (c *Conn) tryTimeout() time.Duration {
	if c.clustered() {
		return 2 * time.Second
	}
	return requestTimeout
}

// silence notices a server that answers pings and nothing else, such as one that is cut off from the others of its cluster.
// The zero value is ready; any goroutine may use it.
type silence struct {
	heard atomic.Int64 // when an answer came last, or the connection was made, in Unix nanoseconds
}

func (s *silence) end() { s.heard.Store(time.Now().UnixNano()) }

func (s *silence) lasts() time.Duration { return time.Since(time.Unix(0, s.heard.Load())) }

// silent is how long no answer at all may come while requests are under way, two or three in a row.
const silent = 5 * time.Second

// noteAnswer looks at what became of a request to a stream. When none was answered for a while, the connection is made anew
// with another server of the cluster.
func (c *Conn) noteAnswer(ctx context.Context, err error) {
	if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, nats.ErrTimeout) {
		c.silence.end()
		return
	}
	if ctx.Err() != nil || c.server != nil || len(c.nc.Servers()) < 2 || !c.nc.IsConnected() || c.silence.lasts() < silent {
		return
	}
	c.silence.end()
	c.log.Warn("a server of the bus is silent, going to another", "url", c.nc.ConnectedUrlRedacted())
	if err := c.nc.ForceReconnect(); err != nil {
		c.log.Warn("leaving a silent server of the bus", "err", err)
	}
}
