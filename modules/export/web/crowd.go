package web

import (
	"net/http"
	"sync"
)

// crowd bounds how many requests of a kind are under way, in all and for each reader, so that nobody takes all the room. Any goroutine
// may use it.
type crowd struct {
	// what they are, in the plural.
	what       string
	most, each int

	mu  sync.Mutex // guards everything that follows
	now int
	by  map[string]int
}

// enter counts a request of a reader in until leave is called, or says why there is no room.
func (c *crowd) enter(reader string) (leave func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.by[reader] >= c.each:
		return nil, failure(http.StatusTooManyRequests, "%s has %d %s already: close some", reader, c.each, c.what)
	case c.now >= c.most:
		return nil, failure(http.StatusServiceUnavailable, "there are %d %s already, as many as there may be: try again in a moment", c.most, c.what)
	}
	if c.by == nil {
		c.by = map[string]int{}
	}
	c.now++
	c.by[reader]++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.now--
		if c.by[reader]--; c.by[reader] == 0 {
			delete(c.by, reader)
		}
	}, nil
}

// bounded refuses a request for which there is no room.
func (m *Module) bounded(c *crowd, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		leave, err := c.enter(m.gate.Reader(r))
		if err != nil {
			refuse(w, err)
			return
		}
		defer leave()
		next(w, r)
	}
}
