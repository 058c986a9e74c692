package bustest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
)

var journal = map[string]func(*testing.T, *fixture){
	"replays what was committed": func(t *testing.T, f *fixture) {
		fence := f.claim(f.a, 1)
		other := f.claim(f.a, 11)
		var last uint64
		var want []string
		for _, n := range []int{1, 2, 16, 1} {
			batch := fmt.Sprint("batch", n, "-", len(want))
			seq, err := f.a.Commit(f.ctx, fence, batch, records(1, batch, n))
			f.must(err)
			if seq < last+uint64(n) {
				t.Errorf("last sequence %d after %d and %d records", seq, last, n)
			}
			last = seq
			for _, r := range records(1, batch, n) {
				want = append(want, string(r.Data))
			}
			_, err = f.a.Commit(f.ctx, other, batch, records(11, "foreign", n))
			f.must(err)
		}
		if diff := cmp.Diff(want, f.replayed(1)); diff != "" {
			t.Error(diff)
		}
		newest, err := f.b.Replay(f.ctx, 1, 0, func([]bus.Msg) error { return nil })
		if err != nil || newest != last {
			t.Errorf("replayed up to %d, %v, want %d", newest, err, last)
		}
	},
	"replays from a position": func(t *testing.T, f *fixture) {
		fence := f.claim(f.a, 1)
		first, err := f.a.Commit(f.ctx, fence, "1", records(1, "1", 3))
		f.must(err)
		second, err := f.a.Commit(f.ctx, fence, "2", records(1, "2", 2))
		f.must(err)
		var seqs []uint64
		last, err := f.b.Replay(f.ctx, 1, first, func(batch []bus.Msg) error {
			for _, m := range batch {
				seqs = append(seqs, m.Seq)
			}
			return nil
		})
		if err != nil || last != second || !slices.Equal(seqs, []uint64{second - 1, second}) {
			t.Errorf("got %v up to %d, %v, want %d and the one before", seqs, last, err, second)
		}
		last, err = f.b.Replay(f.ctx, 1, second, func([]bus.Msg) error { return errors.New("called") })
		if err != nil || last != second {
			t.Errorf("got %d, %v, want %d", last, err, second)
		}
	},
	"replays nothing of an empty shard": func(t *testing.T, f *fixture) {
		f.claim(f.a, 2)
		last, err := f.b.Replay(f.ctx, 1, 0, func([]bus.Msg) error { return errors.New("called") })
		if err != nil || last != 0 {
			t.Errorf("got %d, %v", last, err)
		}
	},
	"replays more than one request carries": func(t *testing.T, f *fixture) {
		fence := f.claim(f.a, 1)
		for i := range 3 {
			batch := fmt.Sprint(i)
			_, err := f.a.Commit(f.ctx, fence, batch, records(1, batch, 900))
			f.must(err)
		}
		if got := f.replayed(1); len(got) != 2700 || got[2699] != "2/899" {
			t.Errorf("got %d records", len(got))
		}
	},
	"ends a replay on its error": func(t *testing.T, f *fixture) {
		fence := f.claim(f.a, 1)
		_, err := f.a.Commit(f.ctx, fence, "1", records(1, "1", 3))
		f.must(err)
		broken := errors.New("broken")
		if _, err := f.a.Replay(f.ctx, 1, 0, func([]bus.Msg) error { return broken }); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	},
	"refuses the former owner": func(t *testing.T, f *fixture) {
		old := f.claim(f.a, 1)
		_, err := f.a.Commit(f.ctx, old, "1", records(1, "old", 2))
		f.must(err)
		owner := f.claim(f.b, 1)
		if owner.Seq <= old.Seq {
			t.Errorf("fence %d after %d", owner.Seq, old.Seq)
		}
		for _, n := range []int{1, 2, 500} {
			if _, err := f.a.Commit(f.ctx, old, fmt.Sprint("late", n), records(1, "late", n)); !errors.Is(err, bus.ErrFenced) {
				t.Errorf("%d records: got %v", n, err)
			}
		}
		_, err = f.b.Commit(f.ctx, owner, "1", records(1, "new", 2)) // the same batch id as the former owner's
		f.must(err)
		if diff := cmp.Diff([]string{"old/0", "old/1", "new/0", "new/1"}, f.replayed(1)); diff != "" {
			t.Error(diff)
		}
	},
	"refuses a fence that nobody gave out": func(t *testing.T, f *fixture) {
		fence := f.claim(f.a, 1)
		fence.Seq += 5
		if _, err := f.a.Commit(f.ctx, fence, "1", records(1, "x", 1)); !errors.Is(err, bus.ErrFenced) {
			t.Errorf("got %v", err)
		}
		fence = f.claim(f.a, 1)
		fence.Shard = 2
		if _, err := f.a.Commit(f.ctx, fence, "1", records(2, "x", 2)); !errors.Is(err, bus.ErrFenced) {
			t.Errorf("got %v", err)
		}
	},
	"keeps the shards apart": func(t *testing.T, f *fixture) {
		one := f.claim(f.a, 1)
		f.claim(f.b, 11)
		_, err := f.a.Commit(f.ctx, one, "1", records(1, "x", 2))
		f.must(err)
		if _, err := f.a.Commit(f.ctx, one, "2", records(11, "x", 1)); err == nil {
			t.Error("a record of another shard was taken")
		}
	},
	"has one owner when many claim": func(t *testing.T, f *fixture) {
		fences := make(chan bus.Fence, 10)
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				fence, err := f.a.Claim(f.ctx, 1, []byte("race"))
				if err == nil {
					fences <- fence
				} else if !errors.Is(err, bus.ErrConflict) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		close(fences)
		var newest bus.Fence
		all := map[uint64]bool{}
		for fence := range fences {
			if all[fence.Seq] {
				t.Errorf("fence %d was given out twice", fence.Seq)
			}
			all[fence.Seq] = true
			if fence.Seq > newest.Seq {
				newest = fence
			}
		}
		for seq := range all {
			_, err := f.a.Commit(f.ctx, bus.Fence{Shard: 1, Seq: seq}, "1", records(1, "x", 2))
			if seq == newest.Seq && err != nil || seq != newest.Seq && !errors.Is(err, bus.ErrFenced) {
				t.Errorf("fence %d of %d: got %v", seq, newest.Seq, err)
			}
		}
	},
	"stores a batch once however often it is committed": func(t *testing.T, f *fixture) {
		fence := f.claim(f.a, 1)
		for _, n := range []int{1, 5} {
			batch := fmt.Sprint(n)
			first, err := f.a.Commit(f.ctx, fence, batch, records(1, batch, n))
			f.must(err)
			_, err = f.a.Commit(f.ctx, fence, batch+"after", records(1, batch+"after", n))
			f.must(err)
			for _, c := range []bus.Conn{f.a, f.b} {
				again, err := c.Commit(f.ctx, fence, batch, records(1, batch, n))
				if err != nil || again != first {
					t.Errorf("%d records: again %d, %v, want %d", n, again, err, first)
				}
			}
		}
		if got := f.replayed(1); len(got) != 12 {
			t.Errorf("got %q", got)
		}
	},
	"refuses what is too much, and stores nothing of it": func(t *testing.T, f *fixture) {
		fence := f.claim(f.a, 1)
		large := bus.Record{Subject: bus.States(1), Data: make([]byte, bus.MaxMessage)}
		for name, records := range map[string][]bus.Record{
			"many":   records(1, "x", bus.MaxBatch+1),
			"none":   nil,
			"large":  {{Subject: large.Subject, Data: make([]byte, bus.MaxMessage+1)}},
			"weight": slices.Repeat([]bus.Record{large}, 20),
		} {
			if _, err := f.a.Commit(f.ctx, fence, name, records); !errors.Is(err, bus.ErrTooLarge) {
				t.Errorf("%s: got %v", name, err)
			}
		}
		if got := f.replayed(1); len(got) != 0 {
			t.Errorf("%d records were stored", len(got))
		}
		_, err := f.a.Commit(f.ctx, fence, "most", records(1, "x", bus.MaxBatch))
		f.must(err)
	},
	"forgets records when their time is over, and keeps those beside them": func(t *testing.T, f *fixture) {
		fence := f.claim(f.a, 1)
		commit := func(batch string, ttls ...time.Duration) {
			all := records(1, batch, len(ttls))
			for i, ttl := range ttls {
				all[i].TTL = ttl
				if ttl > 0 {
					all[i].Subject = bus.Quiet(1)
				}
			}
			_, err := f.a.Commit(f.ctx, fence, batch, all)
			f.must(err)
		}
		commit("a", time.Second, 0, time.Second)
		commit("b", time.Hour)
		commit("d", time.Second)
		commit("c", 0)
		for got := []string(nil); !slices.Equal(got, []string{"a/1", "b/0", "c/0"}); got = f.replayed(1) {
			if f.ctx.Err() != nil {
				t.Fatalf("still there: %q", got)
			}
		}
		got, _ := f.read(f.b, bus.Cursor{Stream: bus.EV, Durable: "broker", Filter: bus.AllEvents()})
		if diff := cmp.Diff([]string{"a/1", "b/0", "c/0"}, texts(f, got, 3)); diff != "" {
			t.Error(diff)
		}
		commit("e", 0)
		if got := texts(f, got, 1); got[0] != "e/0" {
			t.Errorf("got %q", got)
		}
		half := records(1, "f", 1)
		half[0].TTL = time.Second / 2
		if _, err := f.a.Commit(f.ctx, fence, "f", half); err == nil {
			t.Error("half a second was taken")
		}
	},
	"commits for many shards at once": func(t *testing.T, f *fixture) {
		var wg sync.WaitGroup
		for shard := range uint16(20) {
			wg.Go(func() {
				fence, err := f.a.Claim(f.ctx, shard, nil)
				for i := 0; i < 3 && err == nil; i++ {
					_, err = f.a.Commit(f.ctx, fence, fmt.Sprint(i), records(shard, fmt.Sprint(i), 20))
				}
				if err != nil {
					t.Errorf("shard %d: %v", shard, err)
				}
			})
		}
		wg.Wait()
		for shard := range uint16(20) {
			if got := f.replayed(shard); len(got) != 60 || got[59] != "2/19" {
				t.Errorf("shard %d: got %d records", shard, len(got))
			}
		}
	},
	"can be read as a stream, in order": func(t *testing.T, f *fixture) {
		fence := f.claim(f.a, 1)
		got, _ := f.read(f.b, bus.Cursor{Stream: bus.EV, Durable: "broker", Filter: bus.AllEvents()})
		var want []string
		for i := range 10 {
			batch := fmt.Sprint(i)
			_, err := f.a.Commit(f.ctx, fence, batch, records(1, batch, 3))
			f.must(err)
			want = append(want, batch+"/0", batch+"/1", batch+"/2")
		}
		if diff := cmp.Diff(want, texts(f, got, len(want))); diff != "" {
			t.Error(diff)
		}
	},
}
