package spool_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/receiver/spool"
)

func open(t testing.TB, dir string, most int64) *spool.Spool {
	t.Helper()
	s, err := spool.Open(dir, most, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t testing.TB, s *spool.Spool, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if err := s.Put(t.Context(), &spool.Entry{Shard: 3, ID: id, Items: 1, Data: []byte("data of " + id)}); err != nil {
			t.Fatal(err)
		}
	}
}

// drained gives the ids that come out until n have, or nothing waits any more.
func drained(t *testing.T, s *spool.Spool, n int) (ids []string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_ = s.Drain(ctx, func(_ context.Context, entries []spool.Entry) error {
		for _, e := range entries {
			if string(e.Data) != "data of "+e.ID || e.Shard != 3 || e.Items != 1 {
				t.Errorf("%s came out as %+v", e.ID, e)
			}
			ids = append(ids, e.ID)
		}
		if len(ids) >= n {
			cancel()
		}
		return nil
	})
	return ids
}

func TestWhatWentInComesOutInOrder(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 0)
	put(t, s, "a", "b", "c")
	if there, err := s.Behind(t.Context(), &spool.Entry{Shard: 3, ID: "d", Items: 1, Data: []byte("data of d")}); !there || err != nil {
		t.Errorf("d was to go behind the others: %v, %v", there, err)
	}
	if diff := cmp.Diff([]string{"a", "b", "c", "d"}, drained(t, s, 4)); diff != "" {
		t.Error(diff)
	}
	if there, err := s.Behind(t.Context(), &spool.Entry{ID: "e"}); there || err != nil {
		t.Errorf("nothing waits, and e went behind it: %v, %v", there, err)
	}
	if n, _ := s.Waiting(); n != 0 {
		t.Errorf("%d bytes wait", n)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*.spool")); len(files) != 0 {
		t.Errorf("%v are left", files)
	}
}

func TestASpoolOutlivesItsProcess(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 0)
	put(t, s, "a", "b")
	s.Close()
	s = open(t, dir, 0)
	put(t, s, "c")
	if n, since := s.Waiting(); n == 0 || since.IsZero() {
		t.Errorf("%d bytes wait since %s", n, since)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, drained(t, s, 3)); diff != "" {
		t.Error(diff)
	}
	s.Close()
	s = open(t, dir, 0)
	put(t, s, "d")
	if diff := cmp.Diff([]string{"d"}, drained(t, s, 1)); diff != "" {
		t.Errorf("what is out does not come again: %s", diff)
	}
	s.Close()
}

// Whoever was told that an entry is stored finds it, wherever the file was cut off behind it.
func TestATornEndIsCutOff(t *testing.T) {
	whole := t.TempDir()
	s := open(t, whole, 0)
	put(t, s, "a", "b")
	s.Close()
	files, _ := filepath.Glob(filepath.Join(whole, "*.spool"))
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	frame := (len(text) - len("onbu spool 1\n")) / 2
	for cut := range frame {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(files[0])), text[:len(text)-1-cut], 0o600); err != nil {
			t.Fatal(err)
		}
		s := open(t, dir, 0)
		put(t, s, "c")
		if diff := cmp.Diff([]string{"a", "c"}, drained(t, s, 2)); diff != "" {
			t.Fatalf("cut off %d bytes: %s", cut+1, diff)
		}
		s.Close()
	}
}

// The window that was on its way comes again as it was, whatever was added behind it: its ids are those of its messages.
func TestWhatWasOnItsWayComesAgainAsItWas(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 0)
	put(t, s, "a", "b")
	ctx, cancel := context.WithCancel(t.Context())
	_ = s.Drain(ctx, func(context.Context, []spool.Entry) error {
		cancel()
		return errors.New("the bus is away")
	})
	put(t, s, "c")
	s.Close()
	s = open(t, dir, 0)
	defer s.Close()
	var windows []int
	ctx, cancel = context.WithCancel(t.Context())
	_ = s.Drain(ctx, func(_ context.Context, entries []spool.Entry) error {
		if windows = append(windows, len(entries)); len(windows) == 2 {
			cancel()
		}
		return nil
	})
	if diff := cmp.Diff([]int{2, 1}, windows); diff != "" {
		t.Error(diff)
	}
}

func TestAFullSpoolHoldsTheSenderUp(t *testing.T) {
	s := open(t, t.TempDir(), spool.LeastMax)
	defer s.Close()
	large := strings.Repeat("x", 1<<20)
	full, cancel := context.WithCancelCause(t.Context())
	held := errors.New("held up")
	go func() { // once nothing more goes in
		for before := int64(-1); ; {
			n, _ := s.Waiting()
			if n == before && n > spool.LeastMax-2<<20 {
				cancel(held)
				return
			}
			before = n
		}
	}()
	n := 0
	var err error
	for err == nil && n < 10 {
		if err = s.Put(full, &spool.Entry{ID: fmt.Sprint(n), Data: []byte(large)}); err == nil {
			n++
		}
	}
	if !errors.Is(err, held) {
		t.Fatalf("%d MiB in a spool of 4: %v", n, err)
	}
	taken := make(chan error)
	go func() { taken <- s.Put(t.Context(), &spool.Entry{ID: "more", Data: []byte(large)}) }()
	ctx, stop := context.WithCancel(t.Context())
	go func() { _ = s.Drain(ctx, func(context.Context, []spool.Entry) error { return nil }) }()
	if err := <-taken; err != nil {
		t.Errorf("once there was room: %v", err)
	}
	stop()
}

func TestOneReceiverASpool(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 0)
	defer s.Close()
	if _, err := spool.Open(dir, 0, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "another receiver") {
		t.Errorf("got %v", err)
	}
}

// Many put and one drains at the same time, over several segments: everything comes out once, each sender's in order.
func TestPutAndDrainAtTheSameTime(t *testing.T) {
	s := open(t, t.TempDir(), 8<<20)
	defer s.Close()
	const senders, each = 8, 60
	data := make([]byte, 100<<10) // 48 MB in all: three segments
	var wg sync.WaitGroup
	for i := range senders {
		wg.Go(func() {
			for n := range each {
				if err := s.Put(t.Context(), &spool.Entry{Shard: uint16(i), ID: fmt.Sprint(n), Data: data}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	next, total := map[uint16]int{}, 0
	ctx, cancel := context.WithCancel(t.Context())
	_ = s.Drain(ctx, func(_ context.Context, entries []spool.Entry) error {
		for _, e := range entries {
			if e.ID != fmt.Sprint(next[e.Shard]) {
				t.Errorf("sender %d: %s came out, want %d", e.Shard, e.ID, next[e.Shard])
			}
			next[e.Shard]++
			total++
		}
		if total == senders*each {
			cancel()
		}
		return nil
	})
	wg.Wait()
	if total != senders*each {
		t.Errorf("%d came out, want %d", total, senders*each)
	}
}

// FuzzOpen reads segments with anything in them: what does not come out must be said to be cut off, and the spool be of use.
func FuzzOpen(f *testing.F) {
	f.Add([]byte("onbu spool 1\n"), []byte{})
	f.Add([]byte("onbu spool 1\n\x00\x00\x00\x10"), []byte("place"))
	f.Add([]byte("rubbish"), []byte{})
	f.Fuzz(func(t *testing.T, segment, place []byte) {
		dir := t.TempDir()
		if err := errors.Join(os.WriteFile(filepath.Join(dir, "0000000000000001.spool"), segment, 0o600), os.WriteFile(filepath.Join(dir, "place"), place, 0o600)); err != nil {
			t.Fatal(err)
		}
		s, err := spool.Open(dir, 0, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := s.Put(t.Context(), &spool.Entry{ID: "last"}); err != nil {
			t.Fatal(err)
		}
		last := ""
		ctx, cancel := context.WithCancel(t.Context())
		_ = s.Drain(ctx, func(_ context.Context, entries []spool.Entry) error {
			if last = entries[len(entries)-1].ID; last == "last" {
				cancel()
			}
			return nil
		})
		if last != "last" {
			t.Errorf("%q came out last", last)
		}
	})
}

func BenchmarkPut(b *testing.B) {
	for _, senders := range []int{1, 16} {
		b.Run(fmt.Sprintf("senders=%d", senders), func(b *testing.B) {
			s := open(b, b.TempDir(), 1<<40)
			defer s.Close()
			data := make([]byte, 20<<10)
			b.SetBytes(int64(len(data)))
			var wg sync.WaitGroup
			for i := range senders {
				wg.Go(func() {
					for n := i; n < b.N; n += senders {
						if err := s.Put(b.Context(), &spool.Entry{ID: "id", Data: data}); err != nil {
							b.Error(err)
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

func TestAFlippedBitCostsItsMessageOnly(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 0)
	put(t, s, "a", "b", "c", "d", "e")
	s.Close()
	names, _ := filepath.Glob(filepath.Join(dir, "*.spool"))
	b, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"b", "c"} {
		b[strings.Index(string(b), "data of "+id)] ^= 1
	}
	if err := os.WriteFile(names[0], b, 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, 0)
	defer s.Close()
	if diff := cmp.Diff([]string{"a", "d", "e"}, drained(t, s, 3)); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsDamagedWhileItWaitsCostsItselfOnly(t *testing.T) {
	for _, tt := range []struct {
		name  string
		harm  string // the frames that have it are harmed
		wants []string
	}{
		{"one", "of c", []string{"a", "b", "d", "e"}},
		{"the first", "of a", []string{"b", "c", "d", "e"}},
		{"the last", "of e", []string{"a", "b", "c", "d"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir, 0)
			put(t, s, "a", "b", "c", "d", "e")
			files, _ := filepath.Glob(filepath.Join(dir, "*.spool"))
			b, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			b = []byte(strings.ReplaceAll(string(b), tt.harm, strings.ToUpper(tt.harm)))
			if err := os.WriteFile(files[0], b, 0o600); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.wants, drained(t, s, 4)); diff != "" {
				t.Error(diff)
			}
			put(t, s, "f")
			if diff := cmp.Diff([]string{"f"}, drained(t, s, 1)); diff != "" {
				t.Error(diff)
			}
			if n, _ := s.Waiting(); n != 0 {
				t.Errorf("%d bytes wait", n)
			}
		})
	}
}
