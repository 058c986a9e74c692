package web

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/onbu/onbu/modules/export/web/sign"
)

// nodeOrder is what somebody wants of a node with POST /ui/data/node. It answers {}.
type nodeOrder struct {
	Node string `json:"node"`
	// Role is one of the node's roles; empty for all of it.
	Role string `json:"role"`
	// State is up, maintenance or disconnected.
	State string `json:"state"`
	// Drain lets it end first what it has under way.
	Drain bool   `json:"drain"`
	Why   string `json:"why"`
}

// nodeData adds what takes nodes out of work and back.
func (m *Module) nodeData(mux *http.ServeMux) {
	mux.HandleFunc("POST /ui/data/node", m.allow(sign.Admin, m.orderNode))
}

// orderNode hands an order on to the API, which has it from this process and not from a page.
func (m *Module) orderNode(r *http.Request, who sign.Person) (any, error) {
	var o nodeOrder
	if err := readJSON(r, &o); err != nil {
		return nil, err
	}
	if m.outlook.API == nil {
		return nil, failure(http.StatusServiceUnavailable, "the broker has no API")
	}
	o.Why = oneLine(o.Why)
	body, err := json.Marshal(struct {
		nodeOrder
		By string `json:"by"`
	}{o, who.Name})
	if err != nil {
		return nil, err
	}
	asked, err := http.NewRequestWithContext(r.Context(), http.MethodPost, "/api/nodes/order", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	answered := &reply{header: http.Header{}, code: http.StatusOK}
	m.outlook.API.ServeHTTP(answered, asked)
	m.log.Info("order for a node from the pages", "who", who.Name, "from", m.gate.From(r), "node", o.Node, "role", o.Role, "state", o.State, "drain", o.Drain, "why", o.Why, "status", answered.code)
	if answered.code == http.StatusOK {
		return struct{}{}, nil
	}
	var said struct{ Error string }
	if json.Unmarshal(answered.body.Bytes(), &said) != nil || said.Error == "" {
		said.Error = http.StatusText(answered.code)
	}
	return nil, failure(answered.code, "%s", said.Error)
}

// reply is an answer of the API that is not for a browser.
type reply struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (r *reply) Header() http.Header { return r.header }

// WriteHeader implements http.ResponseWriter.
func (r *reply) WriteHeader(code int) { r.code = code }

// Write implements http.ResponseWriter.
func (r *reply) Write(b []byte) (int, error) { return r.body.Write(b) }
