package faults

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/bench/faults/lab"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/keys"
)

// standard is three machines that keep the bus between them, each with a daemon of every other role but the third, which
// has the arbiter.
func standard(s *Site) error {
	all, err := s.machines("left", "right", "hub")
	if err != nil {
		return err
	}
	if err := s.buses(all...); err != nil {
		return err
	}
	return s.workers(all[2], all[:2]...)
}

// clustered is the same with the bus on three machines that have nothing else, but for the arbiter on the first, so that the ways
// between the bus and the daemons can be cut.
func clustered(s *Site) error {
	servers, err := s.machines("alpha", "beta", "gamma")
	if err != nil {
		return err
	}
	others, err := s.machines("left", "right")
	if err != nil {
		return err
	}
	if err := s.buses(servers...); err != nil {
		return err
	}
	return s.workers(servers[0], others...)
}

// lone is a bus on one machine, whose store is a disk of that many bytes of its own, if any, and the daemons on two others.
func lone(disk int64) func(*Site) error {
	return func(s *Site) error {
		all, err := s.machines("left", "right", "hub")
		if err != nil {
			return err
		}
		if disk > 0 {
			if err := all[2].Disk("bus", disk); err != nil {
				return err
			}
		}
		if err := s.buses(all[2]); err != nil {
			return err
		}
		return s.workers(all[2], all[:2]...)
	}
}

// machines adds machines of those names.
func (s *Site) machines(names ...string) (all []*lab.Machine, err error) {
	for _, name := range names {
		m, err := s.lab.Machine(name)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// buses puts a server of the bus on each of the machines, which are one cluster if they are several.
func (s *Site) buses(on ...*lab.Machine) error {
	var clients []string
	for _, m := range on {
		clients = append(clients, "tls://"+m.Path(busPort))
	}
	s.busURL = strings.Join(clients, ",")
	for _, m := range on {
		name := "bus-" + m.Name
		if err := s.hand(name, m, keys.Server); err != nil {
			return err
		}
		args := []string{"--listen", m.Path(busPort), "--keys", s.ring(name), "--name", m.Name}
		if len(on) > 1 {
			var others []string
			for _, other := range on {
				if other != m {
					others = append(others, other.Path(clusterPort))
				}
			}
			args = append(args, "--cluster", m.Path(clusterPort), "--join", strings.Join(others, ","))
		}
		s.add(m, "bus", args...)
	}
	return nil
}

// workers puts the arbiter on one machine, and a daemon of each other role on the others.
func (s *Site) workers(arbiter *lab.Machine, on ...*lab.Machine) error {
	for _, m := range append(slices.Clone(on), arbiter) {
		if err := s.hand(m.Name, nil, bus.Roles()...); err != nil {
			return err
		}
	}
	s.add(arbiter, "arbiter", "CONFIG", "--shards", fmt.Sprint(shards))
	for _, m := range on {
		for _, role := range []string{"scheduler", "poller", "reactionner", "receiver", "broker"} {
			s.add(m, role)
		}
	}
	return nil
}

// hand makes the keys of somebody who may have these roles; a server of the bus is on m.
func (s *Site) hand(name string, m *lab.Machine, roles ...bus.Role) (err error) {
	if s.vault == nil {
		if s.vault, err = keys.Create(s.file("ca"), time.Now()); err != nil {
			return fmt.Errorf("an authority for the lab: %w", err)
		}
	}
	who, err := keys.NewIdentity(name, roles...)
	if err != nil {
		return err
	}
	grant := keys.Grant{Identity: who, Life: 24 * time.Hour}
	if who.Has(keys.Server) {
		grant.Addresses = []string{m.Addr.String()}
	}
	if err := s.vault.Hand(s.ring(name), grant, true, time.Now()); err != nil {
		return fmt.Errorf("keys for %s: %w", name, err)
	}
	return nil
}

// ring is the folder with the keys of somebody.
func (s *Site) ring(name string) string { return s.file("keys-" + name) }

// observer opens the keys of this process, which may do all that any daemon may.
func (s *Site) observer() (*keys.Ring, error) {
	if err := s.hand("observer", nil, bus.Roles()...); err != nil {
		return nil, err
	}
	return keys.Open(s.ring("observer"), slog.New(slog.DiscardHandler))
}
