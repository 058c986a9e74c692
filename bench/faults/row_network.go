package faults

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/onbu/onbu/bench/faults/lab"
	"github.com/onbu/onbu/internal/bus"
)

// schedulerCut is row 10: the machine of the scheduler that owns most loses the bus, both ways and then one way. It believes that
// it is the owner; what it decides must have no effect once another one owns.
func schedulerCut() Row {
	return Row{Name: "scheduler-cut", Number: 10, About: "the network between a scheduler and the bus is cut, both ways and one way", Takes: 3 * time.Minute, NeedsNetwork: true, layout: clustered, bound: stoppedP99 + 5*time.Second, run: func(ctx context.Context, s *Site, f *Finding) error {
		began := time.Now()
		away := 30 * time.Second
		for way := range 3 {
			victim, err := s.owner(ctx)
			if err != nil {
				return err
			}
			servers := s.servers()
			cut := func() error { return victim.On.Cut(servers...) }
			switch {
			case way == 1:
				cut = func() error { return victim.On.Deaf(servers...) }
			case way == 2:
				cut = func() error { return deaf(servers, victim.On) }
			}
			if s.o.Quick && way != 0 {
				break
			}
			s.say("%s is cut off, %s", victim.On.Name, []string{"both ways", "it hears nothing", "nobody hears it"}[way])
			err = errors.Join(cut(), pause(ctx, away), heal(append(servers, victim.On)), pause(ctx, 8*time.Second))
			if err != nil {
				return err
			}
		}
		return s.takenOver(ctx, f, began, stoppedP50, stoppedP99)
	}}
}

// servers gives the machines that have a bus.
func (s *Site) servers() (all []*lab.Machine) {
	for _, d := range s.Daemons("bus") {
		all = append(all, d.On)
	}
	return all
}

func deaf(those []*lab.Machine, to *lab.Machine) (err error) {
	for _, m := range those {
		err = errors.Join(err, m.Deaf(to))
	}
	return err
}

func heal(all []*lab.Machine) (err error) {
	for _, m := range all {
		err = errors.Join(err, m.Heal())
	}
	return err
}

// writeGap is how long a cluster of three may take to go on writing without one of its servers: NATS elects a new leader in 4 to 9
// seconds.
const writeGap = 10 * time.Second

// serverLost is row 11: the server that leads the journal is killed, one that follows is, and the leader is stopped.
func serverLost() Row {
	return Row{Name: "bus-server", Number: 11, About: "one of three servers of the bus is killed or stopped: the journal's leader, and one that follows", Takes: 3 * time.Minute, NeedsNetwork: true, layout: clustered, bound: writeGap + 5*time.Second, run: func(ctx context.Context, s *Site, f *Finding) error {
		began := time.Now()
		for n, what := range []string{"leader killed", "follower killed", "leader stopped"} {
			if s.o.Quick && n > 0 {
				break
			}
			leader, err := s.leader(ctx)
			if err != nil {
				return err
			}
			victim := leader
			if n == 1 {
				victim = s.Daemons("bus")[(slices.Index(s.Daemons("bus"), leader)+1)%3]
			}
			s.say("%s: %s", what, victim.Name())
			at := time.Now()
			if err := s.without(ctx, victim, n == 2, 20*time.Second); err != nil {
				return err
			}
			e, err := s.gather(ctx)
			if err != nil {
				return err
			}
			f.AtMost("longest time without a commit, "+what, e.silence(at), writeGap)
		}
		e, err := s.gather(ctx)
		if err != nil {
			return err
		}
		f.None("shards that changed their owner", e.claims(began))
		return nil
	}}
}

// without lets the site be without a daemon for a while, and then with it again for as long as it takes to come back.
func (s *Site) without(ctx context.Context, d *Daemon, stopped bool, away time.Duration) error {
	if stopped {
		return errors.Join(d.Freeze(), pause(ctx, away), d.Thaw(), pause(ctx, 10*time.Second))
	}
	return errors.Join(d.Kill(), pause(ctx, away), d.Start(), pause(ctx, 10*time.Second))
}

// leader gives the bus server that leads the journal.
func (s *Site) leader(ctx context.Context) (*Daemon, error) {
	js, err := jetstream.New(s.raw)
	if err != nil {
		return nil, err
	}
	var name string
	err = s.eventually(ctx, 30*time.Second, "the journal has a leader", func() error {
		stream, err := js.Stream(ctx, string(bus.EV))
		if err != nil {
			return err
		}
		if c := stream.CachedInfo().Cluster; c == nil || c.Leader == "" {
			return errors.New("none so far")
		}
		name = stream.CachedInfo().Cluster.Leader
		return nil
	})
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(s.Daemons("bus"), func(d *Daemon) bool { return d.On.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("the journal's leader is called %q, which no machine is", name)
	}
	return s.Daemons("bus")[i], nil
}

// quorumLost is row 12: two of three servers are away for a minute.
func quorumLost() Row {
	return Row{Name: "bus-quorum", Number: 12, About: "two of three servers of the bus are killed, and come back after a minute", Takes: 2 * time.Minute, NeedsNetwork: true, layout: clustered, bound: 80 * time.Second, run: func(ctx context.Context, s *Site, f *Finding) error {
		away := time.Minute
		if s.o.Quick {
			away = 15 * time.Second
		}
		servers := s.Daemons("bus")
		began := time.Now()
		s.say("%s and %s are killed for %v", servers[1].Name(), servers[2].Name(), away)
		err := errors.Join(servers[1].Kill(), servers[2].Kill(), pause(ctx, away), servers[1].Start(), servers[2].Start())
		if err != nil {
			return err
		}
		back := time.Now()
		if err := pause(ctx, 25*time.Second); err != nil {
			return err
		}
		e, err := s.gather(ctx)
		if err != nil {
			return err
		}
		first, found := e.firstAfter(back)
		if !found {
			return errors.New("nothing was committed within 25 s after the servers came back")
		}
		f.AtMost("first commit after the servers came back", first.Sub(back), 15*time.Second)
		f.AtMost("longest time between two checks of a service", quantile(e.pauses(began), 1), away+(interval+15)*time.Second)
		return nil
	}}
}

// receiverAway is row 25 for results: the machine of a receiver has no way to the bus, and its senders to no other receiver.
func receiverAway() Row {
	return Row{Name: "receiver-away", Number: 25, About: "a receiver without a way to the bus takes results into its spool", Takes: 4 * time.Minute, NeedsNetwork: true, layout: clustered, bound: stoppedP99 + 5*time.Second, run: func(ctx context.Context, s *Site, f *Finding) error {
		away := 3 * time.Minute
		if s.o.Quick {
			away = 20 * time.Second
		}
		r := s.Daemons("receiver")[0]
		before := s.load.answered()
		s.say("%s has no bus for %v", r.Name(), away)
		s.load.only(r)
		if err := errors.Join(r.On.Cut(s.servers()...), pause(ctx, away)); err != nil {
			return err
		}
		f.AtLeast("requests that it took meanwhile", s.load.answered()-before, int(away/pace))
		if err := heal(append(s.servers(), r.On)); err != nil {
			return err
		}
		back := time.Now()
		if err := pause(ctx, 20*time.Second); err != nil {
			return err
		}
		e, err := s.gather(ctx)
		if err != nil {
			return err
		}
		first, found := e.firstHeard(back)
		if !found {
			return errors.New("nothing that was spooled was applied within 20 s")
		}
		f.AtMost("first result of the spool in the journal", first.Sub(back), 5*time.Second)
		return nil
	}}
}
