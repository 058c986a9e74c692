package web

import (
	"net/http"
	"sync/atomic"
)

// crowd bounds how many requests of a kind are under way.
type crowd struct {
	most int64
	now  atomic.Int64
}

// bounded refuses a request while there are too many of its kind.
func (c *crowd) bounded(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		defer c.now.Add(-1)
		if c.now.Add(1) > c.most {
			refuse(w, failure(http.StatusServiceUnavailable, "%d of these are under way already: try again in a moment", c.most))
			return
		}
		next(w, r)
	}
}
