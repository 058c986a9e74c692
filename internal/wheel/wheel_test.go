package wheel_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/wheel"
)

const resolution = 8 * time.Millisecond

// flight is what a caller has: the entry is a field of it.
type flight struct {
	deadline wheel.Entry[*flight]
	at       time.Duration // when it is due, in the model
	waits    bool
}

func flights(n int) []flight {
	all := make([]flight, n)
	for i := range all {
		all[i].deadline.Owner = &all[i]
	}
	return all
}

// due takes out all that is due.
func due(w *wheel.Wheel[*flight], now time.Duration) []*flight {
	var out []*flight
	for e := w.Next(now); e != nil; e = w.Next(now) {
		out = append(out, e.Owner)
	}
	return out
}

// The model looks at every flight at every step.
func TestWheelDoesWhatASlowModelDoes(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		w := wheel.New[*flight](resolution)
		all := flights(200)
		now := time.Duration(r.Int64N(int64(time.Hour)))
		due(w, now)
		for range 2000 {
			for range r.IntN(20) {
				f := &all[r.IntN(len(all))]
				if r.IntN(3) == 0 {
					w.Remove(&f.deadline)
					f.waits = false
				} else {
					at := now + patience(r)
					f.at, f.waits = max(at, now), true
					w.Set(&f.deadline, at)
				}
			}
			now += step(r)
			compare(t, w, all, now)
		}
	}
}

// patience is mostly short, sometimes longer than a turn, sometimes over already.
func patience(r *rand.Rand) time.Duration {
	limits := []time.Duration{50 * time.Millisecond, time.Second, time.Minute}
	return time.Duration(r.Int64N(int64(limits[r.IntN(3)]))) - 10*time.Millisecond
}

// step is mostly a few ticks, sometimes more than a turn.
func step(r *rand.Rand) time.Duration {
	limits := []time.Duration{time.Millisecond, 3 * resolution, time.Second, 30 * time.Second}
	return time.Duration(r.Int64N(int64(limits[r.IntN(4)])))
}

func compare(t *testing.T, w *wheel.Wheel[*flight], all []flight, now time.Duration) {
	t.Helper()
	wake, waiting := w.Wake()
	given := due(w, now)
	for _, f := range given {
		if !f.waits || f.at > now || f.deadline.Waits() {
			t.Fatalf("at %v: given out what is due at %v, waits in the model: %v, in the wheel: %v", now, f.at, f.waits, f.deadline.Waits())
		}
		f.waits = false
	}
	if len(given) > 0 && (!waiting || wake > now) {
		t.Fatalf("at %v %d entries were due, to wake for them: %v (%v)", now, len(given), wake, waiting)
	}
	left := 0
	for i := range all {
		if all[i].waits {
			left++
			if now-all[i].at >= resolution {
				t.Fatalf("at %v: still waiting for what was due at %v", now, all[i].at)
			}
		}
		if got := all[i].deadline.Waits(); got != all[i].waits {
			t.Fatalf("at %v: an entry due at %v waits: %v, want %v", now, all[i].at, got, all[i].waits)
		}
	}
	if w.Len() != left {
		t.Fatalf("at %v: %d entries, want %d", now, w.Len(), left)
	}
}

func TestAnEntryIsDueWithinATickAndNeverEarly(t *testing.T) {
	f := &flights(1)[0]
	for at := 100 * time.Millisecond; at < 120*time.Millisecond; at += time.Millisecond {
		w := wheel.New[*flight](resolution)
		w.Set(&f.deadline, at)
		if got := due(w, at-1); got != nil {
			t.Errorf("due at %v, given out at %v", at, at-1)
		}
		if got := due(w, at+resolution); len(got) != 1 {
			t.Errorf("due at %v, not given out at %v", at, at+resolution)
		}
	}
}

func TestWhatIsSetAnewForNowEndsTheLoopAllTheSame(t *testing.T) {
	w := wheel.New[*flight](resolution)
	all := flights(3)
	for i := range all {
		w.Set(&all[i].deadline, 0)
	}
	n := 0
	for e := w.Next(time.Second); e != nil && n < 10; e = w.Next(time.Second) {
		w.Set(e, 0)
		n++
	}
	if n != 3 || w.Len() != 3 {
		t.Errorf("got %d entries in one tick and %d waiting, want 3 and 3", n, w.Len())
	}
}

func TestWhatIsDueCanStillBeRemoved(t *testing.T) {
	w := wheel.New[*flight](resolution)
	all := flights(3)
	for i := range all {
		w.Set(&all[i].deadline, 0)
	}
	first := w.Next(time.Second).Owner
	for i := range all {
		w.Remove(&all[i].deadline)
	}
	if got := due(w, time.Second); got != nil || w.Len() != 0 || first == nil {
		t.Errorf("got %d entries after all were removed, length %d", len(got), w.Len())
	}
}

func TestNothingIsAllocated(t *testing.T) {
	w := wheel.New[*flight](resolution)
	all := flights(100)
	now := time.Duration(0)
	if got := testing.AllocsPerRun(100, func() {
		for i := range all {
			w.Set(&all[i].deadline, now+time.Duration(i)*time.Millisecond)
		}
		now += 50 * time.Millisecond
		for e := w.Next(now); e != nil; e = w.Next(now) {
			_ = e
		}
		w.Wake()
	}); got != 0 {
		t.Errorf("got %v allocations, want none", got)
	}
}

func BenchmarkWake(b *testing.B) {
	w := wheel.New[*flight](resolution)
	all := flights(100_000)
	for i := range all {
		w.Set(&all[i].deadline, 10*time.Minute)
	}
	for b.Loop() {
		w.Wake()
	}
}

// One deadline that is set and removed because the answer came, with 10,000 others waiting.
func BenchmarkSetAndRemove(b *testing.B) {
	w := wheel.New[*flight](resolution)
	all := flights(10_000)
	for i := range all {
		w.Set(&all[i].deadline, time.Duration(i)*time.Millisecond)
	}
	b.ReportAllocs()
	now := time.Duration(0)
	for i := 0; b.Loop(); i++ {
		now += 10 * time.Microsecond
		w.Set(&all[i%len(all)].deadline, now+10*time.Second)
		for e := w.Next(now); e != nil; e = w.Next(now) {
			w.Set(e, now+10*time.Second)
		}
	}
}
