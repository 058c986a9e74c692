package membus_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/bustest"
	"github.com/onbu/onbu/internal/bus/membus"
)

func TestKeepsThePromisesOfTheBus(t *testing.T) {
	bustest.Run(t, func(*testing.T) func(string) bus.Conn {
		return membus.NewLimited(bustest.StreamLimit).Connect
	})
}

// bubble runs a test in a synctest bubble with a prepared bus; it ends when all goroutines have.
func bubble(t *testing.T, test func(t *testing.T, c bus.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		c := membus.New().Connect("test")
		defer c.Close()
		if err := c.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		test(t, c)
	})
}

func TestABatchComesAgainAfterItsAckTime(t *testing.T) {
	bubble(t, func(t *testing.T, c bus.Conn) {
		if err := c.Append(t.Context(), bus.Commands(1), []byte("1"), ""); err != nil {
			t.Fatal(err)
		}
		cur := bus.Cursor{Stream: bus.CMD, Durable: "d", Ack: 30 * time.Second}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go c.Read(ctx, cur, func([]bus.Msg) error { <-ctx.Done(); return nil })
		synctest.Wait()
		begin := time.Now()
		c.Read(ctx, cur, func([]bus.Msg) error { cancel(); return nil })
		if took := time.Since(begin); took != 30*time.Second {
			t.Errorf("it came again after %s", took)
		}
	})
}

func TestAFailedBatchIsTriedAgainAfterPauses(t *testing.T) {
	bubble(t, func(t *testing.T, c bus.Conn) {
		if err := c.Append(t.Context(), bus.Commands(1), []byte("1"), ""); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		begin := time.Now()
		var at []time.Duration
		c.Read(ctx, bus.Cursor{Stream: bus.CMD, Durable: "d", Ack: time.Second}, func([]bus.Msg) error {
			if at = append(at, time.Since(begin)); len(at) == 4 {
				cancel()
			}
			return errors.New("not now")
		})
		want := []time.Duration{0, time.Second, 3 * time.Second, 7 * time.Second}
		for i, d := range want {
			if len(at) != len(want) || at[i] != d {
				t.Fatalf("tried at %v, want %v", at, want)
			}
		}
	})
}

func TestAnIDIsForgottenAfterTwoMinutes(t *testing.T) {
	bubble(t, func(t *testing.T, c bus.Conn) {
		stored := func() (n int) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			c.Read(ctx, bus.Cursor{Stream: bus.DONE}, func(batch []bus.Msg) error { n += len(batch); return nil })
			return n
		}
		for _, step := range []struct {
			wait time.Duration
			want int
		}{{0, 1}, {119 * time.Second, 1}, {2 * time.Minute, 2}} {
			time.Sleep(step.wait)
			if err := c.Append(t.Context(), bus.Done(1), nil, "id"); err != nil {
				t.Fatal(err)
			}
			if got := stored(); got != step.want {
				t.Errorf("after %s: %d stored, want %d", step.wait, got, step.want)
			}
		}
	})
}

func TestHeartbeatsAgeOut(t *testing.T) {
	bubble(t, func(t *testing.T, c bus.Conn) {
		var told []bus.Entry
		var at []time.Time
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go c.Watch(ctx, bus.HB, "", func(e bus.Entry) { told, at = append(told, e), append(at, time.Now()) })
		if _, err := c.Put(t.Context(), bus.HB, "poller.1", []byte("x"), 0); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(told) != 2 || told[1].Revision != 0 || at[1].Sub(at[0]) != 15*time.Second {
			t.Errorf("told %+v at %v", told, at)
		}
		if _, err := c.Get(t.Context(), bus.HB, "poller.1"); !errors.Is(err, bus.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	})
}

func TestRequestsAreAnsweredInABubble(t *testing.T) {
	bubble(t, func(t *testing.T, c bus.Conn) {
		stop, err := c.Subscribe(bus.Ask(1), func(m bus.Msg) { time.Sleep(time.Second); m.Reply([]byte("yes")) })
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		begin := time.Now()
		got, err := c.Request(t.Context(), bus.Ask(1), nil)
		if err != nil || string(got) != "yes" || time.Since(begin) != time.Second {
			t.Errorf("got %q, %v after %s", got, err, time.Since(begin))
		}
	})
}

func TestASubscriberThatLagsLosesMessagesAndTheyAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := membus.New()
		c := shared.Connect("test")
		release := make(chan struct{})
		got := 0
		stop, err := c.Subscribe(bus.Jobs("p"), func(bus.Msg) { <-release; got++ })
		if err != nil {
			t.Fatal(err)
		}
		const sent = 200_000 // more than a batch under way and a full queue
		for range sent {
			if err := c.Publish(bus.Jobs("p"), nil); err != nil {
				t.Fatal(err)
			}
		}
		close(release)
		synctest.Wait()
		stop()
		if lost := shared.Lost(); lost == 0 || uint64(got)+lost != sent {
			t.Errorf("got %d and lost %d of %d", got, lost, sent)
		}
	})
}
