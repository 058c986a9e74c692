package arbiter_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/wire"
)

// pair is two arbiters of one cluster, the first of which leads.
type pair struct {
	t             *testing.T
	bus           *membus.Bus
	left, right   *started
	leftC, rightC bus.Conn
}

// newPair starts two arbiters with files of their own.
func newPair(t *testing.T, wrap func(bus.Conn) bus.Conn, left, right files) *pair {
	t.Helper()
	p := &pair{t: t, bus: membus.New()}
	p.leftC, p.rightC = wrap(p.bus.Connect("left")), p.bus.Connect("right")
	p.left = startNamed(t, p.leftC, "left", left)
	p.right = startNamed(t, p.rightC, "right", right)
	p.after(time.Second)
	return p
}

func plainly(c bus.Conn) bus.Conn { return c }

// after lets time pass.
func (p *pair) after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// leader says who holds the lease.
func (p *pair) leader() string {
	p.t.Helper()
	e, err := p.rightC.Get(p.t.Context(), bus.LEASE, bus.RoleLeaseKey(bus.Arbiter))
	var l wire.Lease
	if err == nil {
		err = wire.Unmarshal(e.Value, &l)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return l.Owner
}

// kill ends the left one as kill -9 does.
func (p *pair) kill() {
	p.t.Helper()
	if err := p.leftC.Close(); err != nil {
		p.t.Fatal(err)
	}
	p.left.cancel()
	<-p.left.ended
}

// unchanged checks that nothing but the epoch is other than before.
func (p *pair) unchanged(before wire.Generation) {
	p.t.Helper()
	now := p.right.inForce()
	if now.Number != before.Number || now.Hash != before.Hash || now.By != before.By || now.Texts != before.Texts || now.Epoch <= before.Epoch {
		p.t.Errorf("after the take-over %+v is in force, before it was %+v\n%s", now, before, p.right.log)
	}
}

func (p *pair) end() {
	p.t.Helper()
	for _, s := range []*started{p.left, p.right} {
		s.stop()
	}
}

func TestOfSeveralArbitersOneLeadsAndAnotherTakesOverWithinThreeSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFiles(t, "a", "b")
		p := newPair(t, plainly, f, f)
		before := p.right.inForce()
		if got := p.leader(); got != "left" || before.By != "left" || before.Number != 1 {
			t.Fatalf("%s leads, with %+v in force", got, before)
		}
		p.kill()
		p.after(3 * time.Second)
		if got := p.leader(); got != "right" {
			t.Fatalf("3 s after its end %s leads: %s", got, p.right.log)
		}
		p.unchanged(before)
		f.hosts(t, "a", "b", "c")
		p.right.again()
		if got := p.right.inForce(); got.Number != 2 || got.By != "right" || len(p.right.stored(2)) != 3 || !strings.Contains(p.right.log.String(), "changed=1 ") {
			t.Errorf("a reload of the new leader gave %+v: %s", got, p.right.log)
		}
		p.end()
	})
}

func TestAnArbiterThatEndsInOrderIsFollowedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFiles(t, "a")
		p := newPair(t, plainly, f, f)
		before := p.right.inForce()
		if err := p.left.stop(); err != nil {
			t.Error(err)
		}
		p.after(time.Second)
		if got := p.leader(); got != "right" {
			t.Errorf("%s leads", got)
		}
		p.unchanged(before)
		p.end()
	})
}

// sleeper is a connection of a process that is stopped, for a time.
type sleeper struct {
	bus.Conn
	mu     sync.Mutex
	asleep chan struct{} // closed when it wakes up; nil while it is awake
	// trap has it fall asleep before the next blob is stored.
	trap bool
}

func (s *sleeper) set(asleep chan struct{}, trap bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asleep, s.trap = asleep, trap
}

func (s *sleeper) wait() {
	s.mu.Lock()
	asleep := s.asleep
	s.mu.Unlock()
	if asleep != nil {
		<-asleep
	}
}

func (s *sleeper) Put(ctx context.Context, b bus.Bucket, key string, value []byte, revision uint64) (uint64, error) {
	s.wait()
	return s.Conn.Put(context.WithoutCancel(ctx), b, key, value, revision) // a stopped process sees no deadline pass
}

func (s *sleeper) PutBlob(ctx context.Context, b bus.Bucket, name string, data []byte) error {
	s.mu.Lock()
	if s.trap {
		s.asleep, s.trap = make(chan struct{}), false
	}
	s.mu.Unlock()
	s.wait()
	return s.Conn.PutBlob(ctx, b, name, data)
}

func (s *sleeper) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.asleep)
	s.asleep = nil
}

func TestAnArbiterThatSleptInTheMiddleOfAReloadChangesNothingAfterAnotherOneHasLed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mine, others := newFiles(t, "a"), newFiles(t, "a")
		var left *sleeper
		p := newPair(t, func(c bus.Conn) bus.Conn {
			left = &sleeper{Conn: c}
			return left
		}, mine, others)
		before := p.right.inForce()
		left.set(nil, true)
		mine.hosts(t, "a", "zombie")
		p.left.again() // it sleeps with the new generation half stored
		p.after(14 * time.Second)
		if got := p.leader(); got != "left" {
			t.Errorf("after 14 s %s leads", got)
		}
		p.after(4 * time.Second)
		if got := p.leader(); got != "right" {
			t.Fatalf("after 18 s %s leads", got)
		}
		p.unchanged(before)
		left.wake()
		p.after(5 * time.Second)
		p.unchanged(before)
		if got := p.leader(); got != "right" || !strings.Contains(p.left.log.String(), "leads no more") {
			t.Errorf("%s leads after the old one woke up: %s", got, p.left.log)
		}
		p.end()
	})
}

func TestOtherFilesOfANewLeaderWaitForAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, plainly, newFiles(t, "a"), newFiles(t, "old"))
		before := p.right.inForce()
		if !strings.Contains(p.right.log.String(), "differ from those in force") {
			t.Errorf("the one that stands by says nothing of its files: %s", p.right.log)
		}
		p.kill()
		p.after(3 * time.Second)
		p.unchanged(before)
		if !strings.Contains(p.right.log.String(), "NOT in force") {
			t.Errorf("the new leader says nothing of its files: %s", p.right.log)
		}
		p.right.again()
		now := p.right.inForce()
		if _, ok := p.right.stored(now.Number)["old"]; !ok || now.By != "right" || now.Number != 2 {
			t.Errorf("after a reload %+v is in force: %s", now, p.right.log)
		}
		p.end()
	})
}

func TestAfterAPowerCutOtherFilesThanThoseInForceWaitForAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, plainly, newFiles(t, "a"), newFiles(t, "old"))
		before := p.right.inForce()
		p.end()
		p.right = startNamed(t, p.rightC, "right", newFiles(t, "old"))
		p.unchanged(before)
		p.right.stop()
		edited := newFiles(t, "a", "b")
		p.left = startNamed(t, p.leftC, "left", edited)
		if got := p.left.inForce(); got.Number != 2 || got.By != "left" {
			t.Errorf("the arbiter whose files were in force started with edited ones, and %+v is in force: %s", got, p.left.log)
		}
		p.left.stop()
	})
}

func TestTheOnlyArbiterMayBeCalledSomethingElseAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := membus.New().Connect("c")
		s := startNamed(t, c, "container-1", newFiles(t, "a"))
		s.stop()
		s = startNamed(t, c, "container-2", newFiles(t, "a", "b"))
		if got := s.inForce(); got.Number != 2 || got.By != "container-2" {
			t.Errorf("%+v is in force: %s", got, s.log)
		}
		s.stop()
	})
}

func TestBrokenFilesOfANewLeaderLeaveTheConfigurationInForce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := newFiles(t, "a")
		put(t, broken.objects, "define nonsense {\n}\n")
		p := newPair(t, plainly, newFiles(t, "a"), broken)
		before := p.right.inForce()
		p.kill()
		p.after(3 * time.Second)
		p.unchanged(before)
		if err := p.right.failed(); err != nil || p.leader() != "right" {
			t.Errorf("%s leads, %v", p.leader(), err)
		}
		p.end()
	})
}

func TestFilesThatAreCopiedToAllMachinesSoonDoNotDiffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mine, others := newFiles(t, "a"), newFiles(t, "a")
		p := newPair(t, plainly, mine, others)
		mine.hosts(t, "a", "b")
		p.left.again()
		p.after(20 * time.Second)
		others.hosts(t, "a", "b") // copied there, and nobody tells that arbiter
		p.after(time.Minute)
		if text := p.right.log.String(); strings.Contains(text, "differ from those in force") {
			t.Errorf("it is said although the files are the same:\n%s", text)
		}
		mine.hosts(t, "a", "b", "c")
		p.left.again()
		p.after(29 * time.Second)
		if text := p.right.log.String(); strings.Contains(text, "differ from those in force") {
			t.Errorf("it is said after 29 s already:\n%s", text)
		}
		p.after(2 * time.Second)
		if text := p.right.log.String(); !strings.Contains(text, "differ from those in force") {
			t.Errorf("nobody says that the files differ:\n%s", text)
		}
		others.hosts(t, "a", "b", "c")
		p.right.again()
		p.after(time.Second)
		if text := p.right.log.String(); !strings.Contains(text, "are those in force") {
			t.Errorf("nobody says that the files are the same again:\n%s", text)
		}
		p.end()
	})
}
