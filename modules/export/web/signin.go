package web

import "net/http"

// signData adds signing in and out.
func (m *Module) signData(mux *http.ServeMux) {}
