package web

import "net/http"

// engineData adds what the pages about the engine and piggyback show.
func (m *Module) engineData(mux *http.ServeMux) {}
