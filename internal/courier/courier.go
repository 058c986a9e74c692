// Package courier knows how payloads travel: from the output of one host to the places on the bus where the owners of others
// find them, there or at another site, and after them when these move.
package courier

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/recent"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// Options says what a courier works with.
type Options struct {
	Bus     bus.Conn
	Log     *slog.Logger
	Metrics *metrics.Set
}

// Courier implements modules.Courier. It needs Run beside it.
type Courier struct {
	o    Options
	book atomic.Pointer[book]
	// known is closed once there is a book.
	known chan struct{}
	// rooms bounds the outputs that are delivered at once, and so the memory for them.
	rooms chan struct{}
	// sources are those asked for lately.
	sources *recent.Map[outlet, contact]
	// lateSaid is when it was said of a source that its output came too late.
	lateSaid *recent.Map[string, time.Time]
	// addresses are those of hosts whose payloads were asked for lately.
	addresses *recent.Map[string, string]
	// decoders are *wire.Decoder, scratches *scratch.
	decoders, scratches sync.Pool
	crier               crier
	counters
}

var _ modules.Courier = (*Courier)(nil)

// atOnce is how many outputs are delivered at once; each takes a few MiB.
const atOnce = 4

// The bus may be away. Then a check is told so, before its own time is over.
const (
	deliverAtMost = 10 * time.Second
	readAtMost    = 3 * time.Second
)

// New makes a courier. It opens nothing.
func New(o Options) *Courier {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	return &Courier{
		o: o, known: make(chan struct{}), rooms: make(chan struct{}, atOnce), sources: recent.New[outlet, contact](8192), addresses: recent.New[string, string](1 << 16),
		lateSaid:  recent.New[string, time.Time](8192),
		decoders:  sync.Pool{New: func() any { return &wire.Decoder{} }},
		scratches: sync.Pool{New: func() any { return &scratch{} }},
		counters:  newCounters(o.Metrics),
	}
}

// errNoBook is the cause when nobody has said yet which hosts there are.
var errNoBook = errors.New("no configuration yet")

// reading waits for the first book and gives the present one.
func (c *Courier) reading(ctx context.Context) (*book, error) {
	select {
	case <-c.known:
		return c.book.Load(), nil
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", errNoBook, ctx.Err())
	}
}

// counters are the figures that a courier publishes.
type counters struct {
	payloads, bytes, stored            *metrics.Counter
	orphans, refused, ignored, beyond  *metrics.Counter
	conflicts, late, moved, unreadable *metrics.Counter
	age                                *metrics.Histogram
}

func newCounters(set *metrics.Set) counters {
	return counters{
		payloads:   set.NewCounter("onbu_piggyback_payloads_total"),
		bytes:      set.NewCounter("onbu_piggyback_bytes_total"),
		stored:     set.NewCounter("onbu_piggyback_stored_bytes_total"),
		orphans:    set.NewCounter("onbu_piggyback_orphans_total"),
		refused:    set.NewCounter("onbu_piggyback_refused_total"),
		ignored:    set.NewCounter("onbu_piggyback_ignored_total"),
		beyond:     set.NewCounter("onbu_piggyback_beyond_total"),
		conflicts:  set.NewCounter("onbu_piggyback_conflicts_total"),
		late:       set.NewCounter("onbu_piggyback_late_total"),
		moved:      set.NewCounter("onbu_piggyback_moved_total"),
		unreadable: set.NewCounter("onbu_piggyback_unreadable_total"),
		age:        set.NewHistogram("onbu_piggyback_age_seconds"),
	}
}

// decode reads a payload as it is stored.
func (c *Courier) decode(m bus.Msg) (monitor.Payload, error) {
	d := c.decoders.Get().(*wire.Decoder)
	defer c.decoders.Put(d)
	p, err := wire.DecodePayload(d, m.Data)
	p.Seq = m.Seq
	return p, err
}
