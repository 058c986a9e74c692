package feed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// Standing is how far a module is: the value of its key in FEED, whose revision fences: of two brokers that believe it is their
// turn, the one that does not know the newest revision stops.
type Standing struct {
	Module string
	// Broker is who worked with it last; of a module with a place of its own at each broker, whose it is.
	Broker string
	Own    bool
	// Of is the definition that asks for it, empty for none: it is forgotten a time after that is gone.
	Of     string
	Places []Place
	// Sent counts the broks that the module took.
	Sent uint64
	// Saved is when this was stored, LastSent when the module took something last.
	Saved, LastSent monitor.Time
	// Failing is since when the module takes nothing, and LastError why; zero while all is well.
	Failing   monitor.Time
	LastError string
	// Gone is since when nobody asks for the module; zero while somebody does.
	Gone monitor.Time
	// LastFailed is when LastError was last seen. Refused counts what the other side refused and the module passed over;
	// LastRefused is when.
	LastFailed  monitor.Time
	Refused     uint64
	LastRefused monitor.Time
	// To is where the module exports to, for people; empty for one that does not say.
	To string
}

// Place is how far a module is in a stream.
type Place struct {
	Stream bus.Stream
	// After is the last message that it is done with. Lost counts those that the stream's limits removed before it came to them, and
	// LastLost is when that was seen.
	After, Lost uint64
	LastLost    monitor.Time
	// Counted is up to where it is settled what was lost: nothing up to it is counted again, whoever comes by there another time.
	// Held is up to where the broker at work has the messages in its memory, whatever the limits remove.
	Counted, Held uint64
	// Stored is when the message at After was stored, as in bus.Cursor; zero where that is not known.
	Stored monitor.Time
}

// place gives the place in a stream; nil if there is none.
func (s *Standing) place(stream bus.Stream) *Place {
	for i := range s.Places {
		if s.Places[i].Stream == stream {
			return &s.Places[i]
		}
	}
	return nil
}

// gone gives how many messages behind a place the stream's limits have removed and nobody holds, that are not counted yet. They are
// lost, but for a few that may be on their way.
func (p *Place) gone(x *bus.Extent) uint64 {
	from := max(p.After, p.Counted, p.Held)
	if x.First <= from+1 {
		return 0
	}
	return x.First - 1 - from
}

// read gets a standing; a new one, with revision 0, where there is none.
func read(ctx context.Context, c bus.Conn, key string) (entry, error) {
	e, err := c.Get(ctx, bus.FEED, key)
	if errors.Is(err, bus.ErrNotFound) {
		return entry{}, nil
	}
	if err != nil {
		return entry{}, err
	}
	found := entry{revision: e.Revision}
	if err := wire.Unmarshal(e.Value, &found.Standing); err != nil {
		return entry{}, fmt.Errorf("the place of an export module: %w", err)
	}
	return found, nil
}

// errTaken is why a broker stops to work with a module.
var errTaken = errors.New("another broker works with it since")

// store puts the standing back; errTaken if somebody else did meanwhile. After another error it is unknown whether it is
// stored: the next store finds out.
func (h *module) store(ctx context.Context) error {
	h.mu.Lock()
	h.standing.Saved, h.standing.Broker, h.standing.To = monitor.At(time.Now()), h.feeder.o.Broker, h.to
	value, revision, doubt, changes, loose := wire.Marshal(h.standing.Standing), h.standing.revision, h.doubt, h.changes, h.loose.broks
	h.mu.Unlock()
	if doubt {
		e, err := h.feeder.o.Bus.Get(ctx, bus.FEED, h.key)
		if err != nil && !errors.Is(err, bus.ErrNotFound) {
			return err
		}
		if string(e.Value) == string(h.tried) {
			revision = e.Revision
		}
	}
	stored, err := h.feeder.o.Bus.Put(ctx, bus.FEED, h.key, value, revision)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tried, h.doubt = value, err != nil
	switch {
	case errors.Is(err, bus.ErrConflict):
		return errTaken
	case err != nil:
		return err
	}
	h.standing.revision, h.saved = stored, changes
	h.settle(loose)
	return nil
}
