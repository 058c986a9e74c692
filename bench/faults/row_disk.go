package faults

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// diskSize is that of the disk of the bus: with what a store needs at least before it begins, and little more.
const diskSize = 192 << 20

// diskFull is row 14: the disk that the bus stores on is full for a while. Whoever sends results has to get them stored elsewhere or a
// clear answer, checks have to go on, and when there is room again everything has to go on by itself.
func diskFull() Row {
	return Row{Name: "disk-full", Number: 14, About: "the disk of the bus is full", Takes: 3 * time.Minute, NeedsNetwork: true, layout: lone(diskSize), bound: 2*time.Minute + resumeWithin, run: func(ctx context.Context, s *Site, f *Finding) error {
		fullFor := time.Minute
		if s.o.Quick {
			fullFor = 25 * time.Second
		}
		hub := s.Daemons("bus")[0].On
		before := s.load.answered()
		checks := s.total(ctx, "scheduler", "onbu_checks_total")
		if err := s.eventually(ctx, 20*time.Second, "all daemons are well", func() error { return s.unwell(ctx) }); err != nil {
			return err
		}
		n, err := hub.Fill("bus")
		if err != nil {
			return err
		}
		full := time.Now()
		s.say("the disk of the bus is full: %d MiB of something else", n>>20)
		alarm, err := s.alarmed(ctx, fullFor)
		if err != nil {
			return err
		}
		if err := pause(ctx, time.Until(full.Add(fullFor))); err != nil {
			return err
		}
		f.AtMost("until a daemon's /healthz said so", alarm.Sub(full), 10*time.Second)
		f.AtLeast("checks made meanwhile", int(s.total(ctx, "scheduler", "onbu_checks_total")-checks), int(fullFor/time.Second)*hosts/interval*3/4)
		without, refused := s.load.refused()
		f.Know("requests with results answered with 200; refused; not answered", fmt.Sprintf("%d; %d; %d", s.load.answered()-before, refused, without))
		if err := hub.Empty("bus"); err != nil {
			return err
		}
		room := time.Now()
		s.say("there is room again")
		first, err := s.resumed(ctx, room)
		if err != nil {
			return err
		}
		f.AtMost("from room to the first commit", first.Sub(room), resumeWithin)
		return nil
	}}
}

// resumeWithin is how soon a bus whose disk has room again has to store.
const resumeWithin = 30 * time.Second

// unwell is what the first daemon says that does not call itself well.
func (s *Site) unwell(ctx context.Context) error {
	for _, role := range []string{"scheduler", "receiver", "arbiter", "broker"} {
		for _, d := range s.Daemons(role) {
			if why := d.Well(ctx); why != nil {
				return why
			}
		}
	}
	return nil
}

// alarmed gives when a daemon first called itself unwell.
func (s *Site) alarmed(ctx context.Context, limit time.Duration) (at time.Time, err error) {
	err = s.eventually(ctx, limit, "a daemon says that the disk is full", func() error {
		if why := s.unwell(ctx); why != nil {
			at = time.Now()
			s.say("%v", why)
			return nil
		}
		return errors.New("all are well")
	})
	return at, err
}

// resumed gives when the journal had its first record after a moment.
func (s *Site) resumed(ctx context.Context, since time.Time) (first time.Time, err error) {
	err = s.eventually(ctx, 2*time.Minute, "the journal grows again", func() error {
		e, err := s.gather(ctx)
		if err != nil {
			return err
		}
		at, found := e.firstAfter(since)
		if !found {
			return errors.New("nothing was committed")
		}
		first = at
		return nil
	})
	return first, err
}
