package core_test

import (
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// A shard changes its owner while checks are under way, and some seconds before it has a new one: those checks and the ones that fell due
// meanwhile are made within seconds, and nothing else is made out of its turn.
func TestWhatAnOwnerLeftUnmadeIsMadeAtOnce(t *testing.T) {
	inv := fleet(20)
	old := started(t, inv)
	old.Begin(t0)
	var d core.Decisions
	now := t0
	for ; now < t0.Add(10*time.Minute); now = now.Add(time.Second) {
		old.Tick(now, &d)
		var results []monitor.Result
		for i := range d.Jobs {
			results = append(results, answer(&d.Jobs[i], now, monitor.OK))
		}
		d.Reset()
		old.Observe(now, results, &d)
		d.Reset()
	}
	for old.Tick(now, &d); len(d.Jobs) == 0; old.Tick(now, &d) {
		now = now.Add(time.Second)
	}
	lost := map[monitor.ID]bool{} // under way when the owner goes
	for i := range d.Jobs {
		lost[d.Jobs[i].Object] = true
	}
	gone := now
	back := now.Add(4 * time.Second)
	heir := started(t, inv)
	heir.Restore(old.Snapshot())
	heir.Begin(back)
	soon, promised := 0, 0
	for id := range monitor.ID(inv.Objects()) {
		before, after := old.Status(id).NextCheck, heir.Status(id).NextCheck
		switch {
		case lost[id] || before > gone && before <= back:
			soon++
			if after <= back || after > back.Add(9*time.Second) {
				t.Errorf("%s, which the old owner left unmade, is made %v after the new one began", inv.Ref(id), after.Sub(back))
			}
		default:
			promised++
			if after != before {
				t.Errorf("%s was to be checked %v after the change, and now is %v after it", inv.Ref(id), before.Sub(gone), after.Sub(gone))
			}
		}
	}
	if soon <= len(lost) || promised == 0 {
		t.Errorf("%d objects were unmade, of which %d were under way; %d were not", soon, len(lost), promised)
	}
}

// A few checks that an owner left unmade are made within two seconds where turns come every five, too: nothing waits for two turns
// because its shard moved in order.
func TestWhatAnOwnerLeftUnmadeIsMadeAtOnceWhereTurnsComeOften(t *testing.T) {
	inv := fleet(20)
	for i := range inv.Policies {
		inv.Policies[i].CheckInterval = 5 * time.Second
	}
	old := started(t, inv)
	old.Begin(t0)
	var d core.Decisions
	now := t0
	for ; now < t0.Add(time.Minute); now = now.Add(50 * time.Millisecond) {
		old.Tick(now, &d)
		var results []monitor.Result
		for i := range d.Jobs {
			results = append(results, answer(&d.Jobs[i], now, monitor.OK))
		}
		d.Reset()
		old.Observe(now, results, &d)
		d.Reset()
	}
	for old.Tick(now, &d); len(d.Jobs) == 0; old.Tick(now, &d) {
		now = now.Add(50 * time.Millisecond)
	}
	back := now.Add(100 * time.Millisecond)
	heir := started(t, inv)
	heir.Restore(old.Snapshot())
	heir.Begin(back)
	for i := range d.Jobs {
		if id := d.Jobs[i].Object; heir.Status(id).NextCheck > back.Add(2*time.Second) {
			t.Errorf("%s, which was under way when its shard moved, is made %v later", inv.Ref(id), heir.Status(id).NextCheck.Sub(back))
		}
	}
}

// A large site is looked at for the first time over minutes. A shard that moves meanwhile keeps its plan.
func TestTheFirstChecksStayWhereTheyWereWhenAShardMoves(t *testing.T) {
	inv := fleet(1000)
	old := started(t, inv)
	old.Begin(t0)
	var d core.Decisions
	now := t0
	for ; now < t0.Add(20*time.Second); now = now.Add(time.Second) {
		old.Tick(now, &d)
		d.Reset()
	}
	heir := started(t, inv)
	heir.Restore(old.Snapshot())
	heir.Begin(now.Add(100 * time.Millisecond))
	still := 0
	for id := range monitor.ID(inv.Objects()) {
		before, after := old.Status(id).NextCheck, heir.Status(id).NextCheck
		if before <= now.Add(100*time.Millisecond) {
			continue
		}
		if still++; after != before {
			t.Fatalf("%s was to be checked %v after the change for the first time, and now is %v after it", inv.Ref(id), before.Sub(now), after.Sub(now))
		}
	}
	if still < inv.Objects()/2 {
		t.Errorf("%d of %d were still to be checked", still, inv.Objects())
	}
}
