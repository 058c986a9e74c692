package sign

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// theEnded are ended sessions without a file, at a fixed time.
func theEnded(t *testing.T) (*ended, time.Time) {
	return &ended{told: func(err error) { t.Error(err) }, news: make(chan struct{}, 1)}, time.Unix(1_800_000_000, 0)
}

// endedOf is the session of a number, of somebody of a number, that is over so many seconds after 1_800_000_000.
func endedOf(number, who, over int) ([12]byte, out) {
	s := out{over: 1_800_000_000 + int64(over)}
	var id [12]byte
	binary.BigEndian.PutUint64(id[:], uint64(number)<<20|uint64(who))
	binary.BigEndian.PutUint64(s.mark[:], uint64(who))
	return id, s
}

func (e *ended) bounded(t *testing.T) {
	t.Helper()
	if size := len(e.textLocked()); len(e.gone) > mostEnded || len(e.floors) > mostFloors || size > 1<<19 {
		t.Errorf("%d sessions and %d floors are remembered, in %d bytes", len(e.gone), len(e.floors), size)
	}
}

func TestEndedSessionsAreBoundedForEachPerson(t *testing.T) {
	e, now := theEnded(t)
	for i := range 5000 {
		id, s := endedOf(i, 1, i+1)
		e.add(id, s, now)
	}
	e.bounded(t)
	if len(e.gone) > eachEnded {
		t.Errorf("%d of one person are remembered", len(e.gone))
	}
	for _, i := range []int{0, 4899, 4900, 4999} {
		if id, s := endedOf(i, 1, i+1); !e.has(id, s) {
			t.Errorf("session %d lives again", i)
		}
	}
	for who, over := range map[int]int{1: 5000, 2: 1} {
		if id, s := endedOf(9999, who, over); e.has(id, s) {
			t.Errorf("a session of %d is over that nobody ended", who)
		}
	}
}

// Beyond what is remembered of all, those give room who have most: not who signed out once.
func TestEndedSessionsAreBoundedForAll(t *testing.T) {
	e, now := theEnded(t)
	e.add(endedTuple(0, 1000, 1, now))
	for who := 1; who <= 42; who++ {
		for i := range eachEnded {
			e.add(endedTuple(i, who, 10+i, now))
		}
	}
	e.bounded(t)
	for who := 1; who <= 42; who++ {
		for i := range eachEnded {
			if id, s := endedOf(i, who, 10+i); !e.has(id, s) {
				t.Fatalf("session %d of %d lives again", i, who)
			}
		}
	}
	if _, s := endedOf(0, 1000, 1); e.floor != 0 || e.floors[s.mark] != 0 {
		t.Errorf("who signed out once has a floor: %d, for all %d", e.floors[s.mark], e.floor)
	}
}

func endedTuple(number, who, over int, now time.Time) ([12]byte, out, time.Time) {
	id, s := endedOf(number, who, over)
	return id, s, now
}

// What others tell is bounded as what is done here, and ends what it names.
func TestWhatOthersTellOfEndedSessionsIsBounded(t *testing.T) {
	for what, most := range map[string]struct{ people, each int }{"one who has many": {1, 9000}, "many": {90, 100}, "a crowd": {9000, 1}} {
		e, now := theEnded(t)
		e.readLocked()
		var text strings.Builder
		for who := 1; who <= most.people; who++ {
			for i := range most.each {
				id, s := endedOf(i, who, i+1)
				fmt.Fprintf(&text, "%x %d %x\n", id, s.over, s.mark)
			}
		}
		e.learnLocked([]byte(text.String()), now, 24*time.Hour)
		e.bounded(t)
		if _, s := endedOf(0, 12345, 1); e.floor != 0 || e.has([12]byte{1}, s) {
			t.Errorf("%s: everybody has a floor, %d", what, e.floor)
		}
		for who := 1; who <= most.people; who++ {
			if id, s := endedOf(0, who, 1); !e.has(id, s) {
				t.Fatalf("%s: a session of %d lives again", what, who)
			}
		}
	}
	e, now := theEnded(t)
	var text strings.Builder
	for who := 1; who <= mostFloors+500; who++ {
		_, s := endedOf(0, who, who)
		fmt.Fprintf(&text, "-%x %d\n", s.mark, s.over)
	}
	e.learnLocked([]byte(text.String()), now, 24*time.Hour)
	e.bounded(t)
	for _, who := range []int{1, 500, 501, mostFloors + 500} {
		if id, s := endedOf(1, who, who); !e.has(id, s) {
			t.Errorf("floors: a session of %d lives again", who)
		}
	}
}

// A broker of the build before reads what this one writes, without the floors of single people, and this one what that wrote.
func TestEndedSessionsAreReadByTheBuildBeforeAndTheOtherWayRound(t *testing.T) {
	e, now := theEnded(t)
	for i := range eachEnded + 1 {
		e.add(endedTuple(i, 1, i+1, now))
	}
	sessions, floor, before := 0, int64(-1), &strings.Builder{}
	for line := range strings.Lines(string(e.textLocked())) {
		var (
			name string
			over int64
			id   [12]byte
		)
		if _, err := fmt.Sscan(line, &name, &over); err != nil {
			continue
		}
		if n, err := hex.Decode(id[:], []byte(name[:min(len(name), 24)])); err == nil && n == len(id) {
			sessions++
			fmt.Fprintf(before, "%x %d\n", id, over)
		} else if name == "-" {
			floor = over
		}
	}
	if sessions != eachEnded || floor != 0 {
		t.Errorf("the build before reads %d sessions and the floor %d", sessions, floor)
	}
	was := string(e.textLocked())
	if e.learnLocked([]byte(before.String()), now, 24*time.Hour); string(e.textLocked()) != was {
		t.Error("what the build before handed back changed something")
	}
	old, _ := theEnded(t)
	old.path = filepath.Join(t.TempDir(), "ended-sessions")
	if err := os.WriteFile(old.path, []byte("- 1800000001\n"+before.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range eachEnded + 1 {
		if id, s := endedOf(i, 1, i+1); !old.has(id, s) {
			t.Errorf("session %d of an old file lives again", i)
		}
	}
	if id, s := endedOf(9999, 2, 200); old.has(id, s) {
		t.Error("a session is over that no line of an old file names")
	}
}
