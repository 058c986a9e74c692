package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/onbu/onbu/internal/chronicle"
	"github.com/onbu/onbu/internal/nodes"
)

// maxOrder bounds the body of an order, in bytes.
const maxOrder = 16 << 10

// cluster adds what is about the nodes. A process with a broker serves it, also while the broker is in maintenance: somebody must be
// able to take it out.
func (s *httpServer) cluster(mux *http.ServeMux) {
	if !slices.Contains(s.app.o.Roles, "broker") {
		return
	}
	mux.HandleFunc("GET /api/nodes", s.nodes)
	mux.HandleFunc("GET /api/nodes/plan", s.plan)
	mux.HandleFunc("GET /api/bus", s.bus)
	mux.HandleFunc("POST /api/nodes/order", s.order)
	mux.HandleFunc("POST /api/nodes/forget", s.forget)
	mux.HandleFunc("GET /api/cluster/log", s.log)
}

// restingPath is what a role that rests would have to answer; it is empty where there is nothing.
func restingPath(role string) string {
	switch role {
	case "broker":
		return "GET /api/"
	case "receiver":
		return "POST /api/command"
	}
	return ""
}

// resting answers for a role that is in maintenance: who asks has to know that another node answers, and a proxy before several
// nodes goes on to that.
func (r *running) resting(w http.ResponseWriter, _ *http.Request) {
	refuse(w, http.StatusServiceUnavailable, fmt.Sprintf("the %s of this node is not at work (%s): ask another node, with --http; onbu nodes lists them", r.role.name, r.is()))
}

func (s *httpServer) nodes(w http.ResponseWriter, r *http.Request) {
	all, err := nodes.Look(r.Context(), s.app.bus)
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	head(w)
	_ = json.NewEncoder(w).Encode(all) // the asker is gone
}

// plan says beforehand what an order would do.
func (s *httpServer) plan(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	all, err := nodes.Look(r.Context(), s.app.bus)
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	p, err := nodes.For(all, nodes.Order{Node: q.Get("node"), Role: q.Get("role"), State: q.Get("state"), Drain: q.Get("drain") == "1"})
	if err != nil {
		refuse(w, http.StatusNotFound, err.Error())
		return
	}
	head(w)
	_ = json.NewEncoder(w).Encode(p) // the asker is gone
}

// bus says how the servers of the bus are, as far as this process may ask them.
func (s *httpServer) bus(w http.ResponseWriter, _ *http.Request) {
	state := busAnswer{Behind: []busServer{}}
	if s.app.busState != nil {
		state = s.app.busState.answer(time.Now())
	}
	head(w)
	_ = json.NewEncoder(w).Encode(state) // the asker is gone
}

// order takes what people want of a node.
func (s *httpServer) order(w http.ResponseWriter, r *http.Request) {
	var o nodes.Order
	if fromPage(w, r) {
		return
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxOrder)).Decode(&o); err != nil {
		refuse(w, http.StatusBadRequest, "the order is no JSON: "+err.Error())
		return
	}
	if err := nodes.Give(r.Context(), s.app.bus, s.app.deeds.For(""), o); err != nil {
		refuse(w, http.StatusConflict, err.Error())
		return
	}
	head(w)
	_, _ = w.Write([]byte("{}\n"))
}

func (s *httpServer) forget(w http.ResponseWriter, r *http.Request) {
	if fromPage(w, r) {
		return
	}
	if err := nodes.Forget(r.Context(), s.app.bus, s.app.deeds.For(""), r.URL.Query().Get("node")); err != nil {
		refuse(w, http.StatusConflict, err.Error())
		return
	}
	head(w)
	_, _ = w.Write([]byte("{}\n"))
}

// fromPage refuses what a page of another site in somebody's browser sends.
func fromPage(w http.ResponseWriter, r *http.Request) bool {
	if r.Header.Get("Origin") == "" {
		return false
	}
	refuse(w, http.StatusForbidden, "commands are not taken from web pages")
	return true
}

// log gives the entries of the cluster log, a line of JSON each; with follow=1 also those to come, until the asker has gone.
func (s *httpServer) log(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	since, err := chronicle.ParseSince(q.Get("since"), time.Now())
	if err != nil {
		refuse(w, http.StatusBadRequest, "since="+err.Error())
		return
	}
	query := chronicle.Query{Since: since, Node: q.Get("node"), Role: q.Get("role"), Kind: q.Get("kind"), Follow: q.Get("follow") == "1"}
	head(w)
	enc, flush := json.NewEncoder(w), http.NewResponseController(w).Flush
	if query.Follow {
		_ = flush() // so that the asker knows that it is heard; if it has gone, its context ends the reading
	}
	began := query.Follow
	err = chronicle.Read(r.Context(), s.app.bus, query, func(e chronicle.Entry) error {
		began = true
		if err := enc.Encode(e); err != nil || !query.Follow {
			return err
		}
		return flush()
	})
	if err != nil && !began && r.Context().Err() == nil {
		refuse(w, http.StatusServiceUnavailable, err.Error())
	}
}

func head(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
}

func refuse(w http.ResponseWriter, code int, why string) {
	head(w)
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": why}) // the asker is gone
}
