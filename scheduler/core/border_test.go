package core_test

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// parted is an outage of a network that several shards look after, each with a core of its own. Their letters take a while, and
// some are lost.
type parted struct {
	*outage
	sides []*side
	post  postbag
	// delay is the most that a letter takes; one in lose is lost, none if that is 0.
	delay time.Duration
	lose  int
	words int // that were sent
	// watch is given what the shards tell; nil for nobody.
	watch func([]monitor.Brok)
}

// side is one shard.
type side struct {
	part
	core  *core.Core
	wake  monitor.Time
	d     core.Decisions
	epoch monitor.Epoch // how often it has got another owner
}

// postbag is a heap of messages by the moment of their arrival.
type postbag []*letter

type letter struct {
	at   monitor.Time
	to   monitor.Shard
	what any
}

func (l postbag) Len() int           { return len(l) }
func (l postbag) Less(i, j int) bool { return l[i].at < l[j].at }
func (l postbag) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }
func (l *postbag) Push(x any)        { *l = append(*l, x.(*letter)) }

func (l *postbag) Pop() any {
	last := (*l)[len(*l)-1]
	*l = (*l)[:len(*l)-1]
	return last
}

// newParted cuts the network of an outage.
func newParted(t testing.TB, seed uint64, whole *monitor.Inventory, parts []part, calm core.Snapshot) *parted {
	p := &parted{delay: 50 * time.Millisecond, outage: &outage{
		t: t, r: rand.New(rand.NewPCG(seed, 9)), inv: whole, now: t0, dead: map[monitor.ID][2]monitor.Time{},
		pollers: []string{"p1"}, blind: map[string][2]monitor.Time{}, quick: 2 * time.Second, slow: 10 * time.Second, late: 3 * time.Second,
	}}
	for i := range parts {
		s := &side{part: parts[i], core: started(t, parts[i].inv)}
		s.core.Restore(calm)
		s.core.Begin(t0)
		s.core.Tick(t0, &s.d)
		p.sides = append(p.sides, s)
	}
	p.carryOut()
	return p
}

// carryOut does what the cores want done.
func (p *parted) carryOut() {
	for _, s := range p.sides {
		for i := range s.d.Jobs {
			p.run(&s.d.Jobs[i], s.whole[s.d.Jobs[i].Object])
		}
		p.note(s.d.Broks)
		if p.watch != nil {
			p.watch(s.d.Broks)
		}
		for _, l := range s.d.BorderInquiries {
			p.send(l.To, l.What)
		}
		for _, l := range s.d.BorderStates {
			p.send(l.To, l.What)
		}
		for _, l := range s.d.BorderTolls {
			p.send(l.To, l.What)
		}
		if s.d.Wake != 0 { // else it was not called
			s.wake = s.d.Wake
		}
		s.d.Reset()
	}
}

func (p *parted) send(to monitor.Shard, what any) {
	p.words++
	if p.lose > 0 && p.r.IntN(p.lose) == 0 {
		return
	}
	heap.Push(&p.post, &letter{p.now.Add(p.random(p.delay)), to, what})
}

// pass lets time pass until end.
func (p *parted) pass(end monitor.Time) {
	for p.now < end {
		next := end
		for _, s := range p.sides {
			if s.wake != 0 {
				next = min(next, s.wake)
			}
		}
		if len(p.answers) > 0 {
			next = min(next, p.answers[0].at)
		}
		if len(p.post) > 0 {
			next = min(next, p.post[0].at)
		}
		p.now = max(p.now, next)
		p.deliver()
		for _, s := range p.sides {
			if s.wake != 0 && s.wake <= p.now || p.now >= end {
				s.core.Tick(p.now, &s.d)
			} else {
				s.d.Wake = s.wake
			}
		}
		p.carryOut()
	}
}

// deliver hands in what has arrived.
func (p *parted) deliver() {
	for len(p.answers) > 0 && p.answers[0].at <= p.now {
		a := heap.Pop(&p.answers).(*arrival)
		s := p.sides[a.result.Shard]
		s.core.Observe(p.now, []monitor.Result{a.result}, &s.d)
		p.carryOut()
	}
	for len(p.post) > 0 && p.post[0].at <= p.now {
		l := heap.Pop(&p.post).(*letter)
		s := p.sides[l.to]
		switch what := l.what.(type) {
		case monitor.BorderInquiry:
			s.core.InquireBorder(p.now, []monitor.BorderInquiry{what}, &s.d)
		case monitor.BorderState:
			s.core.TellBorder(p.now, []monitor.BorderState{what}, &s.d)
		case monitor.BorderToll:
			s.core.TakeTolls(p.now, []monitor.BorderToll{what}, &s.d)
		}
		p.carryOut()
	}
}

// troubled gives the objects that are not UP or OK.
func (p *parted) troubled() (names []string) {
	for _, s := range p.sides {
		o := outage{inv: s.inv, core: s.core}
		names = append(names, o.troubled()...)
	}
	return names
}

// atRandom gives each host a shard, without regard to what stands behind what.
func atRandom(r *rand.Rand, inv *monitor.Inventory, shards int) []monitor.Shard {
	home := make([]monitor.Shard, len(inv.Hosts))
	for i := range home {
		home[i] = monitor.Shard(r.IntN(shards))
	}
	return home
}

// byBranch gives whole branches below the second level to the shards in turn.
func byBranch(inv *monitor.Inventory, shards int) []monitor.Shard {
	home := make([]monitor.Shard, len(inv.Hosts))
	for i := range inv.Hosts {
		switch parents := inv.Hosts[i].Parents; {
		case len(parents) == 0:
		case parents[0] == 0:
			home[i] = monitor.Shard(i % shards)
		default:
			home[i] = home[parents[0]]
		}
	}
	return home
}

// The promise of TestOneProblemAndOneRecoveryWhateverTheOrder, for the same tree cut over four shards: along its branches or at
// random, so that parents, children and grandchildren lie here, there and here again; with letters that come late, or not at all.
func TestACutTreeIsOneProblemAndOneRecovery(t *testing.T) {
	for _, tt := range []struct {
		name     string
		attempts string
		scatter  bool
		delay    time.Duration
		lose     int
	}{
		{"along its branches", "1", false, 50 * time.Millisecond, 0},
		{"along its branches, slow post", "3", false, 3 * time.Second, 0},
		{"at random", "1", true, 50 * time.Millisecond, 0},
		{"at random, slow post", "1", true, 3 * time.Second, 0},
		{"at random, slow post, one letter in five lost", "1", true, time.Second, 5},
		{"at random, several attempts, one letter in five lost", "3", true, time.Second, 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inv := tree(t, rand.New(rand.NewPCG(1, 1)), 1000, tt.attempts)
			inv.Options.ParentWait = time.Minute
			inv.Options.ImpactStates = true
			home := byBranch(inv, 4)
			if tt.scatter {
				home = atRandom(rand.New(rand.NewPCG(2, 2)), inv, 4)
			}
			parts := cutUp(inv, 4, home)
			calm := calmBefore(t, inv)
			for seed := range uint64(orders(t) / 10) {
				p := newParted(t, seed, inv, parts, calm)
				p.delay, p.lose = tt.delay, tt.lose
				p.pollers = []string{"p1", "p2"}[:1+seed%2]
				death := t0.Add(5*time.Second + p.random(20*time.Second))
				p.dead[0] = [2]monitor.Time{death, death.Add(80*time.Second + p.random(30*time.Second))}
				p.pass(death.Add(150 * time.Second))
				if want := []string{"PROBLEM of h0", "RECOVERY of h0"}; !slices.Equal(p.told, want) {
					t.Fatalf("order %d: told %v, want %v", seed, first5(p.told), want)
				}
				if tt.lose > 0 {
					p.pass(p.now.Add(2 * time.Minute))
				}
				if left := p.troubled(); len(left) > 0 {
					t.Fatalf("order %d: at the end %v", seed, first5(left))
				}
			}
		})
	}
}

// In the middle of an outage shards get other owners, who know what the last snapshot had, or a new configuration: all the same
// it is one problem and one recovery.
func TestACutTreeIsOneProblemWhileOwnersAndConfigurationsChange(t *testing.T) {
	inv := tree(t, rand.New(rand.NewPCG(1, 1)), 300, "2")
	inv.Options.ParentWait, inv.Options.ImpactStates = time.Minute, true
	parts := cutUp(inv, 4, atRandom(rand.New(rand.NewPCG(2, 2)), inv, 4))
	calm := calmBefore(t, inv)
	for seed := range uint64(orders(t) / 10) {
		p := newParted(t, seed, inv, parts, calm)
		p.delay, p.lose = time.Second, 10
		death := t0.Add(5*time.Second + p.random(20*time.Second))
		p.dead[0] = [2]monitor.Time{death, death.Add(150 * time.Second)}
		for range 6 {
			p.pass(p.now.Add(p.random(30 * time.Second)))
			s := p.sides[p.r.IntN(len(p.sides))]
			if p.r.IntN(2) == 0 {
				p.takeOver(s)
			} else {
				p.adopt(s)
			}
		}
		p.pass(death.Add(8 * time.Minute))
		if want := []string{"PROBLEM of h0", "RECOVERY of h0"}; !slices.Equal(p.told, want) {
			t.Fatalf("order %d: told %v, want %v", seed, first5(p.told), want)
		}
		if left := p.troubled(); len(left) > 0 {
			t.Fatalf("order %d: at the end %v", seed, first5(left))
		}
	}
}

// takeOver gives a shard a new owner. Answers to jobs of the last one are lost to it.
func (p *parted) takeOver(s *side) {
	memory := s.core.Snapshot()
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

// adopt gives a shard a configuration in which its border has another host in front.
func (p *parted) adopt(s *side) {
	inv := *s.inv
	inv.Generation++
	if len(inv.Border) > 0 && inv.Border[0].Name != "+" {
		inv.Border = slices.Insert(slices.Clone(inv.Border), 0, monitor.BorderHost{Name: "+", Shard: (inv.Shard + 1) % 4})
		inv.BorderEdges = slices.Clone(inv.BorderEdges)
		for i := range inv.BorderEdges {
			for _, end := range []*monitor.ID{&inv.BorderEdges[i].Child, &inv.BorderEdges[i].Parent} {
				if int(*end) >= inv.Objects() {
					*end++
				}
			}
		}
	}
	if err := s.core.Adopt(p.now, &inv, &s.d); err != nil {
		p.t.Fatal(err)
	}
	s.inv = &inv
	s.core.Tick(p.now, &s.d)
	p.carryOut()
}

// A network of 10,000 hosts whose root is dead for 90 seconds, in one shard and in 16: what all that costs, the checks included,
// and how many words the owners tell each other.
func BenchmarkRootDies(b *testing.B) {
	inv := tree(b, rand.New(rand.NewPCG(1, 1)), 10_000, "1")
	inv.Options.ParentWait, inv.Options.ImpactStates = time.Minute, true
	calm := calmBefore(b, inv)
	for _, shards := range []int{1, 16} {
		parts := cutUp(inv, shards, byBranch(inv, shards))
		b.Run(fmt.Sprintf("shards=%d", shards), func(b *testing.B) {
			words, border := 0, 0
			for _, p := range parts {
				border += len(p.inv.Border)
			}
			for b.Loop() {
				p := newParted(b, 1, inv, parts, calm)
				p.delay = 5 * time.Millisecond
				p.dead[0] = [2]monitor.Time{t0.Add(10 * time.Second), t0.Add(100 * time.Second)}
				p.pass(t0.Add(3 * time.Minute))
				if len(p.told) != 2 {
					b.Fatalf("told %v", first5(p.told))
				}
				words += p.words
			}
			b.ReportMetric(float64(words)/float64(b.N), "words/op")
			b.ReportMetric(float64(border), "border-rows")
		})
	}
}
