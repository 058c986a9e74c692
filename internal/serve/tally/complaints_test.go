package tally_test

import (
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/serve/tally"
)

// locked is a log that is written by one goroutine and read by another.
type locked struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestOfManyComplaintsTheFirstAndTheLastAreSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log locked
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
