package faults

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/onbu/onbu/monitor"
)

// moduleBlocked is row 8: the database behind a broker's module hangs, its broker is killed meanwhile, and then the database takes all
// that waited.
func moduleBlocked() Row {
	return Row{Name: "module-blocked", Number: 8, About: "what a broker's module sends to hangs, and the broker is killed", Takes: 3 * time.Minute, bound: calm, run: func(ctx context.Context, s *Site, f *Finding) error {
		calmFor, blockedFor := 30*time.Second, 90*time.Second
		if s.o.Quick {
			calmFor, blockedFor = 10*time.Second, 20*time.Second
		}
		began := time.Now()
		if err := pause(ctx, calmFor); err != nil {
			return err
		}
		blocked := time.Now()
		s.say("the sink reads nothing for %v", blockedFor)
		s.sink.block()
		victim := s.Daemons("broker")[0]
		err := pause(ctx, blockedFor/2)
		s.say("kill -9 of %s", victim.Name())
		err = errors.Join(err, victim.Kill(), victim.Start(), pause(ctx, blockedFor/2))
		if err != nil {
			s.sink.release()
			return err
		}
		released := time.Now()
		e, err := s.gather(ctx)
		s.sink.release()
		if err != nil {
			return err
		}
		took, err := s.drain(ctx, e)
		if err != nil {
			return err
		}
		all := func(*monitor.Check) bool { return true }
		before := quantile(e.latencies(began, blocked, all), 0.99)
		f.Know("latency of checks before, p99", round(before))
		f.unchanged("the same while the module hangs", quantile(e.latencies(blocked, released, all), 0.99), before)
		waiting := e.sentSince(blocked)
		f.Know("points that waited", fmt.Sprint(waiting))
		f.AtMost("until they were stored", took, released.Sub(blocked)/5)
		f.AtLeast("points a second taken from the backlog, where 5 times as many as came are to be", int(float64(waiting)/took.Seconds()), int(5*float64(waiting)/released.Sub(blocked).Seconds()))
		f.None("points lost", missing(s.sink, e.sent()))
		return nil
	}}
}

func missing(k *sink, list []point) int {
	_, m := k.has(list)
	return len(m)
}

// drain waits until the sink has all that was sent by then.
func (s *Site) drain(ctx context.Context, e *evidence) (time.Duration, error) {
	began, sent := time.Now(), e.sent()
	err := s.eventually(ctx, 2*time.Minute, "the sink has everything", func() error {
		if n := missing(s.sink, sent); n > 0 {
			return fmt.Errorf("%d of %d points are missing", n, len(sent))
		}
		return nil
	})
	return time.Since(began), err
}
