package receiver

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/receiver/spool"
)

// drain brings what was spooled to the bus, in order, until ctx ends.
func (s *store) drain(ctx context.Context) {
	sp := s.spool.Load()
	for sp != nil && ctx.Err() == nil {
		err := sp.Drain(ctx, s.bring)
		if ctx.Err() == nil {
			s.log.Error("the spool is not emptied; it is tried again", "error", err)
			rest(ctx, drainWait)
		}
	}
}

// bring returns once entries are stored, or ctx has ended: those of each shard in order, the shards side by side. What is stored is not
// sent again, however long the others take: a bus that is slow would never be through with them.
func (s *store) bring(ctx context.Context, entries []spool.Entry) error {
	of := map[uint16][]message{}
	for i := range entries {
		e := &entries[i]
		of[e.Shard] = pack(of[e.Shard], e)
	}
	var wg sync.WaitGroup
	for shard, messages := range of {
		wg.Go(func() { s.bringTo(ctx, bus.Passive(shard, s.name), messages) })
	}
	wg.Wait()
	return ctx.Err()
}

// bringTo stores the messages of a shard. Several results that are alone in their message, each of another host, are on their way
// together, as they are from a lane.
func (s *store) bringTo(ctx context.Context, to bus.Subject, messages []message) {
	for len(messages) > 0 && ctx.Err() == nil {
		n := 1
		for n < min(len(messages), aloneAtOnce) && separate(messages[:n], &messages[n]) {
			n++
		}
		var wg sync.WaitGroup
		for i := range messages[:n] {
			wg.Go(func() { s.insist(ctx, to, &messages[i]) })
		}
		wg.Wait()
		messages = messages[n:]
	}
}

// separate says whether m may be on its way together with others.
func separate(others []message, m *message) bool {
	return m.host != "" && !slices.ContainsFunc(others, func(o message) bool { return o.host == "" || o.host == m.host })
}

// insist returns once a message is stored, or ctx has ended.
func (s *store) insist(ctx context.Context, to bus.Subject, m *message) {
	for ctx.Err() == nil {
		try, cancel := context.WithTimeout(ctx, drainWait)
		err := s.bus.Append(try, to, m.data(), m.id())
		cancel()
		if err == nil || ctx.Err() != nil {
			return
		}
		s.failed(err)
		rest(ctx, drainPause)
	}
}

// onlyHost gives the host of an entry with one result; empty if it has others, or makes no sense.
func onlyHost(e *spool.Entry) string {
	if e.Items != 1 {
		return ""
	}
	var d wire.Decoder
	all, err := wire.DecodeBatch(&d, e.Data, []monitor.Submission(nil))
	if err != nil || len(all) != 1 {
		return ""
	}
	return strings.Clone(all[0].Host)
}

// message is made of one entry of the spool or of several that follow each other.
type message struct {
	first   string // the id of the first
	last    string // and of the last
	entries int
	open    bool // takes more
	items   wire.Batch
	whole   []byte // instead of items, for one that must stay as it is
	host    string // whom the only result in it is of; empty for one with others
}

// id is the same for the same entries. One that others were joined to goes by another id than alone: else, of a message that
// was stored before a crash of the machine, and is made anew with more behind it, the rest would seem to be stored as well.
func (m *message) id() string {
	if m.entries == 1 {
		return m.first
	}
	sender, first, _, _ := bus.CutID(m.first)
	_, _, last, _ := bus.CutID(m.last)
	return bus.JoinedID(sender, first, last)
}

func (m *message) data() []byte {
	if m.whole != nil {
		return m.whole
	}
	return m.items.Message()
}

// pack puts an entry into the last message, or into a new one if its id must stay or there is no room.
func pack(all []message, e *spool.Entry) []message {
	if n := len(all); n > 0 && !e.Fixed {
		m := &all[n-1]
		if m.open && follows(m.last, e.ID) && m.items.Len()+int(e.Items) <= joinedItems && m.items.Size()+len(e.Data) <= parcelBytes && m.items.Join(e.Data) {
			m.entries++
			m.last = e.ID
			return all
		}
	}
	m := message{first: e.ID, last: e.ID, entries: 1}
	if m.open = !e.Fixed && m.items.Join(e.Data); !m.open {
		m.whole, m.host = e.Data, onlyHost(e)
	}
	return append(all, m)
}

// follows says whether two ids are of one sender and rise: only then one id can stand for both.
func follows(id, next string) bool {
	sender, _, last, ok := bus.CutID(id)
	after, first, _, also := bus.CutID(next)
	return ok && also && sender == after && last < first
}
