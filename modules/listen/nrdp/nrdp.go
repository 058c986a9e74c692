// Package nrdp knows the Nagios Remote Data Processor's way to send passive results and commands: forms over HTTP that hold XML
// or JSON, as NRDP 2.0's server takes them (https://github.com/NagiosEnterprises/nrdp).
package nrdp

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/serve/nagios"
	"github.com/onbu/onbu/internal/serve/web"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

const (
	defaultPort = 7767
	// headerBytes is larger than elsewhere: send_nrdp.py puts all of its data into the address. Apache takes 8 KiB.
	headerBytes = 32 << 10
	// storeWait is how long a sender waits for its answer when results cannot be stored.
	storeWait = 5 * time.Second
)

// Listener takes forms at whatever path.
type Listener struct {
	name     string
	web      *web.Server
	most     int
	commands bool
	tls      bool
	sink     modules.Sink
}

// New builds a listener.
func New(s *modules.Settings, e modules.Env) modules.Listener {
	l := &Listener{
		name: s.Name(), web: web.Read(s, e, "nrdp", defaultPort), most: s.Int("max_results", 10_000, 1, 1_000_000),
		commands: s.Bool("commands", false), tls: s.Bool("require_https", false),
	}
	l.web.Header = headerBytes
	if l.web.Keys.None() {
		s.Wrong("token", "nobody could send anything: write `token NAME SECRET`, or name a tokens_file")
	}
	if l.tls && !l.web.Encrypted() {
		s.Wrong("require_https", "nobody could send anything: it needs tls_cert and tls_key")
	}
	return l
}

// Name implements modules.Listener.
func (l *Listener) Name() string { return l.name }

// Listen implements modules.Listener.
func (l *Listener) Listen(ctx context.Context, sink modules.Sink) error {
	serving := *l
	serving.sink = sink
	return l.web.Serve(ctx, http.HandlerFunc(serving.serve))
}

// refusal is what NRDP says in place of OK; the information is for people.
type refusal struct{ message, information string }

// Error implements error.
func (r *refusal) Error() string { return r.message }

func (l *Listener) serve(w http.ResponseWriter, r *http.Request) {
	form, release, err := l.web.Form(w, r)
	defer release()
	if fault := (*web.Fault)(nil); errors.As(err, &fault) {
		l.web.Tally.Refused(fault.Reason)
		http.Error(w, fault.Why, fault.Code)
		return
	}
	q := request{form: form}
	cmd := strings.ToLower(form.Get("cmd", ""))
	if cmd == "hello" {
		q.reply(w, answer{{"status", 0}, {"message", "OK"}, {"product", "nrdp"}, {"version", "2.0.6"}}, "response")
		return
	}
	from, err := l.signIn(form.Get("token", ""))
	if no := (*refusal)(nil); errors.As(err, &no) {
		l.web.Denied(web.Peer(r), reasonOf(no.message))
		q.refuse(w, no)
		return
	}
	output := ""
	switch {
	case cmd == "submitcheck":
		output, err = l.results(r.Context(), q, from)
	case cmd == "submitcmd", cmd == "submitrawcmd":
		err = l.obey(r.Context(), form, from)
	default:
		l.web.Tally.Refused("request")
		_, _ = w.Write([]byte("NO REQUEST HANDLER")) // the sender is gone; there is nobody to tell
		return
	}
	l.answer(w, q, output, err)
}

// refuse answers with what NRDP says in place of OK.
func (q request) refuse(w http.ResponseWriter, no *refusal) {
	a := answer{{"status", -1}, {"message", no.message}}
	if no.information != "" {
		a = append(a, pair{"information", no.information})
	}
	q.reply(w, a, "result")
}

func (l *Listener) answer(w http.ResponseWriter, q request, output string, err error) {
	if no := (*refusal)(nil); errors.As(err, &no) {
		l.web.Tally.Refused(reasonOf(no.message))
		q.refuse(w, no)
		return
	}
	a := answer{{"status", 0}, {"message", "OK"}}
	if output != "" {
		a = append(a, pair{"meta", answer{{"output", output}}})
	}
	q.reply(w, a, "result")
}

// reasonOf makes a label of one of NRDP's messages.
func reasonOf(message string) string { return strings.ReplaceAll(strings.ToLower(message), " ", "_") }

func (l *Listener) signIn(token string) (web.Sender, error) {
	if token == "" {
		return web.Sender{}, &refusal{message: "NO TOKEN"}
	}
	from, ok := l.web.Known(token)
	if !ok {
		return web.Sender{}, &refusal{message: "BAD TOKEN"}
	}
	return from, nil
}

// results stores what a submitcheck brings, and says how many there were: those for unknown hosts are among them.
func (l *Listener) results(ctx context.Context, q request, from web.Sender) (string, error) {
	results, err := q.results(l.most)
	if err != nil {
		return "", err
	}
	found := len(results)
	results = slices.DeleteFunc(results, func(s monitor.Submission) bool { return s.Host == "" })
	for i := range results {
		results[i].Source = "nrdp " + from.Name
	}
	own, _ := l.web.Own(l.sink, from, results)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeWait)
	defer cancel()
	receipt, err := l.sink.Submit(ctx, own)
	if err != nil {
		return "", &refusal{"WRITE ERROR", "not everything could be stored in time: send it again"}
	}
	if receipt.Over > 0 {
		return "", &refusal{"WRITE ERROR", strconv.Itoa(receipt.Over) + " results are more than the quota allows: send them again, slower"}
	}
	return strconv.Itoa(found) + " checks processed", nil
}

// obey hands commands on. A sender with bounds may give none that concern other hosts.
func (l *Listener) obey(ctx context.Context, form web.Form, from web.Sender) error {
	if !l.commands {
		return &refusal{message: "COMMANDS DISABLED"}
	}
	lines := slices.DeleteFunc(append(form.All("command"), form.All("command[]")...), func(line string) bool { return line == "" })
	if len(lines) == 0 {
		return &refusal{message: "NO COMMAND"}
	}
	if slices.ContainsFunc(lines, func(line string) bool { return strings.ContainsAny(line, "\r\n") }) {
		return &refusal{"BAD COMMAND", "a command is one line"}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeWait)
	defer cancel()
	o := nagios.Orders{Sink: l.sink, Source: "nrdp " + from.Name, May: from.May(l.sink)}
	report, err := o.Take(ctx, slices.Values(lines))
	switch {
	case err != nil:
		return &refusal{"WRITE ERROR", "not everything could be stored in time: send it again"}
	case report.Foreign > 0:
		l.web.Tally.Foreign(report.Foreign)
		return &refusal{message: "DENIED TOKEN"}
	case report.Wrong > 0:
		return &refusal{"BAD COMMAND", report.Why[0].Error()}
	case report.Results.Over > 0:
		return &refusal{"WRITE ERROR", "more than the quota allows: send it again, slower"}
	}
	return nil
}
