package broker

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

// query says which objects are asked for; the zero query asks for all.
type query struct {
	// host is the name of a host; empty for all.
	host string
	// state is a state's name, in any case; empty for all.
	state string
	// problems leaves out what is UP, OK or PENDING.
	problems bool
}

// queryOf reads the filters. A filter that is not understood is an error: an empty list would look as if all were well.
func queryOf(values url.Values) (query, error) {
	q := query{host: values.Get("host"), state: values.Get("state")}
	for name := range values {
		if name != "host" && name != "state" && name != "problems" {
			return q, fmt.Errorf("unknown filter %s; use host=, state= or problems=1", name)
		}
	}
	if q.state != "" && !slices.Contains(states(), strings.ToUpper(q.state)) {
		return q, fmt.Errorf("no state is called %s; there are %s", q.state, strings.Join(states(), ", "))
	}
	if problems := values.Get("problems"); problems != "" {
		var err error
		if q.problems, err = strconv.ParseBool(problems); err != nil {
			return q, fmt.Errorf("problems=%s is neither yes nor no; use problems=1", problems)
		}
	}
	return q, nil
}

func states() []string {
	return []string{"UP", "DOWN", "UNREACHABLE", "OK", "WARNING", "CRITICAL", "UNKNOWN", "PENDING"}
}

func (q *query) wants(state monitor.State, name string) bool {
	s := monitor.Status{State: state}
	return (!q.problems || s.IsProblem()) && (q.state == "" || strings.EqualFold(q.state, name))
}

// chosen gives the hosts that q.host leaves, in the order of their names.
func (q *query) chosen(s *view.Snapshot) iter.Seq[view.Host] {
	first, last := 0, s.Hosts()
	if q.host != "" {
		i, ok := s.Find(q.host)
		if first, last = i, i; ok {
			last++
		}
	}
	return func(yield func(view.Host) bool) {
		for i := first; i < last; i++ {
			if !yield(s.Host(i)) {
				return
			}
		}
	}
}

// hosts gives the hosts that are asked for, by name.
func (q *query) hosts(s *view.Snapshot) iter.Seq[monitor.Status] {
	return func(yield func(monitor.Status) bool) {
		for h := range q.chosen(s) {
			o := h.Object()
			if q.wants(o.State(), o.State().HostName()) && !yield(o.Status(monitor.Ref{Host: h.Name()})) {
				return
			}
		}
	}
}

// services gives the services that are asked for, by host and name.
func (q *query) services(s *view.Snapshot) iter.Seq[monitor.Status] {
	return func(yield func(monitor.Status) bool) {
		for h := range q.chosen(s) {
			for i := range h.Services() {
				name, o := h.Service(i)
				if o.Known() && q.wants(o.State(), o.State().ServiceName()) && !yield(o.Status(monitor.Ref{Host: h.Name(), Service: name})) {
					return
				}
			}
		}
	}
}

// list answers with objects of a snapshot, one a line. It holds up nobody, however slow the reader is.
func (b *Broker) list(ask func(*query, *view.Snapshot) iter.Seq[monitor.Status]) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q, err := queryOf(r.URL.Query())
		if err != nil {
			refuse(w, http.StatusBadRequest, err.Error())
			return
		}
		head(w)
		out := bufio.NewWriterSize(w, 1<<16)
		encoder := json.NewEncoder(out)
		between := "["
		for s := range ask(&q, b.snapshot()) {
			_, _ = out.WriteString(between)
			if err := encoder.Encode(api.ObjectOf(&s)); err != nil {
				return // the reader is gone; there is nobody to tell
			}
			between = ","
		}
		if between == "[" {
			_, _ = out.WriteString(between)
		}
		_, _ = out.WriteString("]\n")
		_ = out.Flush()
	}
}

// downtimesOf gives all downtimes, sorted by start.
func downtimesOf(s *view.Snapshot) []api.Downtime {
	all := s.Downtimes()
	slices.SortStableFunc(all, func(a, b monitor.Downtime) int { return cmp.Compare(a.Start, b.Start) })
	return downtimes(all)
}

// commentsOf gives all comments, oldest first.
func commentsOf(s *view.Snapshot) []api.Comment {
	all := s.Comments()
	slices.SortStableFunc(all, func(a, b monitor.Comment) int { return cmp.Compare(a.Entered, b.Entered) })
	return comments(all)
}
