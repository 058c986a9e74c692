package bustest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
)

var streams = map[string]func(*testing.T, *fixture){
	"say how much a reader with a name has yet to use": func(t *testing.T, f *fixture) {
		unused := func(durable string) uint64 {
			n, err := f.a.Unused(f.ctx, bus.CMD, durable)
			f.must(err)
			return n
		}
		for _, text := range []string{"1", "2", "3"} {
			f.must(f.a.Append(f.ctx, bus.Commands(1), []byte(text), ""))
		}
		taken, goOn := make(chan struct{}, 3), make(chan struct{})
		f.readWith(f.b, bus.Cursor{Stream: bus.CMD, Filter: bus.Commands(1), Durable: "d", Batch: 1}, func([]bus.Msg) error {
			taken <- struct{}{}
			<-goOn
			return nil
		})
		<-taken
		if got := unused("d"); got != 3 {
			t.Errorf("%d unused while the first is under way, want 3", got)
		}
		goOn <- struct{}{}
		<-taken
		for range 1000 { // that it was used is told without waiting for an answer
			if unused("d") == 2 {
				break
			}
			time.Sleep(time.Millisecond)
		}
		if got := unused("d"); got != 2 {
			t.Errorf("%d unused after the first, want 2", got)
		}
		if got := unused("nobody"); got != 0 {
			t.Errorf("%d unused by one who never read, want 0", got)
		}
		close(goOn)
	},
	"give what a dead reader had taken to one that reads alone, before all that is newer": func(t *testing.T, f *fixture) {
		f.must(f.a.Append(f.ctx, bus.Commands(1), []byte("1"), ""))
		taken, over := make(chan struct{}), make(chan struct{})
		f.readWith(f.b, bus.Cursor{Stream: bus.CMD, Durable: "d", Alone: true}, func([]bus.Msg) error {
			close(taken)
			<-over // it is stopped, and never says that it used it
			return nil
		})
		defer close(over)
		<-taken
		f.must(f.a.Append(f.ctx, bus.Commands(1), []byte("2"), ""))
		heir, _ := f.read(f.a, bus.Cursor{Stream: bus.CMD, Durable: "d", Alone: true})
		if diff := cmp.Diff([]string{"1", "2"}, texts(f, heir, 2)); diff != "" {
			t.Error(diff)
		}
	},
	"let a reader that was stopped and goes on take nothing past its heir, that reads alone": func(t *testing.T, f *fixture) {
		alone := bus.Cursor{Stream: bus.CMD, Durable: "d", Alone: true}
		f.must(f.a.Append(f.ctx, bus.Commands(1), []byte("1"), ""))
		calls, goOn, over := make(chan struct{}), make(chan struct{}), make(chan struct{})
		f.readWith(f.b, alone, func([]bus.Msg) error {
			calls <- struct{}{}
			<-goOn // it is stopped in between, for longer than others wait for it
			return nil
		})
		defer close(goOn)
		<-calls
		got, resume := make(chan bus.Msg, 1000), make(chan struct{})
		f.readWith(f.a, alone, func(batch []bus.Msg) error {
			for _, m := range batch {
				got <- m
			}
			select {
			case <-resume:
			case <-over:
			}
			return nil
		})
		defer close(over)
		texts(f, got, 1)
		f.must(f.a.Append(f.ctx, bus.Commands(1), []byte("2"), ""))
		goOn <- struct{}{}
		next(f, calls) // it goes on with what it can get, and does not come to an end with that
		close(resume)
		f.must(f.a.Append(f.ctx, bus.Commands(1), []byte("3"), ""))
		for want := 2; want <= 3; {
			switch m := string(next(f, got).Data); m {
			case fmt.Sprint(want):
				want++
			case fmt.Sprint(want - 1): // again
			default:
				t.Fatalf("%s came before %d", m, want)
			}
		}
	},
	"let a reader that was stopped take nothing from its heir, that reads alone, while it may not": func(t *testing.T, f *fixture) {
		var stopped atomic.Bool
		asked := make(chan struct{}, 100)
		zombie := bus.Cursor{Stream: bus.CMD, Durable: "d", Alone: true, May: func() bool {
			if !stopped.Load() {
				return true
			}
			select {
			case asked <- struct{}{}:
			default:
			}
			return false
		}}
		f.must(f.a.Append(f.ctx, bus.Commands(1), []byte("1"), ""))
		calls, goOn := make(chan struct{}, 100), make(chan struct{})
		f.readWith(f.b, zombie, func([]bus.Msg) error {
			calls <- struct{}{}
			<-goOn
			return nil
		})
		next(f, calls)
		stopped.Store(true)
		heir, _ := f.read(f.a, bus.Cursor{Stream: bus.CMD, Durable: "d", Alone: true})
		texts(f, heir, 1)
		close(goOn)
		for range 3 { // it wants to begin again
			next(f, asked)
			f.must(f.a.Append(f.ctx, bus.Commands(1), []byte("2"), ""))
		}
		if diff := cmp.Diff([]string{"2", "2", "2"}, texts(f, heir, 3)); diff != "" {
			t.Errorf("what came to the heir (-want +got):\n%s", diff)
		}
		if n := len(calls); n != 0 {
			t.Errorf("the one that was stopped took something %d times", n)
		}
	},
	"hands on in order what was appended": func(t *testing.T, f *fixture) {
		got, _ := f.read(f.b, bus.Cursor{Stream: bus.DONE, Batch: 7})
		f.append(bus.Done(1), numbered(50)...)
		if diff := cmp.Diff(numbered(50), texts(f, got, 50)); diff != "" {
			t.Error(diff)
		}
	},
	"says where and when a message was stored": func(t *testing.T, f *fixture) {
		before := time.Now().Add(-time.Minute)
		f.append(bus.Done(3), "one", "two")
		got, _ := f.read(f.b, bus.Cursor{Stream: bus.DONE})
		one, two := next(f, got), next(f, got)
		if one.Subject != bus.Done(3) || one.Seq != 1 || two.Seq != 2 || one.Time.Before(before) || two.Time.Before(one.Time) {
			t.Errorf("got %+v, %+v", one, two)
		}
	},
	"stores an id once": func(t *testing.T, f *fixture) {
		for range 3 {
			f.must(f.a.Append(f.ctx, bus.Done(1), []byte("same"), "id-1"))
		}
		f.must(f.b.Append(f.ctx, bus.Done(1), []byte("other"), "id-2"))
		got, _ := f.read(f.b, bus.Cursor{Stream: bus.DONE})
		if diff := cmp.Diff([]string{"same", "other"}, texts(f, got, 2)); diff != "" {
			t.Error(diff)
		}
	},
	"refuses subjects that no stream stores": func(t *testing.T, f *fixture) {
		if err := f.a.Append(f.ctx, bus.Jobs("p"), nil, ""); err == nil || f.ctx.Err() != nil {
			t.Errorf("got %v", err)
		}
	},
	"forgets what it is told, and nothing else": func(t *testing.T, f *fixture) {
		f.append(bus.Results(1, "p"), "a", "b", "c")
		f.append(bus.Results(2, "p"), "d")
		f.append(bus.Results(1, "q"), "e")
		f.must(f.a.Forget(f.ctx, bus.RES, bus.ResultsOf(1), 2))
		f.must(f.a.Forget(f.ctx, bus.RES, bus.ResultsOf(3), 5))
		got, _ := f.read(f.b, bus.Cursor{Stream: bus.RES})
		if diff := cmp.Diff([]string{"c", "d", "e"}, texts(f, got, 3)); diff != "" {
			t.Error(diff)
		}
	},
	"starts behind a position": func(t *testing.T, f *fixture) {
		f.append(bus.Done(1), numbered(5)...)
		got, _ := f.read(f.b, bus.Cursor{Stream: bus.DONE, After: 3})
		if diff := cmp.Diff([]string{"3", "4"}, texts(f, got, 2)); diff != "" {
			t.Error(diff)
		}
	},
	"starts a stream that is younger than the position at its first": func(t *testing.T, f *fixture) {
		f.append(bus.Results(10, "p"), "a", "b")
		got, _ := f.read(f.b, bus.Cursor{Stream: bus.RES, After: 1000})
		if diff := cmp.Diff([]string{"a", "b"}, texts(f, got, 2)); diff != "" {
			t.Error(diff)
		}
	},
	"hands on what has the sequences of messages that it lost": func(t *testing.T, f *fixture) {
		f.append(bus.Perf(1), numbered(6)...)
		all, _ := f.read(f.b, bus.Cursor{Stream: bus.PERF})
		var at []time.Time
		for range 6 {
			at = append(at, next(f, all).Time)
		}
		for _, c := range []struct {
			after  uint64 // the place of a reader
			stored time.Time
			want   string
		}{
			{4, at[3], "4"}, // as it was
			{4, at[1], "2"}, // two and what came after it are others
			{4, at[0].Add(-time.Hour), "0"},
			{4, at[4].Add(-time.Nanosecond), "4"}, // nothing is before its place
			{9, at[2], "3"},
			{9, at[0].Add(-time.Hour), "0"},
			{0, time.Time{}, "0"},
		} {
			got, stop := f.read(f.a, bus.Cursor{Stream: bus.PERF, After: c.after, Stored: c.stored})
			if first := next(f, got); string(first.Data) != c.want {
				t.Errorf("behind %d, stored %s: it begins with %s, want %s", c.after, c.stored, first.Data, c.want)
			}
			stop()
		}
		lost, _ := f.read(f.a, bus.Cursor{Stream: bus.PERF, After: 9, Stored: at[5]})
		f.append(bus.Perf(1), "new")
		if first := next(f, lost); string(first.Data) != "new" {
			t.Errorf("behind three that were lost: it begins with %s, want what comes next", first.Data)
		}
	},
	"skips what was stored before": func(t *testing.T, f *fixture) {
		f.append(bus.Done(1), "old")
		got, _ := f.read(f.b, bus.Cursor{Stream: bus.DONE, FromNow: true})
		marks, _ := f.read(f.b, bus.Cursor{Stream: bus.DONE})
		next(f, marks)
		for { // until the reader is there, which Read does not tell
			f.append(bus.Done(1), "new")
			select {
			case m := <-got:
				if string(m.Data) != "new" {
					t.Errorf("got %q", m.Data)
				}
				return
			case <-time.After(20 * time.Millisecond):
			case <-f.ctx.Done():
				t.Fatal("nothing came")
			}
		}
	},
	"filters": func(t *testing.T, f *fixture) {
		got, _ := f.read(f.b, bus.Cursor{Stream: bus.RES, Filter: bus.ResultsOf(2)})
		all, _ := f.read(f.b, bus.Cursor{Stream: bus.RES, Filter: bus.ResultsOf(1), Durable: "one"})
		for i, shard := range []uint16{1, 2, 12, 1, 2} {
			f.append(bus.Results(shard, "p"), fmt.Sprint(i))
		}
		if diff := cmp.Diff([]string{"1", "4"}, texts(f, got, 2)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"0", "3"}, texts(f, all, 2)); diff != "" {
			t.Error(diff)
		}
	},
	"hands on no more than a batch": func(t *testing.T, f *fixture) {
		f.append(bus.Done(1), numbered(10)...)
		for _, durable := range []string{"", "d"} {
			sizes := make(chan int, 10)
			f.readWith(f.b, bus.Cursor{Stream: bus.DONE, Durable: durable, Batch: 3}, func(batch []bus.Msg) error {
				sizes <- len(batch)
				return nil
			})
			for left := 10; left > 0; {
				n := next(f, sizes)
				if n < 1 || n > 3 {
					t.Errorf("durable %q: got a batch of %d", durable, n)
				}
				left -= n
			}
		}
	},
	"ends a reader without a name on its error": func(t *testing.T, f *fixture) {
		f.append(bus.Done(1), "x")
		broken := errors.New("broken")
		err := f.b.Read(f.ctx, bus.Cursor{Stream: bus.DONE}, func([]bus.Msg) error { return broken })
		if !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	},
	"remembers what a durable has used": func(t *testing.T, f *fixture) {
		f.append(bus.Done(1), "1", "2")
		got, stop := f.read(f.b, bus.Cursor{Stream: bus.DONE, Durable: "d", Batch: 1})
		texts(f, got, 2)
		stop()
		f.append(bus.Done(1), "3")
		got, _ = f.read(f.a, bus.Cursor{Stream: bus.DONE, Durable: "d"})
		if m := next(f, got); string(m.Data) != "3" {
			t.Errorf("got %q again", m.Data)
		}
	},
	"takes any name for a durable": func(t *testing.T, f *fixture) {
		f.append(bus.Done(1), "1")
		for _, name := range []string{"perf.main", "a b", "*", "ä", "x_y-1"} {
			got, _ := f.read(f.b, bus.Cursor{Stream: bus.DONE, Durable: name})
			next(f, got)
		}
	},
	"hands a batch on again after an error, in order": func(t *testing.T, f *fixture) {
		f.append(bus.Done(1), numbered(4)...)
		var got []string
		done, failed := make(chan struct{}), false
		f.readWith(f.b, bus.Cursor{Stream: bus.DONE, Durable: "d", Batch: 2}, func(batch []bus.Msg) error {
			if !failed {
				failed = true
				return errors.New("not now")
			}
			for _, m := range batch {
				got = append(got, string(m.Data))
			}
			if len(got) == 4 {
				close(done)
			}
			return nil
		})
		next(f, done)
		if diff := cmp.Diff(numbered(4), got); diff != "" {
			t.Error(diff)
		}
	},
	"hands on what is put off again after its time, and others before": func(t *testing.T, f *fixture) {
		f.append(bus.Done(1), "1", "2", "3")
		var got []string
		done := make(chan struct{})
		f.readWith(f.b, bus.Cursor{Stream: bus.DONE, Durable: "d", Batch: 1}, func(batch []bus.Msg) error {
			if len(got) == 0 && string(batch[0].Data) == "1" {
				got = append(got, "put off")
				return fmt.Errorf("not now: %w", bus.Later{After: 50 * time.Millisecond})
			}
			if got = append(got, string(batch[0].Data)); len(got) == 4 {
				close(done)
			}
			return nil
		})
		next(f, done)
		if diff := cmp.Diff([]string{"put off", "2", "3", "1"}, got); diff != "" {
			t.Error(diff)
		}
	},
	"hands on the id with a message": func(t *testing.T, f *fixture) {
		f.must(f.a.Append(f.ctx, bus.Passive(1, "h"), []byte("1"), bus.MessageID("boot", 7)))
		got, _ := f.read(f.a, bus.Cursor{Stream: bus.PASSIVE, Durable: "d"})
		if m := next(f, got); m.ID != "boot.7" {
			t.Errorf("got %q", m.ID)
		}
	},
	"gives what was not used to a later reader": func(t *testing.T, f *fixture) {
		f.append(bus.Passive(1, "h"), "1", "2")
		tried := make(chan bus.Msg, 10)
		stop := f.readWith(f.b, bus.Cursor{Stream: bus.PASSIVE, Durable: "d", Batch: 2}, func(batch []bus.Msg) error {
			tried <- batch[0]
			return errors.New("not me")
		})
		next(f, tried)
		stop()
		got, _ := f.read(f.a, bus.Cursor{Stream: bus.PASSIVE, Durable: "d"})
		if diff := cmp.Diff([]string{"1", "2"}, texts(f, got, 2)); diff != "" {
			t.Error(diff)
		}
	},
	"hands on again what a slow reader holds too long": func(t *testing.T, f *fixture) {
		f.append(bus.Commands(1), "1")
		held, release := make(chan bus.Msg, 1), make(chan struct{})
		f.readWith(f.b, bus.Cursor{Stream: bus.CMD, Durable: "d", Ack: 100 * time.Millisecond}, func(batch []bus.Msg) error {
			select {
			case held <- batch[0]:
			default:
			}
			<-release
			return nil
		})
		defer close(release)
		next(f, held)
		got, _ := f.read(f.a, bus.Cursor{Stream: bus.CMD, Durable: "d", Ack: 100 * time.Millisecond})
		if m := next(f, got); string(m.Data) != "1" {
			t.Errorf("got %q", m.Data)
		}
	},
	"shares a durable's messages among its readers": func(t *testing.T, f *fixture) {
		var mu sync.Mutex
		var got []string
		done := make(chan struct{})
		for _, c := range []bus.Conn{f.a, f.b} {
			f.readWith(c, bus.Cursor{Stream: bus.CMD, Durable: "d", Batch: 1}, func(batch []bus.Msg) error {
				mu.Lock()
				defer mu.Unlock()
				for _, m := range batch {
					got = append(got, string(m.Data))
				}
				if len(got) == 40 {
					close(done)
				}
				return nil
			})
		}
		f.append(bus.Commands(1), numbered(40)...)
		next(f, done)
		mu.Lock()
		defer mu.Unlock()
		slices.Sort(got)
		if want := slices.Sorted(slices.Values(numbered(40))); !slices.Equal(got, want) {
			t.Errorf("got %q", got)
		}
	},
	"refuses more than a stream holds, until some is used": func(t *testing.T, f *fixture) {
		large := []byte(strings.Repeat("x", 256<<10))
		stored := 0
		var err error
		for ; stored < 10_000; stored++ {
			if err = f.a.Append(f.ctx, bus.Commands(1), large, ""); err != nil {
				break
			}
		}
		if !errors.Is(err, bus.ErrFull) || stored == 0 {
			t.Fatalf("got %v after %d", err, stored)
		}
		got, _ := f.read(f.b, bus.Cursor{Stream: bus.CMD, Durable: "d"})
		texts(f, got, stored)
		for err = f.a.Append(f.ctx, bus.Commands(1), large, ""); errors.Is(err, bus.ErrFull); {
			err = f.a.Append(f.ctx, bus.Commands(1), large, "") // until the reader's batch counts as used
		}
		f.must(err)
	},
	"drops the oldest where it may": func(t *testing.T, f *fixture) {
		large := strings.Repeat("x", 512<<10)
		for i := range 3 * StreamLimit / len(large) {
			f.append(bus.Perf(1), fmt.Sprint(i)+large)
		}
		got, _ := f.read(f.b, bus.Cursor{Stream: bus.PERF})
		if m := next(f, got); m.Seq == 1 {
			t.Error("the first is still there")
		}
	},
	"says what it holds": func(t *testing.T, f *fixture) {
		empty, err := f.b.Extent(f.ctx, bus.DONE, 0)
		f.must(err)
		if empty.First != 1 || empty.Last != 0 || empty.Behind(0) != 0 || !empty.Next.IsZero() {
			t.Errorf("of nothing: %+v", empty)
		}
		f.append(bus.Done(1), "1", "2", "3")
		e, err := f.b.Extent(f.ctx, bus.DONE, 1)
		f.must(err)
		if e.First != 1 || e.Last != 3 || e.Behind(1) != 2 || e.Next.IsZero() || e.MaxBytes != StreamLimit || e.MaxAge == 0 || e.Bytes == 0 {
			t.Errorf("of three: %+v", e)
		}
		all, err := f.b.Extent(f.ctx, bus.DONE, 3)
		f.must(err)
		if all.Behind(3) != 0 || !all.Next.IsZero() {
			t.Errorf("behind the last: %+v", all)
		}
		large := strings.Repeat("x", 512<<10)
		for range 3 * StreamLimit / len(large) {
			f.append(bus.Perf(1), large)
		}
		e, err = f.b.Extent(f.ctx, bus.PERF, 0)
		f.must(err)
		if e.First <= 1 || e.Last != uint64(3*StreamLimit/len(large)) || e.Behind(0) != e.Last-e.First+1 || e.Bytes > e.MaxBytes {
			t.Errorf("of one that has dropped some: %+v", e)
		}
	},
	"wants one name for each subject of a queue": func(t *testing.T, f *fixture) {
		nothing := func([]bus.Msg) error { return nil }
		if err := f.b.Read(f.ctx, bus.Cursor{Stream: bus.CMD}, nothing); err == nil || f.ctx.Err() != nil {
			t.Errorf("without a name: got %v", err)
		}
		f.append(bus.Commands(1), "1")
		got, _ := f.read(f.a, bus.Cursor{Stream: bus.CMD, Filter: bus.Commands(1), Durable: "one"})
		next(f, got)
		err := f.b.Read(f.ctx, bus.Cursor{Stream: bus.CMD, Filter: bus.Commands(1), Durable: "two"}, nothing)
		if err == nil || f.ctx.Err() != nil {
			t.Errorf("with a second name: got %v", err)
		}
		f.append(bus.Commands(2), "2")
		other, _ := f.read(f.b, bus.Cursor{Stream: bus.CMD, Filter: bus.Commands(2), Durable: "two"})
		next(f, other)
	},
	"refuses to read what is no stream": func(t *testing.T, f *fixture) {
		err := f.b.Read(f.ctx, bus.Cursor{Stream: "NONE"}, func([]bus.Msg) error { return nil })
		if err == nil || f.ctx.Err() != nil {
			t.Errorf("got %v", err)
		}
	},
	"ends reading with its context": func(t *testing.T, f *fixture) {
		ctx, cancel := context.WithCancel(f.ctx)
		time.AfterFunc(20*time.Millisecond, cancel)
		for _, durable := range []string{"", "d"} {
			err := f.b.Read(ctx, bus.Cursor{Stream: bus.DONE, Durable: durable}, func([]bus.Msg) error { return nil })
			if !errors.Is(err, context.Canceled) {
				t.Errorf("durable %q: got %v", durable, err)
			}
		}
	},
}
