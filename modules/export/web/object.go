package web

import "net/http"

// objectData adds what the page of a host or service shows.
func (m *Module) objectData(mux *http.ServeMux) {}
