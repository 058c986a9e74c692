package feed_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
)

func TestWhatIsUnderWayAtAGoodByeArrivesOnce(t *testing.T) {
	inSite(t, 1<<20, func(s *site) {
		one, two := checks(), checks()
		one.trouble = func(ctx context.Context) error { // it takes what comes, in a second
			select {
			case <-time.After(time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		first, second := s.host("b1", one), s.host("b2", two)
		s.checked("1", "2")
		time.Sleep(500 * time.Millisecond)
		first.stop()
		s.checked("3")
		time.Sleep(2 * time.Second)
		s.want("the first", one, "1", "2")
		s.want("the second", two, "3")
		second.stop()
	})
}

func TestAModuleInTroubleHoldsNoBrokerUp(t *testing.T) {
	inSite(t, 1<<20, func(s *site) {
		m := checks()
		tries := 0
		m.trouble = func(ctx context.Context) error {
			if tries++; tries > 1 {
				<-ctx.Done()
			}
			return errors.New("down")
		}
		b := s.host("b1", m)
		s.checked("1")
		time.Sleep(time.Minute)
		began := time.Now()
		b.stop()
		if took := time.Since(began); took > 0 {
			t.Errorf("the end took %s", took)
		}
	})
}

// slow is a bus that does not answer who stores a place, but for the first time.
type slow struct {
	bus.Conn
	stored atomic.Bool
}

func (s *slow) Put(ctx context.Context, b bus.Bucket, key string, value []byte, revision uint64) (uint64, error) {
	if b == bus.FEED && s.stored.Swap(true) {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	return s.Conn.Put(ctx, b, key, value, revision)
}

// However fast the module and slow the bus: the place is stored before more than a batch is loose.
func TestAtMostABatchComesTwice(t *testing.T) {
	inSite(t, 1<<24, func(s *site) {
		one, two := checks(), checks()
		s.wrap = func(c bus.Conn) bus.Conn { return &slow{Conn: c} }
		first := s.host("b1", one)
		s.wrap = nil
		var want []string
		for i := range 5000 {
			want = append(want, fmt.Sprint(i))
		}
		s.checked(want...)
		time.Sleep(time.Minute)
		first.kill()
		second := s.host("b2", two)
		time.Sleep(time.Minute)
		if n := len(one.took()); n == 0 || n > 1000 {
			t.Errorf("the first took %d, want a batch", n)
		}
		s.want("the second", two, want...)
		second.stop()
	})
}
