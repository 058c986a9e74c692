package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/modules/export/web/live"
	"github.com/onbu/onbu/modules/export/web/sign"
	"github.com/onbu/onbu/monitor"
)

const (
	// objectEvery is how often it is looked whether a host or service has changed while a page shows it.
	objectEvery = 500 * time.Millisecond
	// mostTraces bounds how many checks are followed at once by all pages, eachTraces by those of one reader, and longestTrace for how
	// long.
	mostTraces, eachTraces = 50, 5
	longestTrace           = 15 * time.Minute
)

// objectData adds what the page of a host or service shows.
func (m *Module) objectData(mux *http.ServeMux) {
	mux.HandleFunc("GET /ui/data/object", m.streamed(m.liveObject))
	mux.HandleFunc("GET /ui/data/explain", m.allow(sign.Read, m.explain))
	mux.HandleFunc("GET /ui/data/history", m.inLine(m.turns, m.allow(sign.Read, m.timeline)))
	mux.HandleFunc("GET /ui/data/points", m.inLine(m.turns, m.allow(sign.Read, m.pointsOf)))
	mux.HandleFunc("GET /ui/data/object-sources", m.allow(sign.Read, m.sources))
	mux.HandleFunc("GET /ui/data/object-agent", m.passed(sign.Command, "/api/agent/output"))
	mux.HandleFunc("GET /ui/data/object-trace", m.bounded(&m.traces, m.trace))
}

// refOf reads which host or service is asked for.
func refOf(r *http.Request) (monitor.Ref, error) {
	ref := monitor.Ref{Host: r.FormValue("host"), Service: r.FormValue("service")}
	if ref.Host == "" {
		return ref, failure(http.StatusBadRequest, "name a host: ?host=HOST or ?host=HOST&service=SERVICE")
	}
	return ref, nil
}

// liveObject is what keeps a page up to date about one host or service.
func (m *Module) liveObject(r *http.Request, _ sign.Person) (shown, error) {
	ref, err := refOf(r)
	return shown{key: "object\x00" + ref.Host + "\x00" + ref.Service, every: objectEvery, source: func() live.Source { return m.watch(ref) }}, err
}

// trace follows the next check of an object, for a time as people look at a page.
func (m *Module) trace(w http.ResponseWriter, r *http.Request) {
	if wait := r.FormValue("wait"); wait != "" {
		if seconds, err := strconv.ParseFloat(wait, 64); err != nil || !(seconds > 0 && seconds <= longestTrace.Seconds()) {
			refuse(w, failure(http.StatusBadRequest, "wait is no time in seconds of at most %d: `onbu trace` waits for longer", int(longestTrace.Seconds())))
			return
		}
	}
	m.passed(sign.Read, "/api/trace")(w, r)
}

// explain gives what the owner of a host or service knows of it. Whoever may only read does not see how it is asked: command lines
// hold paths, names of accounts, and now and then what somebody forgot to make a secret.
func (m *Module) explain(r *http.Request, who sign.Person) (any, error) {
	var said map[string]json.RawMessage
	if err := m.asked(r, "/api/explain", &said); err != nil || who.Role >= sign.Command {
		return said, err
	}
	var command string
	_ = json.Unmarshal(said["check_command"], &command) // a command without a name is empty
	name, _, _ := strings.Cut(command, "!")
	said["check_command"], _ = json.Marshal(name) // a string has no error
	delete(said, "command_line")
	return said, nil
}

// fed is who told of a host.
type fed struct {
	// Own is when its own agent said something last, in Unix seconds; 0 for never.
	Own float64 `json:"own"`
	// By are the payloads for it, as the API gives them.
	By json.RawMessage `json:"by"`
}

// sources gives who told of a host.
func (m *Module) sources(r *http.Request, _ sign.Person) (any, error) {
	ref, err := refOf(r)
	if err != nil {
		return nil, err
	}
	of := "?" + url.Values{"host": {ref.Host}}.Encode()
	f := &fed{}
	if err := m.ask(r.Context(), "/api/piggyback"+of+"&where=here", &f.By); err != nil {
		return nil, err
	}
	said := &apiAnswer{} // it has no room for the output itself: the head says when it was fetched
	if m.request(r.Context(), "/api/agent/output"+of, said) == nil && said.code < http.StatusBadRequest {
		f.Own, _ = strconv.ParseFloat(said.Header().Get(fetched), 64)
	}
	return f, nil
}

// fetched is the header of the API that says when raw data were fetched.
const fetched = "X-Onbu-Fetched"

// asked has the API of the broker's process answer the query of a page.
func (m *Module) asked(r *http.Request, path string, into any) error {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	return m.ask(ctx, path+"?"+r.URL.RawQuery, into)
}
