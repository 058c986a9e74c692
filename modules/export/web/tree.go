package web

import "net/http"

// treeData adds what the dependency tree shows.
func (m *Module) treeData(mux *http.ServeMux) {}
