package core_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
	"github.com/onbu/onbu/scheduler/core"
)

// crowd is a core with very many objects of one kind, which are told of by passive results.
type crowd struct {
	t    *testing.T
	core *core.Core
	inv  *monitor.Inventory
	now  monitor.Time
	d    core.Decisions
	told int // notifications of the last call of say
}

// newCrowd makes hosts with services, each worth something, and lets change what ties them.
func newCrowd(t *testing.T, hosts, services int, tie func(*monitor.Inventory)) *crowd {
	w := newWorld()
	w.define(t, "contact ada")
	w.define(t, "host h0 attempts=1 contacts=ada impact=2 options=d,u,r,w,c")
	inv := w.inventory()
	inv.Options.ParentWait, inv.Options.ImpactStates = time.Minute, true
	inv.HostGroups = []monitor.Group{{Name: "others"}}
	for h := 1; h < hosts; h++ {
		inv.Hosts = append(inv.Hosts, monitor.Host{Name: fmt.Sprintf("h%d", h)})
		inv.HostGroups[0].Members = append(inv.HostGroups[0].Members, monitor.ID(h))
	}
	for s := range services {
		inv.Services = append(inv.Services, monitor.Service{Description: fmt.Sprintf("s%d", s)})
	}
	tie(inv)
	c := &crowd{t: t, core: started(t, inv), inv: inv, now: t0}
	c.core.Begin(t0)
	c.say(0, inv.Objects(), monitor.OK)
	c.now = c.now.Add(time.Minute)
	return c
}

// call makes one call of the core. It takes milliseconds here; what grew with the square of the numbers would take from ten
// seconds to minutes, and the limit of all tests would end it.
func (c *crowd) call(f func()) {
	c.d.Reset()
	f()
}

// say has objects report a state, all in one call, and answers the checks that come of it in the same way.
func (c *crowd) say(from, to int, state monitor.State) {
	c.t.Helper()
	c.now = c.now.Add(time.Second)
	var subs []monitor.Submission
	for id := from; id < to; id++ {
		subs = append(subs, monitor.Submission{Ref: c.inv.Ref(monitor.ID(id)), Outcome: monitor.Outcome{State: state}})
	}
	c.call(func() { c.core.Submit(c.now, subs, &c.d) })
	c.told = 0
	for i := range c.d.Broks {
		if c.d.Broks[i].Kind == monitor.BrokNotification {
			c.told++
		}
	}
	var results []monitor.Result
	for i := range c.d.Jobs {
		results = append(results, answer(&c.d.Jobs[i], c.now, state))
	}
	c.call(func() { c.core.Observe(c.now, results, &c.d) })
}

func (c *crowd) tick(after time.Duration) {
	c.t.Helper()
	c.now = c.now.Add(after)
	c.call(func() { c.core.Tick(c.now, &c.d) })
}

func (c *crowd) obey(line string) {
	c.t.Helper()
	r, err := command.Parse(line, c.now)
	if err != nil {
		c.t.Fatal(err)
	}
	c.call(func() { err = c.core.Obey(c.now, r, &c.d) })
	if err != nil {
		c.t.Fatal(err)
	}
}

func TestAMasterMayHaveVeryManyDependents(t *testing.T) {
	for _, inherited := range []bool{false, true} {
		c := newCrowd(t, 50_000, 0, func(inv *monitor.Inventory) {
			for id := monitor.ID(1); id < 50_000; id++ {
				d := monitor.Dependency{Dependent: id, Notification: monitor.OnDown, Period: monitor.None, Inherits: inherited}
				if inherited && id > 100 {
					d.Master = 1 + id%100
				}
				inv.Dependencies = append(inv.Dependencies, d)
			}
		})
		c.say(0, 1, monitor.Down)
		if got, want := len(c.core.Status(49_999).Sources), 1; got != want {
			t.Fatalf("the last dependent suffers from %d roots, want %d", got, want)
		}
		c.say(1, 5000, monitor.Down)
		c.say(1, 5000, monitor.Up)
		c.say(0, 1, monitor.Up)
	}
}

func TestAHostMayHaveVeryManyServices(t *testing.T) {
	c := newCrowd(t, 1, 30_000, func(*monitor.Inventory) {})
	c.say(0, 30_001, monitor.Down)
	if got, want := c.core.Status(0).BusinessImpact, int8(2); got != want {
		t.Errorf("the host is worth %d, want %d", got, want)
	}
	c.say(1, 30_001, monitor.OK)
	c.say(0, 1, monitor.Up)
}

func TestARuleMayHaveVeryManyMembers(t *testing.T) {
	c := newCrowd(t, 30_001, 0, func(inv *monitor.Inventory) {
		inv.Hosts[0].Check.Command = monitor.None
		inv.Rules = []monitor.Rule{{Object: 0, Expression: "50%,50%,50% of: g:others"}}
	})
	c.say(1, 20_000, monitor.Down)
	if s := c.core.Status(0); s.State != monitor.Down || !s.Impact {
		t.Errorf("the rule is %v, impact=%v; want DOWN because of its members", s.State, s.Impact)
	}
	c.say(1, 20_000, monitor.Up)
}

func TestVeryManyDowntimesMayEndInOneSecond(t *testing.T) {
	c := newCrowd(t, 20_000, 0, func(*monitor.Inventory) {})
	span := fmt.Sprintf("%d;%d", c.now/1e9+60, c.now/1e9+120)
	c.obey("SCHEDULE_HOSTGROUP_HOST_DOWNTIME;others;" + span + ";1;0;0;ada;x")
	c.obey("DEL_DOWNTIME_BY_HOSTGROUP_NAME;others;;;;x")
	c.obey("SCHEDULE_HOSTGROUP_HOST_DOWNTIME;others;" + span + ";1;0;0;ada;x")
	for n := range 10_000 {
		c.obey(fmt.Sprintf("SCHEDULE_HOST_DOWNTIME;h0;%s;1;0;0;ada;%d", span, n))
	}
	c.tick(time.Minute)
	if c.core.Status(1).DowntimeDepth == 0 {
		t.Error("not in its downtime")
	}
	c.tick(time.Minute)
	if c.core.Status(1).DowntimeDepth != 0 {
		t.Error("still in its downtime")
	}
}

func TestVeryManyContactsMayBeTold(t *testing.T) {
	c := newCrowd(t, 1, 0, func(inv *monitor.Inventory) {
		for n := range uint32(1500) {
			contact := inv.Contacts[0]
			contact.Name = fmt.Sprint("c", n)
			inv.Contacts = append(inv.Contacts, contact)
			inv.Policies[0].Contacts = append(inv.Policies[0].Contacts, n+1)
		}
	})
	for range 3 {
		c.now = c.now.Add(2 * time.Hour)
		c.say(0, 1, monitor.Down)
	}
	c.say(0, 1, monitor.Up)
	if c.told != 1501 {
		t.Errorf("%d contacts were told of the end, want all 1501", c.told)
	}
}

// Hosts that only report by themselves stand two by two behind each other: there are 2^25 ways up to the one that can be
// looked at.
func TestVeryManyWaysUpAreOneQuestion(t *testing.T) {
	const levels = 25
	c := newCrowd(t, 2+2*levels, 0, func(inv *monitor.Inventory) {
		last := monitor.ID(len(inv.Hosts) - 1)
		for id := monitor.ID(1); id <= last; id++ {
			if id < last {
				inv.Hosts[id].Check.Command = monitor.None
			}
			if a := (id-1)/2*2 - 1; id > 2 {
				inv.Hosts[id].Parents = []monitor.ID{a, a + 1}
			} else {
				inv.Hosts[id].Parents = []monitor.ID{0}
			}
		}
	})
	c.now = c.now.Add(time.Minute)
	last := 1 + 2*levels
	c.call(func() {
		c.core.Submit(c.now, []monitor.Submission{{Ref: c.inv.Ref(monitor.ID(last)), Outcome: monitor.Outcome{State: monitor.Down}}}, &c.d)
	})
	if len(c.d.Jobs) != 1 || c.d.Jobs[0].Object != 0 {
		t.Errorf("asked for %d checks, want one of the host at the top", len(c.d.Jobs))
	}
}
