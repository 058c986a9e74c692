package natsbus_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/natsbus"
)

var losses = flag.Int("losses", 0, "how often servers of a cluster are lost in each way; 0 for once and in one way only")

// leader is the server that leads a stream.
func (p *processes) leader(t testing.TB, stream string) int {
	t.Helper()
	name := p.about(t, stream, func(c *jetstream.ClusterInfo) bool { return c.Leader != "" }).Leader
	return slices.IndexFunc(p.members[:], func(m member) bool { return m.Name == name })
}

// current waits until all three have all of a stream.
func (p *processes) current(t testing.TB, stream string) {
	t.Helper()
	p.about(t, stream, func(c *jetstream.ClusterInfo) bool {
		return len(c.Replicas) == 2 && !slices.ContainsFunc(c.Replicas, func(r *jetstream.PeerInfo) bool { return !r.Current })
	})
}

// about asks any server about a stream until what it says is good.
func (p *processes) about(t testing.TB, stream string, good func(*jetstream.ClusterInfo) bool) *jetstream.ClusterInfo {
	t.Helper()
	js := streamsAt(t, p.url())
	for {
		s, err := js.Stream(t.Context(), stream)
		if err == nil && good(s.CachedInfo().Cluster) {
			return s.CachedInfo().Cluster
		}
		if t.Context().Err() != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// committer commits to one shard, as a scheduler does: batch after batch, each until it is known to be stored.
type committer struct {
	c     *natsbus.Conn
	fence bus.Fence

	mu     sync.Mutex
	stored []string // the texts of all records whose commit returned
	last   time.Time
	gap    time.Duration // the longest time between two commits that returned
}

func (c *committer) run(ctx context.Context) error {
	c.last = time.Now()
	for n := 0; ctx.Err() == nil; n++ {
		var records []bus.Record
		var texts []string
		for i := range 1 + n%5 {
			texts = append(texts, fmt.Sprintf("%d/%d", n, i))
			records = append(records, bus.Record{Subject: bus.States(c.fence.Shard), Data: []byte(texts[i])})
		}
		for {
			try, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
			_, err := c.c.Commit(try, c.fence, fmt.Sprint(n), records)
			cancel()
			if err == nil {
				break
			}
			if ctx.Err() != nil {
				return err
			}
		}
		c.note(texts)
	}
	return nil
}

func (c *committer) note(texts []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.stored, c.gap, c.last = append(c.stored, texts...), max(c.gap, now.Sub(c.last)), now
}

// takeGap gives the longest gap since it was asked last.
func (c *committer) takeGap() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	gap := max(c.gap, time.Since(c.last))
	c.gap = 0
	return gap
}

// goesOn waits for so many commits.
func (c *committer) goesOn(t *testing.T, n int) {
	t.Helper()
	count := func() int { c.mu.Lock(); defer c.mu.Unlock(); return len(c.stored) }
	for want := count() + n; count() < want; time.Sleep(10 * time.Millisecond) {
		if t.Context().Err() != nil {
			t.Fatal("no commit any more")
		}
	}
}

// company are committers of several shards.
type company struct {
	t    *testing.T
	all  []*committer
	stop func() // waits until they have ended
}

func (p *processes) committers(t *testing.T) *company {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	c := p.dial(t, "scheduler")
	var wg sync.WaitGroup
	for _, arbiter := range []*natsbus.Conn{c, p.dial(t, "arbiter 1"), p.dial(t, "arbiter 2")} {
		wg.Go(func() { // all at once: each finds the bus prepared afterwards
			if err := arbiter.Prepare(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	all := &company{t: t, stop: func() { cancel(); wg.Wait() }}
	for shard := range uint16(4) {
		fence, err := c.Claim(ctx, shard, nil)
		if err != nil {
			t.Fatal(err)
		}
		w := &committer{c: c, fence: fence}
		all.all = append(all.all, w)
		wg.Go(func() {
			if err := w.run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	all.goOn("nothing happens")
	return all
}

// goOn waits until all commit, and says how long none did.
func (c *company) goOn(what string) {
	c.t.Helper()
	gap := time.Duration(0)
	for _, w := range c.all {
		w.goesOn(c.t, 100)
	}
	for _, w := range c.all {
		gap = max(gap, w.takeGap())
	}
	c.t.Logf("%s: no commit for %s", what, gap.Round(10*time.Millisecond))
}

// end stops them and looks at what is stored.
func (c *company) end(p *processes) {
	c.t.Helper()
	c.stop()
	reader := p.dial(c.t, "reader")
	for _, w := range c.all {
		w.check(c.t, reader)
	}
}

func TestEachRecordIsStoredOnceWhicheverServerIsLost(t *testing.T) {
	t.Parallel()
	p := startProcesses(t)
	all := p.committers(t)
	lost := p.leader(t, "EV")
	p.kill(t, lost)
	all.goOn("the leader of the journal was killed")
	p.start(t, lost)
	all.goOn("it is back")
	for range *losses {
		lost = p.leader(t, "EV")
		p.signal(t, lost, syscall.SIGSTOP)
		all.goOn("the leader of the journal was stopped")
		p.signal(t, lost, syscall.SIGCONT)
		all.goOn("it goes on")

		lost = p.leader(t, "EV")
		p.end(t, lost)
		all.goOn("the leader of the journal ended in order")
		p.start(t, lost)
		all.goOn("it is back")

		lost = (p.leader(t, "EV") + 1) % 3
		p.kill(t, lost)
		all.goOn("another one was killed")
		p.start(t, lost)
		all.goOn("it is back")
	}
	all.end(p)
}

func TestCommitsGoOnOnceMoreThanHalfOfTheServersAreBack(t *testing.T) {
	if *losses == 0 {
		return
	}
	t.Parallel()
	p := startProcesses(t)
	all := p.committers(t)
	for range *losses {
		lost := p.leader(t, "EV")
		other := (lost + 1) % 3
		p.kill(t, lost)
		p.kill(t, other)
		time.Sleep(12 * time.Second) // what is tested begins when the one that is left knows that it is alone
		p.start(t, lost)
		p.start(t, other)
		began := time.Now()
		all.goOn("two of three were killed, and came back after 12 s")
		t.Logf("commits went on %s after both were back", time.Since(began).Round(10*time.Millisecond))
	}
	all.end(p)
}

func TestAServerWithAnEmptyDiskGetsEverythingAgain(t *testing.T) {
	if *losses == 0 {
		return
	}
	t.Parallel()
	p := startProcesses(t)
	all := p.committers(t)
	empty := p.leader(t, "EV")
	p.kill(t, empty)
	all.goOn("the leader of the journal was killed")
	if err := os.RemoveAll(p.members[empty].Dir); err != nil {
		t.Fatal(err)
	}
	p.start(t, empty)
	all.goOn("it is back with an empty disk")
	began := time.Now()
	p.current(t, "EV")
	t.Logf("the journal was complete there after %s", time.Since(began).Round(10*time.Millisecond))
	other := (empty + 1) % 3
	p.kill(t, other)
	all.goOn("another one was killed")
	all.end(p)
}

// check compares what is stored with what was said to be.
func (c *committer) check(t *testing.T, conn *natsbus.Conn) {
	t.Helper()
	var got []string
	_, err := conn.Replay(t.Context(), c.fence.Shard, 0, func(batch []bus.Msg) error {
		for _, m := range batch {
			got = append(got, string(m.Data))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, c.stored) {
		t.Errorf("shard %d: %d records are stored, %d were said to be", c.fence.Shard, len(got), len(c.stored))
	}
}
