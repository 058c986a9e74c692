package chronicle_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/chronicle"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

// read gives the entries that a query finds.
func read(t *testing.T, ctx context.Context, c bus.Conn, q chronicle.Query) (got []string) {
	t.Helper()
	err := chronicle.Read(ctx, c, q, func(e api.Deed) error {
		got = append(got, fmt.Sprintf("%s %s/%s %s %s %s", e.When().UTC().Format(time.TimeOnly), e.Node, e.Role, e.Kind, e.About, e.Why))
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return got
}

func TestWhatIsWantedIsReadAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		on := membus.New()
		one, two := write(t, "one", on), write(t, "two", on)
		if err := one.bus.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := read(t, t.Context(), one.bus, chronicle.Query{}); got != nil {
			t.Errorf("of an empty log: %q", got)
		}
		one.For("scheduler").Tell("shard-taken", "shard 3", "free")
		synctest.Wait()
		time.Sleep(time.Hour)
		two.For("arbiter").Tell("lead-taken", "arbiter", "nobody led")
		synctest.Wait()
		one.For("scheduler").Tell("shard-lost", "shard 3", "fenced")
		one.lift()
		two.lift()
		if err := on.Connect("x").Append(t.Context(), bus.Deeds("evil"), []byte("\x01rubbish"), ""); err != nil {
			t.Fatal(err)
		}
		first, second, third := "00:00:00 one/scheduler shard-taken shard 3 free", "01:00:00 two/arbiter lead-taken arbiter nobody led", "01:00:00 one/scheduler shard-lost shard 3 fenced"
		for _, c := range []struct {
			name string
			q    chronicle.Query
			want []string
		}{
			{"all", chronicle.Query{}, []string{first, second, third}},
			{"since", chronicle.Query{Since: monitor.At(time.Now().Add(-time.Minute))}, []string{second, third}},
			{"node", chronicle.Query{Node: "one"}, []string{first, third}},
			{"role", chronicle.Query{Role: "arbiter"}, []string{second}},
			{"kind", chronicle.Query{Node: "one", Kinds: chronicle.ParseKinds("shard-lost")}, []string{third}},
			{"kinds", chronicle.Query{Kinds: chronicle.ParseKinds("shard-lost, lead-taken,")}, []string{second, third}},
			{"no kind", chronicle.Query{Kinds: chronicle.ParseKinds("")}, []string{first, second, third}},
			{"nothing", chronicle.Query{Node: "three"}, nil},
		} {
			if diff := cmp.Diff(c.want, read(t, t.Context(), one.bus, c.q)); diff != "" {
				t.Errorf("%s: %s", c.name, diff)
			}
		}
	})
}

func TestFollowingGoesOnUntilItIsEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		on := membus.New()
		p := write(t, "one", on)
		if err := p.bus.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var got []string
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			got = read(t, ctx, p.bus, chronicle.Query{Follow: true})
		}()
		p.For("").Tell("bus-lost", "bus", "a")
		time.Sleep(time.Second)
		p.For("").Tell("bus-back", "bus", "b")
		p.lift()
		synctest.Wait()
		cancel()
		<-ended
		if diff := cmp.Diff([]string{"00:00:00 one/ bus-lost bus a", "00:00:01 one/ bus-back bus b"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAnErrorOfTheReaderEndsReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := write(t, "one", membus.New())
		if err := p.bus.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.For("").Tell("a", "", "")
		p.For("").Tell("b", "", "")
		p.lift()
		full, calls := errors.New("disk full"), 0
		err := chronicle.Read(t.Context(), p.bus, chronicle.Query{Follow: true}, func(api.Deed) error { calls++; return full })
		if !errors.Is(err, full) || calls != 1 {
			t.Errorf("got %v after %d calls", err, calls)
		}
	})
}

func TestSinceIsReadAsPeopleWriteIt(t *testing.T) {
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.FixedZone("", 3600))
	for text, want := range map[string]time.Time{
		"2h": now.Add(-2 * time.Hour), "3d": now.Add(-72 * time.Hour), "1.5d": now.Add(-36 * time.Hour), "0s": now,
		"2026-03-01": time.Date(2026, 3, 1, 0, 0, 0, 0, now.Location()), "2026-03-01 04:30": time.Date(2026, 3, 1, 4, 30, 0, 0, now.Location()),
		"2026-03-01T04:30:00Z": time.Date(2026, 3, 1, 4, 30, 0, 0, time.UTC),
	} {
		got, err := chronicle.ParseSince(text, now)
		if err != nil || got != monitor.At(want) {
			t.Errorf("%s: got %s, %v, want %s", text, got.Std(), err, want)
		}
	}
	for _, text := range []string{"yesterday", "-2h", "d", "2", "2026"} {
		if got, err := chronicle.ParseSince(text, now); err == nil {
			t.Errorf("%s: got %s", text, got.Std())
		}
	}
}

// lame is a bus that gives nothing of what it has: it has lost its majority.
type lame struct{ bus.Conn }

func (lame) Read(ctx context.Context, _ bus.Cursor, _ func([]bus.Msg) error) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestReadingEndsWhenTheBusFallsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := write(t, "one", membus.New())
		if err := p.bus.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.For("").Tell("a", "", "")
		p.lift()
		began := time.Now()
		err := chronicle.Read(t.Context(), lame{p.bus}, chronicle.Query{}, func(api.Deed) error { return nil })
		if _, away := errors.AsType[*bus.Away](err); !away || time.Since(began) > 10*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		gone, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err = chronicle.Read(gone, lame{p.bus}, chronicle.Query{}, func(api.Deed) error { return nil })
		if _, away := errors.AsType[*bus.Away](err); away || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("when the asker has no more time: %v", err)
		}
	})
}

// mute is a bus that stores nothing.
type mute struct{ bus.Conn }

func (mute) Append(ctx context.Context, _ bus.Subject, _ []byte, _ string) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestWhatIsNotStoredYetIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := chronicle.NewWriter(chronicle.Options{Bus: mute{membus.New().Connect("one")}, Node: "one", Log: slog.New(slog.DiscardHandler)})
		ctx, cancel := context.WithCancel(t.Context())
		var writing sync.WaitGroup
		writing.Go(func() { w.Run(ctx) })
		for _, kind := range []string{"bus-lost", "shard-lost", "bus-back"} {
			w.For("").Tell(kind, "", "")
			synctest.Wait()
		}
		var got []string
		for _, e := range w.Waiting(&chronicle.Query{Kinds: []string{"bus-lost", "bus-back"}}) {
			got = append(got, e.Kind)
		}
		if diff := cmp.Diff([]string{"bus-lost", "bus-back"}, got); diff != "" {
			t.Error(diff)
		}
		cancel()
		writing.Wait()
	})
}

func TestWhatNoEntryCanHaveIsRefused(t *testing.T) {
	for _, c := range []struct {
		q    chronicle.Query
		want string
	}{
		{chronicle.Query{Kinds: []string{"shard-taken", "nosuch"}}, "no entry is of the kind nosuch; there are bus-back, bus-lost, "},
		{chronicle.Query{Role: "foo"}, "no role is called foo; there are bus, arbiter, "},
		{chronicle.Query{Role: "bus", Node: "any", Kinds: []string{"up"}}, ""},
	} {
		err := c.q.Check()
		if (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.q, err)
		}
	}
}

func TestReadingBeginsBehindAPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := write(t, "one", membus.New())
		if err := p.bus.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, about := range []string{"a", "b", "c"} {
			p.For("").Tell("up", about, "")
			synctest.Wait()
		}
		p.lift()
		var got []string
		each := func(d api.Deed) error { got = append(got, fmt.Sprint(d.About, d.Seq)); return nil }
		for _, after := range []uint64{1, 3} {
			if err := chronicle.Read(t.Context(), p.bus, chronicle.Query{After: after}, each); err != nil {
				t.Error(err)
			}
		}
		if diff := cmp.Diff([]string{"b2", "c3"}, got); diff != "" {
			t.Error(diff)
		}
	})
}
