package natsbus

import (
	"fmt"
	"sync"
	"time"

	"github.com/onbu/onbu/monitor"
)

// tale is what a connection tells the cluster log of itself.
type tale struct {
	mu   sync.Mutex // guards everything that follows
	tell monitor.Chronicle
	away time.Time // since when the connection is lost; zero if it is not
}

// Chronicle has the cluster log told when the connection is lost and made again, and of the disk of a server in this process.
func (c *Conn) Chronicle(tell monitor.Chronicle) {
	c.tale.mu.Lock()
	c.tale.tell = tell
	c.tale.mu.Unlock()
	if s := c.server; s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.chronicle = tell
	}
}

func (s *Server) chronicled() monitor.Chronicle {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.chronicle
}

func (t *tale) lost(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.away.IsZero() {
		t.away = time.Now()
		t.tell.Tell(monitor.BusLost, "bus", fmt.Sprintf("the connection broke off: %v", err))
	}
}

func (t *tale) back() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.away.IsZero() {
		t.tell.Tell(monitor.BusBack, "bus", fmt.Sprintf("connected again after %s", time.Since(t.away).Round(time.Millisecond)))
		t.away = time.Time{}
	}
}
