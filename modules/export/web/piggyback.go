package web

import "net/http"

// piggybackData adds what the page about piggyback shows.
func (m *Module) piggybackData(mux *http.ServeMux) {}
