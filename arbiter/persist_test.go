package arbiter_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/bus"
)

// headless is a connection to a bus that takes no configuration as long as nobody leads it.
type headless struct {
	bus.Conn
	// until when nobody leads, in Unix nanoseconds; landed has the first write of such a time arrive although nobody says so.
	until  atomic.Int64
	landed atomic.Bool
}

func (h *headless) Put(ctx context.Context, b bus.Bucket, key string, value []byte, revision uint64) (uint64, error) {
	if b != bus.CFG || time.Now().UnixNano() > h.until.Load() {
		return h.Conn.Put(ctx, b, key, value, revision)
	}
	if h.landed.Swap(false) {
		_, _ = h.Conn.Put(ctx, b, key, value, revision)
	}
	return 0, errors.New("no response from stream")
}

func (h *headless) behead(d time.Duration, landed bool) {
	h.until.Store(time.Now().Add(d).UnixNano())
	h.landed.Store(landed)
}

// Three arbiters used to pass the lead on while the bus elected a leader of its own.
func TestAnArbiterKeepsTheLeadWhileTheBusElectsALeader(t *testing.T) {
	for name, landed := range map[string]bool{"nothing is written": false, "one write arrives unanswered": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFiles(t, "a")
				p := newPair(t, plainly, f, f)
				h := &headless{Conn: p.bus.Connect("third")}
				if err := p.right.stop(); err != nil {
					t.Fatal(err)
				}
				p.rightC = h
				p.right = startNamed(t, h, "third", f)
				p.after(time.Second)
				before := p.right.inForce()
				h.behead(12*time.Second, landed)
				p.kill()
				p.after(16 * time.Second)
				if got := p.leader(); got != "third" {
					t.Fatalf("%s leads: %s", got, p.right.log)
				}
				p.unchanged(before)
				if n := strings.Count(p.right.log.String(), "this arbiter leads"); n != 1 {
					t.Errorf("it took the lead %d times:\n%s", n, p.right.log)
				}
				f.hosts(t, "a", "b")
				h.behead(12*time.Second, landed)
				p.right.again()
				p.after(14 * time.Second)
				if got := p.right.inForce(); got.Number <= before.Number || len(p.right.stored(got.Number)) == 0 {
					t.Errorf("a reload meanwhile brought %+v into force, want the next generation\n%s", got, p.right.log)
				}
				p.right.stop()
			})
		})
	}
}
