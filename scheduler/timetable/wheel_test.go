package timetable_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/timetable"
)

const start = monitor.Time(1_800_000_000e9)

// model is the obvious timetable: one sorted list.
type model []timetable.Due

func (m *model) set(item monitor.ID, at monitor.Time) {
	m.remove(item)
	*m = append(*m, timetable.Due{At: at, Item: item})
	slices.SortFunc(*m, func(a, b timetable.Due) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Item, b.Item))
	})
}

func (m *model) remove(item monitor.ID) {
	*m = slices.DeleteFunc(*m, func(d timetable.Due) bool { return d.Item == item })
}

func (m *model) advance(now monitor.Time) []timetable.Due {
	n := 0
	for n < len(*m) && (*m)[n].At <= now {
		n++
	}
	due := slices.Clone((*m)[:n])
	*m = (*m)[n:]
	return due
}

func TestWheelDoesWhatASortedListDoes(t *testing.T) {
	for seed := range uint64(30) {
		compare(t, rand.New(rand.NewPCG(seed, 1)))
	}
}

func compare(t *testing.T, r *rand.Rand) {
	t.Helper()
	const items = 40
	now := start
	w, m := timetable.New(items, now), model(nil)
	for range 3000 {
		switch item := monitor.ID(r.IntN(items)); r.IntN(10) {
		case 0:
			w.Remove(item)
			m.remove(item)
		case 1, 2, 3, 4, 5:
			at := now.Add(time.Duration(r.Int64N(int64(horizon(r)))))
			w.Set(item, at)
			m.set(item, at)
		default:
			now = now.Add(time.Duration(r.Int64N(int64(horizon(r)))))
			if got, want := w.Advance(now, nil), m.advance(now); !slices.Equal(got, want) {
				t.Fatalf("due at %d: got %v, want %v", now, got, want)
			}
		}
		checkNext(t, w, m)
	}
}

// horizon picks how far away something is: some slots, a turn, or many turns.
func horizon(r *rand.Rand) time.Duration {
	return []time.Duration{15 * time.Millisecond, 2 * time.Second, 6 * time.Minute, time.Hour}[r.IntN(4)]
}

func checkNext(t *testing.T, w *timetable.Wheel, m model) {
	t.Helper()
	next, ok := w.Next()
	if ok != (len(m) > 0) || w.Len() != len(m) {
		t.Fatalf("wheel holds %d items, want %d", w.Len(), len(m))
	}
	if !ok {
		return
	}
	if far := m[0].At.Sub(next) > 0 && next.Sub(w.Reached()) > 5*time.Minute; next != m[0].At && !far {
		t.Fatalf("next is %d, want %d", next, m[0].At)
	}
	if at, ok := w.At(m[0].Item); !ok || at != m[0].At {
		t.Fatalf("item %d is at %d, want %d", m[0].Item, at, m[0].At)
	}
}

func TestNextIsExactWithinATurn(t *testing.T) {
	w := timetable.New(2, start)
	w.Set(0, start.Add(5*time.Minute))
	w.Set(1, start.Add(5*time.Minute+time.Nanosecond))
	if got, _ := w.Next(); got != start.Add(5*time.Minute) {
		t.Errorf("next in %v, want 5m0s", got.Sub(start))
	}
}

func TestThePastIsDueAtOnce(t *testing.T) {
	w := timetable.New(1, start)
	w.Set(0, start.Add(-time.Hour))
	if got := w.Advance(start, nil); len(got) != 1 || got[0].Item != 0 {
		t.Errorf("due: %v, want item 0", got)
	}
}

func TestOneMillionItemsTakeSixteenBytesEach(t *testing.T) {
	w := timetable.New(1_000_000, start)
	if got := w.Bytes(); got > 17_000_000 {
		t.Errorf("%d bytes, want at most 17 bytes an item", got)
	}
}

func BenchmarkSetAndAdvance(b *testing.B) {
	const items = 1_000_000
	const interval = 5 * time.Minute
	now := start
	w := timetable.New(items, now)
	for i := range items {
		w.Set(monitor.ID(i), now.Add(interval*time.Duration(i)/items))
	}
	var due []timetable.Due
	b.ReportAllocs()
	for n := 0; b.Loop(); {
		if n == len(due) {
			now = now.Add(timetable.Resolution)
			due, n = w.Advance(now, due[:0]), 0
		}
		w.Set(due[n].Item, due[n].At.Add(interval))
		n++
	}
}
