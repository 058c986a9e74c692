package view

import (
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

// Tally counts everything.
func (s *Snapshot) Tally() api.Tally {
	var hosts, services [256]int // by state: a name for each object would take most of the time
	for _, h := range s.hosts {
		hosts[h.own.state]++
		for i := range h.services {
			if h.services[i].at != 0 {
				services[h.services[i].state]++
			}
		}
	}
	t := api.Tally{Hosts: map[string]int{}, Services: map[string]int{}}
	for i := range hosts {
		if hosts[i] > 0 {
			t.Hosts[monitor.State(i).HostName()] = hosts[i]
		}
		if services[i] > 0 {
			t.Services[monitor.State(i).ServiceName()] = services[i]
		}
	}
	return t
}
