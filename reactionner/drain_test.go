package reactionner_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/reactionner"
)

// slowly runs commands that take five seconds, and notes how each ended.
func slowly(ended *lines) reactionner.Runner {
	return func(ctx context.Context, line string, _ []string) (string, int, error) {
		select {
		case <-time.After(5 * time.Second):
			ended.add(line + " told")
			return "", 0, nil
		case <-ctx.Done():
			ended.add(line + " broken off")
			return "", -1, ctx.Err()
		}
	}
}

// atWork is a reactionner that has worked for a second; giveUp ends it.
func atWork(t *testing.T, c bus.Conn, ended *lines) (r *reactionner.Reactionner, giveUp func()) {
	r = reactionner.New(reactionner.Options{Name: "r", Boot: "1", Pools: []string{""}, Bus: c, Run: slowly(ended), Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancelCause(t.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		_ = r.Run(ctx)
	}()
	time.Sleep(time.Second)
	return r, func() {
		cancel(monitor.ErrGiveUp)
		<-over
	}
}

func TestADrainedReactionnerEndsWhatItIsAtAndTakesNothingNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := prepared(t)
		record(t, c, "", "a")
		var ended lines
		r, giveUp := atWork(t, c, &ended)
		began := time.Now()
		r.Drain(t.Context())
		if took := time.Since(began); took != 4*time.Second {
			t.Errorf("draining took %s, want 4 s", took)
		}
		record(t, c, "", "b")
		time.Sleep(time.Minute)
		giveUp()
		if diff := cmp.Diff([]string{"tell a told"}, ended.sorted()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAReactionnerThatIsTakenBackTakesActionsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := prepared(t)
		record(t, c, "", "a")
		var ended lines
		r, giveUp := atWork(t, c, &ended)
		patience, end := context.WithTimeout(t.Context(), time.Second)
		defer end()
		r.Drain(patience)
		record(t, c, "", "b")
		r.Resume()
		r.Resume()
		time.Sleep(6 * time.Second)
		if diff := cmp.Diff([]string{"tell a told", "tell b told"}, ended.sorted()); diff != "" {
			t.Error(diff)
		}
		r.Drain(t.Context())
		giveUp()
	})
}

func TestAReactionnerThatGivesUpDoesSoWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := prepared(t)
		record(t, c, "", "a")
		var ended lines
		_, giveUp := atWork(t, c, &ended)
		began := time.Now()
		giveUp()
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %s", took)
		}
		if diff := cmp.Diff([]string{"tell a broken off"}, ended.sorted()); diff != "" {
			t.Error(diff)
		}
	})
}
