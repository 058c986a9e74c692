package web

import (
	"net/http"

	"github.com/onbu/onbu/modules"
)

// Own gives what a module serves on its own port.
func Own(x modules.Exporter) http.Handler {
	m := x.(*Module)
	return m.owned(m.pages, m.log)
}
