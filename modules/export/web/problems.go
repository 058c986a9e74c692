package web

import "net/http"

// problemData adds what the page of problems shows.
func (m *Module) problemData(mux *http.ServeMux) {}
