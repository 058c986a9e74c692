package probe_test

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/probe"
)

// host is a target that is dead until it is not.
type host struct {
	doors *probe.Doors
	at    netip.AddrPort
	back  time.Time // when it answers again
	limit time.Duration

	mu          sync.Mutex
	under, most int // connects
	tried, late int
	ended       []time.Duration
}

// check connects as a module does: under a limit, with a SYN that is sent again after 1, 3 and 7 s.
func (h *host) check(ctx context.Context) {
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, h.limit)
	defer cancel()
	err := h.doors.Enter(ctx, h.at)
	if err == nil {
		err = h.connect(ctx)
		h.doors.Leave(h.at, err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = append(h.ended, time.Since(start))
	if errors.Is(err, context.DeadlineExceeded) {
		h.late++
	}
}

func (h *host) connect(ctx context.Context) error {
	h.count(1)
	defer h.count(-1)
	for _, pause := range []time.Duration{0, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second} {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
		if !time.Now().Before(h.back) {
			return syscall.ECONNREFUSED // an answer as good as any
		}
	}
	return syscall.ETIMEDOUT
}

func (h *host) count(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.under += n; n > 0 {
		h.tried++
	}
	h.most = max(h.most, h.under)
}

// round makes so many checks, one every pause, and waits for them.
func (h *host) round(t *testing.T, checks int, pause time.Duration) {
	h.most, h.tried, h.late, h.ended = 0, 0, 0, nil
	var all sync.WaitGroup
	for range checks {
		all.Go(func() { h.check(t.Context()) })
		time.Sleep(pause)
	}
	all.Wait()
}

func newHost() *host {
	return &host{
		doors: probe.NewDoors(), at: netip.MustParseAddrPort("192.0.2.1:80"), limit: 10 * time.Second,
		back: time.Now().Add(time.Hour),
	}
}

func TestASilentHostCostsTwoConnects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost()
		h.round(t, 1000, 0) // nobody knows yet
		if h.most != 32 || h.late != 1000 {
			t.Errorf("at first %d connects at once, %d late", h.most, h.late)
		}
		h.round(t, 1000, 10*time.Millisecond)
		if h.most != 2 || h.late != 1000 {
			t.Errorf("then %d connects at once, %d late", h.most, h.late)
		}
		for _, took := range h.ended {
			if took != h.limit {
				t.Fatalf("a check took %v, want its own limit", took)
			}
		}
	})
}

// TestASilenceIsNoticedInASecond: those that are already under way are the last.
func TestASilenceIsNoticedInASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost()
		h.round(t, 500, 100*time.Millisecond)
		if h.most > 12 {
			t.Errorf("%d connects at once of 10 a second", h.most)
		}
	})
}

func TestTheFirstAnswerLetsAllIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost()
		h.round(t, 100, 0)
		h.back = time.Now().Add(5 * time.Second)
		h.round(t, 100, 0)
		if h.late != 0 || h.tried != 100 {
			t.Errorf("%d of 100 late, %d tried", h.late, h.tried)
		}
		for _, took := range h.ended {
			if took > 7*time.Second {
				t.Fatalf("a check took %v, longer than one that was not held up", took)
			}
		}
		h.round(t, 100, 0)
		for _, took := range h.ended {
			if took != 0 {
				t.Fatalf("a check of a host that answers took %v", took)
			}
		}
	})
}

// TestWhatARouterSaysIsSaidToAll: "no route to host" takes three seconds on the host's own network (ARP), and would be the same
// for each.
func TestWhatARouterSaysIsSaidToAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost()
		tried := 0
		check := func() {
			err := h.doors.Enter(t.Context(), h.at)
			if err == nil {
				tried++
				time.Sleep(3 * time.Second)
				err = syscall.EHOSTUNREACH
				h.doors.Leave(h.at, err)
			}
			if !errors.Is(err, syscall.EHOSTUNREACH) {
				t.Errorf("got %v", err)
			}
		}
		check()
		start := time.Now()
		var all sync.WaitGroup
		for range 100 {
			all.Go(check)
			synctest.Wait()
		}
		all.Wait()
		if took := time.Since(start); tried != 3 || took != 3*time.Second {
			t.Errorf("%d connects in %v, want 1+2 and 3s", tried, took)
		}
	})
}

// TestManyAtOnceOfALivelyHostAreNotHeldUp beyond its first answer.
func TestManyAtOnceOfALivelyHostAreNotHeldUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost()
		h.back = time.Now()
		var all sync.WaitGroup
		const rtt = 100 * time.Millisecond
		start := time.Now()
		for range 1000 {
			all.Go(func() {
				if err := h.doors.Enter(t.Context(), h.at); err != nil {
					t.Error(err)
					return
				}
				time.Sleep(rtt)
				h.doors.Leave(h.at, nil)
			})
		}
		all.Wait()
		if took := time.Since(start); took != 2*rtt {
			t.Errorf("1000 connects took %v, want %v", took, 2*rtt)
		}
	})
}

func TestACalledOffCheckGivesItsTurnOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost()
		h.round(t, 2, 0)
		first, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() { h.check(first) })
		}
		synctest.Wait()
		h.back = time.Now()
		all.Go(func() { h.check(t.Context()) })
		synctest.Wait()
		before := h.tried
		cancel()
		all.Wait()
		if h.tried != before+1 {
			t.Errorf("%d connects after the turn was given on, want 1", h.tried-before)
		}
	})
}
