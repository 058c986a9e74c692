package web

import (
	"context"
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
)

// bounded has a request wait for its turn, and refuses it when that does not come.
func (t turns) bounded(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		patience, end := context.WithTimeout(r.Context(), mostWait)
		defer end()
		t.serve(patience, w, r, next)
	}
}

func (t turns) serve(patience context.Context, w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	select {
	case t <- struct{}{}:
		defer func() { <-t }()
		next(w, r)
	case <-patience.Done():
		refuse(w, tooMuch(http.StatusServiceUnavailable))
	}
}

// inLine is as bounded, for what takes longer: a request waits for others of its own reader first, and no longer in all.
func (m *Module) inLine(t turns, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		patience, end := context.WithTimeout(r.Context(), mostWait)
		defer end()
		leave, err := m.heavy.enter(patience, m.gate.Reader(r))
		if err != nil {
			refuse(w, err)
			return
		}
		defer leave()
		t.serve(patience, w, r, next)
	}
}
