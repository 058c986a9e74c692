package broker

import (
	"net/http"
	"slices"
	"sync"

	"github.com/onbu/onbu/internal/serve"
)

// paged are the pages of modules that have some, in the order in which they came. Any goroutine may use it.
type paged struct {
	mu  sync.RWMutex
	all []*http.Handler
}

// show has pages served until the function that it gives is called.
func (p *paged) show(pages http.Handler) (end func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, &pages)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.all = slices.DeleteFunc(p.all, func(h *http.Handler) bool { return h == &pages })
	}
}

// ServeHTTP implements http.Handler.
func (p *paged) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.RLock()
	var pages http.Handler
	if len(p.all) > 0 {
		pages = *p.all[0]
	}
	p.mu.RUnlock()
	if pages == nil {
		serve.Away(w, r, "there are no pages at present: the broker is starting, or its configuration has `enabled 0` in its module of type web")
		return
	}
	pages.ServeHTTP(w, r)
}
