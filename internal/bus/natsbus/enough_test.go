package natsbus_test

import (
	"context"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
)

// Two servers are lost, and one comes back: the third stays away, as a machine does that is being mended. What was in memory was lost
// with the two; nats-server elects nobody for it before the third is back.
func TestTwoOfThreeServersAreEnoughWhateverWasLost(t *testing.T) {
	t.Parallel()
	p := startProcesses(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := p.dial(t, "test")
	if err := c.Prepare(ctx); err != nil {
		t.Fatal(err)
	}
	lease, err := c.Put(ctx, bus.LEASE, "shard.1", []byte("mine"), 0)
	if err != nil {
		t.Fatal(err)
	}
	appends(ctx, t, c, "before")
	p.kill(t, 1)
	p.kill(t, 2)
	p.start(t, 1)
	began := time.Now()
	for {
		try, end := context.WithTimeout(ctx, 5*time.Second)
		_, err := c.Put(try, bus.LEASE, "shard.1", []byte("mine still"), lease)
		end()
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			t.Fatalf("nobody can renew a lease: %v", err)
		}
	}
	t.Logf("a lease was renewed after %v", time.Since(began).Round(time.Millisecond))
	appends(ctx, t, c, "after")
	t.Logf("a result was stored after %v", time.Since(began).Round(time.Millisecond))
	hears(ctx, t, c)
}

// All end, and two of them begin again.
func TestTwoOfThreeServersAreEnoughToBegin(t *testing.T) {
	t.Parallel()
	p := startProcesses(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := p.dial(t, "before").Prepare(ctx); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		p.end(t, i)
	}
	p.start(t, 0)
	p.start(t, 1)
	began := time.Now()
	c := p.dial(t, "after")
	if err := c.Prepare(ctx); err != nil {
		t.Fatal(err)
	}
	appends(ctx, t, c, "after")
	t.Logf("a result was stored after %v", time.Since(began).Round(time.Millisecond))
	hears(ctx, t, c)
	p.start(t, 2)
	copiesOfResults(ctx, t, p.url(), 3)
}

// copiesOfResults waits until as many servers keep the stream of results.
func copiesOfResults(ctx context.Context, t *testing.T, url string, want int) {
	t.Helper()
	js := streamsAt(t, url)
	for got := 0; got != want; time.Sleep(100 * time.Millisecond) {
		if s, err := js.Stream(ctx, string(bus.RES)); err == nil {
			got = s.CachedInfo().Config.Replicas
		}
		if ctx.Err() != nil {
			t.Fatalf("%d servers keep results, want %d", got, want)
		}
	}
}

// hears waits until a result is heard of that says "after".
func hears(ctx context.Context, t *testing.T, c bus.Conn) {
	t.Helper()
	heard := make(chan string, 8)
	go func() {
		_ = c.Read(ctx, bus.Cursor{Stream: bus.RES, Filter: bus.ResultsOf(1)}, func(msgs []bus.Msg) error {
			heard <- string(msgs[len(msgs)-1].Data)
			return nil
		})
	}()
	for text := ""; text != "after"; {
		select {
		case text = <-heard:
		case <-ctx.Done():
			t.Fatal("the result is not heard of")
		}
	}
}

// appends stores a result, however long that takes.
func appends(ctx context.Context, t *testing.T, c bus.Conn, text string) {
	t.Helper()
	for {
		try, end := context.WithTimeout(ctx, 5*time.Second)
		err := c.Append(try, bus.Results(1, "p"), []byte(text), "")
		end()
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("no result can be stored: %v", err)
		}
	}
}
