package probe

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"
)

const (
	// hushed is how many connects may be under way to an address that does not answer.
	hushed = 2
	// burst is how many may be under way to one that has not answered yet.
	burst = 32
	// hush is after how long it counts as one that does not.
	hush = time.Second
	// maxHushed bounds how many addresses are known not to answer.
	maxHushed = 1 << 16
)

// Doors has checks of an address that does not answer wait in front of it: a few connects are under way, each a descriptor
// and SYN packets, and the others wait for them without either. The first answer, be it a refusal, lets all of them go on, and
// what a router says of the host is said to all; who waits longer than he has time is as late as those who tried. Any number of goroutines may use it; a nil *Doors is always open.
type Doors struct {
	mu sync.Mutex // guards what follows
	of map[netip.AddrPort]*door
}

// door is what is known of an address with connects under way, or one that did not answer.
type door struct {
	under   int          // connects under way
	silent  bool         // the last that ended had no answer
	quiet   time.Time    // since when there was no answer to those under way
	waiting []chan error // gets nil when the connect may begin, which then counts as under way, or why it need not
}

// NewDoors gives doors that are all open.
func NewDoors() *Doors { return &Doors{of: map[netip.AddrPort]*door{}} }

// Enter waits until a connect may begin; then Leave must follow. Its error is ctx's, or that of another connect that says as much
// of the host as one's own would.
func (d *Doors) Enter(ctx context.Context, to netip.AddrPort) error {
	if d == nil {
		return nil
	}
	turn := d.enter(to)
	if turn == nil {
		return nil
	}
	select {
	case err := <-turn:
		return err
	case <-ctx.Done():
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case err := <-turn: // in the same moment
		if err != nil {
			return err
		}
		d.of[to].under--
	default:
		at := d.of[to]
		i := slices.Index(at.waiting, turn)
		at.waiting = slices.Delete(at.waiting, i, i+1)
	}
	d.of[to].next()
	d.tidy(to, d.of[to])
	return ctx.Err()
}

// enter counts a connect, or gives what to wait for.
func (d *Doors) enter(to netip.AddrPort) (turn chan error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := d.of[to]
	if at == nil {
		at = &door{}
		d.of[to] = at
	}
	if at.under == 0 {
		at.quiet = time.Now()
	}
	if at.room() && len(at.waiting) == 0 {
		at.under++
		return nil
	}
	turn = make(chan error, 1)
	at.waiting = append(at.waiting, turn)
	return turn
}

// room says whether one more connect may begin.
func (at *door) room() bool {
	return at.under < hushed || at.under < burst && !at.silent && time.Since(at.quiet) < hush
}

// next lets those in for whom there is room.
func (at *door) next() {
	for len(at.waiting) > 0 && at.room() {
		at.waiting[0] <- nil
		at.waiting = at.waiting[1:]
		at.under++
	}
}

// all tells everybody who waits: nil to go on, or why that is of no use.
func (at *door) all(err error) {
	for _, turn := range at.waiting {
		turn <- err
	}
	if err == nil {
		at.under += len(at.waiting)
	}
	at.silent, at.quiet, at.waiting = err != nil, time.Now(), nil
}

// Leave ends what Enter began, with what the connect ended with.
func (d *Doors) Leave(to netip.AddrPort, err error) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	at := d.of[to]
	at.under--
	switch {
	case errors.Is(err, syscall.ETIMEDOUT) || TimedOut(err) && !errors.Is(err, context.Canceled):
		at.silent = true
		at.next()
	case Local(err) || errors.Is(err, context.Canceled): // says nothing of the target
		at.next()
	case errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH):
		at.all(err)
	default:
		at.all(nil)
	}
	d.tidy(to, at)
}

// tidy forgets a door that says nothing, and one of too many that are silent.
func (d *Doors) tidy(to netip.AddrPort, at *door) {
	if at.under > 0 || len(at.waiting) > 0 {
		return
	}
	if !at.silent || len(d.of) > maxHushed {
		delete(d.of, to)
	}
}
