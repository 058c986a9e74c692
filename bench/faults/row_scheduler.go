package faults

import (
	"context"
	"fmt"
	"time"
)

// schedulerKilled is row 1: kill -9 of one scheduler after the other. What counts is the time between the last commit of a shard's
// old owner and the first of its new one.
func schedulerKilled() Row {
	return Row{Name: "scheduler-kill", Number: 1, About: "kill -9 of a scheduler under 2,000 results/s and checks", Takes: 2 * time.Minute, run: func(ctx context.Context, s *Site, f *Finding) error {
		rounds := 6
		if s.o.Quick {
			rounds = 1
		}
		began := time.Now()
		for n := range rounds {
			victim := s.Daemons("scheduler")[n%2]
			s.say("kill -9 of %s (%d of %d)", victim.Name(), n+1, rounds)
			if err := pause(ctx, 2*time.Second); err != nil {
				return err
			}
			if err := victim.Kill(); err != nil {
				return err
			}
			if err := pause(ctx, 8*time.Second); err != nil {
				return err
			}
			if err := victim.Start(); err != nil {
				return err
			}
		}
		e, err := s.gather(ctx)
		if err != nil {
			return err
		}
		gaps := e.gaps(began)
		if len(gaps) == 0 {
			return fmt.Errorf("no shard was taken over")
		}
		f.Know("take-overs", fmt.Sprint(len(gaps)))
		f.AtMost("last commit of the old owner to first of the new, p50", gaps[len(gaps)/2], 3*time.Second)
		f.AtMost("the same, p99", gaps[(len(gaps)*99-1)/100], 6*time.Second)
		return nil
	}}
}
