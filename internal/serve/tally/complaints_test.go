package tally_test

import (
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/logtest"
	"github.com/onbu/onbu/internal/serve/tally"
)

func TestOfManyComplaintsTheFirstAndTheLastAreSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logtest.Log
		c := tally.Complaints{Log: slog.New(slog.NewTextHandler(&log, nil)), What: "refused"}
		for _, from := range []string{"a", "b", "c"} {
			c.Say("wrong password", from, "h")
		}
		if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "from=a hint=h others=0") {
			t.Errorf("at once: %s", got)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := log.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, "from=c hint=h others=1") {
			t.Errorf("afterwards: %s", got)
		}
		c.Say("wrong password", "d", "h")
		if got := log.String(); !strings.Contains(got, "from=d hint=h others=0") {
			t.Errorf("later: %s", got)
		}
		time.Sleep(time.Minute)
	})
}
