package natsbus_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/natsbus"
	"github.com/onbu/onbu/internal/logtest"
)

// A server cuts a connection off for which too much waits. All roles and shards of a process share one, and after a pause
// each of them has a backlog.
func TestReadersThatLagDoNotCostTheConnection(t *testing.T) {
	t.Parallel()
	const readers, messages = 16, 60 << 20 / (60 << 10)
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	heard := &logtest.Log{}
	s := startServer(t, t.TempDir())
	c, err := s.Connect(ctx, natsbus.Options{Name: "test", Log: slog.New(slog.NewTextHandler(heard, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Prepare(ctx); err != nil {
		t.Fatal(err)
	}
	data := make([]byte, 60<<10)
	for range messages {
		if err := c.Append(ctx, bus.Results(1, "poller"), data, ""); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	for range readers {
		wg.Go(func() {
			reading, stop := context.WithCancel(ctx)
			defer stop()
			got := 0
			err := c.Read(reading, bus.Cursor{Stream: bus.RES}, func(batch []bus.Msg) error {
				if got += len(batch); got == messages {
					stop()
				}
				return nil
			})
			if got != messages {
				t.Errorf("a reader got %d messages of %d: %v", got, messages, err)
			}
		})
	}
	wg.Wait()
	if text := heard.String(); text != "" {
		t.Errorf("the connection had trouble:\n%s", text)
	}
}
