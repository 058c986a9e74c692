package reactionner_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/reactionner"
)

func TestTheHeartbeatSaysHowManyActionsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := prepared(t)
		goOn := make(chan struct{})
		run := func(context.Context, string, []string) (string, int, error) {
			<-goOn
			return "", 0, nil
		}
		r := reactionner.New(reactionner.Options{Name: "r", Boot: "1", Pools: []string{""}, Bus: c, Run: run, Log: slog.New(slog.DiscardHandler)})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = r.Run(ctx)
		}()
		record(t, c, "", "a", "b", "c")
		time.Sleep(6 * time.Second)
		if got := r.Load()["actions_waiting"]; got != 3 {
			t.Errorf("%d records wait while nothing is carried out, want 3", got)
		}
		close(goOn)
		time.Sleep(6 * time.Second)
		if got := r.Load()["actions_waiting"]; got != 0 {
			t.Errorf("%d records wait after all is done, want 0", got)
		}
		cancel()
		<-ended
	})
}
