package app

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/onbu/onbu/internal/nodes"
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
		answer, err := nodes.AskReload(r.Context(), s.app.bus, r.URL.Query().Get("check") == "1", "the API at "+s.app.o.Name)
		if err != nil {
			code := http.StatusServiceUnavailable
			if _, broken := errors.AsType[nodes.BrokenError](err); broken {
				code = http.StatusUnprocessableEntity
			}
			refuse(w, code, err.Error())
			return
		}
		head(w)
		_ = json.NewEncoder(w).Encode(answer) // the asker is gone
	})
}
