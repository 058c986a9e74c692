package sign

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// mostEnded bounds how many sessions are remembered that were ended before their time.
const mostEnded = 4000

// ended are the sessions that people signed out of, kept in a file so that they stay ended after a restart. Any goroutine may use it.
type ended struct {
	path string // empty for none
	told func(error)

	// news has something in it while others may not know what is known here.
	news chan struct{}

	mu   sync.Mutex // guards everything that follows
	read bool
	// until is when each is over anyway, in Unix seconds.
	until map[[12]byte]int64
	// floor ends all that would be over by then: those that there was no more room to remember.
	floor int64
}

// has says whether a session that is over at a time was ended.
func (e *ended) has(id [12]byte, over int64) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.readLocked()
	_, out := e.until[id]
	return out || over <= e.floor
}

// add ends a session.
func (e *ended) add(id [12]byte, over int64, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.readLocked()
	e.until[id] = over
	e.boundLocked(now)
	e.writeLocked()
	e.tell()
}

// boundLocked forgets what is over anyway, and the oldest if there is too much.
func (e *ended) boundLocked(now time.Time) {
	if len(e.until) > mostEnded {
		maps.DeleteFunc(e.until, func(_ [12]byte, at int64) bool { return at <= now.Unix() })
		e.makeRoomLocked()
	}
}

// tell has others told.
func (e *ended) tell() {
	select {
	case e.news <- struct{}{}:
	default: // they are to be told already
	}
}

// makeRoomLocked forgets a tenth of what is remembered if that is full, and raises the floor above it.
func (e *ended) makeRoomLocked() {
	if len(e.until) <= mostEnded {
		return
	}
	first := slices.Sorted(maps.Values(e.until))
	e.floor = max(e.floor, first[mostEnded/10])
	maps.DeleteFunc(e.until, func(_ [12]byte, at int64) bool { return at <= e.floor })
}

// The file has a line for each, and one for the floor with a dash in place of the number.
func (e *ended) readLocked() {
	if e.read {
		return
	}
	e.read, e.until = true, map[[12]byte]int64{}
	if e.path == "" {
		return
	}
	text, err := readBounded(e.path)
	if err != nil {
		e.told(err)
	}
	e.takeLocked(text, math.MaxInt64)
}

// takeLocked adds what a text says, but for what would be over later than last: no session lasts so long.
func (e *ended) takeLocked(text []byte, last int64) {
	for line := range bytes.Lines(text) {
		var (
			name string
			over int64
			id   [12]byte
		)
		if _, err := fmt.Sscan(string(line), &name, &over); err != nil || over > last {
			continue
		}
		if n, err := hex.Decode(id[:], []byte(name[:min(len(name), 24)])); err == nil && n == len(id) {
			e.until[id] = over
		} else if name == "-" {
			e.floor = max(e.floor, over)
		}
	}
}

// textLocked gives a line for each session, in a fixed order.
func (e *ended) textLocked() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "- %d\n", e.floor)
	for _, id := range slices.SortedFunc(maps.Keys(e.until), func(x, y [12]byte) int { return bytes.Compare(x[:], y[:]) }) {
		fmt.Fprintf(&b, "%x %d\n", id, e.until[id])
	}
	return b.Bytes()
}

func (e *ended) writeLocked() {
	if e.path == "" {
		return
	}
	err := os.MkdirAll(filepath.Dir(e.path), 0o700)
	if err == nil {
		err = writeFile(e.path, e.textLocked(), nil)
	}
	if err != nil {
		e.told(fmt.Errorf("a session that was ended here may live again after a restart: %w", err))
	}
}
