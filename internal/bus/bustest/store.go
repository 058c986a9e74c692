package bustest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
)

var store = map[string]func(*testing.T, *fixture){
	"knows no key that was not put": func(t *testing.T, f *fixture) {
		if _, err := f.a.Get(f.ctx, bus.CFG, "current"); !errors.Is(err, bus.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	},
	"changes a key by revision": func(t *testing.T, f *fixture) {
		for _, b := range []bus.Bucket{bus.CFG, bus.LEASE} {
			one, err := f.a.Put(f.ctx, b, "k", []byte("one"), 0)
			f.must(err)
			if _, err := f.b.Put(f.ctx, b, "k", []byte("x"), 0); !errors.Is(err, bus.ErrConflict) {
				t.Errorf("creating it twice: %v", err)
			}
			two, err := f.b.Put(f.ctx, b, "k", []byte("two"), one)
			f.must(err)
			if two <= one {
				t.Errorf("revision %d after %d", two, one)
			}
			if _, err := f.a.Put(f.ctx, b, "k", []byte("x"), one); !errors.Is(err, bus.ErrConflict) {
				t.Errorf("with an old revision: %v", err)
			}
			got, err := f.a.Get(f.ctx, b, "k")
			if diff := cmp.Diff(bus.Entry{Key: "k", Value: []byte("two"), Revision: two}, got); err != nil || diff != "" {
				t.Error(err, diff)
			}
		}
	},
	"lists the keys under a pattern": func(t *testing.T, f *fixture) {
		if all, err := f.a.List(f.ctx, bus.NODE, ""); err != nil || len(all) != 0 {
			t.Errorf("of an empty bucket: %v, %v", all, err)
		}
		for _, key := range []string{"b.two", "a.one", "b.one", "b.gone"} {
			revision, err := f.a.Put(f.ctx, bus.NODE, key, []byte(key), 0)
			f.must(err)
			if key == "b.gone" {
				f.must(f.a.Delete(f.ctx, bus.NODE, key, revision))
			}
		}
		for pattern, want := range map[string][]string{"": {"a.one", "b.one", "b.two"}, "b.*": {"b.one", "b.two"}, "b.gone": nil, "c.>": nil} {
			all, err := f.b.List(f.ctx, bus.NODE, pattern)
			f.must(err)
			var keys []string
			for _, e := range all {
				if keys = append(keys, e.Key); string(e.Value) != e.Key || e.Revision == 0 {
					t.Errorf("%s: got %q, revision %d", e.Key, e.Value, e.Revision)
				}
			}
			if diff := cmp.Diff(want, keys); diff != "" {
				t.Errorf("%q: %s", pattern, diff)
			}
		}
	},
	"removes a key by revision": func(t *testing.T, f *fixture) {
		one, err := f.a.Put(f.ctx, bus.LEASE, "k", []byte("one"), 0)
		f.must(err)
		for _, wrong := range []uint64{0, one + 1} {
			if err := f.a.Delete(f.ctx, bus.LEASE, "k", wrong); !errors.Is(err, bus.ErrConflict) {
				t.Errorf("with revision %d: %v", wrong, err)
			}
		}
		f.must(f.a.Delete(f.ctx, bus.LEASE, "k", one))
		if _, err := f.a.Get(f.ctx, bus.LEASE, "k"); !errors.Is(err, bus.ErrNotFound) {
			t.Errorf("got %v", err)
		}
		f.must(f.a.Delete(f.ctx, bus.LEASE, "k", 0))
		if _, err := f.a.Put(f.ctx, bus.LEASE, "k", []byte("x"), one); !errors.Is(err, bus.ErrConflict) {
			t.Errorf("putting it with its old revision: %v", err)
		}
		again, err := f.a.Put(f.ctx, bus.LEASE, "k", []byte("again"), 0)
		if err != nil || again <= one {
			t.Errorf("revision %d after %d, %v", again, one, err)
		}
	},
	"lets one of many create a key": func(t *testing.T, f *fixture) {
		wins := make(chan int, 20)
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				_, err := f.a.Put(f.ctx, bus.LEASE, "shard.1", []byte("me"), 0)
				if err == nil {
					wins <- i
				} else if !errors.Is(err, bus.ErrConflict) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(wins) != 1 {
			t.Errorf("%d created it", len(wins))
		}
	},
	"keeps an empty value": func(t *testing.T, f *fixture) {
		_, err := f.a.Put(f.ctx, bus.CFG, "k", nil, 0)
		f.must(err)
		if e, err := f.a.Get(f.ctx, bus.CFG, "k"); err != nil || e.Value == nil || len(e.Value) != 0 {
			t.Errorf("got %+v, %v", e, err)
		}
	},
	"refuses keys that are none": func(t *testing.T, f *fixture) {
		for _, key := range []string{"", ".", "a.", ".a", "a..b", "a b", "a*", "a>", "ä", "a/b"} {
			if _, err := f.a.Put(f.ctx, bus.CFG, key, nil, 0); err == nil {
				t.Errorf("Put took %q", key)
			}
			if _, err := f.a.Get(f.ctx, bus.CFG, key); err == nil || errors.Is(err, bus.ErrNotFound) {
				t.Errorf("Get took %q: %v", key, err)
			}
		}
		for _, key := range []string{"shard.1", "A-b_c.d=e"} {
			if _, err := f.a.Put(f.ctx, bus.CFG, key, nil, 0); err != nil {
				t.Error(err)
			}
		}
	},
	"tells watchers of what is there and what changes": func(t *testing.T, f *fixture) {
		one, err := f.a.Put(f.ctx, bus.LEASE, "shard.1", []byte("one"), 0)
		f.must(err)
		gone, err := f.a.Put(f.ctx, bus.LEASE, "shard.9", []byte("x"), 0)
		f.must(err)
		f.must(f.a.Delete(f.ctx, bus.LEASE, "shard.9", gone))
		got := f.watch(f.b, bus.LEASE, "")
		f.want(got, bus.Entry{Key: "shard.1", Value: []byte("one"), Revision: one})
		two, err := f.a.Put(f.ctx, bus.LEASE, "shard.1", []byte("two"), one)
		f.must(err)
		f.want(got, bus.Entry{Key: "shard.1", Value: []byte("two"), Revision: two})
		f.must(f.a.Delete(f.ctx, bus.LEASE, "shard.1", two))
		f.want(got, bus.Entry{Key: "shard.1"})
		three, err := f.a.Put(f.ctx, bus.LEASE, "shard.1", nil, 0)
		f.must(err)
		f.want(got, bus.Entry{Key: "shard.1", Value: []byte{}, Revision: three})
	},
	"tells a watcher of the keys it asked for": func(t *testing.T, f *fixture) {
		exact := f.watch(f.b, bus.LEASE, "shard.1")
		pattern := f.watch(f.b, bus.LEASE, "shard.*")
		for _, key := range []string{"role.arbiter", "shard.2", "shard.1"} {
			_, err := f.a.Put(f.ctx, bus.LEASE, key, []byte(key), 0)
			f.must(err)
		}
		if e := next(f, exact); e.Key != "shard.1" {
			t.Errorf("got %s", e.Key)
		}
		if one, two := next(f, pattern), next(f, pattern); one.Key != "shard.2" || two.Key != "shard.1" {
			t.Errorf("got %s, %s", one.Key, two.Key)
		}
	},
}

func (f *fixture) watch(c bus.Conn, b bus.Bucket, key string) <-chan bus.Entry {
	out := make(chan bus.Entry, 100)
	f.running.Go(func() {
		err := c.Watch(f.ctx, b, key, func(e bus.Entry) { out <- e })
		if f.ctx.Err() == nil || !errors.Is(err, context.Canceled) && !errors.Is(err, bus.ErrClosed) {
			f.t.Errorf("Watch ended with %v", err)
		}
	})
	return out
}

func (f *fixture) want(from <-chan bus.Entry, want bus.Entry) {
	f.t.Helper()
	if diff := cmp.Diff(want, next(f, from)); diff != "" {
		f.t.Error(diff)
	}
}

var blobs = map[string]func(*testing.T, *fixture){
	"keeps blobs of any size under any name": func(t *testing.T, f *fixture) {
		for name, size := range map[string]int{"empty": 0, "one": 1, "shard.7": 100, "../etc": 512 << 10, "a b*>": 3<<20 + 17, strings.Repeat("n", 300): 9} {
			data := bytes.Repeat([]byte("onbu"), size/4+1)[:size]
			f.must(f.a.PutBlob(f.ctx, bus.SNAP, name, data))
			got, err := f.b.Blob(f.ctx, bus.SNAP, name)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%.20q: got %d bytes, %v, want %d", name, len(got), err, size)
			}
		}
	},
	"knows no blob that was not put": func(t *testing.T, f *fixture) {
		if _, err := f.a.Blob(f.ctx, bus.SNAP, "x"); !errors.Is(err, bus.ErrNotFound) {
			t.Errorf("got %v", err)
		}
		f.must(f.a.DeleteBlob(f.ctx, bus.SNAP, "x"))
	},
	"deletes and lists": func(t *testing.T, f *fixture) {
		if names, err := f.a.BlobNames(f.ctx, bus.CFG); err != nil || len(names) != 0 {
			t.Errorf("got %q, %v", names, err)
		}
		for _, name := range []string{"b", "c", "a"} {
			f.must(f.a.PutBlob(f.ctx, bus.CFG, name, []byte(name)))
		}
		f.must(f.b.DeleteBlob(f.ctx, bus.CFG, "b"))
		if _, err := f.a.Blob(f.ctx, bus.CFG, "b"); !errors.Is(err, bus.ErrNotFound) {
			t.Errorf("got %v", err)
		}
		names, err := f.a.BlobNames(f.ctx, bus.CFG)
		if diff := cmp.Diff([]string{"a", "c"}, names); err != nil || diff != "" {
			t.Error(err, diff)
		}
	},
	"replaces a blob as a whole": func(t *testing.T, f *fixture) {
		blob := func(i int) []byte { return bytes.Repeat([]byte{byte(i)}, 600<<10+i) }
		f.must(f.a.PutBlob(f.ctx, bus.SNAP, "s", blob(0)))
		var wg sync.WaitGroup
		wg.Go(func() {
			for i := range 30 {
				if err := f.a.PutBlob(f.ctx, bus.SNAP, "s", blob(i)); err != nil {
					t.Error(err)
				}
			}
		})
		newest := 0
		for newest < 29 && f.ctx.Err() == nil && !t.Failed() {
			got, err := f.b.Blob(f.ctx, bus.SNAP, "s")
			if err != nil || len(got) == 0 || !bytes.Equal(got, blob(int(got[0]))) {
				t.Errorf("got %d bytes, %v", len(got), err)
				break
			}
			newest = int(got[0])
		}
		wg.Wait()
	},
	"has one of the blobs that two put at once": func(t *testing.T, f *fixture) {
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				if err := f.a.PutBlob(f.ctx, bus.SNAP, "s", bytes.Repeat(fmt.Append(nil, i), 700_000)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		got, err := f.b.Blob(f.ctx, bus.SNAP, "s")
		if err != nil || len(got) != 700_000 || !bytes.Equal(got, bytes.Repeat(got[:1], 700_000)) {
			t.Errorf("got %d bytes, %v", len(got), err)
		}
	},
}
