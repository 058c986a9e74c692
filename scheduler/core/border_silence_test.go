package core_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// leave takes the owner of a shard away, and gives what it remembered: nobody answers for its hosts, nor looks at them.
func (p *parted) leave(s *side) core.Snapshot {
	memory := s.core.Snapshot()
	empty := defined(p.t)
	empty.Shard, empty.Shards = s.inv.Shard, s.inv.Shards
	s.core = started(p.t, empty)
	s.core.Begin(p.now)
	return memory
}

// succeed gives such a shard an owner again.
func (p *parted) succeed(s *side, memory core.Snapshot) {
	s.epoch++
	c, err := core.New(s.inv, 7+s.epoch, core.Seed{Start: t0})
	if err != nil {
		p.t.Fatal(err)
	}
	c.Restore(memory)
	c.Begin(p.now)
	s.core = c
	s.core.Tick(p.now, &s.d)
	p.carryOut()
}

// Both sides of a cut get other owners, that of the parent later, or never. A host behind it dies meanwhile, and is looked at
// once in an hour: people are told all the same, as soon as it is known that it is a problem of its own.
func TestWhatDiesWhileNobodyTellsOfItsParentIsTold(t *testing.T) {
	for _, tt := range []struct {
		name  string
		after time.Duration // until the parent's shard has an owner; 0 for never
		want  time.Duration // within which people are told
	}{
		{"the parent's owner comes after 20 s", 20 * time.Second, 40 * time.Second},
		{"the parent's owner never comes", 0, 80 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inv := branch(t, "1h")
			p := newParted(t, 1, inv, cutUp(inv, 2, shards(0, 1, 1)), calmBefore(t, inv))
			p.slow, p.late = time.Second, 0
			p.pass(t0.Add(3 * time.Minute))
			memory := p.leave(p.sides[0])
			p.takeOver(p.sides[1])
			begin := p.now
			p.dead[1] = [2]monitor.Time{p.now, p.now.Add(time.Hour)}
			obey(t, p.sides[1].core, p.now, &p.sides[1].d, fmt.Sprintf("SCHEDULE_FORCED_HOST_CHECK;web;%d", p.now.Add(time.Second)/1e9))
			p.carryOut()
			p.pass(begin.Add(19 * time.Second))
			if st := p.sides[1].core.Status(0); st.State != monitor.Down || len(p.tell()) > 0 {
				t.Fatalf("web is %s, want DOWN, and nobody told of it", st.StateName())
			}
			if tt.after > 0 {
				p.pass(begin.Add(tt.after))
				p.succeed(p.sides[0], memory)
			}
			p.pass(begin.Add(tt.want))
			if got, want := p.tell(), []string{"PROBLEM of web"}; !slices.Equal(got, want) {
				t.Errorf("people are told of %q, want %q", got, want)
			}
		})
	}
}

// The parent recovers while the shard behind it has no owner: its heir looks at what was UNREACHABLE, and does not wait for its turn.
func TestARecoveryOfAParentWhileItsChildrenHaveNoOwnerIsMadeUpFor(t *testing.T) {
	inv := branch(t, "1h")
	p := newParted(t, 1, inv, cutUp(inv, 2, shards(0, 1, 1)), calmBefore(t, inv))
	p.pass(t0.Add(3 * time.Minute))
	p.dead[0] = [2]monitor.Time{p.now, p.now.Add(4 * time.Minute)}
	p.pass(t0.Add(6 * time.Minute))
	memory := p.leave(p.sides[1])
	if st := memory.Statuses[0]; st.OwnState != monitor.Unreachable {
		t.Fatalf("web's own state is %v, want UNREACHABLE", st.OwnState)
	}
	p.pass(t0.Add(9 * time.Minute))
	p.succeed(p.sides[1], memory)
	p.pass(p.now.Add(20 * time.Second))
	if left := p.present(); len(left) > 0 {
		t.Errorf("20 s after the heir came %v", left)
	}
}

// The same, but the children were not looked at during the outage: they are shown UNREACHABLE because of it. Who follows the journal
// hears that they are not any more.
func TestWhatSufferedFromAParentElsewhereIsShownWellAfterATakeOver(t *testing.T) {
	inv := branch(t, "1h")
	p := newParted(t, 1, inv, cutUp(inv, 2, shards(0, 1, 1)), calmBefore(t, inv))
	shown := map[monitor.Ref]monitor.Status{}
	p.watch = func(broks []monitor.Brok) {
		for i := range broks {
			if st := broks[i].Status; st != nil {
				shown[st.Ref] = *st
			}
		}
	}
	p.pass(t0.Add(3 * time.Minute))
	p.dead[0] = [2]monitor.Time{p.now, p.now.Add(50 * time.Second)}
	for p.now < t0.Add(5*time.Minute) && !p.sides[1].core.Status(0).Overlaid {
		p.pass(p.now.Add(100 * time.Millisecond))
	}
	if !shown[monitor.Ref{Host: "web"}].Overlaid {
		t.Fatal("web is not shown UNREACHABLE because of gw")
	}
	memory := p.leave(p.sides[1])
	p.pass(t0.Add(9 * time.Minute))
	p.succeed(p.sides[1], memory)
	p.pass(p.now.Add(20 * time.Second))
	for _, host := range []string{"web", "api"} {
		if st := shown[monitor.Ref{Host: host}]; st.State != monitor.Up || st.Impact || st.Overlaid || len(st.Sources) > 0 {
			t.Errorf("%s is shown %s, impact %t of %v", host, st.StateName(), st.Impact, st.Sources)
		}
	}
}
