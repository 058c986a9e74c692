// Package nscaweb knows the way in which NSCAweb takes external commands: forms over HTTP that hold a line for each command
// (https://github.com/smetj/nscaweb).
package nscaweb

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/serve/nagios"
	"github.com/onbu/onbu/internal/serve/web"
	"github.com/onbu/onbu/modules"
)

const (
	defaultPort = 5668
	// storeWait is how long a sender waits for its answer when something cannot be stored.
	storeWait = 5 * time.Second
)

// Listener takes forms at /queue and /queue/NAME, which are the same here.
type Listener struct {
	name     string
	web      *web.Server
	commands bool
	sink     modules.Sink
}

// New builds a listener.
func New(s *modules.Settings, e modules.Env) modules.Listener {
	l := &Listener{name: s.Name(), web: web.Read(s, e, "nscaweb", defaultPort), commands: s.Bool("commands", false)}
	if name, password := s.Text("username", ""), s.Text("password", ""); name != "" && password != "" {
		l.web.Keys.Add(name, password)
	} else if name+password != "" {
		s.Wrong("username", "write both username and password, or neither")
	}
	if open := s.Bool("anonymous", false); !open && l.web.Keys.None() {
		s.Wrong("username", "nobody could send anything: write username and password, or `anonymous 1` to let in everybody who reaches the port")
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
	mux.HandleFunc("/queue", serving.queue)
	mux.HandleFunc("/queue/", serving.queue)
	return l.web.Serve(ctx, mux)
}

func (l *Listener) queue(w http.ResponseWriter, r *http.Request) {
	f, release, err := l.web.Form(w, r)
	defer release()
	if err == nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), storeWait)
		defer cancel()
		err = l.take(ctx, f, web.Peer(r))
	}
	if fault := (*web.Fault)(nil); errors.As(err, &fault) {
		if fault.Code == http.StatusUnauthorized {
			l.web.Denied(web.Peer(r), fault.Reason)
		} else {
			l.web.Tally.Refused(fault.Reason)
		}
		if fault.Code == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "5")
		}
		http.Error(w, fault.Why, fault.Code)
	}
}

// take hands the lines on. The error is a *web.Fault.
func (l *Listener) take(ctx context.Context, f web.Form, peer string) error {
	from := web.Sender{Name: peer}
	if !l.web.Keys.None() {
		var ok bool
		if from, ok = l.web.Named(f.Get("username", ""), f.Get("password", "")); !ok {
			return &web.Fault{Code: http.StatusUnauthorized, Why: "send the username and the password of a sender that is set up here", Reason: "password"}
		}
	}
	o := nagios.Orders{Sink: l.sink, Source: "nscaweb " + from.Name, May: from.May(l.sink), ResultsOnly: !l.commands}
	report, err := o.Take(ctx, lines(f.Get("input", "")))
	l.web.Tally.Foreign(report.Foreign)
	switch {
	case err != nil:
		return &web.Fault{Code: http.StatusServiceUnavailable, Why: "not everything could be stored in time: send it again", Reason: "unstored"}
	case report.Wrong > 0:
		return &web.Fault{Code: http.StatusBadRequest, Why: fmt.Sprintf("%d lines were not taken, all others were: %v", report.Wrong, errors.Join(report.Why...)), Reason: "mistakes"}
	case report.Results.Over > 0:
		return &web.Fault{Code: http.StatusTooManyRequests, Why: "more results than the quota allows: send them again, slower", Reason: "over"}
	}
	return nil
}

// lines gives the lines that are not empty, without the white space at their ends.
func lines(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line != "" && !yield(line) {
				return
			}
		}
	}
}
