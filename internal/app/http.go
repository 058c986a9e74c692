package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"
)

// httpServer serves what all roles of the process have to show.
type httpServer struct {
	app  *App
	http *http.Server
	addr string
	// local says that only this machine can ask.
	local bool
	// pages is what is served at present.
	pages  atomic.Pointer[http.ServeMux]
	missed degraded
	roster lastRoster
}

func newServer(a *App) *httpServer {
	s := &httpServer{app: a}
	s.refresh()
	return s
}

// refresh serves what the process has to show, and the roles that work.
func (s *httpServer) refresh() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/{$}", s.index)
	mux.HandleFunc("GET /healthz", s.health)
	mux.HandleFunc("GET /metrics", s.metrics)
	if s.local { // the profiles are served only where nobody but this machine can ask for them
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
		mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	}
	s.cluster(mux)
	s.reloading(mux)
	s.trying(mux)
	mux.HandleFunc("GET /{$}", s.root)
	for _, r := range s.app.roles {
		if l := r.built(); l != nil { // also while it waits for the bus: its pages say what is missing
			for _, page := range l.part.pages {
				page(mux)
			}
		} else {
			s.rests(mux, r)
		}
	}
	s.pages.Store(mux)
}

// ServeHTTP implements http.Handler.
func (s *httpServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.pages.Load().ServeHTTP(w, r)
}

func (s *httpServer) metrics(w http.ResponseWriter, _ *http.Request) {
	s.app.metrics.WritePrometheus(w)
	if b, ok := s.app.bus.(figures); ok {
		b.WriteMetrics(w)
	}
	for _, r := range s.app.roles {
		if l := r.current(); l != nil {
			l.part.metrics.WritePrometheus(w)
		}
	}
	metrics.WriteProcessMetrics(w)
}

// listen opens the port.
func (s *httpServer) listen(addr string) (string, error) {
	if addr == "" {
		return "", nil
	}
	l, err := listenHTTP(addr)
	if err != nil {
		return "", err
	}
	s.local = isLocal(l)
	s.refresh()
	s.addr = l.Addr().String()
	s.http = serverFor(l, addr, s)
	go func() {
		if err := s.http.Serve(guarded(l)); !errors.Is(err, http.ErrServerClosed) {
			s.app.failed <- fmt.Errorf("the API: %w", err)
		}
	}()
	at := []any{"http", "http://" + s.addr}
	if slices.Contains(s.app.o.Roles, "broker") {
		at = append(at, "pages", "http://"+s.addr+"/ui/")
	}
	s.app.o.Log.Info("listening", at...)
	warnExposed(l.Addr(), s.app.o.Roles, s.app.o.Log)
	return s.addr, nil
}

func listenHTTP(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("the API's address: %w; choose another with --http (:0 picks a free port)", err)
	}
	return l, nil
}

// isLocal says that only this machine reaches a listener.
func isLocal(l net.Listener) bool { return l.Addr().(*net.TCPAddr).IP.IsLoopback() }

// serverFor gives the server for a listener at addr. It does not begin yet.
func serverFor(l net.Listener, addr string, handler http.Handler) *http.Server {
	if isLocal(l) {
		handler = hostsOnly(addr, handler)
	}
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, IdleTimeout: time.Minute,
		MaxHeaderBytes: 32 << 10,
	}
}

func (s *httpServer) close() error {
	if s.http == nil {
		return nil
	}
	return closeHTTP(s.http)
}

// closeHTTP gives those who are being answered a second.
func closeHTTP(s *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		return s.Close()
	}
	return nil
}

// root shows people the pages, where there are some, and programs the list.
func (s *httpServer) root(w http.ResponseWriter, r *http.Request) {
	if slices.Contains(s.app.o.Roles, "broker") && strings.Contains(r.Header.Get("Accept"), "text/html") {
		w.Header().Set("Location", "ui/") // relative: a proxy may have it elsewhere
		w.WriteHeader(http.StatusFound)
		return
	}
	s.index(w, r)
}

func (s *httpServer) index(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprint(w, `Onbu

/api/hosts /api/services     every object; filters ?host= ?state= ?problems=1
/api/explain?host=&service=  why an object is as it is
/api/trace?host=&service=    follows the object's next check, step by step
/api/summary                 objects by state
/api/downtimes /api/comments
POST /api/reload              reads the files of the configuration again; ?check=1 only looks
POST /api/command            an external command, as Nagios writes them
/api/nodes /api/cluster/log /api/shards /api/queues /api/checks /api/bus
/metrics /healthz
/ui/                         pages, of a broker
`)
}

// healthy is a part that can say what is wrong with it.
type healthy interface{ Healthy() error }

// health answers 200 while the bus answers and stores, and every role runs and is well, else 503 and which is not. What nobody does in the
// whole engine is said, and does not make this process ill: another process instead of it would not do it either.
func (s *httpServer) health(w http.ResponseWriter, r *http.Request) {
	state := map[string]string{"bus": "ok"}
	well := true
	ctx, cancel := context.WithTimeout(r.Context(), time.Second)
	defer cancel()
	note, err := s.busHealth(ctx)
	if note != "" {
		state["bus"] += "; " + note
	}
	if err != nil {
		state["bus"], well = err.Error(), false
	}
	well = keysWell(s.app.keys, state) && well
	for i := range s.app.roles {
		role := s.app.roles[i]
		name := role.role.name
		state[name] = "ok"
		select {
		case <-role.ended:
			state[name], well = "ended", false
			continue
		default:
		}
		l := role.current()
		if l == nil {
			state[name] = role.is().String() // maintenance is no illness
			continue
		}
		if h, ok := l.daemon.(healthy); ok {
			if err := h.Healthy(); err != nil {
				state[name], well = err.Error(), false
				continue
			}
		}
		for _, text := range role.troubles() {
			state[name] += "; " + text
		}
	}
	var missed []string
	if err == nil {
		missed = s.degraded(ctx)
	}
	writeHealth(w, well, state, missed)
}

// busHealth says what is wrong with the bus, and what is not as it should be though it works. Who asks the bus itself how it is knows since
// when it stores nothing, and why; others only that it does not answer.
func (s *httpServer) busHealth(ctx context.Context) (note string, err error) {
	if err := s.app.bus.Ready(ctx); err != nil {
		if s.app.busState != nil {
			err = cmp.Or(s.app.busState.silent(time.Now()), err)
		}
		return "", err
	}
	if h, ok := s.app.bus.(healthy); ok {
		if err := h.Healthy(); err != nil {
			return "", err
		}
	}
	if s.app.busState == nil {
		return "", nil
	}
	return s.app.busState.health(time.Now())
}

// writeHealth answers with the state of each part, and with what is not done in the whole engine.
func writeHealth(w http.ResponseWriter, well bool, parts map[string]string, degraded []string) {
	w.Header().Set("Content-Type", "application/json")
	if !well {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	answer := map[string]any{"healthy": well, "parts": parts}
	if len(degraded) > 0 {
		answer["degraded"] = degraded
	}
	_ = json.NewEncoder(w).Encode(answer) // the asker is gone
}
