package web

import (
	"context"
	"net/http"
	"path"
	"time"

	"github.com/onbu/onbu/broker/standing"
	"github.com/onbu/onbu/modules/export/web/live"
	"github.com/onbu/onbu/modules/export/web/sign"
)

const (
	// engineEvery is how often the engine is looked at while a page of it is open.
	engineEvery = 2 * time.Second
)

// engineData adds what the pages about the engine and piggyback show.
func (m *Module) engineData(mux *http.ServeMux) {
	mux.HandleFunc("GET /ui/data/engine", m.streamed(func(*http.Request, sign.Person) (shown, error) {
		return shown{key: "engine", every: engineEvery, source: m.newEngineSource}, nil
	}))
	mux.HandleFunc("GET /ui/data/engine/log", m.allow(sign.Read, m.engineLog))
	mux.HandleFunc("GET /ui/data/engine/log/file", m.engineLogFile)
	mux.HandleFunc("GET /ui/data/node/plan", m.passed(sign.Read, "/api/nodes/plan"))
	m.piggybackData(mux)
}

// newEngineSource looks at the engine for all pages that show it.
func (m *Module) newEngineSource() live.Source {
	log := &logFollower{}
	return &live.Same{Log: m.log, Make: func(ctx context.Context) (any, error) {
		log.begin(ctx, m)
		return m.lookAtEngine(ctx, log, m.gate.Complaints()...), nil
	}}
}

// lookAtEngine asks every part of the engine how it is. What does not answer is missing, and holds up nothing else. Complaints are of these
// pages themselves.
func (m *Module) lookAtEngine(ctx context.Context, log *logFollower, complaints ...string) *standing.Engine {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	e := &standing.Engine{Now: float64(time.Now().UnixMilli()) / 1e3}
	var said struct {
		Warnings []string `json:"warnings"`
	}
	parts := map[string]any{
		"nodes": &e.Roles, "shards": &e.Shards, "queues": &e.Queues, "exports": &e.Exports, "checks": &e.Checks, "bus": &e.Bus, "summary": &said, "nodes/gaps": &e.Gaps,
	}
	asking := map[string]func() error{}
	for name, into := range parts {
		asking[name] = func() error { return m.ask(ctx, "/api/"+name, into) }
	}
	for name, err := range together(asking) {
		if e.Missing == nil {
			e.Missing = map[string]string{}
		}
		e.Missing[path.Base(name)] = err.Error()
	}
	log.explain(e.Shards)
	e.Log = log.newest(logShown)
	e.Judge(append(said.Warnings, complaints...))
	return e
}
