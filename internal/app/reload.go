package app

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/onbu/onbu/internal/nodes"
	"github.com/onbu/onbu/monitor/api"
)

// reloading adds the request to read the files again. Every process with a receiver or a broker passes it on to the arbiter that leads.
func (s *httpServer) reloading(mux *http.ServeMux) {
	roles := s.app.o.Roles
	if !slices.Contains(roles, "broker") && !slices.Contains(roles, "receiver") {
		return
	}
	mux.HandleFunc("POST /api/reload", func(w http.ResponseWriter, r *http.Request) {
		if fromPage(w, r) {
			return
		}
		answer, err := s.reload(r.Context(), r.URL.Query().Get("check") == "1")
		if err != nil {
			code := http.StatusServiceUnavailable
			if _, broken := errors.AsType[nodes.BrokenError](err); broken {
				code = http.StatusUnprocessableEntity
			}
			refuse(w, code, s.told(err))
			return
		}
		head(w)
		_ = json.NewEncoder(w).Encode(answer) // the asker is gone
	})
}

// reload asks the arbiter that leads, as long as the bus stores: else the arbiter would wait for it for minutes, and who asked too.
func (s *httpServer) reload(ctx context.Context, check bool) (*api.Reload, error) {
	ready, over := context.WithTimeout(ctx, answerWithin)
	defer over()
	if err := s.app.mute(); err != nil {
		return nil, err
	}
	if err := s.app.bus.Ready(ready); err != nil {
		return nil, err
	}
	ctx, end := s.app.whileStored(ctx)
	defer end()
	answer, err := nodes.AskReload(ctx, s.app.bus, check, "the API at "+s.app.o.Name)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return answer, err
}
