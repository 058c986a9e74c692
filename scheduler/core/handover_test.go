package core_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/monitor"
)

// Another owner goes on where the last one ended: what it remembers once it has begun is what there was, field by field.
func TestAHandOverChangesNothing(t *testing.T) {
	promised := 0
	for seed := range uint64(60) {
		p := newPlayer(t, seed)
		for range 800 {
			p.step()
		}
		p.tick()
		before := p.core.Snapshot()
		heir := p.fresh()
		heir.Restore(before)
		heir.Begin(p.now)
		after := heir.Snapshot()
		for id := range after.Statuses {
			promised += p.sameNext(monitor.ID(id), &before.Statuses[id], &after.Statuses[id])
		}
		if diff := cmp.Diff(before, after); diff != "" {
			t.Fatalf("seed %d: what was and what the heir has differ (-was +has):\n%s", seed, diff)
		}
	}
	if promised < 30 {
		t.Errorf("only %d checks were promised for a time to come", promised)
	}
}

// A take-over from the journal alone, without any snapshot, leaves nothing out that lasts.
func TestATakeOverFromTheJournalAloneLosesNothingThatLasts(t *testing.T) {
	for seed := range uint64(60) {
		p := newPlayer(t, seed)
		for range 800 {
			p.step()
		}
		p.tick()
		heir := p.fresh()
		for i := range p.journal {
			heir.Replay(&p.journal[i])
		}
		heir.Begin(p.now)
		if diff := cmp.Diff(lasting(p.core), lasting(heir)); diff != "" {
			t.Fatalf("seed %d: what was and what the heir has differ (-was +has):\n%s", seed, diff)
		}
	}
}

// tick does what is due, as a core that is driven in time has done.
func (p *player) tick() {
	p.core.Tick(p.now, &p.d)
	p.record()
}

// sameNext compares when an object is checked next, and leaves that out of what is compared else: a check that was promised for a
// time to come is made then, and one that was due or under way comes at the object's own time, within its interval. It
// counts the promises.
func (p *player) sameNext(id monitor.ID, was, is *monitor.Status) (promised int) {
	p.t.Helper()
	switch interval := p.interval(id, was); {
	case was.NextCheck > p.now && (was.Pinned || was.NextCheck <= p.now.Add(interval)):
		promised = 1
		if is.NextCheck != was.NextCheck || is.Pinned != was.Pinned {
			p.t.Errorf("%s was to be checked at %v and is at %v", was.Ref, was.NextCheck.Std(), is.NextCheck.Std())
		}
	case is.NextCheck != 0 && interval > 0 && (is.NextCheck < p.now || is.NextCheck > p.now.Add(interval)) && p.inv.Policy(id).CheckPeriod == monitor.None:
		p.t.Errorf("%s was due at %v and is checked at %v; it is %v and its interval is %s", was.Ref, was.NextCheck.Std(), is.NextCheck.Std(), p.now.Std(), interval)
	}
	was.NextCheck, was.Pinned, is.NextCheck, is.Pinned = 0, false, 0, false
	return promised
}

// interval is how far apart an object's checks are.
func (p *player) interval(id monitor.ID, s *monitor.Status) time.Duration {
	interval := p.inv.Policy(id).CheckInterval
	if s.Changed != nil && s.Changed.HasCheckInterval {
		interval = s.Changed.CheckInterval
	}
	return interval
}
