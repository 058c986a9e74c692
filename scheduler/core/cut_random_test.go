package core_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/monitor"
)

// mesh defines a network at random: hosts behind one or two others, some of which nobody looks at; services, and things that depend
// on others.
func mesh(t testing.TB, r *rand.Rand, hosts int) *monitor.Inventory {
	lines := []string{"option parent_wait=1m", "option enable_problem_impacts_states_change", "contact ada options=d,u,r,w,c,n"}
	settings := func() string {
		return fmt.Sprintf(" contacts=ada interval=1m retry=10s options=d,u,r,w,c,n impact=%d attempts=%d", r.IntN(6), 1+r.IntN(3))
	}
	var services []string
	for i := range hosts {
		line := fmt.Sprintf("host h%d address=10.0.0.%d", i, i+1) + settings()
		if i > 1 {
			line += fmt.Sprintf(" parents=h%d", r.IntN(i))
			if other := r.IntN(i); r.IntN(3) == 0 {
				line += fmt.Sprintf(",h%d", other)
			}
		}
		if r.IntN(10) == 0 {
			line += " command=none"
		}
		lines = append(lines, line)
		for s := range r.IntN(3) {
			service := fmt.Sprintf("h%d/s%d", i, s)
			lines, services = append(lines, "service "+service+settings()), append(services, service)
		}
	}
	for range hosts / 10 {
		if a, b := r.IntN(hosts), r.IntN(hosts); a > b {
			lines = append(lines, fmt.Sprintf("depends h%d h%d notify=d,u", a, b))
		}
		if a, b := r.IntN(len(services)), r.IntN(len(services)); a > b {
			lines = append(lines, fmt.Sprintf("depends %s %s notify=c,n", services[a], services[b]))
		}
	}
	return defined(t, lines...)
}

// network is an outage that is played whole, or in parts.
type network interface {
	pass(monitor.Time)
	kill(objects []monitor.ID, until monitor.Time)
	present() []string
	tell() []string
}

// kill has hosts dead, and services failing, from now on.
func (o *outage) kill(objects []monitor.ID, until monitor.Time) {
	clear(o.dead)
	for _, id := range objects {
		if o.inv.IsHost(id) {
			o.dead[id] = [2]monitor.Time{o.now, until}
		}
	}
	from := o.now
	o.fails = func(id monitor.ID) bool {
		return !o.inv.IsHost(id) && slices.Contains(objects, id) && o.now >= from && o.now < until
	}
}

// tell gives how often who was told of what since it was last asked.
func (o *outage) tell() []string {
	told := o.told
	o.told = nil
	slices.Sort(told)
	return told
}

// present gives what is not well, because of what.
func (o *outage) present() (all []string) {
	for id := range monitor.ID(o.inv.Objects()) {
		if s := o.core.Status(id); s.State != monitor.OK {
			slices.SortFunc(s.Sources, func(a, b monitor.Ref) int { return strings.Compare(a.String(), b.String()) })
			all = append(all, fmt.Sprintf("%s %s problem %t because of %v worth %d", s.Ref, s.StateName(), s.Problem, s.Sources, s.BusinessImpact))
		}
	}
	return all
}

func (p *parted) present() (all []string) {
	for _, s := range p.sides {
		o := outage{inv: s.inv, core: s.core}
		all = append(all, o.present()...)
	}
	return all
}

// Networks at random, cut at random, with three outages of some hosts and services: the same people are told of the same, and the
// same is shown because of the same, as if one shard had it all; though letters take their time and some are lost.
func TestARandomNetworkIsJudgedAlikeCutOrWhole(t *testing.T) {
	for seed := range uint64(orders(t) / 5) {
		r := rand.New(rand.NewPCG(seed, 77))
		inv := mesh(t, r, 40)
		inv.Options.ImpactStates = seed%3 > 0
		parts := cutUp(inv, 4, tiedTogether(r, inv, 4))
		calm := calmBefore(t, inv)
		whole, cut := newOutage(t, seed, inv, calm), newParted(t, seed, inv, parts, calm)
		cut.delay, cut.lose = time.Second, 20
		for round := range 3 {
			var dead []monitor.ID
			for range 1 + r.IntN(3) {
				dead = append(dead, monitor.ID(r.IntN(inv.Objects())))
			}
			begin := t0.Add(time.Duration(round) * 10 * time.Minute)
			var now, told [2][]string
			for i, n := range []network{whole, cut} {
				n.pass(begin.Add(20 * time.Second))
				n.kill(dead, begin.Add(5*time.Minute))
				n.pass(begin.Add(5*time.Minute - time.Second))
				now[i] = n.present()
				slices.Sort(now[i])
				n.pass(begin.Add(10 * time.Minute))
				told[i] = n.tell()
				if left := n.present(); len(left) > 0 {
					t.Fatalf("seed %d, round %d: after the outage %v", seed, round, left)
				}
			}
			if diff := cmp.Diff(now[0], now[1]); diff != "" {
				t.Fatalf("seed %d, round %d, dead %v: during the outage (-whole +cut)\n%s", seed, round, dead, diff)
			}
			if diff := cmp.Diff(told[0], told[1]); diff != "" {
				t.Fatalf("seed %d, round %d, dead %v: told (-whole +cut)\n%s", seed, round, dead, diff)
			}
		}
	}
}

// restless has shards of a network get other owners, and all of it cut otherwise, now and then until end.
func (p *parted) restless(end monitor.Time) {
	for ; p.now < end; p.pass(min(end, p.now.Add(p.random(50*time.Second)))) {
		if p.r.IntN(2) == 0 {
			p.takeOver(p.sides[p.r.IntN(len(p.sides))])
		} else {
			p.recut(p.inv, tiedTogether(p.r, p.inv, len(p.sides)))
		}
	}
}

// The same while the shards get other owners and are cut otherwise during the outage and behind it. Their epochs are far apart.
func TestARandomNetworkIsJudgedAlikeWhileItsShardsMoveAndAreCutAnew(t *testing.T) {
	for seed := range uint64(orders(t) / 5) {
		r := rand.New(rand.NewPCG(seed, 78))
		inv := mesh(t, r, 40)
		inv.Options.ImpactStates = seed%3 > 0
		parts, calm := cutUp(inv, 4, tiedTogether(r, inv, 4)), calmBefore(t, inv)
		whole, cut := newOutage(t, seed, inv, calm), newParted(t, seed, inv, parts, calm)
		cut.delay, cut.lose = time.Second, 20
		for i, s := range cut.sides {
			s.epoch = monitor.Epoch(1000 * (4 - i))
			cut.takeOver(s)
		}
		dead := []monitor.ID{monitor.ID(r.IntN(inv.Objects())), monitor.ID(r.IntN(inv.Objects()))}
		var now, told [2][]string
		for i, n := range []network{whole, cut} {
			n.pass(t0.Add(20 * time.Second))
			n.kill(dead, t0.Add(6*time.Minute))
			if i == 1 {
				cut.restless(t0.Add(3 * time.Minute))
			}
			n.pass(t0.Add(6*time.Minute - time.Second))
			if now[i] = n.present(); i == 1 {
				cut.restless(t0.Add(7 * time.Minute))
			}
			slices.Sort(now[i])
			n.pass(t0.Add(11 * time.Minute))
			told[i] = n.tell()
			if left := n.present(); len(left) > 0 {
				t.Fatalf("seed %d: after the outage %v", seed, left)
			}
		}
		if diff := cmp.Diff(now[0], now[1]); diff != "" {
			t.Fatalf("seed %d, dead %v: during the outage (-whole +cut)\n%s", seed, dead, diff)
		}
		if diff := cmp.Diff(told[0], told[1]); diff != "" {
			t.Fatalf("seed %d, dead %v: told (-whole +cut)\n%s", seed, dead, diff)
		}
	}
}
