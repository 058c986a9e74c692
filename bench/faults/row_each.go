package faults

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// eachKilled is rows 1, 4 and 6 behind each other, in one cluster with a single bus: the form that the tests have time for.
func eachKilled() Row {
	return Row{Name: "kill-each", Number: 0, About: "kill -9 of a scheduler, a poller and a receiver, one after the other: rows 1, 4 and 6 in short", Takes: time.Minute, layout: lone(0), bound: takeoverP99 + pollerBound*time.Second, run: func(ctx context.Context, s *Site, f *Finding) error {
		began := time.Now()
		owner, err := s.owner(ctx)
		if err != nil {
			return err
		}
		for _, victim := range []*Daemon{owner, s.Daemons("poller")[0], s.Daemons("receiver")[1]} {
			s.say("kill -9 of %s", victim.Name())
			if err := errors.Join(victim.Kill(), pause(ctx, 2*time.Second), victim.Start()); err != nil {
				return err
			}
		}
		if err := s.eventually(ctx, 30*time.Second, "the scheduler's shards have an owner who decides", func() error {
			e, err := s.gather(ctx)
			if err == nil && len(e.gaps(began)) == 0 {
				err = errors.New("nobody took one over")
			}
			return err
		}); err != nil {
			return err
		}
		e, err := s.gather(ctx)
		if err != nil {
			return err
		}
		f.Know("shards taken over", fmt.Sprint(len(e.gaps(began))))
		f.Know("last commit of the old owner to first of the new one, p99", round(quantile(e.gaps(began), 0.99)))
		return nil
	}}
}
