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
	"strconv"
	"strings"
	"sync"
	"time"
)

// ended are the sessions that people signed out of, kept in a file so that they stay ended after a restart. Any goroutine may use it.
type ended struct {
	path string // empty for none
	told func(error)

	// news has something in it while others may not know what is known here.
	news chan struct{}

	mu   sync.Mutex // guards everything that follows
	read bool
	// gone are the sessions themselves.
	gone map[[12]byte]out
	// floors end all sessions of a person that would be over by then: those that there was no more room to remember. floor does so for
	// everybody.
	floors map[[8]byte]int64
	floor  int64
}

// out is a session that was ended: when it is over anyway, in Unix seconds, and whose it is, by its mark; zero if nobody knows.
type out struct {
	over int64
	mark [8]byte
}

// has says whether a session that is over at a time was ended.
func (e *ended) has(id [12]byte, s out) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.readLocked()
	_, gone := e.gone[id]
	return gone || s.over <= e.floor || s.over <= e.floors[s.mark]
}

// add ends a session.
func (e *ended) add(id [12]byte, s out, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.readLocked()
	e.gone[id] = s
	e.boundLocked(now)
	e.writeLocked()
	e.tell()
}

// tell has others told.
func (e *ended) tell() {
	select {
	case e.news <- struct{}{}:
	default: // they are to be told already
	}
}

func (e *ended) readLocked() {
	if e.read {
		return
	}
	e.read, e.gone, e.floors = true, map[[12]byte]out{}, map[[8]byte]int64{}
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
	for line := range strings.Lines(string(text)) {
		words := append(strings.Fields(line), "", "", "")
		over, err := strconv.ParseInt(words[1], 10, 64)
		if err != nil || over > last {
			continue
		}
		e.lineLocked(words[0], over, words[2])
	}
}

// lineLocked adds what a line says. A build before this one writes no marks, and reads neither those nor floors of one person.
func (e *ended) lineLocked(name string, over int64, mark string) {
	var id [12]byte
	s := out{over: over}
	switch {
	case name == "-":
		e.floor = max(e.floor, over)
	case strings.HasPrefix(name, "-") && unhex(s.mark[:], name[1:]):
		e.floors[s.mark] = max(e.floors[s.mark], over)
	case unhex(id[:], name):
		if !unhex(s.mark[:], mark) {
			s.mark = e.gone[id].mark
		}
		e.gone[id] = s
	}
}

// unhex reads a number of the length of to; false if the text is none.
func unhex(to []byte, text string) bool {
	b, err := hex.DecodeString(text)
	return err == nil && len(b) == len(to) && copy(to, b) == len(to)
}

// textLocked gives, in a fixed order, a line for each floor, with a dash in front, and for each session.
func (e *ended) textLocked() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "- %d\n", e.floor)
	for _, mark := range slices.SortedFunc(maps.Keys(e.floors), func(x, y [8]byte) int { return bytes.Compare(x[:], y[:]) }) {
		fmt.Fprintf(&b, "-%x %d\n", mark, e.floors[mark])
	}
	for _, id := range slices.SortedFunc(maps.Keys(e.gone), func(x, y [12]byte) int { return bytes.Compare(x[:], y[:]) }) {
		switch s := e.gone[id]; s.mark {
		case [8]byte{}:
			fmt.Fprintf(&b, "%x %d\n", id, s.over)
		default:
			fmt.Fprintf(&b, "%x %d %x\n", id, s.over, s.mark)
		}
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
