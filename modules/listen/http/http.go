// Package http knows Onbu's own way to send passive results: JSON over HTTP, acknowledged once they are stored.
package http

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/onbu/onbu/internal/serve/web"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

const (
	defaultPort = 7766
	// storeWait is how long a sender waits for its answer when results cannot be stored.
	storeWait = 5 * time.Second
	// mostKey is the length of the longest Idempotency-Key, and of the longest id.
	mostKey = 200
)

// Listener takes results at POST /results.
type Listener struct {
	name string
	web  *web.Server
	most int
	sink modules.Sink
}

// New builds a listener.
func New(s *modules.Settings, e modules.Env) modules.Listener {
	l := &Listener{name: s.Name(), web: web.Read(s, e, "http", defaultPort), most: s.Int("max_results", 10_000, 1, 1_000_000)}
	if open := s.Bool("anonymous", false); !open && l.web.Keys.None() {
		s.Wrong("token", "nobody could send anything: write `token NAME SECRET`, or `anonymous 1` to let in everybody who reaches the port")
	} else if open && !l.web.Keys.None() {
		s.Wrong("anonymous", "with it the tokens mean nothing: leave out one or the other")
	} else if open {
		l.web.DoubtOpen(s, "anonymous")
	}
	return l
}

// Name implements modules.Listener.
func (l *Listener) Name() string { return l.name }

// Listen implements modules.Listener.
func (l *Listener) Listen(ctx context.Context, sink modules.Sink) error {
	serving := *l
	serving.sink = sink
	mux := http.NewServeMux()
	mux.HandleFunc("POST /results", serving.results)
	return l.web.Serve(ctx, mux)
}

// answer is what a sender is told.
type answer struct {
	// Stored results will be applied. NotTaken are for hosts or services that are not known, or that the sender may not speak
	// for. Over came faster than the sender's quota.
	Stored   int `json:"stored"`
	NotTaken int `json:"not_taken"`
	Over     int `json:"over"`
	// Error says what to do; with Mistakes nothing was stored.
	Error    string    `json:"error,omitempty"`
	Mistakes []mistake `json:"mistakes,omitempty"`
}

func (l *Listener) results(w http.ResponseWriter, r *http.Request) {
	from, ok := l.web.SignIn(r)
	if !ok {
		l.web.Denied(web.Peer(r), "token")
		w.Header().Set("WWW-Authenticate", "Bearer")
		reply(w, http.StatusUnauthorized, answer{Error: "send the token of a sender that is set up here: Authorization: Bearer TOKEN"})
		return
	}
	body, release, err := l.web.Body(w, r)
	defer release()
	if err != nil {
		l.fault(w, err)
		return
	}
	results, mistakes, err := decode(body, l.most, monitor.At(time.Now()))
	if err == nil && len(mistakes) == 0 {
		err = stamp(results, from.Name, r.Header.Get("Idempotency-Key"))
	}
	switch {
	case err != nil:
		l.fault(w, err)
	case len(mistakes) > 0:
		l.web.Tally.Refused("mistakes")
		reply(w, http.StatusBadRequest, answer{Error: "nothing was stored: mend what is wrong and send all of it again", Mistakes: mistakes})
	default:
		l.submit(w, r, from, results)
	}
}

func (l *Listener) submit(w http.ResponseWriter, r *http.Request, from web.Sender, results []monitor.Submission) {
	own, foreign := l.web.Own(l.sink, from, results)
	// What has arrived is stored although its sender may have gone: it will ask again, and the result counts once.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), storeWait)
	defer cancel()
	receipt, err := l.sink.Submit(ctx, own)
	a := answer{Stored: receipt.Stored, NotTaken: receipt.Unknown + receipt.Refused + foreign, Over: receipt.Over}
	switch {
	case err != nil:
		l.web.Tally.Refused("unstored")
		w.Header().Set("Retry-After", strconv.Itoa(int(storeWait/time.Second)))
		a.Error = "not everything could be stored in time: send it again; with ids or an Idempotency-Key what was stored counts once"
		reply(w, http.StatusServiceUnavailable, a)
	case a.Over > 0:
		w.Header().Set("Retry-After", "1")
		a.Error = "more than the quota allows: send it again, slower; with ids or an Idempotency-Key what was stored counts once"
		reply(w, http.StatusTooManyRequests, a)
	default:
		reply(w, http.StatusOK, a)
	}
}

func (l *Listener) fault(w http.ResponseWriter, err error) {
	f := &web.Fault{Code: http.StatusBadRequest, Why: err.Error(), Reason: "broken"}
	errors.As(err, &f)
	l.web.Tally.Refused(f.Reason)
	if f.Code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	reply(w, f.Code, answer{Error: f.Why})
}

// stamp says whose results they are. Ids are a sender's own: those of two senders never meet.
func stamp(results []monitor.Submission, from, key string) error {
	if len(key) > mostKey {
		return &web.Fault{Code: http.StatusBadRequest, Why: "Idempotency-Key: longer than " + strconv.Itoa(mostKey) + " bytes", Reason: "broken"}
	}
	for i := range results {
		s := &results[i]
		s.Source = "http " + from
		switch {
		case s.ID != "":
			s.ID = from + "/" + s.ID
		case key != "":
			s.ID = from + "/" + key + "/" + strconv.Itoa(i)
		}
	}
	return nil
}

func reply(w http.ResponseWriter, code int, a answer) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(a) // the sender is gone; there is nobody to tell
}
