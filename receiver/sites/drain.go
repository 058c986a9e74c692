package sites

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
)

// A drain sends a site what waits for it, and follows what comes. Payloads stay in their stream, which keeps the newest of each
// pair, until the site says that it has stored them; so a drain that breaks off begins again with what is there, and nothing
// piles up anywhere.
const (
	parcelBytes = 256 << 10 // of several payloads; a single one may be larger
	parcelFrame = 1 << 10   // what a parcel adds at most
	readBatch   = 512
	// roomLeast and roomMost bound what is sent and not confirmed. It grows while answers come quickly, so that a slow link is
	// not filled for minutes ahead.
	roomLeast, roomStart, roomMost = 64 << 10, 256 << 10, 4 << 20
	// mostOut bounds the parcels among that: the other side has places for few, since each may be large.
	mostOut     = 8
	quick, slow = 500 * time.Millisecond, 2 * time.Second
	// confirmFor is how long a site that is there may take to store a parcel.
	confirmFor = time.Minute
	againAfter = 300 * time.Millisecond
	againMost  = 15 * time.Second
)

var (
	errParcelLost = errors.New("a parcel was lost on the way")
	errNotStored  = errors.New("the site has parcels and does not store them")
	errBackward   = errors.New("the stream lost what was read, and others have its places")
)

// drain is one unbroken row of parcels.
type drain struct {
	p       *remote
	session uint64
	fail    context.CancelCauseFunc
	freed   chan struct{} // has something when there is more room
	stored  chan struct{} // has something when there is more to forget
	read    uint64        // place of the last message that was read

	mu     sync.Mutex // guards what follows
	number uint64     // of the last parcel sent
	out    []sent     // in order
	bytes  int
	room   int
	done   uint64 // place of the last message that is stored there, and all before it
}

// sent is a parcel on its way.
type sent struct {
	number, last uint64 // last is the place of its last message in the stream
	bytes, items int
	at           time.Time
	stored       bool
}

// mark is how far a drain had come when a question was asked.
type mark struct{ session, number uint64 }

// send drains whenever the site is there, until ctx ends.
func (p *remote) send(ctx context.Context) {
	again := againAfter
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.came:
		}
		began := time.Now()
		err := p.drainOnce(ctx)
		if ctx.Err() != nil {
			return
		}
		p.mu.Lock()
		p.drain, p.lost = nil, err.Error()
		p.mu.Unlock()
		p.room.s.o.Log.Debug("sending to another site broke off, and begins again", "site", p.key, "error", err)
		if again = min(2*again, againMost); errors.Is(err, errParcelLost) || time.Since(began) > againMost {
			again = againAfter
		}
		if !pause(ctx, again) {
			return
		}
		select { // an answer from before the break says nothing
		case <-p.came:
		default:
		}
	}
}

func (p *remote) drainOnce(ctx context.Context) error {
	ctx, fail := context.WithCancelCause(ctx)
	d := &drain{
		p: p, fail: fail, freed: make(chan struct{}, 1), stored: make(chan struct{}, 1), room: roomStart,
		session: uint64(time.Now().UnixNano()), // no two are the same, over restarts too
	}
	p.mu.Lock()
	p.drain = d
	p.mu.Unlock()
	var wg sync.WaitGroup
	defer wg.Wait()
	defer fail(nil)
	wg.Go(func() { d.forget(ctx) })
	err := p.room.s.o.Bus.Read(ctx, bus.Cursor{Stream: bus.PBO, Filter: bus.OutboundTo(p.key), Batch: readBatch}, func(batch []bus.Msg) error {
		return d.take(ctx, batch)
	})
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// take sends a batch of the stream. A bus that died may give places again; what is then behind the last one that is stored at the other
// side would be forgotten before it was sent, so the drain breaks off.
func (d *drain) take(ctx context.Context, batch []bus.Msg) error {
	if batch[0].Seq <= d.read {
		return errBackward
	}
	d.read = batch[len(batch)-1].Seq
	for len(batch) > 0 {
		m, n := d.pack(batch)
		if err := d.post(ctx, m, batch[n-1].Seq); err != nil {
			return err
		}
		batch = batch[n:]
	}
	return nil
}

// pack puts messages into a parcel, and gives how many. One that is too large for any parcel is left out and counted.
func (d *drain) pack(batch []bus.Msg) (m message, n int) {
	m.Kind = aParcel
	size := 0
	for _, letter := range batch {
		if size > 0 && size+len(letter.Data) > parcelBytes {
			break
		}
		n++
		switch {
		case len(letter.Data) > bus.MaxMessage-parcelFrame:
			d.p.room.s.count.large.Inc()
		case isSource(letter.Subject):
			m.Sources, size = append(m.Sources, letter.Data), size+len(letter.Data)
		default:
			m.Payloads, size = append(m.Payloads, letter.Data), size+len(letter.Data)
		}
	}
	return m, n
}

// isSource tells the subjects of sources among those of payloads.
func isSource(s bus.Subject) bool {
	parts := strings.Split(string(s), ".")
	return len(parts) == 4 && parts[2] == bus.Token("")
}

// post sends a parcel once there is room for it. last is the place of the last message that it makes up for.
func (d *drain) post(ctx context.Context, m message, last uint64) error {
	s := d.p.room.s
	m.From, m.Boot, m.Session = s.o.Name, s.o.Boot, d.session
	m.Number = d.next()
	data := wire.Marshal(m)
	for !d.fits(len(data)) {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-d.freed:
		}
	}
	d.mu.Lock()
	d.out = append(d.out, sent{number: m.Number, last: last, bytes: len(data), items: len(m.Payloads), at: time.Now()})
	d.bytes += len(data)
	d.mu.Unlock()
	if err := d.p.room.m.Publish(bus.AtSite(d.p.site), data); err != nil {
		return err
	}
	d.mu.Lock()
	d.number = m.Number
	d.mu.Unlock()
	s.count.sentBytes.Add(len(data))
	return nil
}

func (d *drain) next() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.number + 1
}

func (d *drain) fits(n int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.bytes == 0 || d.bytes+n <= d.room && len(d.out) < mostOut
}

// waits says whether parcels are not confirmed.
func (d *drain) waits() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.out) > 0
}

// mark gives how far the drain has come; d may be nil.
func (d *drain) mark() mark {
	if d == nil {
		return mark{}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return mark{d.session, d.number}
}

// confirm compares what the site has received with what was sent before it was asked: messages keep their order, so what is
// missing is lost.
func (d *drain) confirm(before mark, h hello) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case before.session != d.session || before.number == 0:
	case h.Session != d.session || h.Received < before.number:
		d.fail(errParcelLost)
	case len(d.out) > 0 && time.Since(d.out[0].at) > confirmFor:
		d.fail(errNotStored)
	}
}

// receipt takes the site's word about a parcel.
func (d *drain) receipt(m message) {
	if m.Refused != "" {
		d.fail(errors.New("the site could not store a parcel: " + m.Refused))
		return
	}
	items := d.stow(m.Number)
	d.p.room.s.count.sent.Add(items)
	d.p.mu.Lock()
	d.p.out += uint64(items)
	d.p.mu.Unlock()
	signal(d.freed)
	signal(d.stored)
}

// stow notes that a parcel is stored, and gives how many payloads are, in an unbroken row, that were not before.
func (d *drain) stow(number uint64) (items int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.out {
		if o := &d.out[i]; o.number == number && !o.stored {
			o.stored = true
			d.adaptLocked(time.Since(o.at), o.bytes)
		}
	}
	for len(d.out) > 0 && d.out[0].stored {
		d.done, d.bytes, items = d.out[0].last, d.bytes-d.out[0].bytes, items+d.out[0].items
		d.out = d.out[1:]
	}
	return items
}

// forget removes from the stream what is stored at the other side, until ctx ends. What is not removed is sent once more.
func (d *drain) forget(ctx context.Context) {
	filter, gone := bus.OutboundTo(d.p.key), uint64(0)
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.stored:
		}
		d.mu.Lock()
		done := d.done
		d.mu.Unlock()
		if done == gone {
			continue
		}
		if err := d.p.room.s.o.Bus.Forget(ctx, bus.PBO, filter, done); err != nil {
			if ctx.Err() == nil {
				d.p.room.s.o.Log.Warn("what another site has is kept and will be sent again", "site", d.p.key, "error", err)
			}
			continue
		}
		gone = done
	}
}

func (d *drain) adaptLocked(took time.Duration, bytes int) {
	switch {
	case took < quick:
		d.room = min(d.room+bytes, roomMost)
	case took > slow:
		d.room = max(d.room/2, roomLeast)
	}
}
