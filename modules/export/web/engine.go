package web

import (
	"context"
	"net/http"
	"time"

	"github.com/onbu/onbu/modules/export/web/live"
	"github.com/onbu/onbu/modules/export/web/sign"
)

const (
	// engineEvery is how often the engine is looked at while a page of it is open.
	engineEvery = 2 * time.Second
	// mostRows bounds each list of what the page about the engine shows.
	mostRows = 1000
)

// engineData adds what the pages about the engine and piggyback show.
func (m *Module) engineData(mux *http.ServeMux) {
	mux.HandleFunc("GET /ui/data/engine", func(w http.ResponseWriter, r *http.Request) {
		m.streamed(w, r, "engine", engineEvery, m.newEngineSource)
	})
	mux.HandleFunc("GET /ui/data/engine/log", m.allow(sign.Read, m.engineLog))
	mux.HandleFunc("GET /ui/data/engine/log/file", m.engineLogFile)
	mux.HandleFunc("GET /ui/data/node/plan", m.passed(sign.Read, "/api/nodes/plan"))
	m.piggybackData(mux)
}

// streamed keeps a page of somebody who may read up to date.
func (m *Module) streamed(w http.ResponseWriter, r *http.Request, key string, every time.Duration, source func() live.Source) {
	if who := m.gate.Who(r); who.Role < sign.Read {
		refuse(w, denied(who, sign.Read))
		return
	}
	m.hub.Serve(w, r, key, every, source)
}

// newEngineSource looks at the engine for all pages that show it.
func (m *Module) newEngineSource() live.Source {
	log := &logFollower{}
	return &live.Same{Make: func(ctx context.Context) (any, error) {
		log.begin(ctx, m)
		return m.lookAtEngine(ctx, log), nil
	}}
}

// lookAtEngine asks every part of the engine how it is. What does not answer is missing, and holds up nothing else.
func (m *Module) lookAtEngine(ctx context.Context, log *logFollower) *engine {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	e := &engine{Now: float64(time.Now().UnixMilli()) / 1e3}
	var said struct {
		Warnings []string `json:"warnings"`
	}
	parts := map[string]any{
		"nodes": &e.Roles, "shards": &e.Shards, "queues": &e.Queues, "exports": &e.Exports, "checks": &e.Checks, "bus": &e.Bus, "summary": &said,
	}
	asking := map[string]func() error{}
	for name, into := range parts {
		asking[name] = func() error { return m.ask(ctx, "/api/"+name, into) }
	}
	for name, err := range together(asking) {
		if e.Missing == nil {
			e.Missing = map[string]string{}
		}
		e.Missing[name] = err.Error()
	}
	log.explain(e.Shards)
	e.Log = log.newest(logShown)
	e.judge(said.Warnings)
	e.bound()
	return e
}
