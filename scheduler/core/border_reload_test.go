package core_test

import (
	"slices"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// shards gives the shards in which the hosts of a network live.
func shards(home ...monitor.Shard) []monitor.Shard { return home }

// branch defines two hosts, each checked once in interval, behind another one.
func branch(t testing.TB, interval string) *monitor.Inventory {
	settings := " contacts=ada retry=10s options=d,u,r attempts=1"
	return defined(t, "option parent_wait=1m", "option enable_problem_impacts_states_change", "contact ada options=d,u,r",
		"host gw address=10.0.0.1 interval=1m"+settings,
		"host web address=10.0.0.2 interval="+interval+" parents=gw"+settings,
		"host api address=10.0.0.3 interval="+interval+" parents=gw"+settings)
}

// recut brings a network into force of which the hosts live in these shards. What is known of a host goes along.
func (p *parted) recut(whole *monitor.Inventory, home []monitor.Shard) {
	p.inv = whole
	memories := make([]core.Snapshot, len(p.sides))
	for i, s := range p.sides {
		memories[i] = s.core.Snapshot()
	}
	for i, part := range cutUp(whole, len(p.sides), home) {
		p.adoptPart(p.sides[i], part, slices.Delete(slices.Clone(memories), i, i+1))
	}
}

func (p *parted) adoptPart(s *side, part part, others []core.Snapshot) {
	had := map[string]bool{}
	for i := range s.inv.Hosts {
		had[s.inv.Hosts[i].Name] = true
	}
	part.inv.Generation = s.inv.Generation + 1
	if err := s.core.Adopt(p.now, part.inv, &s.d); err != nil {
		p.t.Fatal(err)
	}
	s.part = part
	for _, memory := range others {
		s.core.Import(p.now, memory.Only(func(host string) bool { return !had[host] }), &s.d)
	}
	s.core.Tick(p.now, &s.d)
	p.carryOut()
}

// A reload renames the host in front of all, or takes it away, while it is DOWN and the border host behind it is UNREACHABLE.
func TestAReloadChangesTheHostsInFrontOfABorderHostThatIsInTrouble(t *testing.T) {
	lines := func(top ...string) *monitor.Inventory {
		settings, behind := " contacts=ada interval=1m retry=10s options=d,u,r attempts=1", ""
		all := []string{"option parent_wait=1m", "option enable_problem_impacts_states_change", "contact ada options=d,u,r"}
		for _, name := range top {
			all, behind = append(all, "host "+name+" address=10.0.0.1"+settings), " parents="+name
		}
		return defined(t, append(all, "host gw address=10.0.0.2"+behind+settings, "host web address=10.0.0.3 parents=gw"+settings)...)
	}
	for _, tt := range []struct {
		name string
		then *monitor.Inventory
		home []monitor.Shard
		want []string
	}{
		{"renamed", lines("new"), shards(0, 0, 1), []string{"PROBLEM of new", "RECOVERY of new"}},
		{"taken away", lines(), shards(0, 1), []string{"PROBLEM of gw", "RECOVERY of gw"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := lines("old")
			p := newParted(t, 1, before, cutUp(before, 2, shards(0, 0, 1)), calmBefore(t, before))
			p.pass(t0.Add(3 * time.Minute))
			p.dead[0] = [2]monitor.Time{p.now, p.now.Add(10 * time.Minute)}
			p.pass(t0.Add(6 * time.Minute))
			if want := []string{"PROBLEM of old"}; !slices.Equal(p.tell(), want) {
				t.Fatal("the outage is not one problem")
			}
			p.recut(tt.then, tt.home)
			p.pass(t0.Add(20 * time.Minute))
			if got := p.tell(); !slices.Equal(got, tt.want) {
				t.Errorf("after the reload people are told of %q, want %q", got, tt.want)
			}
			if left := p.present(); len(left) > 0 {
				t.Errorf("at the end %v", left)
			}
		})
	}
}

// At a reload the parent moves to a shard whose epoch is lower than that of its last home, and its last home still has to say
// something of it.
func TestAParentThatMovesToAnOlderShardIsHeard(t *testing.T) {
	inv := branch(t, "1h")
	p := newParted(t, 1, inv, cutUp(inv, 3, shards(0, 1, 1)), calmBefore(t, inv))
	for i, epoch := range []monitor.Epoch{1000, 1001, 500} {
		p.sides[i].epoch = epoch
		p.takeOver(p.sides[i])
	}
	p.dead[0] = [2]monitor.Time{t0.Add(2 * time.Minute), t0.Add(5 * time.Minute)}
	p.pass(t0.Add(4*time.Minute + 30*time.Second))
	late := p.sides[1].core.Status(0).LastCheck
	p.recut(inv, shards(2, 1, 1))
	p.send(1, monitor.BorderState{Host: "gw", Epoch: 1008, Seq: 1 << 20, State: monitor.Down, Type: monitor.Hard, Check: late, Askable: true, Known: true})
	p.pass(t0.Add(8 * time.Minute))
	if left := p.present(); len(left) > 0 {
		t.Errorf("3 minutes after the outage %v", left)
	}
	p.dead[0] = [2]monitor.Time{p.now, p.now.Add(5 * time.Minute)}
	p.pass(t0.Add(20 * time.Minute))
	if got, want := p.tell(), []string{"PROBLEM of gw", "RECOVERY of gw", "PROBLEM of gw", "RECOVERY of gw"}; !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("people are told of %q, want %q", got, want)
	}
}

// At a reload the parent of what suffers from it goes to another shard: what suffers stays as it is, in every record of it.
func TestWhatSuffersFromAParentThatGoesToAnotherShardStaysAsItIs(t *testing.T) {
	inv := branch(t, "1h")
	p := newParted(t, 1, inv, cutUp(inv, 2, shards(1, 1, 1)), calmBefore(t, inv))
	p.pass(t0.Add(3 * time.Minute))
	p.dead[0] = [2]monitor.Time{p.now, p.now.Add(10 * time.Minute)}
	for p.now < t0.Add(5*time.Minute) && !p.sides[1].core.Status(1).Overlaid {
		p.pass(p.now.Add(100 * time.Millisecond))
	}
	seen := 0
	p.watch = func(broks []monitor.Brok) {
		for i := range broks {
			st := broks[i].Status
			if st == nil || st.Host == "gw" || p.now > t0.Add(10*time.Minute) {
				continue
			}
			if seen++; st.State != monitor.Unreachable {
				t.Errorf("%v after the beginning %s is told to be %s", p.now.Sub(t0), st.Ref, st.StateName())
			}
		}
	}
	p.recut(inv, shards(0, 1, 1))
	p.pass(t0.Add(20 * time.Minute))
	if got, want := p.tell(), []string{"PROBLEM of gw", "RECOVERY of gw"}; !slices.Equal(got, want) {
		t.Errorf("people are told of %q, want %q", got, want)
	}
	if left := p.present(); len(left) > 0 || seen == 0 {
		t.Errorf("at the end %v, of %d records", left, seen)
	}
}

// A shard that had something of worth behind a host, and has not asked for it since a reload, makes a problem of it worth nothing more.
func TestAProblemIsWorthNothingToAShardThatHasNothingBehindItAnyMore(t *testing.T) {
	inv := branch(t, "1h")
	p := newParted(t, 1, inv, cutUp(inv, 2, shards(0, 0, 0)), calmBefore(t, inv))
	p.pass(t0.Add(time.Minute))
	s := p.sides[0]
	s.core.InquireBorder(p.now, []monitor.BorderInquiry{{Host: "gw", Shard: 1, Behind: 1, Worth: 5}}, &s.d)
	p.carryOut()
	p.dead[0] = [2]monitor.Time{p.now, p.now.Add(time.Hour)}
	p.pass(p.now.Add(50 * time.Second))
	if st := s.core.Status(0); st.State == monitor.Down && st.BusinessImpact != 5 {
		t.Errorf("while it is asked for it is worth %d, want 5", st.BusinessImpact)
	}
	p.pass(p.now.Add(3 * time.Minute))
	if st := s.core.Status(0); st.State != monitor.Down || st.BusinessImpact != 0 {
		t.Errorf("it is %s and worth %d, want DOWN and 0", st.StateName(), st.BusinessImpact)
	}
}
