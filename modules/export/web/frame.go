package web

import (
	"net/http"

	"github.com/onbu/onbu/modules/export/web/sign"
)

// frameData adds what stands around every page.
func (m *Module) frameData(mux *http.ServeMux) {
	mux.HandleFunc("GET /ui/data/summary", m.passed(sign.Read, "/api/summary"))
	mux.HandleFunc("GET /ui/data/me", m.allow(sign.Read, func(_ *http.Request, who sign.Person) (any, error) {
		return map[string]string{"name": who.Name, "role": who.Role.String()}, nil
	}))
}

// passed serves what the API of the broker's process gives for the same query, to whoever has at least a role.
func (m *Module) passed(least sign.Role, path string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch who := m.gate.Who(r); {
		case who.Role < least:
			refuse(w, denied(who, least))
		case m.outlook.API == nil:
			refuse(w, failure(http.StatusServiceUnavailable, "the broker has no API"))
		default:
			asked := r.Clone(r.Context())
			asked.URL.Path = path
			m.outlook.API.ServeHTTP(w, asked)
		}
	}
}
