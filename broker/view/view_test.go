package view_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

func brok(at monitor.Time, host, service string, state monitor.State) *monitor.Brok {
	return &monitor.Brok{Kind: monitor.BrokState, Time: at, Status: &monitor.Status{Ref: monitor.Ref{Host: host, Service: service}, State: state}}
}

func TestTheNewestStatusCounts(t *testing.T) {
	v := view.New()
	v.Apply(brok(20, "web", "http", monitor.Critical))
	v.Apply(brok(10, "web", "http", monitor.OK))
	v.Fill([]monitor.Status{{Ref: monitor.Ref{Host: "web", Service: "http"}, State: monitor.Warning}}, 15)
	if got := services(v)[0].State; got != monitor.Critical {
		t.Errorf("an older brok won: %v", got.ServiceName())
	}
	v.Fill([]monitor.Status{{Ref: monitor.Ref{Host: "web", Service: "http"}, State: monitor.Unknown}}, 30)
	if got := services(v)[0].State; got != monitor.Unknown {
		t.Errorf("the owner's newer word did not win: %v", got.ServiceName())
	}
}

func TestATallyCountsWhatIsKnown(t *testing.T) {
	v := view.New()
	v.Apply(brok(1, "b", "", monitor.Down))
	v.Apply(brok(1, "b", "z", monitor.OK))
	v.Apply(brok(1, "b", "a", monitor.Warning))
	v.Apply(brok(1, "a", "x", monitor.Critical))
	v.Check(&monitor.Check{Ref: monitor.Ref{Host: "a", Service: "not known as a whole"}, Time: 2})
	want := api.Tally{
		Hosts:    map[string]int{"DOWN": 1, "PENDING": 1},
		Services: map[string]int{"OK": 1, "WARNING": 1, "CRITICAL": 1},
	}
	if diff := cmp.Diff(want, v.Snapshot().Tally()); diff != "" {
		t.Error(diff)
	}
}

// services gives all services that are known as a whole, by host and name.
func services(v *view.View) []monitor.Status {
	var all []monitor.Status
	s := v.Snapshot()
	for i := range s.Hosts() {
		h := s.Host(i)
		for j := range h.Services() {
			if name, o := h.Service(j); o.Known() {
				all = append(all, o.Status(monitor.Ref{Host: h.Name(), Service: name}))
			}
		}
	}
	return all
}

func names(all []monitor.Status) []string {
	var out []string
	for i := range all {
		out = append(out, all[i].Ref.String())
	}
	return out
}

func TestNotesComeAndGo(t *testing.T) {
	v := view.New()
	v.Apply(&monitor.Brok{Kind: monitor.BrokDowntime, Shard: 1, Downtime: &monitor.Downtime{ID: 7, Start: 5}})
	v.Apply(&monitor.Brok{Kind: monitor.BrokDowntime, Shard: 2, Downtime: &monitor.Downtime{ID: 7, Start: 3}})
	v.Apply(&monitor.Brok{Kind: monitor.BrokComment, Shard: 2, Comment: &monitor.Comment{ID: 1}})
	v.Apply(&monitor.Brok{Kind: monitor.BrokDowntimeGone, Shard: 1, Downtime: &monitor.Downtime{ID: 7}})
	if got := v.Snapshot().Downtimes(); len(got) != 1 || got[0].Start != 3 {
		t.Errorf("downtimes %+v, want the one of shard 2", got)
	}
	v.Notes(2, nil, []monitor.Comment{{ID: 9}}, nil)
	if got := v.Snapshot().Downtimes(); len(got) != 0 {
		t.Errorf("downtimes %+v, want none", got)
	}
	if got := v.Snapshot().Comments(); len(got) != 1 || got[0].ID != 9 {
		t.Errorf("comments %+v, want number 9", got)
	}
}

func TestRetainForgetsWhatIsNotConfigured(t *testing.T) {
	v := view.New()
	v.Apply(brok(1, "a", "x", monitor.OK))
	v.Apply(brok(1, "a", "y", monitor.OK))
	v.Apply(brok(1, "b", "x", monitor.OK))
	v.Retain(func(r monitor.Ref) bool { return r.Host == "a" && r.Service != "y" })
	if diff := cmp.Diff([]string{"a/x"}, names(services(v))); diff != "" {
		t.Error(diff)
	}
}
