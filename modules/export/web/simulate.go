package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/modules/export/web/sign"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/simulate"
	"github.com/onbu/onbu/scheduler/trigger"
)

// Bounds of simulations: they run beside the engine, in the process of the broker.
const (
	// mostPlayed is how many checks a simulation may be expected to make: some seconds of one core.
	mostPlayed = 6_000_000
	// mostTied bounds the memory that one takes, to some hundred megabytes.
	mostTied = 150_000
	// mostHappening bounds what its report has.
	mostHappening = 400_000
	// playWithin is how long one may take, and playWait how long one waits until another is done.
	playWithin, playWait = 2 * time.Minute, 20 * time.Second
	// longestLook is how far a simulation may look.
	longestLook = 14 * 24 * time.Hour
)

// simulateData adds what the page of simulations shows. It is asked by POST, since it costs something: no other site's page can have it
// done. The answer is a JSON value a line: {"progress": 0.5} now and then, and at last {"foreseen": …} or {"error": "…"}.
func (m *Module) simulateData(mux *http.ServeMux) {
	turn := make(chan struct{}, 1) // one at a time
	mux.HandleFunc("POST /ui/data/simulate", func(w http.ResponseWriter, r *http.Request) {
		if who := m.gate.Who(r); who.Role < sign.Read {
			refuse(w, denied(who, sign.Read))
			return
		}
		var q question
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostPosted)).Decode(&q); err != nil {
			refuse(w, failure(http.StatusBadRequest, "the question is no JSON: %v", err))
			return
		}
		if err := take(r.Context(), turn); err != nil {
			refuse(w, err)
			return
		}
		defer func() { <-turn }()
		out := lineWriter{w: w, next: time.Now().Add(progressEvery)}
		f, err := m.play(r.Context(), &q, out.progress)
		out.end(f, err)
	})
}

// take waits for a turn, which is then to be given back.
func take(ctx context.Context, turn chan struct{}) error {
	wait := time.NewTimer(playWait)
	defer wait.Stop()
	select {
	case turn <- struct{}{}:
		return nil
	case <-wait.C:
		return failure(http.StatusTooManyRequests, "another simulation is running, and one at a time is all that the engine's machine is to do: try again in a while")
	case <-ctx.Done():
		return failure(http.StatusRequestTimeout, "the page is gone")
	}
}

// progressEvery is how often a page hears how far its simulation is.
const progressEvery = 400 * time.Millisecond

// lineWriter writes an answer line by line. Who reads it being gone is no error: the request's context ends then.
type lineWriter struct {
	w     http.ResponseWriter
	next  time.Time
	begun bool
}

func (l *lineWriter) progress(played, all time.Duration) {
	if now := time.Now(); now.After(l.next) {
		l.next = now.Add(progressEvery)
		l.line(map[string]float64{"progress": played.Seconds() / all.Seconds()})
	}
}

func (l *lineWriter) line(v any) {
	if !l.begun {
		l.begun = true
		l.w.Header().Set("Content-Type", "application/x-ndjson")
	}
	_ = json.NewEncoder(l.w).Encode(v)
	_ = http.NewResponseController(l.w).Flush()
}

// end writes the answer, or why there is none: with a status, unless that is gone.
func (l *lineWriter) end(f *foreseen, err error) {
	switch {
	case err == nil:
		l.line(map[string]any{"foreseen": f})
	case l.begun:
		l.line(map[string]string{"error": err.Error()})
	default:
		refuse(l.w, err)
	}
}

// question is what a page wants to know. Times are in seconds.
type question struct {
	Host    string `json:"host"`
	Service string `json:"service"`
	// Also are others that fail with it.
	Also []failing `json:"also"`
	// State is that of a service: WARNING, UNKNOWN, or CRITICAL, as it is when it is empty.
	State string `json:"state"`
	// Start is when it begins: a date with a time of day in the configuration's zone; sunday for the next one at 03:00; empty for now.
	Start string `json:"start"`
	// Lasts is how long the outage lasts, 0 for good; Look how far to look, 0 for as far as makes sense; Downtime how long a downtime
	// lasts that begins with the outage.
	Lasts    int64 `json:"lasts"`
	Look     int64 `json:"look"`
	Downtime int64 `json:"downtime"`
}

// failing is a host or service that fails too.
type failing struct {
	Host    string `json:"host"`
	Service string `json:"service"`
}

// mostFailing is how many hosts and services may fail at once.
const mostFailing = 50

// others gives what fails too, each once.
func (q *question) others() (refs []monitor.Ref, hosts []string, err error) {
	if len(q.Also) >= mostFailing {
		return nil, nil, failure(http.StatusBadRequest, "%d hosts and services are too many: at most %d may fail at once", len(q.Also)+1, mostFailing)
	}
	first := monitor.Ref{Host: q.Host, Service: q.Service}
	for _, one := range q.Also {
		if ref := (monitor.Ref{Host: one.Host, Service: one.Service}); ref != first && !slices.Contains(refs, ref) {
			refs, hosts = append(refs, ref), append(hosts, one.Host)
		}
	}
	return refs, hosts, nil
}

// play answers a question. progress is called on another goroutine, and not after play.
func (m *Module) play(ctx context.Context, q *question, progress func(played, all time.Duration)) (*foreseen, error) {
	others, hosts, err := q.others()
	if err != nil {
		return nil, err
	}
	inv, shards, err := m.outlook.Catalog().Joined(q.Host, hosts...)
	if err != nil {
		return nil, failure(http.StatusConflict, "%v", err)
	}
	frame, outage, err := q.read(inv)
	if err != nil {
		return nil, failure(http.StatusBadRequest, "%v", err)
	}
	outage.Also = others
	script, err := outage.Script(frame)
	if err != nil {
		return nil, failure(http.StatusBadRequest, "%v", err)
	}
	if err := affordable(inv, script.End().Sub(script.Start())); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, playWithin)
	defer cancel()
	var report *simulate.Report
	began := time.Now()
	meekly(func() {
		report, err = simulate.Run(ctx, inv, script, simulate.Options{Progress: progress, Triggers: trigger.Compile, Most: mostHappening})
	})
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, failure(http.StatusServiceUnavailable, "%v: it took longer than %v; look for a shorter time", err, playWithin)
	case err != nil:
		return nil, failure(http.StatusConflict, "%v", err)
	}
	f := foresee(inv, report, &outage)
	f.Took, f.Shards = time.Since(began).Milliseconds(), shards
	return f, nil
}

// read gives what is to be played.
func (q *question) read(inv *monitor.Inventory) (f simulate.Frame, o simulate.Outage, err error) {
	f = simulate.Frame{Inventory: inv, Zone: time.Local}
	if inv.Options.Zone != "" {
		if f.Zone, err = time.LoadLocation(inv.Options.Zone); err != nil {
			return f, o, fmt.Errorf("use_timezone: %w", err)
		}
	}
	if f.Start, err = beginning(q.Start, time.Now().In(f.Zone)); err != nil {
		return f, o, err
	}
	for _, seconds := range []int64{q.Lasts, q.Look, q.Downtime} {
		if seconds < 0 || seconds > int64(longestLook/time.Second) {
			return f, o, fmt.Errorf("%d seconds: a simulation looks no further than %d days", seconds, int(longestLook.Hours()/24))
		}
	}
	f.Lasts = time.Duration(q.Look) * time.Second
	o = simulate.Outage{
		Ref: monitor.Ref{Host: q.Host, Service: q.Service}, For: time.Duration(q.Lasts) * time.Second, Downtime: time.Duration(q.Downtime) * time.Second,
	}
	states := map[string]monitor.State{"": monitor.Critical, "CRITICAL": monitor.Critical, "WARNING": monitor.Warning, "UNKNOWN": monitor.Unknown}
	state, ok := states[strings.ToUpper(q.State)]
	if !ok {
		return f, o, fmt.Errorf("%q: a service fails by being WARNING, CRITICAL or UNKNOWN", q.State)
	}
	o.State = state
	return f, o, nil
}

// beginning reads when an outage begins.
func beginning(text string, now time.Time) (time.Time, error) {
	switch text {
	case "", "now":
		return now.Truncate(time.Second), nil
	case "sunday":
		days := (7 - int(now.Weekday())) % 7
		at := time.Date(now.Year(), now.Month(), now.Day()+days, 3, 0, 0, 0, now.Location())
		if !at.After(now) {
			at = time.Date(now.Year(), now.Month(), now.Day()+7, 3, 0, 0, 0, now.Location())
		}
		return at, nil
	}
	return simulate.ParseStart(text, now.Location())
}

// affordable says why a simulation would cost too much; nil if it does not.
func affordable(inv *monitor.Inventory, lasts time.Duration) error {
	if n := inv.Objects(); n > mostTied {
		return failure(http.StatusRequestEntityTooLarge, "what is tied to this host has %d hosts and services, and the pages simulate no more than %d: use onbu simulate on another machine", n, mostTied)
	}
	checks := 0.0
	for id := range monitor.ID(inv.Objects()) {
		checks += float64(lasts) / float64(max(cmp.Or(inv.Policy(id).CheckInterval, time.Hour), time.Second))
	}
	if checks > mostPlayed {
		return failure(http.StatusRequestEntityTooLarge, "%d hosts and services would be checked some %.0f million times in %v, and the pages play no more than %d million: look for a shorter time, or use onbu simulate on another machine",
			inv.Objects(), checks/1e6, lasts, mostPlayed/1_000_000)
	}
	return nil
}
