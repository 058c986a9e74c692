package core_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
	"github.com/onbu/onbu/scheduler/core"
	"github.com/onbu/onbu/scheduler/trigger"
)

// council is several cores that look after the parts of an inventory, and whose letters take no time at all. To whoever asks it
// is one core.
type council struct {
	t     *testing.T
	whole *monitor.Inventory
	sides []*side
	home  []monitor.Shard
	place map[monitor.ID]monitor.ID // of an object in its own shard
	post  []letter
}

func newCouncil(t *testing.T, whole *monitor.Inventory, shards int, home []monitor.Shard) *council {
	c := &council{t: t, whole: whole, home: home, place: map[monitor.ID]monitor.ID{}}
	for _, p := range cutUp(whole, shards, home) {
		one, err := core.New(p.inv, 7, core.Seed{Start: t0, Triggers: trigger.Compile})
		if err != nil {
			t.Fatal(err)
		}
		one.Begin(t0)
		for own, id := range p.whole {
			c.place[id] = monitor.ID(own)
		}
		c.sides = append(c.sides, &side{part: p, core: one})
	}
	return c
}

// of gives the shard of an object.
func (c *council) of(id monitor.ID) *side { return c.sides[c.home[c.whole.HostOf(id)]] }

// named gives the shard of a host; the first for one that is not there.
func (c *council) named(host string) *side {
	for id := range c.whole.Hosts {
		if c.whole.Hosts[id].Name == host {
			return c.of(monitor.ID(id))
		}
	}
	return c.sides[0]
}

// do has one shard do something, and then all of them what follows from that.
func (c *council) do(now monitor.Time, s *side, d *core.Decisions, f func(one *core.Core, d *core.Decisions)) {
	c.ask(s, d, f)
	for n := 0; len(c.post) > 0; n++ {
		if n == 100_000 {
			c.t.Fatal("the shards never cease to write to each other")
		}
		l := c.post[0]
		c.post = c.post[1:]
		c.ask(c.sides[l.to], d, func(one *core.Core, d *core.Decisions) {
			switch what := l.what.(type) {
			case monitor.BorderInquiry:
				one.InquireBorder(now, []monitor.BorderInquiry{what}, d)
			case monitor.BorderState:
				one.TellBorder(now, []monitor.BorderState{what}, d)
			case monitor.BorderToll:
				one.TakeTolls(now, []monitor.BorderToll{what}, d)
			case monitor.SourceInquiry:
				one.Inquire(now, []monitor.SourceInquiry{what}, d)
			case monitor.SourceState:
				one.Told(now, []monitor.SourceState{what}, d)
			}
		})
	}
	d.Wake = 0
	for _, s := range c.sides {
		if s.wake != 0 && (d.Wake == 0 || s.wake < d.Wake) {
			d.Wake = s.wake
		}
	}
}

func (c *council) ask(s *side, d *core.Decisions, f func(one *core.Core, d *core.Decisions)) {
	var own core.Decisions
	f(s.core, &own)
	for _, j := range own.Jobs {
		j.Object = s.whole[j.Object]
		d.Jobs = append(d.Jobs, j)
	}
	d.Broks = append(d.Broks, own.Broks...)
	for _, l := range own.BorderInquiries {
		c.post = append(c.post, letter{to: l.To, what: l.What})
	}
	for _, l := range own.BorderStates {
		c.post = append(c.post, letter{to: l.To, what: l.What})
	}
	for _, l := range own.BorderTolls {
		c.post = append(c.post, letter{to: l.To, what: l.What})
	}
	for _, q := range own.Inquiries {
		for to := range c.sides {
			c.post = append(c.post, letter{to: monitor.Shard(to), what: q})
		}
	}
	for _, l := range own.Tellings {
		c.post = append(c.post, letter{to: l.To, what: l.What})
	}
	if own.Wake != 0 {
		s.wake = own.Wake
	}
}

func (c *council) Tick(now monitor.Time, d *core.Decisions) {
	for _, s := range c.sides {
		c.do(now, s, d, func(one *core.Core, d *core.Decisions) { one.Tick(now, d) })
	}
}

func (c *council) Observe(now monitor.Time, results []monitor.Result, d *core.Decisions) {
	for _, r := range results {
		s := c.of(r.Object)
		r.Object = c.place[r.Object]
		c.do(now, s, d, func(one *core.Core, d *core.Decisions) { one.Observe(now, []monitor.Result{r}, d) })
	}
}

func (c *council) Submit(now monitor.Time, results []monitor.Submission, d *core.Decisions) {
	for _, r := range results {
		c.do(now, c.named(r.Host), d, func(one *core.Core, d *core.Decisions) { one.Submit(now, []monitor.Submission{r}, d) })
	}
}

func (c *council) Orphan(now monitor.Time, jobs []core.JobKey, d *core.Decisions) {
	for _, k := range jobs {
		s := c.of(k.Object)
		k.Object = c.place[k.Object]
		c.do(now, s, d, func(one *core.Core, d *core.Decisions) { one.Orphan(now, []core.JobKey{k}, d) })
	}
}

// Obey gives a command that is about no host to all; it is refused if all refuse it.
func (c *council) Obey(now monitor.Time, r command.Request, d *core.Decisions) (err error) {
	to := c.sides
	if r.Ref.Host != "" {
		to = []*side{c.named(r.Ref.Host)}
	}
	if on, further := to[0].core.Onward(r); r.Ref.Host != "" {
		for _, shard := range on {
			c.do(now, c.sides[shard], d, func(one *core.Core, d *core.Decisions) {
				if err := one.Obey(now, further, d); err != nil {
					c.t.Errorf("%s: shard %d refuses what it was handed: %v", r.Name, shard, err)
				}
			})
		}
	}
	refused := 0
	for _, s := range to {
		c.do(now, s, d, func(one *core.Core, d *core.Decisions) {
			if no := one.Obey(now, r, d); no != nil {
				err = no
				refused++
			}
		})
	}
	if refused < len(to) {
		return nil
	}
	return err
}

func (c *council) Arrive(now monitor.Time, arrivals []monitor.Arrival, d *core.Decisions) {
	for _, s := range c.sides {
		c.do(now, s, d, func(one *core.Core, d *core.Decisions) { one.Arrive(now, arrivals, d) })
	}
}

func (c *council) Explain(now monitor.Time, ref monitor.Ref) (monitor.Explanation, bool) {
	return c.named(ref.Host).core.Explain(now, ref)
}

func (c *council) Status(id monitor.ID) monitor.Status { return c.of(id).core.Status(c.place[id]) }

// tiedTogether gives a shard at random to each host, the same one to those that anything but parents ties together.
func tiedTogether(r *rand.Rand, inv *monitor.Inventory, shards int) []monitor.Shard {
	home := atRandom(r, inv, shards)
	for range len(inv.Hosts) {
		tie := func(a, b monitor.ID) {
			a, b = inv.HostOf(a), inv.HostOf(b)
			home[a] = min(home[a], home[b])
			home[b] = home[a]
		}
		for _, d := range inv.Dependencies {
			tie(d.Master, d.Dependent)
		}
		for _, e := range inv.ServiceParents {
			tie(e.Parent, e.Child)
		}
		if len(inv.Rules)+len(inv.Triggers) > 0 { // the files name their members in other ways than by numbers
			for id := range inv.Hosts {
				tie(0, monitor.ID(id))
			}
		}
	}
	return home
}

// decided gives what a script's play decided: verdicts, alerts, and who was told, sorted for each block of the script.
func decided(played string) (all []string) {
	var block []string
	for line := range strings.Lines(played) {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
			slices.Sort(block)
			all = append(all, block...)
			block = nil
		case strings.HasPrefix(line, "= "), strings.Contains(line, " ALERT: "), strings.Contains(line, " NOTIFICATION: "):
			block = append(block, line)
		}
	}
	slices.Sort(block)
	return append(all, block...)
}

// undivided are scripts that are about more than parents and children, and why they are decided otherwise in several shards.
var undivided = map[string]string{
	"isolation":           "that a poller sees nothing shows in the results of its shard",
	"downtimes_contact":   "each shard enters a contact's downtime",
	"downtimes_triggered": "a downtime is triggered by one of the same shard",
}

// The scripts say what the core decides. Where several cores look after parts of their networks, cut between parents and
// children at random, they decide the same.
func TestScriptsAreDecidedAlikeWhereverTheirNetworksAreCut(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		if undivided[name] != "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want := decided(string(data))
			for seed := range uint64(6) {
				s := &script{t: t, world: newWorld(), make: func(s *script) engine {
					return newCouncil(t, s.inv, 3, tiedTogether(rand.New(rand.NewPCG(seed, 5)), s.inv, 3))
				}}
				if diff := cmp.Diff(want, decided(playScript(s, string(data)))); diff != "" {
					t.Fatalf("cut %d decides otherwise (-whole +cut):\n%s", seed, diff)
				}
			}
		})
	}
}
