// Package poison knows what people are told of messages that nobody can read: where they lay, how they begin and what is wrong with
// them. They are passed over, since no second try would mend them, and they come from a daemon of another release or from somebody
// with keys: nothing that was acknowledged to a sender can be one, because whoever acknowledged it has made the message itself.
package poison

import (
	"fmt"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/monitor"
)

const (
	// tellFirst of a stream are each told; of more one in tellEvery, with their number.
	tellFirst = 3
	tellEvery = time.Hour
	// headBytes of a message are shown: its version, and of what kind it is.
	headBytes = 32
)

// Bin tells the cluster log of poison. Any goroutine may use it; nil tells nobody.
type Bin struct {
	tell monitor.Chronicle

	mu      sync.Mutex // guards what follows
	streams map[bus.Stream]*tally
}

// tally is what is known of a stream.
type tally struct {
	told   int
	last   time.Time
	silent int // since the last that was told
}

// NewBin makes a bin.
func NewBin(tell monitor.Chronicle) *Bin {
	return &Bin{tell: tell, streams: map[bus.Stream]*tally{}}
}

// Put notes a message of a stream that could not be read because of err.
func (b *Bin) Put(stream bus.Stream, m *bus.Msg, err error) {
	if b == nil {
		return
	}
	if more, tell := b.count(stream, time.Now()); tell {
		why := fmt.Sprintf("message %d on %q is passed over: %v; it has %d bytes and begins with %x",
			m.Seq, m.Subject, err, len(m.Data), m.Data[:min(len(m.Data), headBytes)])
		if more > 0 {
			why += fmt.Sprintf("; %d others since the last that was told", more)
		}
		b.tell.Tell(monitor.Poison, "stream "+string(stream), why)
	}
}

// count says whether one more is told, and how many were not since the last that was.
func (b *Bin) count(stream bus.Stream, now time.Time) (silent int, tell bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.streams[stream]
	if t == nil {
		t = &tally{}
		b.streams[stream] = t
	}
	if t.told >= tellFirst && now.Sub(t.last) < tellEvery {
		t.silent++
		return 0, false
	}
	silent = t.silent
	t.told, t.last, t.silent = t.told+1, now, 0
	return silent, true
}
