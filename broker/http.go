package broker

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

// Handle adds the broker's part of the API to a server.
func (b *Broker) Handle(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/hosts", b.list((*query).hosts))
	mux.HandleFunc("GET /api/services", b.list((*query).services))
	mux.HandleFunc("GET /api/summary", b.summary)
	mux.HandleFunc("GET /api/explain", b.explain)
	mux.HandleFunc("GET /api/trace", b.trace)
	mux.HandleFunc("GET /api/unknown", b.listUnknown)
	b.handlePiggyback(mux)
	b.handleAgent(mux)
	b.handleExports(mux)
	b.handleEngine(mux)
	mux.Handle("/ui/", &b.paged)
	mux.HandleFunc("GET /ui", func(w http.ResponseWriter, _ *http.Request) { // relative: a proxy may have it elsewhere
		w.Header().Set("Location", "ui/")
		w.WriteHeader(http.StatusFound)
	})
	mux.HandleFunc("GET /api/downtimes", func(w http.ResponseWriter, _ *http.Request) { answer(w, downtimesOf(b.snapshot())) })
	mux.HandleFunc("GET /api/comments", func(w http.ResponseWriter, _ *http.Request) { answer(w, commentsOf(b.snapshot())) })
}

func (b *Broker) summary(w http.ResponseWriter, _ *http.Request) {
	now := b.snapshot()
	mail, warnings := b.queues.told(time.Now())
	answer(w, api.Summary{Tally: now.Tally(), Warnings: append(b.warnings(now), warnings...), Piggyback: mail})
}

// explain asks the owner of the host.
func (b *Broker) explain(w http.ResponseWriter, r *http.Request) {
	x, ref, ok := b.explained(w, r, wire.Question{Kind: wire.AskExplain})
	if !ok {
		return
	}
	b.mu.RLock()
	e := explanationOf(x, func(t *monitor.Telling) string { return b.failed.why(ref, t) })
	b.mu.RUnlock()
	answer(w, e)
}

// explained asks the owner of the object that a request names; when it gives no answer, the request has been refused.
func (b *Broker) explained(w http.ResponseWriter, r *http.Request, q wire.Question) (x *monitor.Explanation, ref monitor.Ref, ok bool) {
	ref = monitor.Ref{Host: r.URL.Query().Get("host"), Service: r.URL.Query().Get("service")}
	if ref.Host == "" {
		refuse(w, http.StatusBadRequest, "name an object: ?host=HOST or ?host=HOST&service=SERVICE")
		return nil, ref, false
	}
	b.mu.RLock()
	shard, known := b.directory.Hosts[ref.Host]
	loaded := b.directory.Generation != 0
	b.mu.RUnlock()
	if !loaded {
		refuse(w, http.StatusServiceUnavailable, "there is no configuration yet; try again in some seconds")
		return nil, ref, false
	}
	if !known {
		refuse(w, http.StatusNotFound, "no host is called "+ref.Host+b.near(ref.Host))
		return nil, ref, false
	}
	q.Ref = ref
	a, err := b.ask(r.Context(), shard, q)
	switch {
	case errors.Is(err, bus.ErrNoResponders):
		refuse(w, http.StatusServiceUnavailable, "no scheduler owns the host's shard at present; try again in some seconds")
	case err != nil:
		refuse(w, http.StatusBadGateway, err.Error())
	case a.Explanation == nil && ref.IsHost():
		refuse(w, http.StatusServiceUnavailable, "the scheduler that owns "+ref.Host+" has not loaded it yet; try again in some seconds")
	case a.Explanation == nil:
		refuse(w, http.StatusNotFound, ref.Host+" has no service called "+ref.Service)
	case a.Refused != "":
		refuse(w, http.StatusServiceUnavailable, a.Refused)
	}
	return a.Explanation, ref, err == nil && a.Explanation != nil && a.Refused == ""
}

// near names hosts that the asker may have meant, the first five by name.
func (b *Broker) near(name string) string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var like []string
	for host := range b.directory.Hosts {
		if strings.Contains(strings.ToLower(host), strings.ToLower(name)) {
			like = append(like, host)
		}
	}
	if len(like) == 0 {
		return ""
	}
	slices.Sort(like)
	return "; there are " + strings.Join(like[:min(len(like), 5)], ", ")
}

func answer(w http.ResponseWriter, v any) {
	head(w)
	_ = json.NewEncoder(w).Encode(v) // the reader is gone; there is nobody to tell
}

func refuse(w http.ResponseWriter, code int, why string) {
	head(w)
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": why})
}

func head(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
}
