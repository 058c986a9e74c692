package web

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/onbu/onbu/modules/export/web/sign"
	"github.com/onbu/onbu/monitor/api"
)

// nodeData adds what takes nodes out of work and back.
func (m *Module) nodeData(mux *http.ServeMux) {
	mux.HandleFunc("POST /ui/data/node", m.allow(sign.Admin, m.orderNode))
}

// orderNode hands an order on to the API, which has it from this process and not from a page. It answers {}.
func (m *Module) orderNode(r *http.Request, who sign.Person) (any, error) {
	var o api.Order
	if err := readJSON(r, &o); err != nil {
		return nil, err
	}
	if m.outlook.API == nil {
		return nil, failure(http.StatusServiceUnavailable, "the broker has no API")
	}
	if o.By != "" {
		return nil, failure(http.StatusBadRequest, "whoever is signed in gives the order: leave out by")
	}
	o.Why, o.By = oneLine(o.Why), who.Name
	body, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	asked, err := http.NewRequestWithContext(r.Context(), http.MethodPost, "/api/nodes/order", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	answered := &apiAnswer{code: http.StatusOK, most: mostAnswered}
	m.outlook.API.ServeHTTP(answered, asked)
	m.log.Info("order for a node from the pages", "who", who.Name, "from", m.gate.From(r), "node", o.Node, "role", o.Role, "state", o.State, "drain", o.Drain, "why", o.Why, "status", answered.code)
	return struct{}{}, answered.wrong()
}
