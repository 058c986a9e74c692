package faults

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

// present is the state of things: as the journal has it from its beginning, or as somebody says that it is.
type present struct {
	objects   map[monitor.Ref]object
	downtimes map[uint64]note
	comments  map[uint64]note
}

// object is what lasts of a status, which checks that change nothing do not touch.
type object struct {
	State, Type                          string
	Attempt, Downtimes                   uint16
	Acknowledged, Flapping               bool
	Notifications, ActiveChecks, Passive bool
	Output                               string // of objects that are not checked
}

// note is a downtime or a comment.
type note struct {
	ref  monitor.Ref
	text string
}

func newPresent() *present {
	return &present{objects: map[monitor.Ref]object{}, downtimes: map[uint64]note{}, comments: map[uint64]note{}}
}

// lasting takes what lasts out of an object as the API shows it.
func lasting(o *api.Object) object {
	l := object{
		State: o.State, Type: o.StateType, Attempt: o.Attempt, Downtimes: o.DowntimeDepth, Acknowledged: o.Acknowledged, Flapping: o.Flapping,
		Notifications: o.Notifications, ActiveChecks: o.ActiveChecks, Passive: o.Passive,
	}
	if !o.ActiveChecks {
		l.Output = o.Output
	}
	return l
}

// put notes a status.
func (p *present) put(s *monitor.Status) {
	o := api.ObjectOf(s)
	p.objects[s.Ref] = lasting(&o)
}

// replay works the state out of the journal alone.
func (e *evidence) replay() *present {
	p := newPresent()
	for _, r := range e.records {
		for i := range r.broks {
			p.apply(&r.broks[i])
		}
	}
	return p
}

func (p *present) apply(b *monitor.Brok) {
	if b.Status != nil {
		p.put(b.Status)
	}
	switch b.Kind {
	case monitor.BrokDowntime:
		p.downtimes[b.Downtime.ID] = note{b.Downtime.Ref, b.Downtime.Comment}
	case monitor.BrokDowntimeGone:
		delete(p.downtimes, b.Downtime.ID)
	case monitor.BrokComment:
		p.comments[b.Comment.ID] = note{b.Comment.Ref, b.Comment.Text}
	case monitor.BrokCommentGone:
		delete(p.comments, b.Comment.ID)
	}
}

// obeyed is I4: what was ordered and taken is in the state.
func (p *present) obeyed(taken []order) (violations []string) {
	noted := map[note]bool{}
	for _, all := range []map[uint64]note{p.downtimes, p.comments} {
		for _, n := range all {
			noted[n] = true
		}
	}
	for _, o := range taken {
		checked, broken := p.objects[monitor.Ref{Host: o.host, Service: "checked"}], p.objects[monitor.Ref{Host: o.host, Service: "broken"}]
		switch o.kind {
		case comment:
			if !noted[note{monitor.Ref{Host: o.host, Service: "result"}, o.text}] {
				violations = append(violations, fmt.Sprintf("I4: %s: the comment %q was taken and is not there", o.host, o.text))
			}
		case downtime:
			if !noted[note{monitor.Ref{Host: o.host, Service: "flood"}, o.text}] {
				violations = append(violations, fmt.Sprintf("I4: %s: the downtime %q was taken and is not there", o.host, o.text))
			}
		case acknowledge:
			if !broken.Acknowledged || !noted[note{monitor.Ref{Host: o.host, Service: "broken"}, o.text}] {
				violations = append(violations, fmt.Sprintf("I4: %s: the acknowledgement %q was taken and is not there", o.host, o.text))
			}
		case silence:
			if checked.Notifications {
				violations = append(violations, fmt.Sprintf("I4: %s: notifications were switched off and are on", o.host))
			}
		}
	}
	return violations
}

func byName(a, b monitor.Ref) int {
	return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Service, b.Service))
}

// differs is I7: what somebody says is what the journal says.
func (p *present) differs(who string, said *present) (violations []string) {
	for _, ref := range slices.SortedFunc(maps.Keys(p.objects), byName) {
		if was, is := p.objects[ref], said.objects[ref]; was != is {
			violations = append(violations, fmt.Sprintf("I7: %s says of %v %+v, and the journal %+v", who, ref, is, was))
		}
	}
	compare := func(what string, journal, theirs map[uint64]note) {
		for id, n := range journal {
			if theirs[id] != n {
				violations = append(violations, fmt.Sprintf("I7: %s does not have the %s %d of %v as the journal has it: %+v instead of %+v", who, what, id, n.ref, theirs[id], n))
			}
		}
		for id, n := range theirs {
			if _, there := journal[id]; !there {
				violations = append(violations, fmt.Sprintf("I7: %s has the %s %d of %v, which is not in the journal", who, what, id, n.ref))
			}
		}
	}
	compare("downtime", p.downtimes, said.downtimes)
	compare("comment", p.comments, said.comments)
	return violations
}

// owners asks the owners of all shards for the state of things.
func (s *Site) owners(ctx context.Context) (*present, error) {
	p := newPresent()
	for shard := range uint16(shards) {
		for from, more := uint32(0), true; more; {
			a, err := s.askOwner(ctx, shard, wire.Question{Kind: wire.AskStatuses, From: from})
			if err != nil {
				return nil, err
			}
			for i := range a.Statuses {
				p.put(&a.Statuses[i])
			}
			from, more = a.Next, a.Next != 0
		}
		a, err := s.askOwner(ctx, shard, wire.Question{Kind: wire.AskNotes})
		if err != nil {
			return nil, err
		}
		for _, d := range a.Downtimes {
			p.downtimes[d.ID] = note{d.Ref, d.Comment}
		}
		for _, c := range a.Comments {
			p.comments[c.ID] = note{c.Ref, c.Text}
		}
	}
	return p, nil
}

func (s *Site) askOwner(ctx context.Context, shard uint16, q wire.Question) (a wire.Answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	reply, err := s.bus.Request(ctx, bus.Ask(shard), wire.Marshal(q))
	if err != nil {
		return a, fmt.Errorf("asking the owner of shard %d: %w", shard, err)
	}
	return a, wire.Unmarshal(reply, &a)
}

// shown asks a broker for the state of things.
func (s *Site) shown(b *Daemon) (*present, error) {
	p := newPresent()
	for _, path := range []string{"/api/hosts", "/api/services"} {
		var all []api.Object
		if err := s.fetch(b, path, &all); err != nil {
			return nil, err
		}
		for i := range all {
			p.objects[monitor.Ref{Host: all[i].Host, Service: all[i].Service}] = lasting(&all[i])
		}
	}
	var downtimes, comments []struct {
		ID            uint64
		Host, Service string
		Comment, Text string
	}
	if err := s.fetch(b, "/api/downtimes", &downtimes); err != nil {
		return nil, err
	}
	for _, d := range downtimes {
		p.downtimes[d.ID] = note{monitor.Ref{Host: d.Host, Service: d.Service}, d.Comment}
	}
	if err := s.fetch(b, "/api/comments", &comments); err != nil {
		return nil, err
	}
	for _, c := range comments {
		p.comments[c.ID] = note{monitor.Ref{Host: c.Host, Service: c.Service}, c.Text}
	}
	return p, nil
}

// fetch reads an answer of the API.
func (s *Site) fetch(from *Daemon, path string, into any) error {
	resp, err := s.client.Get("http://" + from.HTTP + path)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s of %s: %s", path, from.Name(), resp.Status)
	}
	return json.NewDecoder(io.LimitReader(resp.Body, 64<<20)).Decode(into)
}
