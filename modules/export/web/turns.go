package web

import (
	"net/http"
	"time"
)

// turns bound how many requests that take much of a core are worked on at once; others wait for their turn.
type turns chan struct{}

const (
	// atWork is how many there are at once, so that a crowd that asks for everything leaves most of the machine to the engine.
	atWork = 2
	// mostWait is how long one waits for its turn: longer than any crowd of people needs.
	mostWait = 10 * time.Second
	// mostHeavy bounds how many wait, and eachHeavy those of one reader, so that another one's turn comes in time.
	mostHeavy, eachHeavy = 200, 12
)

// bounded has a request wait for its turn, and refuses it when that does not come.
func (t turns) bounded(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		patience := time.NewTimer(mostWait)
		defer patience.Stop()
		select {
		case t <- struct{}{}:
			defer func() { <-t }()
			next(w, r)
		case <-r.Context().Done():
		case <-patience.C:
			refuse(w, failure(http.StatusServiceUnavailable, "too much is asked of these pages at once: try again in a moment"))
		}
	}
}
