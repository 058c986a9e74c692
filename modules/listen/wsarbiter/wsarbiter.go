// Package wsarbiter knows the web service of Shinken's module ws_arbiter, to which GLPI and others send passive results and
// commands as forms (https://github.com/shinken-monitoring/mod-ws-arbiter).
package wsarbiter

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/serve/nagios"
	"github.com/onbu/onbu/internal/serve/web"
	"github.com/onbu/onbu/modules"
)

const (
	defaultPort = 7760
	// storeWait is how long a sender waits for its answer when something cannot be stored.
	storeWait = 5 * time.Second
	anonymous = "anonymous"
	push      = "push_check_result"
)

// Listener takes forms at the paths of the web service.
type Listener struct {
	name   string
	web    *web.Server
	routes []string
	sink   modules.Sink
}

// New builds a listener.
func New(s *modules.Settings, e modules.Env) modules.Listener {
	l := &Listener{name: s.Name(), web: web.Read(s, e, "ws_arbiter", defaultPort)}
	name, password := s.Text("username", anonymous), s.Text("password", "")
	if name == anonymous && password != "" && !s.Has("username") {
		s.Wrong("username", "it is missing, and without it the password counts for nothing: write who signs in, or username anonymous for everybody")
	}
	if name != anonymous {
		if password == "" {
			s.Wrong("password", "it is missing: nobody could sign in as %s", name)
		}
		l.web.Keys.Add(name, password)
	}
	if l.web.Keys.None() {
		l.web.DoubtOpen(s, "username")
	}
	if !s.Has("host") && s.Type() == "ws_arbiter" {
		s.Doubt("host", "it is not written: Shinken's module listens everywhere then, and this one on 127.0.0.1 only; write the one that is meant, such as host 0.0.0.0")
	}
	l.routes = []string{push}
	if !l.web.Keys.None() {
		l.routes = []string{push, "restart", "reload", "acknowledge", "downtime", "recheck"}
	}
	if s.Has("routes") {
		l.routes = s.Words("routes")
	}
	for _, route := range l.routes {
		if route != push && line(route) == nil {
			s.Wrong("routes", "there is no %q: write some of push_check_result, restart, reload, acknowledge, downtime, recheck", route)
		}
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
	for _, route := range l.routes {
		handle := serving.command(line(route))
		if route == push {
			handle = serving.push
		}
		mux.HandleFunc("POST /"+route, serving.signedIn(handle))
	}
	return l.web.Serve(ctx, mux)
}

// handler works with a form of a sender who is known. It returns an error that says what is wrong with the form, for the sender.
type handler func(ctx context.Context, f web.Form, from web.Sender) error

// signedIn asks who it is before it reads a body. The answers are Shinken's.
func (l *Listener) signedIn(next handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		from, ok := l.web.SignIn(r)
		if !ok {
			l.web.Denied(web.Peer(r), "password")
			code, text := http.StatusForbidden, "Authentication denied"
			if r.Header.Get("Authorization") == "" {
				code, text = http.StatusUnauthorized, "Authentication required"
				w.Header().Set("WWW-Authenticate", `Basic realm="onbu"`)
			}
			http.Error(w, text, code)
			return
		}
		f, release, err := l.web.Form(w, r)
		defer release()
		if err == nil {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), storeWait)
			defer cancel()
			err = next(ctx, f, from)
		}
		l.answer(w, err)
	}
}

// answer says nothing when all went well, as Shinken.
func (l *Listener) answer(w http.ResponseWriter, err error) {
	if err == nil {
		return
	}
	fault := &web.Fault{Code: http.StatusBadRequest, Why: err.Error(), Reason: "mistakes"}
	errors.As(err, &fault)
	l.web.Tally.Refused(fault.Reason)
	if fault.Code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	http.Error(w, fault.Why, fault.Code)
}

func (l *Listener) push(ctx context.Context, f web.Form, from web.Sender) error {
	results, err := results(f)
	if err != nil || len(results) == 0 {
		return err
	}
	for i := range results {
		results[i].Source = l.source(from)
	}
	own, _ := l.web.Own(l.sink, from, results)
	receipt, err := l.sink.Submit(ctx, own)
	if err == nil && receipt.Over > 0 {
		return &web.Fault{Code: http.StatusTooManyRequests, Why: "more results than the quota allows: send them again, slower", Reason: "over"}
	}
	return unstored(err)
}

// command gives what hands on the command line of a form.
func (l *Listener) command(line func(f web.Form) (string, error)) handler {
	return func(ctx context.Context, f web.Form, from web.Sender) error {
		text, err := line(f)
		if err != nil {
			return err
		}
		o := nagios.Orders{Sink: l.sink, Source: l.source(from), May: from.May(l.sink)}
		report, err := o.Take(ctx, slices.Values([]string{text}))
		switch {
		case err != nil:
			return unstored(err)
		case report.Wrong > 0:
			return report.Why[0]
		case report.Foreign > 0:
			l.web.Tally.Foreign(report.Foreign)
			return errors.New("no host is called so")
		}
		return nil
	}
}

func (l *Listener) source(from web.Sender) string { return "ws_arbiter " + from.Name }

func unstored(err error) error {
	if err == nil {
		return nil
	}
	return &web.Fault{Code: http.StatusServiceUnavailable, Why: "it could not be stored in time: send it again", Reason: "unstored"}
}

// printable says whether a value can stand in a command line between semicolons.
func printable(value string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == ';' || r == 0x7f })
}
