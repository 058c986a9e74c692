package receiver_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
	"github.com/onbu/onbu/receiver"
)

// started gives a receiver at work on a bus with web in shard 1 of 2 and db in shard 0.
func started(t *testing.T, b *membus.Bus, listeners ...modules.Listener) (*receiver.Receiver, bus.Conn) {
	t.Helper()
	c := b.Connect("test")
	must(t, c.Prepare(t.Context()))
	d := monitor.Directory{Generation: 1, Shards: 2, Hosts: map[string]monitor.Shard{"web": 1, "db": 0}}
	must(t, c.PutBlob(t.Context(), bus.CFG, wire.DirectoryName(1), wire.Marshal(d)))
	_, err := c.Put(t.Context(), bus.CFG, "current", wire.Marshal(wire.Generation{Number: 1, Shards: 2}), 0)
	must(t, err)
	r := receiver.New(receiver.Options{Boot: "b", Name: "test", Bus: c, Listeners: listeners, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := r.Run(ctx); err != nil && !errors.Is(err, bus.ErrClosed) {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return r, c
}

func TestEndedBeforeItBeganIsNoError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, prepare := range map[string]func(bus.Conn) error{
		"prepared": func(c bus.Conn) error { return c.Prepare(t.Context()) },
		"not yet":  func(bus.Conn) error { return nil },
	} {
		c := membus.New().Connect("test")
		must(t, prepare(c))
		if err := receiver.New(receiver.Options{Bus: c, Log: slog.New(slog.DiscardHandler)}).Run(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// stored gives the first n messages of a stream.
func stored(t *testing.T, c bus.Conn, stream bus.Stream, n int) []bus.Msg {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var got []bus.Msg
	_ = c.Read(ctx, bus.Cursor{Stream: stream, Durable: "test"}, func(msgs []bus.Msg) error {
		if got = append(got, msgs...); len(got) >= n {
			cancel()
		}
		return nil
	})
	return got
}

func TestResultsGoToTheOwnerOfTheirHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, c := started(t, membus.New())
		receipt, err := r.Submit(t.Context(), []monitor.Submission{
			{Ref: monitor.Ref{Host: "web", Service: "http"}, Outcome: monitor.Outcome{State: 2, Output: "bad"}},
			{Ref: monitor.Ref{Host: "stranger"}},
			{Ref: monitor.Ref{Host: "db"}, Time: 7},
		})
		must(t, err)
		if receipt != (modules.Receipt{Stored: 2, Unknown: 1}) {
			t.Errorf("receipt %+v, want two stored and one unknown", receipt)
		}
		msgs := stored(t, c, bus.PASSIVE, 2)
		want := map[bus.Subject]string{
			bus.Passive(1, "test"): fmt.Sprint("web/http ", int64(monitor.At(time.Now()))),
			bus.Passive(0, "test"): "db 7",
		}
		for _, m := range msgs {
			var d wire.Decoder
			subs, err := wire.DecodeBatch(&d, m.Data, []monitor.Submission(nil))
			must(t, err)
			if got := fmt.Sprint(subs[0].Ref, " ", int64(subs[0].Time)); len(subs) != 1 || got != want[m.Subject] {
				t.Errorf("stored %s for %s, want %s", got, m.Subject, want[m.Subject])
			}
		}
		if len(msgs) != 2 {
			t.Errorf("%d results stored, want 2: the stranger's is not kept", len(msgs))
		}
	})
}

func TestCommandsGoWhereTheyBelong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, c := started(t, membus.New())
		must(t, r.Obey(t.Context(), "[5] SCHEDULE_FORCED_HOST_CHECK;web;9", "here"))
		must(t, r.Obey(t.Context(), "DISABLE_NOTIFICATIONS", "here"))
		msgs := stored(t, c, bus.CMD, 3)
		slices.SortStableFunc(msgs, func(a, b bus.Msg) int { return -strings.Compare(string(a.Subject), string(b.Subject)) })
		if len(msgs) != 3 || msgs[0].Subject != bus.Commands(1) || msgs[1].Subject != bus.Commands(1) || msgs[2].Subject != bus.Commands(0) {
			t.Fatalf("stored %v, want one for shard 1 and one for each shard", msgs)
		}
		var req command.Request
		must(t, wire.Unmarshal(msgs[0].Data, &req))
		if req.Name != "SCHEDULE_FORCED_HOST_CHECK" || req.Source != "here" || req.Ref.Host != "web" {
			t.Errorf("stored %+v", req)
		}
		for line, want := range map[string]string{
			"NONSENSE;web":                      "no such command",
			"SCHEDULE_FORCED_HOST_CHECK;web":    "missing",
			"SCHEDULE_FORCED_HOST_CHECK;wib;9":  `no host is called "wib"`,
			"SCHEDULE_FORCED_HOST_CHECK;web;xx": "time",
		} {
			if err := r.Obey(t.Context(), line, "here"); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want an error with %q", line, err, want)
			}
		}
	})
}

// owner answers the commands of shard 1 as the given verdict.
func owner(t *testing.T, c bus.Conn, v wire.Verdict) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	t.Cleanup(func() { cancel(); <-ended })
	go func() {
		defer close(ended)
		_ = c.Read(ctx, bus.Cursor{Stream: bus.CMD, Filter: bus.Commands(1), Durable: "owner"}, func(msgs []bus.Msg) error {
			for _, m := range msgs {
				var req command.Request
				_ = wire.Unmarshal(m.Data, &req)
				_ = c.Publish(bus.Verdict(req.ID), wire.Marshal(v))
			}
			return nil
		})
	}()
}

func TestAskTellsWhatTheOwnerSaid(t *testing.T) {
	const line = "REMOVE_HOST_ACKNOWLEDGEMENT;web"
	t.Run("carried out", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := membus.New()
			r, c := started(t, b)
			owner(t, c, wire.Verdict{})
			must(t, r.Ask(t.Context(), line, ""))
		})
	})
	t.Run("refused", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, c := started(t, membus.New())
			owner(t, c, wire.Verdict{Refused: "not now"})
			if err := r.Ask(t.Context(), line, ""); err == nil || err.Error() != "not now" {
				t.Errorf("got %v", err)
			}
		})
	})
	t.Run("nobody owns the shard", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, c := started(t, membus.New())
			if err := r.Ask(t.Context(), line, ""); !errors.Is(err, receiver.ErrStored) {
				t.Errorf("got %v", err)
			}
			if len(stored(t, c, bus.CMD, 1)) != 1 {
				t.Error("the command is not stored")
			}
		})
	})
}

func TestACommandThatCannotBeStoredIsNotRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, c := started(t, membus.New())
		mux := http.NewServeMux()
		r.Handle(mux)
		must(t, r.Obey(t.Context(), "DISABLE_NOTIFICATIONS", "")) // once the directory is there
		c.Close()
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("POST", "/api/command", strings.NewReader("DISABLE_NOTIFICATIONS")))
		if w.Code != http.StatusServiceUnavailable {
			t.Errorf("%d %s, want 503", w.Code, w.Body)
		}
	})
}

func TestAFullStreamHoldsTheSenderUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, c := started(t, membus.NewLimited(2000))
		sent := make(chan int, 1)
		go func() {
			n := 0
			for range 20 {
				receipt, _ := r.Submit(context.Background(), []monitor.Submission{{Ref: monitor.Ref{Host: "web"}, Outcome: monitor.Outcome{Output: strings.Repeat("x", 200)}}})
				n += receipt.Stored
			}
			sent <- n
		}()
		synctest.Wait()
		select {
		case n := <-sent:
			t.Fatalf("%d results taken into a stream for a few", n)
		case <-time.After(time.Minute):
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			_ = c.Read(ctx, bus.Cursor{Stream: bus.PASSIVE, Durable: "owner"}, func([]bus.Msg) error { return nil })
		}()
		if n := <-sent; n != 20 {
			t.Errorf("%d results stored once there was room, want all 20", n)
		}
		cancel()
	})
}

func TestWhoAsksIsToldSoonThatACommandIsNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := started(t, membus.NewLimited(2000))
		full, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for full.Err() == nil {
			_ = r.Obey(full, "DISABLE_NOTIFICATIONS", "")
		}
		began := time.Now()
		err := r.Ask(t.Context(), "DISABLE_NOTIFICATIONS", "")
		if err == nil || !strings.Contains(err.Error(), "disk full") || time.Since(began) > 5*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}

func TestHTTPCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, c := started(t, membus.New())
		owner(t, c, wire.Verdict{})
		mux := http.NewServeMux()
		r.Handle(mux)
		for _, test := range []struct {
			body, origin string
			code         int
			says         string
		}{
			{"REMOVE_HOST_ACKNOWLEDGEMENT;web\n", "", 200, ""},
			{"REMOVE_HOST_ACKNOWLEDGEMENT;db", "", 202, "stored"},
			{"RUBBISH", "", 400, "no such command"},
			{"REMOVE_HOST_ACKNOWLEDGEMENT;web\nDISABLE_NOTIFICATIONS", "", 400, "one line"},
			{"REMOVE_HOST_ACKNOWLEDGEMENT;web", "http://evil.example", 403, "web pages"},
			{strings.Repeat("x", 70<<10), "", 413, "64 KiB"},
		} {
			req := httptest.NewRequest("POST", "/api/command", strings.NewReader(test.body))
			if test.origin != "" {
				req.Header.Set("Origin", test.origin)
			}
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, req)
			body, _ := io.ReadAll(w.Body)
			if w.Code != test.code || !strings.Contains(string(body), test.says) {
				t.Errorf("%.40q: %d %s, want %d with %q", test.body, w.Code, body, test.code, test.says)
			}
		}
	})
}

// lazy is a listener that gives up twice and then passes a result on.
type lazy struct{ starts int }

func (l *lazy) Name() string { return "lazy" }

func (l *lazy) Listen(ctx context.Context, sink modules.Sink) error {
	if l.starts++; l.starts < 3 {
		return errors.New("tired")
	}
	if _, err := sink.Submit(ctx, []monitor.Submission{{Ref: monitor.Ref{Host: "web"}}}); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func TestAListenerThatGivesUpIsStartedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := started(t, membus.New(), &lazy{})
		if n := len(stored(t, c, bus.PASSIVE, 1)); n != 1 {
			t.Errorf("%d results, want 1", n)
		}
	})
}
