package poller

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// store is a stream that does what a test wants: refuse says what becomes of an append, nil that it is stored.
type store struct {
	bus.Streams
	t      *testing.T
	refuse func(ctx context.Context, subject bus.Subject, data []byte) error

	mu      sync.Mutex
	ids     map[string]bool
	batches []batch
}

type batch struct {
	subject bus.Subject
	results []monitor.Result
	size    int
	at      time.Duration
}

var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // when a bubble's clock begins

func (s *store) Append(ctx context.Context, subject bus.Subject, data []byte, id string) error {
	if s.refuse != nil {
		if err := s.refuse(ctx, subject, data); err != nil {
			return err
		}
	}
	var d wire.Decoder
	results, err := wire.DecodeBatch(&d, data, []monitor.Result(nil))
	if err != nil {
		s.t.Error(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ids[id] {
		s.t.Errorf("two batches have the id %s", id)
	}
	s.ids[id] = true
	s.batches = append(s.batches, batch{subject, results, len(data), time.Since(epoch)})
	return nil
}

// of gives what is stored of a shard, in the order in which it was stored.
func (s *store) of(shard monitor.Shard) []uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var seqs []uint32
	for _, b := range s.batches {
		if b.subject != bus.Results(uint16(shard), "p") {
			continue
		}
		for _, r := range b.results {
			seqs = append(seqs, r.Seq)
		}
	}
	return seqs
}

// collecting runs a collector until the returned function is called, which gives the number of results lost.
func collecting(t *testing.T, s *store) (c *collector, stop func() int) {
	s.t, s.ids = t, map[string]bool{}
	c = newCollector(s, "p", "boot", slog.New(slog.DiscardHandler), metrics.NewSet())
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.run(ctx)
	}()
	return c, func() int {
		cancel()
		<-ended
		return int(c.lost.Get())
	}
}

// fill adds results with the sequences from…to-1.
func fill(c *collector, shard monitor.Shard, from, to int) {
	for seq := from; seq < to; seq++ {
		c.add(&monitor.Result{Shard: shard, Seq: uint32(seq)})
	}
}

// whole says what is wrong with a list that should hold 0…n-1 in order.
func whole(got []uint32, n int) error {
	for i, seq := range got {
		if int(seq) != i {
			return fmt.Errorf("result %d is number %d", seq, i)
		}
	}
	if len(got) != n {
		return fmt.Errorf("%d results, want %d", len(got), n)
	}
	return nil
}

func TestResultsTravelTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		c, stop := collecting(t, s)
		fill(c, 0, 0, 3)
		fill(c, 4, 0, 2)
		time.Sleep(flushEvery - time.Millisecond)
		fill(c, 0, 3, 5)
		if early := s.of(0); len(early) != 0 {
			t.Errorf("%d results sent before the time", len(early))
		}
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		if len(s.batches) != 2 {
			t.Errorf("%d batches for two shards", len(s.batches))
		}
		for _, b := range s.batches {
			if b.at != flushEvery {
				t.Errorf("stored after %s, want %s", b.at, flushEvery)
			}
		}
		if err := errors.Join(whole(s.of(0), 5), whole(s.of(4), 2)); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Hour)
		fill(c, 0, 5, 6)
		time.Sleep(flushEvery)
		synctest.Wait()
		if err := whole(s.of(0), 6); err != nil {
			t.Errorf("after a silence: %v", err)
		}
		if lost := stop(); lost != 0 {
			t.Errorf("%d lost", lost)
		}
	})
}

func TestAShardsResultsStayInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		s := &store{refuse: func(context.Context, bus.Subject, []byte) error {
			if n++; n == 1 {
				time.Sleep(time.Second) // the first batch takes long, those behind it would not
			}
			return nil
		}}
		c, stop := collecting(t, s)
		fill(c, 0, 0, 5*batchResults)
		time.Sleep(2 * time.Second)
		stop()
		if err := whole(s.of(0), 5*batchResults); err != nil {
			t.Error(err)
		}
		for _, b := range s.batches {
			if len(b.results) > batchResults {
				t.Errorf("%d results in a message, more than %d", len(b.results), batchResults)
			}
		}
	})
}

func TestNothingIsLostWhileTheBusRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		until := time.Now().Add(5 * time.Minute)
		s := &store{refuse: func(ctx context.Context, _ bus.Subject, _ []byte) error {
			if time.Now().Before(until) {
				<-ctx.Done() // as the bus does while it cannot be reached
				return ctx.Err()
			}
			return nil
		}}
		c, stop := collecting(t, s)
		for i := range 300 {
			for shard := range monitor.Shard(8) {
				fill(c, shard, 100*i, 100*i+100)
			}
			time.Sleep(time.Second)
		}
		time.Sleep(5 * time.Second)
		if lost := stop(); lost != 0 {
			t.Errorf("%d lost", lost)
		}
		for shard := range monitor.Shard(8) {
			if err := whole(s.of(shard), 30000); err != nil {
				t.Errorf("shard %d: %v", shard, err)
			}
		}
	})
}

func TestOneShardsTroubleHoldsUpItsOwnLaneOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{refuse: func(_ context.Context, subject bus.Subject, _ []byte) error {
			if subject == bus.Results(1, "p") {
				return errors.New("no")
			}
			return nil
		}}
		c, stop := collecting(t, s)
		fill(c, 1, 0, 2000)
		fill(c, 2, 0, 2000)
		time.Sleep(time.Second)
		if err := whole(s.of(2), 2000); err != nil {
			t.Error(err)
		}
		if lost := stop(); lost != 2000 {
			t.Errorf("%d counted as lost, want 2000", lost)
		}
	})
}

func TestWhatIsTooMuchIsDroppedOldestFirstAndCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		s.t, s.ids = t, map[string]bool{}
		c := newCollector(s, "p", "boot", slog.New(slog.DiscardHandler), metrics.NewSet())
		fill(c, 0, 0, keepResults)
		fill(c, 1, 0, 1) // has nothing to drop: another shard makes room
		fill(c, 0, keepResults, keepResults+batchResults)
		if c.count > keepResults {
			t.Errorf("%d results wait, more than %d", c.count, keepResults)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		c.run(ctx) // sends what is left
		got := s.of(0)
		if lost := int(c.lost.Get()); lost == 0 || lost+len(got)+1 != keepResults+batchResults+1 {
			t.Errorf("%d lost and %d sent of %d", lost, len(got)+1, keepResults+batchResults+1)
		}
		if first, last := got[0], got[len(got)-1]; int(first) != int(c.lost.Get()) || last != keepResults+batchResults-1 {
			t.Errorf("kept %d to %d, want the newest", first, last)
		}
		if err := whole(s.of(1), 1); err != nil {
			t.Errorf("the other shard: %v", err)
		}
	})
}

func TestMessagesStayBelowTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		c, stop := collecting(t, s)
		for seq := range uint32(100) {
			c.add(&monitor.Result{Seq: seq, Outcome: monitor.Outcome{LongOutput: strings.Repeat("x", 20<<10)}})
		}
		time.Sleep(time.Second)
		if lost := stop(); lost != 0 {
			t.Errorf("%d lost", lost)
		}
		if err := whole(s.of(0), 100); err != nil {
			t.Error(err)
		}
		for _, b := range s.batches {
			if b.size > maxMessage {
				t.Errorf("a message of %d bytes", b.size)
			}
		}
	})
}

func TestAResultThatNoMessageHoldsDoesNotStopTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{refuse: func(_ context.Context, subject bus.Subject, data []byte) error {
			return bus.CheckMessage(subject, data)
		}}
		c, stop := collecting(t, s)
		c.add(&monitor.Result{Seq: 7, Outcome: monitor.Outcome{LongOutput: strings.Repeat("x", bus.MaxMessage)}})
		fill(c, 0, 0, 10)
		time.Sleep(time.Second)
		if err := whole(s.of(0), 10); err != nil {
			t.Error(err)
		}
		if lost := stop(); lost != 1 {
			t.Errorf("%d lost, want the one that is too large", lost)
		}
	})
}

func TestADeadBusDoesNotHoldUpTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{refuse: func(ctx context.Context, _ bus.Subject, _ []byte) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		c, stop := collecting(t, s)
		fill(c, 0, 0, 100*batchResults)
		time.Sleep(time.Minute)
		began := time.Now()
		if lost := stop(); lost != 100*batchResults {
			t.Errorf("%d counted as lost, want %d", lost, 100*batchResults)
		}
		if took := time.Since(began); took != lastWords {
			t.Errorf("the end took %s, want %s", took, lastWords)
		}
	})
}

// With very many shards what waits for a bus that is away is a batch a shard, some of which are on their way.
func TestResultsOfManyShardsAreDroppedWhileTheBusIsAway(t *testing.T) {
	set := metrics.NewSet()
	c := newCollector(nil, "p", "1", slog.New(slog.DiscardHandler), set)
	const shards = 1024
	for i := range shards {
		c.add(&monitor.Result{Shard: monitor.Shard(i)})
	}
	for lane := range lanes { // on their way
		for _, ok := c.next(lane); ok; _, ok = c.next(lane) {
		}
	}
	for i := range keepResults + 4*batchResults {
		c.add(&monitor.Result{Shard: monitor.Shard(i % 260)})
	}
	if c.count > keepResults || c.lost.Get() == 0 {
		t.Errorf("%d results are kept, %d lost", c.count, c.lost.Get())
	}
}
