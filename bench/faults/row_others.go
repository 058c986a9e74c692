package faults

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// pollerBound is how late, in seconds, a check may be whose poller died: it is given up when it was silent for 5 s, and a check of the
// kind used here takes no time.
const pollerBound = 5 + 5

// pollerKilled is row 4. Its services take a while, so that many are under way when the kill comes.
func pollerKilled() Row {
	return Row{Name: "poller-kill", Number: 4, About: "kill -9 of a poller with checks under way", Takes: 90 * time.Second, bound: pollerBound * time.Second, run: func(ctx context.Context, s *Site, f *Finding) error {
		began := time.Now()
		if err := s.killEach(ctx, "poller", 4, 8*time.Second); err != nil {
			return err
		}
		e, err := s.gather(ctx)
		if err != nil {
			return err
		}
		f.AtMost("longest time between two checks of a service", quantile(e.pauses(began), 1), (interval+pollerBound)*time.Second)
		return nil
	}}
}

// receiverKilled is row 6: what it had answered is stored, and what it had not its senders send again to another one.
func receiverKilled() Row {
	return Row{Name: "receiver-kill", Number: 6, About: "kill -9 of a receiver in a burst of results", Takes: 90 * time.Second, bound: calm, run: func(ctx context.Context, s *Site, f *Finding) error {
		if err := s.killEach(ctx, "receiver", 6, 4*time.Second); err != nil {
			return err
		}
		var longest time.Duration
		for _, a := range s.load.acks() {
			longest = max(longest, a.took)
		}
		f.AtMost("longest time until a result was answered with 200, tries at another receiver included", longest, 10*time.Second)
		return nil
	}}
}

// reactionnerKilled is row 7.
func reactionnerKilled() Row {
	return Row{Name: "reactionner-kill", Number: 7, About: "kill -9 of a reactionner in the middle of notifications", Takes: 2 * time.Minute, bound: calm, run: func(ctx context.Context, s *Site, _ *Finding) error {
		return s.killEach(ctx, "reactionner", 4, 6*time.Second)
	}}
}

// arbiterKilled is row 9.
func arbiterKilled() Row {
	return Row{Name: "arbiter-kill", Number: 9, About: "kill -9 of the arbiter, and a second one", Takes: time.Minute, bound: calm, run: func(ctx context.Context, s *Site, f *Finding) error {
		began := time.Now()
		if err := s.killEach(ctx, "arbiter", 2, 12*time.Second); err != nil {
			return err
		}
		e, err := s.gather(ctx)
		if err != nil {
			return err
		}
		f.None("shards that changed their owner", len(e.gaps(began)))
		return nil
	}}
}

// killEach kills the daemons of a role in turn, and starts each again after a while.
func (s *Site) killEach(ctx context.Context, role string, times int, away time.Duration) error {
	all := s.Daemons(role)
	for n := range s.rounds(times) {
		victim := all[n%len(all)]
		s.say("kill -9 of %s (%d)", victim.Name(), n+1)
		if err := errors.Join(pause(ctx, 2*time.Second), victim.Kill(), pause(ctx, away)); err != nil {
			return err
		}
		if err := victim.Start(); err != nil {
			return fmt.Errorf("%s again: %w", victim.Name(), err)
		}
	}
	return pause(ctx, 3*time.Second)
}
