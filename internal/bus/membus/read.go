package membus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/onbu/onbu/internal/bus"
)

// durable is a reader with a name. Its methods want Bus.mu.
type durable struct {
	filter  bus.Subject
	next    uint64               // the first sequence that nobody has had
	pending map[uint64]time.Time // handed out and not used yet: when each comes again
	again   []uint64             // to hand out again, ascending
	turns   int                  // how often a reader that reads alone has begun
}

// Read implements bus.Streams.
func (c *conn) Read(ctx context.Context, cur bus.Cursor, handle func([]bus.Msg) error) error {
	if cur.Batch <= 0 {
		cur.Batch = 256
	}
	if cur.Ack <= 0 {
		cur.Ack = 30 * time.Second
	}
	if err := bus.CheckCursor(c.bus.layout, cur); err != nil {
		return err
	}
	if err := c.Ready(ctx); err != nil {
		return err
	}
	r := &reader{conn: c, cur: cur, stream: c.bus.streams[cur.Stream], handle: handle}
	if cur.Durable != "" {
		return r.durably(ctx)
	}
	return r.namelessly(ctx)
}

type reader struct {
	*conn
	cur    bus.Cursor
	stream *stream
	handle func([]bus.Msg) error
	turn   int // the durable's, when this reader began
}

func (r *reader) namelessly(ctx context.Context) error {
	after := r.cur.After
	r.bus.mu.Lock()
	if r.cur.FromNow {
		after = r.stream.last
	} else {
		after = r.stream.stillThere(after, r.cur.Stored)
	}
	r.bus.mu.Unlock()
	for {
		var batch []bus.Msg
		err := r.await(ctx, func() bool {
			batch = r.stream.after(after, r.cur.Filter, r.cur.Batch)
			return len(batch) > 0
		})
		if err != nil {
			return err
		}
		if err := r.handle(batch); err != nil {
			return fmt.Errorf("reading %s: %w", r.cur.Stream, err)
		}
		after = batch[len(batch)-1].Seq
	}
}

func (r *reader) durably(ctx context.Context) error {
	for r.cur.May != nil && !r.cur.May() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(bus.MayEvery):
		}
	}
	r.bus.mu.Lock()
	d, err := r.stream.reader(r.cur)
	if err == nil && r.cur.Alone {
		r.begin(d)
	}
	r.bus.mu.Unlock()
	if err != nil {
		return err
	}
	for {
		batch, err := r.pull(ctx, d)
		if err != nil {
			return err
		}
		if err := r.use(ctx, d, batch); err != nil {
			return err
		}
	}
}

// begin gives back what others have taken. The bus is locked.
func (r *reader) begin(d *durable) {
	d.turns++
	r.turn = d.turns
	for _, seq := range slices.Collect(maps.Keys(d.pending)) {
		d.giveBack(seq)
	}
}

// over says that another one reads alone since this one began. The bus is locked.
func (r *reader) over(d *durable) bool { return r.cur.Alone && r.turn != d.turns }

// reader returns the durable of a cursor, new if there is none of that name. It refuses a second name for subjects of a
// queue.
func (s *stream) reader(cur bus.Cursor) (*durable, error) {
	for name, other := range s.readers {
		if s.keep.Queue && name != cur.Durable && overlap(other.filter, cur.Filter) {
			return nil, fmt.Errorf("reading %s as %s: %s reads %q of this queue already", cur.Stream, cur.Durable, name, other.filter)
		}
	}
	d := s.readers[cur.Durable]
	if d == nil {
		d = &durable{next: 1, pending: map[uint64]time.Time{}}
		if cur.FromNow {
			d.next = s.last + 1
		}
		s.readers[cur.Durable] = d
	}
	d.filter = cur.Filter
	return d, nil
}

// overlap tells whether two filters have subjects in common, as far as one is a subject of the other.
func overlap(a, b bus.Subject) bool { return a == "" || a.Matches(b) || b.Matches(a) }

// pull waits for messages: those that come again first.
func (r *reader) pull(ctx context.Context, d *durable) (batch []bus.Msg, err error) {
	err = r.awaitDue(ctx, func() (bool, time.Duration) {
		if r.over(d) {
			if r.cur.May != nil && !r.cur.May() {
				return false, bus.MayEvery
			}
			r.begin(d)
		}
		due := d.expire()
		batch = d.take(r.stream, r.cur)
		return len(batch) > 0, due
	})
	return batch, err
}

// expire moves what was not used in time to those that come again, and returns the time to the next such, 0 for none.
func (d *durable) expire() time.Duration {
	var next time.Duration
	for seq, at := range d.pending {
		switch left := time.Until(at); {
		case left <= 0:
			d.giveBack(seq)
		case next == 0 || left < next:
			next = left
		}
	}
	return next
}

func (d *durable) giveBack(seq uint64) {
	if _, mine := d.pending[seq]; mine {
		delete(d.pending, seq)
		i, _ := slices.BinarySearch(d.again, seq)
		d.again = slices.Insert(d.again, i, seq)
	}
}

// take hands out messages.
func (d *durable) take(s *stream, cur bus.Cursor) []bus.Msg {
	var batch []bus.Msg
	for len(d.again) > 0 && len(batch) < cur.Batch {
		i := s.from(d.again[0])
		if i < len(s.msgs) && s.msgs[i].Seq == d.again[0] && s.msgs[i].there() {
			m := s.msgs[i].Msg
			m.Data = bytes.Clone(m.Data)
			batch = append(batch, m)
		}
		d.again = d.again[1:]
	}
	fresh := s.after(d.next-1, d.filter, cur.Batch-len(batch))
	if len(fresh) > 0 {
		d.next = fresh[len(fresh)-1].Seq + 1
	}
	batch = append(batch, fresh...)
	for _, m := range batch {
		d.pending[m.Seq] = time.Now().Add(cur.Ack)
	}
	return batch
}

// use hands a batch on until handle takes it; when ctx ends before, others may have it.
func (r *reader) use(ctx context.Context, d *durable, batch []bus.Msg) error {
	wait := time.Second
	for {
		err := r.handle(batch)
		if err == nil {
			r.settle(d, batch, true)
			return nil
		}
		if later, ok := errors.AsType[bus.Later](err); ok {
			r.putOff(d, batch, later.After)
			return nil
		}
		r.putOff(d, batch, wait+r.cur.Ack)
		r.wait(ctx, nil, wait)
		if err := r.open(ctx); err != nil {
			r.settle(d, batch, false)
			return err
		}
		wait = min(2*wait, 30*time.Second)
	}
}

// putOff keeps a batch from coming again before a time.
func (r *reader) putOff(d *durable, batch []bus.Msg, wait time.Duration) {
	r.bus.mu.Lock()
	defer r.bus.mu.Unlock()
	if r.over(d) {
		return
	}
	for _, m := range batch {
		if _, mine := d.pending[m.Seq]; mine {
			d.pending[m.Seq] = time.Now().Add(wait)
		}
	}
}

// settle marks a batch as used, or gives it back.
func (r *reader) settle(d *durable, batch []bus.Msg, used bool) {
	r.bus.mu.Lock()
	defer r.bus.mu.Unlock()
	if r.over(d) {
		return
	}
	for _, m := range batch {
		if !used {
			d.giveBack(m.Seq)
			continue
		}
		delete(d.pending, m.Seq)
		if r.stream.keep.Queue {
			r.stream.remove(m.Seq)
		}
	}
	r.bus.wakeLocked()
}
