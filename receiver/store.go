package receiver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/receiver/spool"
)

const (
	// soon is how long the bus may take to store results before they are spooled.
	soon = 500 * time.Millisecond
	// drainWait bounds one try to store a message of what was spooled; drainPause parts the tries.
	drainWait  = 5 * time.Second
	drainPause = 250 * time.Millisecond
	// joinedItems is how many results that were spooled go into a message.
	joinedItems = 2048
	// lagLimit is how long results may be in the spool before the receiver calls itself unhealthy.
	lagLimit = 10 * time.Second
)

// store is where results are kept until the owners of their hosts have used them: the bus, and while that takes none, the
// spool.
type store struct {
	bus  bus.Conn
	name string // the receiver's, in subjects
	// spool is nil while there is none.
	spool atomic.Pointer[spool.Spool]
	// trouble is why the bus took nothing; nil once it does.
	trouble atomic.Pointer[error]
	// blocked is set while neither the bus nor the spool takes anything.
	blocked atomic.Pointer[blocked]
	log     *slog.Logger
	spooled *metrics.Counter
}

// deliver returns once a parcel is stored. It blocks while neither the bus nor the spool takes it, until ctx ends.
func (s *store) deliver(ctx context.Context, shard uint16, p *parcel) error {
	for {
		err := s.try(ctx, shard, p)
		if err == nil || errors.Is(err, bus.ErrTooLarge) {
			s.blocked.Store(nil)
			return err
		}
		if ctx.Err() != nil || errors.Is(err, bus.ErrClosed) {
			return err
		}
		s.block(err)
		rest(ctx, fullPause)
	}
}

func (s *store) try(ctx context.Context, shard uint16, p *parcel) error {
	sp := s.spool.Load()
	if sp == nil {
		return s.bus.Append(ctx, p.subject, p.items.Message(), p.id)
	}
	e := spool.Entry{Shard: shard, ID: p.id, Fixed: p.alone != "", Items: uint32(p.items.Len()), Data: p.items.Message()}
	if there, err := sp.Behind(ctx, &e); there {
		if err == nil {
			s.spooled.Add(p.items.Len())
		}
		return err
	}
	brief, cancel := context.WithTimeout(ctx, soon)
	err := s.bus.Append(brief, p.subject, e.Data, p.id)
	cancel()
	if err == nil {
		s.well(sp)
	}
	if err == nil || ctx.Err() != nil || errors.Is(err, bus.ErrTooLarge) {
		return err
	}
	s.failed(err)
	e.Fixed = true // perhaps it is stored all the same
	if full := sp.Put(ctx, &e); full != nil {
		return fmt.Errorf("%w; and the bus: %w", full, err)
	}
	s.spooled.Add(p.items.Len())
	return nil
}

// lag gives how many bytes wait in the spool, and for how long the oldest does.
func (s *store) lag() (int64, time.Duration) {
	sp := s.spool.Load()
	if sp == nil {
		return 0, 0
	}
	bytes, since := sp.Waiting()
	if bytes == 0 || since.IsZero() {
		return 0, 0
	}
	return bytes, max(time.Since(since), 0)
}

// Healthy is nil unless a listener does not listen, or passive results have waited in the spool, or to be stored at all, for some
// time. Any goroutine may call it.
func (r *Receiver) Healthy() error { return r.healthy(lagLimit) }

func (r *Receiver) healthy(limit time.Duration) error {
	if err := errors.Join(r.store.err(limit), r.doors.Err(deaf)); err != nil {
		return err
	}
	bytes, age := r.store.lag()
	if bytes == 0 || age < limit {
		return nil
	}
	why := error(errSlow)
	if p := r.store.trouble.Load(); p != nil {
		why = *p
	}
	return fmt.Errorf("%d bytes of passive results wait in the spool, the oldest for %s: is the disk of the bus full? %w", bytes, age.Round(time.Second), why)
}

var errSlow = errors.New("the bus takes them more slowly than they come")

// openSpool opens the spool, if the receiver is to have one.
func (r *Receiver) openSpool() error {
	if r.o.Spool == "" {
		return nil
	}
	sp, err := spool.Open(r.o.Spool, r.o.SpoolMax, r.o.Log)
	if err != nil {
		return err
	}
	if bytes, _ := sp.Waiting(); bytes > 0 {
		r.o.Log.Info("passive results of the time before the restart wait in the spool and are stored now", "bytes", bytes)
	}
	r.store.spool.Store(sp)
	return nil
}

func (r *Receiver) closeSpool() {
	if sp := r.store.spool.Load(); sp != nil {
		if err := sp.Close(); err != nil {
			r.o.Log.Warn("closing the spool", "error", err)
		}
	}
}

// failed notes why results are not stored, and says so in the log at the first time.
func (s *store) failed(why error) {
	if s.trouble.Swap(&why) == nil {
		s.log.Warn("the bus takes no passive results; they are spooled until it does", "error", why)
	}
}

// well notes that the bus takes results again.
func (s *store) well(sp *spool.Spool) {
	if left, _ := sp.Waiting(); left == 0 && s.trouble.Swap(nil) != nil {
		s.log.Info("the bus takes passive results again, and all that were spooled are stored")
	}
}

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
