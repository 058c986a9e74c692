package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
)

// What a shard may be without an owner who decides: reliability is promised in these figures.
const (
	takeoverP50, takeoverP99 = 3 * time.Second, 6 * time.Second
	stoppedP50, stoppedP99   = 16 * time.Second, 20 * time.Second
)

// rounds is how often a fault is repeated.
func (s *Site) rounds(n int) int {
	if s.o.Quick {
		return 1
	}
	return n
}

// schedulerKilled is row 1: kill -9 of one scheduler after the other. What counts is the time between the last commit of a shard's
// old owner and the first of its new one.
func schedulerKilled() Row {
	return Row{Name: "scheduler-kill", Number: 1, About: "kill -9 of a scheduler", Takes: 2 * time.Minute, bound: takeoverP99 + 5*time.Second, run: func(ctx context.Context, s *Site, f *Finding) error {
		began := time.Now()
		for n := range s.rounds(6) {
			victim, err := s.owner(ctx)
			if err != nil {
				return err
			}
			s.say("kill -9 of %s (%d)", victim.Name(), n+1)
			if err := errors.Join(pause(ctx, 2*time.Second), victim.Kill(), pause(ctx, 8*time.Second)); err != nil {
				return err
			}
			if err := victim.Start(); err != nil {
				return err
			}
		}
		return s.takenOver(ctx, f, began, takeoverP50, takeoverP99)
	}}
}

// schedulerStopped is row 2: a scheduler sleeps for longer than its lease holds, and wakes up believing that it is the owner.
func schedulerStopped() Row {
	return Row{Name: "scheduler-stop", Number: 2, About: "SIGSTOP of a scheduler, and SIGCONT after a minute", Takes: 3 * time.Minute, bound: stoppedP99 + 5*time.Second, run: func(ctx context.Context, s *Site, f *Finding) error {
		began := time.Now()
		asleep := time.Minute
		if s.o.Quick {
			asleep = 25 * time.Second
		}
		for range s.rounds(2) {
			victim, err := s.owner(ctx)
			if err != nil {
				return err
			}
			s.say("%s is stopped for %v", victim.Name(), asleep)
			if err := errors.Join(victim.Freeze(), pause(ctx, asleep), victim.Thaw(), pause(ctx, 5*time.Second)); err != nil {
				return err
			}
		}
		return s.takenOver(ctx, f, began, stoppedP50, stoppedP99)
	}}
}

// schedulerStuck is row 3: the loops of a scheduler's shards stand still, while its process lives, answers and has the bus.
func schedulerStuck() Row {
	layout := func(s *Site) error {
		err := standard(s)
		for _, d := range s.Daemons("scheduler") {
			d.args = append(d.args, "--stall-while", s.stall(d))
		}
		return err
	}
	return Row{Name: "scheduler-stuck", Number: 3, About: "the loops of a scheduler's shards stand still for a minute, all else in it goes on", Takes: 3 * time.Minute, bound: stoppedP99 + 5*time.Second, layout: layout, run: func(ctx context.Context, s *Site, f *Finding) error {
		began := time.Now()
		stuck := time.Minute
		if s.o.Quick {
			stuck = 25 * time.Second
		}
		for range s.rounds(2) {
			victim, err := s.owner(ctx)
			if err != nil {
				return err
			}
			s.say("the shards of %s are stuck for %v", victim.Name(), stuck)
			if err := os.WriteFile(s.stall(victim), nil, 0o644); err != nil {
				return err
			}
			if err := errors.Join(pause(ctx, stuck), victim.Alive(), os.Remove(s.stall(victim)), pause(ctx, 5*time.Second)); err != nil {
				return err
			}
		}
		return s.takenOver(ctx, f, began, stoppedP50, stoppedP99)
	}}
}

// stall is the file for whose time a daemon's shards stand still.
func (s *Site) stall(d *Daemon) string { return s.file("stall-" + d.On.Name) }

// owner gives the scheduler that owns most shards.
func (s *Site) owner(ctx context.Context) (*Daemon, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	owns := map[string]int{}
	for shard := range uint16(shards) {
		held, err := s.bus.Get(ctx, bus.LEASE, bus.LeaseKey(shard))
		if errors.Is(err, bus.ErrNotFound) {
			continue
		}
		var l wire.Lease
		if err == nil {
			err = wire.Unmarshal(held.Value, &l)
		}
		if err != nil {
			return nil, fmt.Errorf("who owns shard %d: %w", shard, err)
		}
		owns[l.Owner]++
	}
	most := slices.MaxFunc(s.Daemons("scheduler"), func(a, b *Daemon) int { return owns[a.On.Name] - owns[b.On.Name] })
	if owns[most.On.Name] == 0 {
		return nil, errors.New("no scheduler owns a shard")
	}
	return most, nil
}

// takenOver notes how long shards were without commits at a change of owner, and how long services were not checked.
func (s *Site) takenOver(ctx context.Context, f *Finding, since time.Time, p50, p99 time.Duration) error {
	e, err := s.gather(ctx)
	if err != nil {
		return err
	}
	gaps := e.gaps(since)
	if len(gaps) == 0 {
		return errors.New("no shard was taken over")
	}
	f.Know("shards taken over", fmt.Sprint(len(gaps)))
	f.AtMost("last commit of the old owner to first of the new one, p50", quantile(gaps, 0.5), p50)
	f.AtMost("the same, p99", quantile(gaps, 0.99), p99)
	return nil
}

// quantile gives the value below or at which the share q of sorted values lies; 0 of none.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(float64(len(sorted))*q))]
}
