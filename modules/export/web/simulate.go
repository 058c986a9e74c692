package web

import "net/http"

// simulateData adds what the page of simulations shows.
func (m *Module) simulateData(mux *http.ServeMux) {}
