package faults

import (
	"fmt"
	"strings"

	"github.com/onbu/onbu/bench/faults/lab"
)

// standard is two machines with all daemons, and a third one with the bus and the arbiter.
func standard(s *Site) error {
	hub, err := s.lab.Machine("hub")
	if err != nil {
		return err
	}
	s.busURL = "nats://" + hub.Path(busPort)
	s.add(hub, "bus", "--listen", hub.Path(busPort), "--open")
	s.add(hub, "arbiter", "CONFIG", "--shards", fmt.Sprint(shards))
	return s.workers("left", "right")
}

// workers adds machines with one daemon of each role that may be there several times.
func (s *Site) workers(names ...string) error {
	for _, name := range names {
		m, err := s.lab.Machine(name)
		if err != nil {
			return err
		}
		for _, role := range []string{"scheduler", "poller", "reactionner", "receiver", "broker"} {
			s.add(m, role)
		}
	}
	return nil
}

// clustered is the same with a bus on three machines, of which the first has the arbiter.
func clustered(s *Site) error {
	var machines []*lab.Machine
	for _, name := range []string{"alpha", "beta", "gamma"} {
		m, err := s.lab.Machine(name)
		if err != nil {
			return err
		}
		machines = append(machines, m)
	}
	var urls []string
	for i, m := range machines {
		urls = append(urls, "nats://"+m.Path(busPort))
		var others []string
		for j, other := range machines {
			if i != j {
				others = append(others, other.Path(clusterPort))
			}
		}
		s.add(m, "bus", "--name", m.Name, "--listen", m.Path(busPort), "--cluster", m.Path(clusterPort), "--join", strings.Join(others, ","), "--open")
	}
	s.busURL = strings.Join(urls, ",")
	s.add(machines[0], "arbiter", "CONFIG", "--shards", fmt.Sprint(shards))
	return s.workers("left", "right")
}
