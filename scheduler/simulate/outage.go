package simulate

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
)

// Outage is what somebody asks about a host or service, or several: what happens if it fails?
type Outage struct {
	Ref monitor.Ref
	// Also are others that fail at the same moment and for as long, as the rest of a rack does, each once.
	Also []monitor.Ref
	// State is that of a service while it lasts, Critical if it is OK; a host dies.
	State monitor.State
	// For is how long it lasts; 0 for good.
	For time.Duration
	// Downtime is how long a downtime lasts that begins with it; 0 for none.
	Downtime time.Duration
}

// Script makes the script of an outage that begins with it, right after everything was seen to be fine. Unless the frame says how long
// it goes on, that is WhatIfLasts, or an hour more than the outage if that is longer.
func (o Outage) Script(f Frame) (*Script, error) {
	f.Zone = cmp.Or(f.Zone, time.Local)
	if f.Start.IsZero() {
		f.Start = DefaultStart(f.Zone)
	}
	s := &Script{start: monitor.At(f.Start), zone: f.Zone}
	s.until = s.start.Add(cmp.Or(f.Lasts, max(WhatIfLasts, o.For+afterwards)))
	names := newNames(f.Inventory)
	var failures, endings []event
	for _, one := range o.each() {
		id, err := names.ref(one.Ref)
		if err != nil {
			return nil, err
		}
		if one.Downtime > 0 {
			e, err := one.downtime(s.start, id)
			if err != nil {
				return nil, err
			}
			s.events = append(s.events, e)
		}
		failures = append(failures, one.failure(s.start, id))
		if end := s.start.Add(one.For); one.For > 0 && end <= s.until {
			endings = append(endings, event{at: end, line: failureLine, do: ending, id: id})
		}
	}
	s.events = slices.Concat(s.events, failures, endings)
	return s, nil
}

// each gives the outage of each that fails.
func (o Outage) each() []Outage {
	all := []Outage{o}
	for _, ref := range o.Also {
		one := o
		one.Ref = ref
		all = append(all, one)
	}
	return all
}

// failureLine and downtimeLine stand for the lines that an outage would have in a script.
const downtimeLine, failureLine = 1, 2

func (o Outage) failure(at monitor.Time, id monitor.ID) event {
	if o.Ref.IsHost() {
		return event{at: at, line: failureLine, do: taking, down: true, id: id, text: "host " + o.Ref.String() + " down"}
	}
	state := cmp.Or(o.State, monitor.Critical)
	return event{
		at: at, line: failureLine, do: saying, id: id, text: fmt.Sprintf("service %s %s", o.Ref, state.ServiceName()),
		outcome: &monitor.Outcome{State: state, Output: "broken (simulated)"},
	}
}

func (o Outage) downtime(at monitor.Time, id monitor.ID) (event, error) {
	name := "SCHEDULE_HOST_DOWNTIME"
	if !o.Ref.IsHost() {
		name = "SCHEDULE_SVC_DOWNTIME"
	}
	from, to := int64(at)/1e9, int64(at.Add(o.Downtime))/1e9
	r := command.Request{
		Name: name, Ref: o.Ref, Time: at,
		Args: []string{fmt.Sprint(from), fmt.Sprint(to), "1", "0", "0", "simulate", "downtime in a simulation"},
	}
	return event{at: at, line: downtimeLine, do: obeying, id: id, request: r, text: "downtime of " + o.Ref.String()}, nil
}
