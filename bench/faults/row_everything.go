package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// everything is row 27: for half an hour something is always broken, what and for how long is left to the seed. Of the three servers
// of the bus one may be away at a time.
func everything() Row {
	return Row{Name: "everything", Number: 27, About: "everything at once, by chance", Takes: 31 * time.Minute, NeedsNetwork: true, layout: clustered, bound: time.Minute, run: func(ctx context.Context, s *Site, f *Finding) error {
		long := 30 * time.Minute
		if s.o.Quick {
			long = time.Minute
		}
		dice := rand.New(rand.NewPCG(s.o.Seed, 27))
		deeds, began := 0, time.Now()
		for ; time.Since(began) < long; deeds++ {
			if err := s.mischief(ctx, dice, time.Since(began)); err != nil {
				return err
			}
		}
		f.Know("things broken", fmt.Sprint(deeds))
		f.Know("for", time.Since(began).Round(time.Second).String())
		return pause(ctx, 20*time.Second)
	}}
}

// mischief breaks one thing, or two that are no servers of the bus, for a while.
func (s *Site) mischief(ctx context.Context, dice *rand.Rand, at time.Duration) error {
	first := s.daemons[dice.IntN(len(s.daemons))]
	victims := []*Daemon{first}
	if second := s.daemons[dice.IntN(len(s.daemons))]; second != first && second.Role != "bus" && dice.IntN(2) == 0 {
		victims = append(victims, second)
	}
	var undo []func() error
	for _, d := range victims {
		what, back, err := s.spoil(d, dice)
		if err != nil {
			return err
		}
		s.say("%s: %s %s", at.Round(time.Second), d.Name(), what)
		undo = append(undo, back)
	}
	err := pause(ctx, time.Duration(1+dice.IntN(24))*time.Second)
	for _, back := range undo {
		err = errors.Join(err, back())
	}
	calm := time.Duration(1+dice.IntN(8)) * time.Second
	if first.Role == "bus" {
		calm += 10 * time.Second // it has to have caught up before another one may go
	}
	return errors.Join(err, pause(ctx, calm))
}

// spoil breaks a daemon in one of four ways and says how, and how it is undone.
func (s *Site) spoil(d *Daemon, dice *rand.Rand) (what string, undo func() error, err error) {
	switch dice.IntN(4) {
	case 0:
		return "is killed", d.Start, d.Kill()
	case 1:
		return "is stopped", d.Thaw, d.Freeze()
	case 2:
		if d.Role != "bus" {
			return "ends and begins", d.Start, d.Stop()
		}
		return "has its cable out", d.On.Plug, d.On.Unplug()
	}
	servers := s.servers()
	if d.Role == "bus" {
		return "is stopped", d.Thaw, d.Freeze()
	}
	return "and its machine lose the bus", func() error { return heal(append(servers, d.On)) }, d.On.Cut(servers...)
}
