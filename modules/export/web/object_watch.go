package web

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
	"github.com/onbu/onbu/monitor/nearest"
)

// shownObject is what the page of a host or service gets. In a change only what is another than before is there.
type shownObject struct {
	Now float64 `json:"now"` // the server's time in Unix seconds
	// Missing says that there is no such host or service; Near names some that may have been meant.
	Missing bool     `json:"missing,omitempty"`
	Near    []object `json:"near,omitempty"`
	// Object is a described; Services are the services of a host by name, and Gone those that there are no more.
	Object   json.RawMessage   `json:"object,omitempty"`
	Services map[string]member `json:"services,omitempty"`
	Gone     []string          `json:"gone,omitempty"`
}

// member is a service in the list of its host.
type member struct {
	State   string `json:"state"`
	Soft    bool   `json:"soft,omitempty"`
	Output  string `json:"output"`
	Checked int64  `json:"checked"` // Unix seconds, as are all times here
	Since   int64  `json:"since"`
	// Acknowledged, Downtime and Flapping are why nobody is told of it; Root says that it is a root problem.
	Acknowledged bool `json:"acknowledged,omitempty"`
	Downtime     bool `json:"downtime,omitempty"`
	Flapping     bool `json:"flapping,omitempty"`
	Quiet        bool `json:"quiet,omitempty"`
}

// longestOutput is how much of an output a list shows.
const longestOutput = 300

// watching is a Source: one host or service, with the services of a host.
type watching struct {
	ref     monitor.Ref
	present *present
	order   func() *catalog.Index

	last     []byte // of Object
	services map[string]member
	missing  bool
	near     []object
}

func (m *Module) watch(ref monitor.Ref) *watching {
	return &watching{ref: ref, present: &m.present, order: m.names.now}
}

// Change implements live.Source.
func (w *watching) Change(context.Context) []byte {
	shown, order := w.present.snapshot(), w.order()
	place, ok := order.Find(w.ref)
	if !ok {
		return w.lost(order)
	}
	s := &shownObject{Now: monitor.At(time.Now()).Unix()}
	now, _ := json.Marshal(describe(shown, order, place)) // there is nothing in it that cannot be written
	if !bytes.Equal(now, w.last) {
		s.Object = now
	}
	if w.ref.IsHost() {
		s.Services, s.Gone = w.changed(membersOf(shown, order, place))
	}
	found := w.missing
	w.last, w.missing = now, false
	if s.Object == nil && len(s.Services) == 0 && len(s.Gone) == 0 && !found {
		return nil
	}
	out, _ := json.Marshal(s) // as above
	return out
}

// changed gives those services that are not as they were, and the names of those that are no more.
func (w *watching) changed(all iter.Seq2[string, member]) (changed map[string]member, gone []string) {
	changed = map[string]member{}
	next := make(map[string]member, len(w.services))
	for name, one := range all {
		next[name] = one
		if was, ok := w.services[name]; !ok || was != one {
			changed[name] = one
		}
	}
	for name := range w.services {
		if _, ok := next[name]; !ok {
			gone = append(gone, name)
		}
	}
	slices.Sort(gone)
	w.services = next
	return changed, gone
}

// lost says once that there is no such object.
func (w *watching) lost(order *catalog.Index) []byte {
	if w.missing {
		return nil
	}
	w.missing, w.last, w.services, w.near = true, nil, nil, near(order, w.ref)
	return w.Whole()
}

// Whole implements live.Source.
func (w *watching) Whole() []byte {
	out, _ := json.Marshal(shownObject{ // as above
		Now: monitor.At(time.Now()).Unix(), Missing: w.missing, Near: w.near, Object: w.last, Services: w.services,
	})
	return out
}

// mostNear is how many names are given for one that there is not.
const mostNear = 8

// near gives objects that may have been meant: services of the host whose names are like it, or the first of all where none is, or hosts.
func near(order *catalog.Index, of monitor.Ref) []object {
	if host, ok := order.Find(monitor.Ref{Host: of.Host}); ok {
		var names []string
		order.Descriptions(host, func(_ monitor.ID, name string) bool {
			names = append(names, name)
			return true
		})
		var all []object
		found := alike(of.Service, names)
		if len(found) == 0 {
			found = names[:min(len(names), mostNear)]
		}
		for _, name := range found {
			all = append(all, object{Host: of.Host, Service: name})
		}
		return append(all, object{Host: of.Host})
	}
	names := make([]string, len(order.Hosts))
	for i, place := range order.Hosts {
		names[i] = order.Host(place).Name
	}
	var all []object
	for _, name := range alike(of.Host, names) {
		all = append(all, object{Host: name})
	}
	return all
}

// alike gives a few names that word may have meant: a mistyped one, and those that contain it or that it contains.
func alike(word string, names []string) []string {
	var found []string
	if n := nearest.Of(word, slices.Values(names)); n != "" {
		found = append(found, n)
	}
	small := strings.ToLower(word)
	for _, name := range names {
		if len(found) == mostNear {
			break
		}
		other := strings.ToLower(name)
		if (strings.Contains(other, small) || len(other) > 2 && strings.Contains(small, other)) && !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	return found
}
