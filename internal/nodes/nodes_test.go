package nodes_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/nodes"
	"github.com/onbu/onbu/internal/nodes/cover"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

// site is a bus with what nodes put there.
type site struct {
	bus.Conn
	t    *testing.T
	told []string
}

func newSite(t *testing.T) *site {
	s := &site{Conn: membus.New().Connect("test"), t: t}
	s.must(s.Prepare(t.Context()))
	return s
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// put replaces a value.
func (s *site) put(b bus.Bucket, key string, v any) {
	s.t.Helper()
	e, _ := s.Get(s.t.Context(), b, key)
	_, err := s.Put(s.t.Context(), b, key, wire.Marshal(v), e.Revision)
	s.must(err)
}

func (s *site) beats(h wire.Heartbeat) {
	s.t.Helper()
	s.put(bus.HB, bus.BeatKey(h.Role, h.Name), h)
	s.put(bus.NODE, bus.KnownKey(h.Role, h.Name), wire.KnownRole{Beat: h, At: 7e9})
}

func (s *site) look() []api.Role {
	s.t.Helper()
	all, err := nodes.Look(s.t.Context(), s)
	s.must(err)
	return all
}

func (s *site) give(o api.Order) error {
	return nodes.Give(s.t.Context(), s, func(kind, about, why string) { s.told = append(s.told, kind+": "+about+": "+why) }, o)
}

// words gives a roster in short: NODE ROLE MODE STATE.
func words(all []api.Role) (out []string) {
	for i := range all {
		r := &all[i]
		line := strings.Join([]string{r.Node, r.Role, r.Mode, r.State}, " ")
		if r.Ordered != "" {
			line += " (" + r.Ordered + ")"
		}
		if r.Why != "" {
			line += ": " + r.Why
		}
		out = append(out, line)
	}
	return out
}

func TestTheRosterHasWhoWorksWhoStandsByAndWhoIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.put(bus.NODE, bus.KnownKey("poller", "old"), wire.KnownRole{Beat: wire.Heartbeat{Role: "poller", Name: "old", Load: map[string]int64{"running": 3}}, At: 5e9})
		s.put(bus.NODE, bus.KnownKey("poller", "gone"), wire.KnownRole{Beat: wire.Heartbeat{Role: "poller", Name: "gone"}, At: 5e9, Ended: true})
		s.put(bus.NODE, bus.KnownKey("poller", "moved"), wire.KnownRole{Beat: wire.Heartbeat{Role: "poller", Name: "moved"}, At: 5e9, Ended: true})
		s.must(s.give(api.Order{Node: "moved", State: "disconnected"}))
		s.beats(wire.Heartbeat{Role: "scheduler", Name: "b"})
		s.beats(wire.Heartbeat{Role: "scheduler", Name: "a", State: wire.NodeUp, Version: "v1", Wire: 1, Since: 3e9, Load: map[string]int64{"running": 9}})
		s.beats(wire.Heartbeat{Role: "arbiter", Name: "a"})
		s.beats(wire.Heartbeat{Role: "arbiter", Name: "b"})
		s.beats(wire.Heartbeat{Role: "poller", Name: "b", State: wire.NodeDraining})
		s.must(s.give(api.Order{Node: "b", Role: "poller", State: "maintenance", Why: "kernel"}))
		s.put(bus.LEASE, bus.LeaseKey(3), wire.Lease{Owner: "a", Epoch: 41})
		s.put(bus.LEASE, bus.LeaseKey(0), wire.Lease{Owner: "a", Epoch: 40})
		s.put(bus.LEASE, "role.arbiter", wire.Lease{Owner: "b"})
		_, err := s.Put(t.Context(), bus.HB, "poller.rubbish", []byte("rubbish"), 0)
		s.must(err)
		all := s.look()
		want := []string{
			"a arbiter S up", "a scheduler M up", "b arbiter M up", "b scheduler S up", "b poller M draining (maintenance): kernel",
			"gone poller  ended", "moved poller  disconnected", "old poller  silent",
		}
		if diff := cmp.Diff(want, words(all)); diff != "" {
			t.Error(diff)
		}
		a := all[1]
		wantA := api.Role{
			Node: "a", Role: "scheduler", State: "up", Mode: "M", Shards: []uint16{0, 3}, Epoch: 41, Load: map[string]int64{"running": 9},
			Version: "v1", Wire: 1, Since: 3,
		}
		if diff := cmp.Diff(wantA, a); diff != "" {
			t.Error(diff)
		}
		if old := all[7]; old.Seen != 5 || old.Load != nil || old.There() {
			t.Errorf("the silent one: %+v", old)
		}
		time.Sleep(16 * time.Second)
		if got := words(s.look()); got[1] != "a scheduler  silent" {
			t.Errorf("16 s later: %q", got)
		}
	})
}

func TestOrdersAreForTheWholeNodeOrARole(t *testing.T) {
	s := newSite(t)
	ordered := func(role string) string {
		e, err := s.Get(t.Context(), bus.NODE, bus.OrderKey("a"))
		var o wire.NodeOrder
		if err == nil {
			s.must(wire.Unmarshal(e.Value, &o))
		}
		return o.For(role).State.String()
	}
	steps := []struct {
		order             api.Order
		refused           bool
		poller, scheduler string
	}{
		{order: api.Order{Role: "poller", State: "maintenance", By: "ann", Why: "cable"}, poller: "maintenance", scheduler: "up"},
		{order: api.Order{State: "maintenance", Drain: true}, poller: "maintenance", scheduler: "maintenance"},
		{order: api.Order{Role: "poller", State: "up"}, refused: true, poller: "maintenance", scheduler: "maintenance"},
		{order: api.Order{State: "up"}, poller: "up", scheduler: "up"},
		{order: api.Order{State: "up"}, poller: "up", scheduler: "up"},
		{order: api.Order{State: "asleep"}, refused: true, poller: "up", scheduler: "up"},
		{order: api.Order{Role: "poller", State: "disconnected"}, refused: true, poller: "up", scheduler: "up"},
		{order: api.Order{State: "maintenance", Why: strings.Repeat("x", 501)}, refused: true, poller: "up", scheduler: "up"},
	}
	for i, step := range steps {
		step.order.Node = "a"
		if err := s.give(step.order); (err != nil) != step.refused {
			t.Errorf("step %d: %v", i, err)
		}
		if p, c := ordered("poller"), ordered("scheduler"); p != step.poller || c != step.scheduler {
			t.Errorf("step %d: poller %s, scheduler %s", i, p, c)
		}
	}
	want := []string{
		"ordered: poller of a: maintenance, by ann: cable", "ordered: node a: maintenance, with what is under way ended first",
		"ordered: node a: up", "ordered: node a: up",
	}
	if diff := cmp.Diff(want, s.told); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyWhoIsNotThereIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.beats(wire.Heartbeat{Role: "poller", Name: "a"})
		s.must(s.give(api.Order{Node: "a", State: "maintenance"}))
		var told monitor.Chronicle = func(kind, about, _ string) { s.told = append(s.told, kind+" "+about) }
		if err := nodes.Forget(t.Context(), s, told, "a"); err == nil {
			t.Error("one that is there is forgotten")
		}
		if err := nodes.Forget(t.Context(), s, told, "nobody"); err == nil {
			t.Error("one that never was is forgotten")
		}
		time.Sleep(16 * time.Second)
		s.must(nodes.Forget(t.Context(), s, told, "a"))
		left, err := s.List(t.Context(), bus.NODE, "")
		if len(left) != 0 || err != nil || len(s.look()) != 0 || s.told[len(s.told)-1] != "dissolved node a" {
			t.Errorf("left: %v, %v, %v, told %q", left, err, words(s.look()), s.told)
		}
	})
}

func TestAPlanSaysWhatBecomesOfEachRole(t *testing.T) {
	all := []api.Role{
		{Node: "a", Role: "scheduler", State: "up", Shards: []uint16{0, 1}},
		{Node: "a", Role: "poller", State: "up"},
		{Node: "b", Role: "scheduler", State: "up"},
		{Node: "b", Role: "poller", State: "maintenance"},
		{Node: "c", Role: "receiver", State: "silent", Seen: 1},
	}
	for _, c := range []struct {
		name     string
		order    api.Order
		then     []string
		warnings int
		err      bool
	}{
		{"the whole node", api.Order{Node: "a", State: "maintenance"}, []string{"maintenance; b takes its 2 shards", "maintenance; what is under way is given up; nobody is left who does its work"}, 1, false},
		{"drained", api.Order{Node: "a", Role: "poller", State: "maintenance", Drain: true}, []string{"maintenance; what is under way is ended first, for a minute at most; nobody is left who does its work"}, 1, false},
		{"one that does nothing", api.Order{Node: "b", Role: "poller", State: "maintenance"}, []string{"maintenance"}, 0, false},
		{"out of it", api.Order{Node: "b", Role: "poller", State: "up"}, []string{"works"}, 0, false},
		{"one that is away", api.Order{Node: "c", State: "maintenance"}, []string{"maintenance when it comes back"}, 0, false},
		{"nobody", api.Order{Node: "z", State: "up"}, nil, 0, true},
		{"no such role", api.Order{Node: "a", Role: "broker", State: "up"}, nil, 0, true},
	} {
		p, err := nodes.For(all, cover.Needs{}, c.order)
		var then []string
		for _, l := range p.Lines {
			then = append(then, l.Then)
		}
		if diff := cmp.Diff(c.then, then); diff != "" || len(p.Warnings) != c.warnings || (err != nil) != c.err {
			t.Errorf("%s: %s %q %v", c.name, diff, p.Warnings, err)
		}
	}
	if _, err := nodes.For(all, cover.Needs{}, api.Order{Node: "a", Role: "foo", State: "up"}); !errors.Is(err, nodes.ErrNobody) || err.Error() != "a has no role foo: it has scheduler, poller" {
		t.Errorf("of a role that there is not: %v", err)
	}
	p, err := nodes.For(all, cover.Needs{}, api.Order{Node: "b", Role: "scheduler", State: "maintenance"})
	if err != nil || p.Lines[0].Then != "maintenance; it has no shards" {
		t.Errorf("of one without shards: %+v, %v", p.Lines, err)
	}
	if nodes.Stands(all, api.Order{Node: "a"}) || !nodes.Stands(all, api.Order{Node: "b"}) || nodes.Stands(all, api.Order{Node: "b", Role: "scheduler"}) {
		t.Error("what is ordered, and what is not, is not told apart")
	}
	if nodes.Done(all, api.Order{Node: "a", State: "maintenance"}) || !nodes.Done(all, api.Order{Node: "c", State: "up"}) {
		t.Error("what is done, and what is not, is not told apart")
	}
}

// A poller that is not the last one may be the last of its tag.
func TestAPlanWarnsOfATagThatNobodyElseServes(t *testing.T) {
	s := newSite(t)
	s.put(bus.CFG, "current", wire.Generation{Number: 1, PollerTags: []string{"None", "dmz"}, ReactionnerTags: []string{"None"}})
	s.beats(wire.Heartbeat{Role: "poller", Name: "a", Tags: []string{"None"}})
	s.beats(wire.Heartbeat{Role: "poller", Name: "b", Tags: []string{"dmz"}})
	s.beats(wire.Heartbeat{Role: "poller", Name: "c", Tags: []string{"None"}})
	s.beats(wire.Heartbeat{Role: "reactionner", Name: "a", Tags: []string{"None"}})
	if gaps, err := nodes.Gaps(t.Context(), s); err != nil || len(gaps) != 0 {
		t.Errorf("while all work: %+v, %v", gaps, err)
	}
	for node, want := range map[string][]string{
		"a": {"a has the last reactionner that works: nobody is told anything until one is back, when all that waits is sent"},
		"b": {"b has the last poller that works and serves the poller_tag dmz: no active check with the tag dmz is made"},
		"c": {},
	} {
		p, err := nodes.PlanOf(t.Context(), s, api.Order{Node: node, State: "maintenance"})
		if diff := cmp.Diff(want, p.Warnings); diff != "" || err != nil {
			t.Errorf("%s: %v %s", node, err, diff)
		}
		if then := p.Lines[len(p.Lines)-1].Then; node != "b" && !strings.HasSuffix(then, "; "+map[string]string{"a": "c", "c": "a"}[node]+" does its work") {
			t.Errorf("%s: %q", node, then)
		}
	}
	s.beats(wire.Heartbeat{Role: "poller", Name: "b", State: wire.NodeMaintenance, Tags: []string{"dmz"}})
	gaps, err := nodes.Gaps(t.Context(), s)
	if diff := cmp.Diff([]api.Gap{{Role: "poller", Tag: "dmz", Lost: "no active check with the tag dmz is made", Idle: []string{"b is in maintenance"}}}, gaps); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if p, err := nodes.PlanOf(t.Context(), s, api.Order{Node: "b", State: "disconnected"}); err != nil || len(p.Warnings) != 0 {
		t.Errorf("what is lost already is no reason: %q %v", p.Warnings, err)
	}
	s.put(bus.CFG, "current", wire.Generation{Number: 2})
	if gaps, err := nodes.Gaps(t.Context(), s); err != nil || len(gaps) != 0 {
		t.Errorf("of an older arbiter: %+v, %v", gaps, err)
	}
}

func TestNoNodeIsStoppedWhileTheBusLacksAServer(t *testing.T) {
	all := []api.Role{
		{Node: "a", Role: "arbiter", State: "up", Load: map[string]int64{nodes.BusServersAway: 1}},
		{Node: "b", Role: "arbiter", State: "up"},
		{Node: "c", Role: "arbiter", State: "silent", Seen: 1},
	}
	for _, c := range []struct {
		order api.Order
		warns bool
	}{
		{api.Order{Node: "b", State: "disconnected"}, true},
		{api.Order{Node: "b", State: "maintenance"}, true},
		{api.Order{Node: "b", Role: "arbiter", State: "maintenance"}, false},
		{api.Order{Node: "b", State: "up"}, false},
		{api.Order{Node: "c", State: "disconnected"}, false}, // it is the one that is away
	} {
		p, err := nodes.For(all, cover.Needs{}, c.order)
		if warns := strings.Contains(strings.Join(p.Warnings, "\n"), "the bus lacks 1 of its servers"); warns != c.warns || err != nil {
			t.Errorf("%+v: %q, %v; want a warning: %v", c.order, p.Warnings, err, c.warns)
		}
	}
}
