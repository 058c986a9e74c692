package reactionner_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/reactionner"
)

// record puts actions for a pool into the journal, as a scheduler would.
func record(t *testing.T, c bus.Conn, pool string, ids ...string) {
	t.Helper()
	f, err := c.Claim(t.Context(), 0, []byte("test"))
	if err != nil {
		t.Fatal(err)
	}
	var records []bus.Record
	for _, id := range ids {
		b := monitor.Brok{Kind: monitor.BrokNotification, Action: &monitor.Action{ID: id, Pool: pool, Line: "tell " + id, Contact: "ann", Timeout: 10 * time.Second}}
		records = append(records, bus.Record{Subject: bus.Actions(0, pool), Data: wire.Marshal(b)})
	}
	if _, err := c.Commit(t.Context(), f, fmt.Sprint(ids), records); err != nil {
		t.Fatal(err)
	}
}

// lines remembers what was run.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, line)
}

func (l *lines) sorted() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(slices.Values(l.all))
}

func start(t *testing.T, c bus.Conn, run reactionner.Runner, pools ...string) (stop func()) {
	return startWith(c, reactionner.Options{Pools: pools, Run: run})
}

func startWith(c bus.Conn, o reactionner.Options) (stop func()) {
	o.Name, o.Bus, o.Log = "r", c, slog.New(slog.DiscardHandler)
	o.Boot = fmt.Sprint(time.Now().UnixNano()) // virtual: no two starts of a test fall on the same moment
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = reactionner.New(o).Run(ctx)
	}()
	return func() { cancel(); <-ended }
}

func prepared(t *testing.T) bus.Conn {
	t.Helper()
	c := membus.New().Connect("test")
	if err := c.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// outcomes gives what was recorded of each action.
func outcomes(t *testing.T, c bus.Conn, n int) map[string]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	return outcomesWithin(ctx, t, c, n)
}

func outcomesWithin(ctx context.Context, t *testing.T, c bus.Conn, n int) map[string]string {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := map[string]string{}
	_ = c.Read(ctx, bus.Cursor{Stream: bus.DONE}, func(msgs []bus.Msg) error {
		for _, m := range msgs {
			var b monitor.Brok
			if err := wire.Unmarshal(m.Data, &b); err != nil {
				t.Error(err)
			}
			out[b.Action.ID] = b.Text
		}
		if len(out) >= n {
			cancel()
		}
		return nil
	})
	return out
}

// Actions that share a record are carried out each for itself: one that goes wrong or hangs keeps no other, and none is repeated for it.
func TestActionsThatShareARecordAreCarriedOutOnceEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := prepared(t)
		f, err := c.Claim(t.Context(), 0, []byte("test"))
		if err != nil {
			t.Fatal(err)
		}
		var batch wire.Batch
		for i := range 3 * 16 {
			batch.Add(&monitor.Brok{Kind: monitor.BrokNotification, Action: &monitor.Action{ID: fmt.Sprint(i), Line: fmt.Sprintf("tell %02d", i), Timeout: 10 * time.Second}})
		}
		if _, err := c.Commit(t.Context(), f, "one", []bus.Record{{Subject: bus.Actions(0, ""), Data: batch.Message()}}); err != nil {
			t.Fatal(err)
		}
		var ran lines
		var mu sync.Mutex
		running, most := 0, 0
		stop := start(t, c, func(ctx context.Context, line string, _ []string) (string, int, error) {
			ran.add(line)
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			defer func() { mu.Lock(); running--; mu.Unlock() }()
			if line == "tell 03" {
				<-ctx.Done()
				return "", 0, ctx.Err()
			}
			time.Sleep(time.Second)
			return "", 0, nil
		}, "")
		defer stop()
		if got := outcomes(t, c, 3*16); len(got) != 3*16 {
			t.Errorf("%d outcomes", len(got))
		}
		time.Sleep(5 * time.Minute)
		all := ran.sorted()
		if len(all) != 3*16 || len(slices.Compact(all)) != 3*16 {
			t.Errorf("ran %d commands: %v", len(all), all)
		}
		if most > 16 {
			t.Errorf("%d ran at the same time", most)
		}
	})
}

func TestActionsAreCarriedOutOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := prepared(t)
		record(t, c, "", "a", "b")
		record(t, c, "EU", "elsewhere")
		var ran lines
		run := func(_ context.Context, line string, _ []string) (string, int, error) {
			ran.add(line)
			switch line {
			case "tell a":
				return "sent", 0, nil
			case "tell c":
				return "no such user\nat all", 67, nil
			}
			return "", -1, errors.New("no such program")
		}
		stop := start(t, c, run, "")
		outcomes(t, c, 2)
		stop()
		record(t, c, "", "c")
		stop = start(t, c, run, "")
		got := outcomes(t, c, 3)
		stop()
		want := map[string]string{"a": "", "b": "no such program", "c": "exit status 67: no such user"}
		for id, text := range want {
			if got[id] != text {
				t.Errorf("%s: recorded %q, want %q", id, got[id], text)
			}
		}
		if all := ran.sorted(); !slices.Equal(all, []string{"tell a", "tell b", "tell c"}) {
			t.Errorf("ran %q: each once, and none of another pool", all)
		}
	})
}

func TestACommandThatHangsIsEndedAtItsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := prepared(t)
		record(t, c, "", "slow", "quick")
		began := time.Now()
		stop := start(t, c, func(ctx context.Context, line string, _ []string) (string, int, error) {
			if line == "tell slow" {
				<-ctx.Done()
				return "", -1, ctx.Err()
			}
			return "", 0, nil
		}, "")
		got := outcomes(t, c, 2)
		stop()
		if got["slow"] != "ended after 10s, its time limit" || got["quick"] != "" {
			t.Errorf("recorded %q", got)
		}
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("took %s, want 10s", took)
		}
	})
}

// hang carries nothing out and waits for the end.
func hang(ran *lines) reactionner.Runner {
	return func(ctx context.Context, line string, _ []string) (string, int, error) {
		ran.add(line)
		<-ctx.Done()
		return "", -1, ctx.Err()
	}
}

func again(ran *lines) reactionner.Runner {
	return func(_ context.Context, line string, _ []string) (string, int, error) {
		ran.add(line + " again")
		return "", 0, nil
	}
}

func TestWhatWasUnderWayIsDoneAgainByTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := prepared(t)
		record(t, c, "", "a")
		var ran lines
		stop := start(t, c, hang(&ran), "")
		time.Sleep(time.Second)
		stop()
		stopped := time.Now()
		stop = start(t, c, again(&ran), "")
		outcomes(t, c, 1)
		stop()
		if all := ran.sorted(); !slices.Equal(all, []string{"tell a", "tell a again"}) {
			t.Errorf("ran %q", all)
		}
		if waited := time.Since(stopped); waited > 5*time.Second {
			t.Errorf("repeated %s after a reactionner that had given it up", waited)
		}
	})
}

func TestWhatADeadReactionnerHadIsLeftToItForItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := membus.New()
		c, doomed := b.Connect("test"), b.Connect("doomed")
		if err := c.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		record(t, c, "", "a")
		var ran lines
		began := time.Now()
		stop := start(t, doomed, hang(&ran), "")
		time.Sleep(time.Second)
		doomed.Close() // as kill -9: it can say nothing any more
		stop()
		stop = start(t, c, again(&ran), "")
		outcomes(t, c, 1)
		stop()
		if all := ran.sorted(); !slices.Equal(all, []string{"tell a", "tell a again"}) {
			t.Errorf("ran %q", all)
		}
		if waited := time.Since(began); waited < 15*time.Second || waited > time.Minute {
			t.Errorf("repeated after %s, want between 15 s (its limit and some seconds) and a minute", waited)
		}
	})
}

func TestAHangingCommandHoldsUpNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := prepared(t)
		record(t, c, "", "slow")
		var ran lines
		stop := start(t, c, func(ctx context.Context, line string, _ []string) (string, int, error) {
			ran.add(line)
			if line == "tell slow" {
				<-ctx.Done()
				return "", -1, ctx.Err()
			}
			return "", 0, nil
		}, "")
		time.Sleep(time.Second)
		record(t, c, "", "b", "c")
		time.Sleep(time.Second)
		if all := ran.sorted(); !slices.Equal(all, []string{"tell b", "tell c", "tell slow"}) {
			t.Errorf("ran %q two seconds in", all)
		}
		stop()
	})
}

func TestAnActionThatIsDoneIsNotDoneAgainWhenItsMessageComesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := prepared(t)
		record(t, c, "", "a")
		var ran lines
		run := func(_ context.Context, line string, _ []string) (string, int, error) {
			ran.add(line)
			return "", 0, nil
		}
		stop := start(t, c, run, "")
		outcomes(t, c, 1)
		time.Sleep(time.Second)
		stop()
		// As after a crash of the bus, which had not stored yet that the message was used.
		f, err := c.Claim(t.Context(), 0, []byte("test"))
		if err != nil {
			t.Fatal(err)
		}
		b := monitor.Brok{Kind: monitor.BrokNotification, Action: &monitor.Action{ID: "a", Line: "tell a"}}
		if _, err := c.Commit(t.Context(), f, "again", []bus.Record{{Subject: bus.Actions(0, ""), Data: wire.Marshal(b)}}); err != nil {
			t.Fatal(err)
		}
		record(t, c, "", "b")
		stop = start(t, c, run, "")
		outcomes(t, c, 2)
		stop()
		if all := ran.sorted(); !slices.Equal(all, []string{"tell a", "tell b"}) {
			t.Errorf("ran %q, want each once", all)
		}
	})
}
