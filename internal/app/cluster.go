package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/onbu/onbu/internal/chronicle"
	"github.com/onbu/onbu/internal/nodes"
	"github.com/onbu/onbu/internal/serve"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor/api"
)

// maxOrder bounds the body of an order, in bytes.
const maxOrder = 16 << 10

// cluster adds what is about the nodes. A process with a broker serves it, also while the broker is in maintenance: somebody must be
// able to take it out.
func (s *httpServer) cluster(mux *http.ServeMux) {
	if !slices.Contains(s.app.o.Roles, "broker") {
		return
	}
	mux.HandleFunc("GET /api/nodes", within(s.nodes))
	mux.HandleFunc("GET /api/nodes/plan", within(s.plan))
	mux.HandleFunc("GET /api/nodes/gaps", within(s.gaps))
	mux.HandleFunc("GET /api/bus", s.bus)
	mux.HandleFunc("POST /api/nodes/order", within(s.order))
	mux.HandleFunc("POST /api/nodes/forget", within(s.forget))
	mux.HandleFunc("GET /api/cluster/log", s.log)
}

// rests has a role that is in maintenance answer for what it would serve.
func (s *httpServer) rests(mux *http.ServeMux, r *running) {
	switch r.role.name {
	case "broker":
		mux.HandleFunc("GET /api/", r.resting)
		mux.HandleFunc("/ui/", r.away)
	case "receiver":
		mux.HandleFunc("POST /api/command", r.resting)
	}
}

// resting answers for a role that is in maintenance: who asks has to know that another node answers, and a proxy before several
// nodes goes on to that.
func (r *running) resting(w http.ResponseWriter, _ *http.Request) {
	refuse(w, http.StatusServiceUnavailable, fmt.Sprintf("the %s of this node is not at work (%s): ask another node, with --http; onbu nodes lists them", r.role.name, r.is()))
}

// away answers for the pages of a broker that is in maintenance.
func (r *running) away(w http.ResponseWriter, asked *http.Request) {
	serve.Away(w, asked, r.absence())
}

// absence says for people that a role is not at work, since when, by whom and why, and how it comes back.
func (r *running) absence() string {
	is, back, o := "in maintenance", "onbu node maintenance off ", r.wanted()
	if r.is() == wire.NodeDisconnected {
		is, back = "disconnected", "onbu node reconnect "
	}
	text := fmt.Sprintf("the %s of node %s is %s", r.role.name, r.app.o.Name, is)
	if o.Time != 0 {
		text += " since " + o.Time.Std().UTC().Format("2006-01-02 15:04:05 UTC")
	}
	if o.By != "" {
		text += ", by " + o.By
	}
	if o.Why != "" {
		text += ": " + o.Why
	}
	return text + ". The pages of another broker show the same. These are back after: " + back + r.app.o.Name
}

func (s *httpServer) nodes(w http.ResponseWriter, r *http.Request) {
	all, err := nodes.Look(r.Context(), s.app.bus)
	if err != nil {
		s.roster.refuse(w, s.told(err))
		return
	}
	if s.app.neighbours != nil {
		s.app.neighbours.Refine(all)
	}
	s.roster.keep(all)
	head(w)
	_ = json.NewEncoder(w).Encode(all) // the asker is gone
}

// gaps says which work nobody does.
func (s *httpServer) gaps(w http.ResponseWriter, r *http.Request) {
	all, err := nodes.Gaps(r.Context(), s.app.bus)
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, s.told(err))
		return
	}
	head(w)
	_ = json.NewEncoder(w).Encode(all) // the asker is gone
}

// plan says beforehand what an order would do.
func (s *httpServer) plan(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	p, err := nodes.PlanSeeing(r.Context(), s.app.bus, s.app.lookAtBus(r.Context()), api.Order{Node: q.Get("node"), Role: q.Get("role"), State: q.Get("state"), Drain: q.Get("drain") == "1"})
	if err != nil {
		code := http.StatusServiceUnavailable
		if errors.Is(err, nodes.ErrNobody) {
			code = http.StatusNotFound
		}
		refuse(w, code, s.told(err))
		return
	}
	head(w)
	_ = json.NewEncoder(w).Encode(p) // the asker is gone
}

// bus says how the servers of the bus are, as far as this process may ask them.
func (s *httpServer) bus(w http.ResponseWriter, _ *http.Request) {
	state := api.Bus{Behind: []api.BusServer{}}
	if s.app.busState != nil {
		state = s.app.busState.answer(time.Now())
	}
	if h, ok := s.app.bus.(healthy); ok {
		if err := h.Healthy(); err != nil {
			state.Ill = err.Error()
		}
	}
	head(w)
	_ = json.NewEncoder(w).Encode(state) // the asker is gone
}

// order takes what people want of a node.
func (s *httpServer) order(w http.ResponseWriter, r *http.Request) {
	var o api.Order
	if fromPage(w, r) {
		return
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxOrder)).Decode(&o); err != nil {
		refuse(w, http.StatusBadRequest, "the order is no JSON: "+err.Error())
		return
	}
	if err := nodes.Give(r.Context(), s.app.bus, s.app.deeds.For(""), o); err != nil {
		s.unordered(w, err)
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
		s.unordered(w, err)
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
	query := chronicle.Query{Since: since, Node: q.Get("node"), Role: q.Get("role"), Kinds: chronicle.ParseKinds(q.Get("kind")), Follow: q.Get("follow") == "1"}
	if text := q.Get("after"); text != "" {
		if query.After, err = strconv.ParseUint(text, 10, 64); err != nil {
			refuse(w, http.StatusBadRequest, "after= is no number")
			return
		}
	}
	if err := query.Check(); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	if err := s.app.mute(); err != nil {
		refuseLog(w, err.Error(), s.app.deeds.Waiting(&query))
		return
	}
	head(w)
	enc, flush := json.NewEncoder(w), http.NewResponseController(w).Flush
	if query.Follow {
		_ = flush() // so that the asker knows that it is heard; if it has gone, its context ends the reading
	}
	began := query.Follow
	err = chronicle.Read(r.Context(), s.app.bus, query, func(e api.Deed) error {
		began = true
		if err := enc.Encode(e); err != nil || !query.Follow {
			return err
		}
		return flush()
	})
	switch {
	case err == nil || r.Context().Err() != nil:
	case began: // who reads line by line finds the reason in the last one
		_ = enc.Encode(api.LogAway{Error: s.told(err), Waiting: s.app.deeds.Waiting(&query)})
	default:
		refuseLog(w, s.told(err), s.app.deeds.Waiting(&query))
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
