package bustest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
)

// stored gives what is newest under a filter, as "subject text". What came twice counts where it came last.
func (f *fixture) stored(stream bus.Stream, filter bus.Subject) []string {
	f.t.Helper()
	var got []string
	last := uint64(0)
	f.must(f.b.Newest(f.ctx, stream, filter, func(batch []bus.Msg) error {
		for _, m := range batch {
			if m.Seq <= last {
				f.t.Errorf("place %d after %d", m.Seq, last)
			}
			last = m.Seq
			got = slices.DeleteFunc(got, func(s string) bool { return strings.HasPrefix(s, string(m.Subject)+" ") })
			got = append(got, string(m.Subject)+" "+string(m.Data))
		}
		return nil
	}))
	return got
}

func (f *fixture) post(letters ...bus.Letter) uint64 {
	f.t.Helper()
	last, err := f.a.Post(f.ctx, letters)
	f.must(err)
	return last
}

func letter(target, text string) bus.Letter {
	return bus.Letter{Subject: bus.PayloadFor(target, "s"), Data: []byte(text)}
}

func under(target, text string) string { return string(bus.PayloadFor(target, "s")) + " " + text }

var letters = map[string]func(*testing.T, *fixture){
	"keep the newest of each subject": func(t *testing.T, f *fixture) {
		f.post(letter("a", "1"))
		f.post(letter("b", "2"))
		last := f.post(letter("a", "3"))
		got := f.stored(bus.PB, bus.AllPayloads())
		if diff := cmp.Diff([]string{under("b", "2"), under("a", "3")}, got); diff != "" || last != 3 {
			t.Error(last, diff)
		}
		if got := f.stored(bus.PB, bus.PayloadsFor("a")); !slices.Equal(got, []string{under("a", "3")}) {
			t.Errorf("got %q", got)
		}
		if got := f.stored(bus.PB, bus.PayloadFor("b", "s")); !slices.Equal(got, []string{under("b", "2")}) {
			t.Errorf("got %q", got)
		}
		for _, nothing := range []bus.Subject{bus.PayloadsFor("c"), bus.PayloadFor("a", "z"), bus.AllSources()} {
			if got := f.stored(bus.PB, nothing); got != nil {
				t.Errorf("%s: got %q", nothing, got)
			}
		}
	},
	"come many at a time, and are all there": func(t *testing.T, f *fixture) {
		const many = 5000
		for round := range 2 {
			var all []bus.Letter
			for i := range many {
				all = append(all, letter(fmt.Sprint(i), fmt.Sprint(round)))
			}
			last := f.post(all...)
			got := f.stored(bus.PB, bus.AllPayloads())
			if len(got) != many || last != uint64(many*(round+1)) {
				t.Errorf("%d of %d are there, the last at %d", len(got), many, last)
			}
		}
		subjects, err := f.b.Subjects(f.ctx, bus.PB, bus.AllPayloads())
		f.must(err)
		slices.Sort(subjects)
		if subjects = slices.Compact(subjects); len(subjects) != many {
			t.Errorf("%d subjects", len(subjects))
		}
		subjects, err = f.b.Subjects(f.ctx, bus.PB, bus.PayloadsFor("7"))
		f.must(err)
		if !slices.Equal(subjects, []bus.Subject{bus.PayloadFor("7", "s")}) {
			t.Errorf("got %q", subjects)
		}
	},
	"are passed over where only the first counts": func(t *testing.T, f *fixture) {
		f.post(letter("a", "old"))
		first := []bus.Letter{letter("a", "new"), letter("b", "new")}
		first[0].First, first[1].First = true, true
		f.post(first...)
		got := f.stored(bus.PB, bus.AllPayloads())
		if diff := cmp.Diff([]string{under("a", "old"), under("b", "new")}, got); diff != "" {
			t.Error(diff)
		}
	},
	"are refused once somebody else wrote where they look": func(t *testing.T, f *fixture) {
		source := bus.SourceOf("s", "")
		mine := f.post(bus.Letter{Subject: source, Data: []byte("mine"), While: source})
		a := letter("a", "1")
		a.While, a.Place = source, mine
		f.post(a)
		if _, err := f.b.Post(f.ctx, []bus.Letter{{Subject: source, While: source}}); !errors.Is(err, bus.ErrFenced) {
			t.Errorf("a second one at place 0: got %v", err)
		}
		f.post(bus.Letter{Subject: source, Data: []byte("theirs"), While: source, Place: mine})
		a.Data = []byte("late")
		b := letter("b", "free")
		if _, err := f.a.Post(f.ctx, []bus.Letter{a, b}); !errors.Is(err, bus.ErrFenced) {
			t.Errorf("got %v", err)
		}
		got := f.stored(bus.PB, bus.AllPayloads())
		if diff := cmp.Diff([]string{under("a", "1"), under("b", "free")}, got); diff != "" {
			t.Error(diff)
		}
	},
	"go when their time is over": func(t *testing.T, f *fixture) {
		brief := letter("a", "brief")
		brief.TTL = time.Second
		f.post(brief, letter("b", "long"))
		for got := []string(nil); !slices.Equal(got, []string{under("b", "long")}); {
			if f.ctx.Err() != nil {
				t.Fatalf("still there: %q", got)
			}
			got = f.stored(bus.PB, bus.AllPayloads())
		}
	},
	"are forgotten": func(t *testing.T, f *fixture) {
		f.post(letter("a", "1"), letter("b", "2"))
		upTo := f.post(letter("b", "3"))
		f.post(letter("c", "4"))
		f.must(f.a.Forget(f.ctx, bus.PB, bus.AllPayloads(), upTo))
		if got := f.stored(bus.PB, ""); !slices.Equal(got, []string{under("c", "4")}) {
			t.Errorf("got %q", got)
		}
		f.post(letter("a", "5"))
		if got := f.stored(bus.PB, bus.PayloadsFor("a")); !slices.Equal(got, []string{under("a", "5")}) {
			t.Errorf("got %q", got)
		}
	},
	"want a stream that keeps the newest": func(t *testing.T, f *fixture) {
		if _, err := f.a.Post(f.ctx, []bus.Letter{{Subject: bus.Done(1)}}); err == nil {
			t.Error("a letter to DONE was taken")
		}
		half := letter("a", "")
		half.TTL = time.Second / 2
		if _, err := f.a.Post(f.ctx, []bus.Letter{half}); err == nil {
			t.Error("half a second was taken")
		}
	},
	"are read as any stream is": func(t *testing.T, f *fixture) {
		f.post(letter("a", "1"), letter("b", "2"))
		f.post(letter("a", "3"))
		got, _ := f.read(f.b, bus.Cursor{Stream: bus.PB, Filter: bus.AllPayloads()})
		if diff := cmp.Diff([]string{"2", "3"}, texts(f, got, 2)); diff != "" {
			t.Error(diff)
		}
	},
}
