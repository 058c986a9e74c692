// Package live knows how open pages are kept up to date: what several of them show is made once, again and again while anybody looks,
// and sent to all of them as server-sent events when it has changed.
package live

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

const (
	// writeWithin is how long a page may take to read an event; then its connection is closed, and the browser asks again.
	writeWithin = 20 * time.Second
	// breathEvery is how often something is sent on a quiet stream, so that neither a page nor whoever stands between thinks it dead. Pages wait for
	// three of them (base.js).
	breathEvery = 15 * time.Second
	// mostPages bounds how many pages one Hub keeps up to date at once.
	mostPages = 2000
	// share is which part of one core the looks for all pages of a kind may take, a half: where many different ones are open and looks
	// are slow, each is looked at less often, so that checks do not have to wait for pages.
	share = 2
)

// Source makes what pages show. The Hub calls its functions one at a time, and never after the last page is gone.
type Source interface {
	// Change looks at the present and gives what is to be sent to pages that have all that was there before; nil if that is
	// nothing. The bytes are one JSON value, and the Source's own until the next call.
	Change(ctx context.Context) []byte
	// Whole gives what a page gets that has nothing yet: all that Change looked at last; nil while that is nothing.
	Whole() []byte
}

// Hub keeps pages up to date. Any goroutine may use it.
type Hub struct {
	log    *slog.Logger
	mu     sync.Mutex
	topics map[string]*topic
	// kinds is how many topics there are of each kind: what their keys begin with, up to a question mark or a zero.
	kinds map[string]int
	pages int
	// closed has pages go elsewhere: what is shown here is not looked after any more.
	closed bool
}

// topic is what several pages show.
type topic struct {
	source Source
	end    context.CancelFunc
	pages  map[*page]struct{}
	// whole is what a new page gets; nil until the first look.
	whole []byte
}

// page is one that is open.
type page struct {
	// next holds what is to be sent, in order; a page that is too slow for it begins anew with the whole.
	next chan event
}

// event is one message: whole tells a page to forget what it has.
type event struct {
	whole bool
	data  []byte
}

// New gives a Hub. It tells log of Sources that have a bug.
func New(log *slog.Logger) *Hub {
	return &Hub{log: log, topics: map[string]*topic{}, kinds: map[string]int{}}
}

// Close ends the streams of all pages, and refuses others until Open: where the present is no longer known, nothing may look like it.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for _, t := range h.topics {
		for p := range t.pages {
			delete(t.pages, p)
			close(p.next)
		}
	}
}

// Open has a Hub that was closed serve again; a new one is open.
func (h *Hub) Open() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = false
}

// Pages says how many pages are open.
func (h *Hub) Pages() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.pages
}

// Serve keeps one page up to date until it is closed. Pages with the same key show the same: the Source is made by the first of them,
// and looked at every so often, or less often where there are many of its kind, which its key begins with. A page gets an event "breath"
// at once and then now and then, with the time in Unix seconds; "whole" before any other news, and "change" afterwards.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, key string, every time.Duration, source func() Source) {
	p := &page{next: make(chan event, 16)}
	leave, err := h.join(key, every, source, p)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	defer leave()
	head := w.Header()
	head.Set("Content-Type", "text/event-stream")
	head.Set("Cache-Control", "no-store")
	head.Set("X-Accel-Buffering", "no") // nginx would keep events back
	out := stream{w: w, c: http.NewResponseController(w)}
	breath := time.NewTicker(breathEvery)
	defer breath.Stop()
	for err := out.breathe(); err == nil; {
		select {
		case <-r.Context().Done():
			return
		case e, ok := <-p.next:
			if !ok { // too slow, or all are sent away: the browser comes again and gets the whole
				return
			}
			err = out.send(e)
		case <-breath.C:
			err = out.breathe()
		}
	}
}

// join adds a page to its topic; leave takes it away.
func (h *Hub) join(key string, every time.Duration, source func() Source, p *page) (leave func(), err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return nil, errors.New("the broker is ending its work here: ask another one, or wait until it is back")
	case h.pages >= mostPages:
		return nil, fmt.Errorf("%d pages are open already: close some", mostPages)
	}
	h.pages++
	t := h.topics[key]
	if t == nil {
		ctx, end := context.WithCancel(context.Background())
		t = &topic{source: source(), end: end, pages: map[*page]struct{}{}}
		h.topics[key] = t
		h.kinds[kindOf(key)]++
		go h.keep(ctx, t, key, every)
	}
	t.pages[p] = struct{}{}
	if t.whole != nil {
		p.next <- event{true, t.whole}
	}
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.pages--
		delete(t.pages, p)
		if len(t.pages) == 0 {
			h.dropLocked(key, t)
		}
	}, nil
}

// dropLocked ends a topic that is there still.
func (h *Hub) dropLocked(key string, t *topic) {
	if h.topics[key] != t {
		return
	}
	t.end()
	delete(h.topics, key)
	if h.kinds[kindOf(key)]--; h.kinds[kindOf(key)] == 0 {
		delete(h.kinds, kindOf(key))
	}
}

// kindOf gives what all keys of a kind begin with.
func kindOf(key string) string {
	if end := strings.IndexAny(key, "?\x00"); end >= 0 {
		return key[:end]
	}
	return key
}

// rest is how long to wait after a look that took so long: the looks of all topics of a kind together take their share.
func (h *Hub) rest(kind string, took, every time.Duration) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return max(every-took, share*took*time.Duration(h.kinds[kind])-took)
}

// keep looks at a source until nobody shows it any more.
func (h *Hub) keep(ctx context.Context, t *topic, key string, every time.Duration) {
	defer h.survive(t, key)
	for ctx.Err() == nil {
		began := time.Now()
		if change := t.source.Change(ctx); change != nil || t.whole == nil { // to compose the whole may cost much
			h.tell(t, bytes.Clone(change), bytes.Clone(t.source.Whole()))
		}
		select {
		case <-ctx.Done():
		case <-time.After(h.rest(kindOf(key), time.Since(began), every)):
		}
	}
}

// survive keeps a bug in a source from being the daemon's end: the pages that show it are let go, and ask again.
func (h *Hub) survive(t *topic, key string) {
	why := recover()
	if why == nil {
		return
	}
	h.log.Error("what keeps pages up to date met a bug, please report it", "pages", kindOf(key), "panic", why, "stack", string(debug.Stack()))
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dropLocked(key, t)
	for p := range t.pages {
		delete(t.pages, p)
		close(p.next)
	}
}

// tell hands a change to all pages of a topic, once there is a whole. One that has not read sixteen of them is let go.
func (h *Hub) tell(t *topic, change, whole []byte) {
	if len(whole) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	e := event{false, change}
	if t.whole == nil {
		e = event{true, whole}
	}
	t.whole = whole
	for p := range t.pages {
		select {
		case p.next <- e:
		default:
			delete(t.pages, p)
			close(p.next)
		}
	}
}

// stream writes events.
type stream struct {
	w http.ResponseWriter
	c *http.ResponseController
}

func (s stream) send(e event) error {
	name := "change"
	if e.whole {
		name = "whole"
	}
	if err := s.begin(); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(s.w, "event: %s\ndata: %s\n\n", name, e.data); err != nil {
		return err
	}
	return s.c.Flush()
}

// breathe says what time it is: what is sent was perhaps made long ago. A page that does not even hear that knows that nobody is at the
// other end.
func (s stream) breathe() error {
	if err := s.begin(); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(s.w, "event: breath\ndata: %.3f\n\n", float64(time.Now().UnixMilli())/1e3); err != nil {
		return err
	}
	return s.c.Flush()
}

// begin sets how long the next write may take, where the connection can be told.
func (s stream) begin() error {
	if err := s.c.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}
