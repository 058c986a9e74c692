package outline_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/broker/outline"
	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// site is a configuration that tests write down host by host, in as many shards as they like, and how its hosts are.
type site struct {
	hosts []planned
	where map[string]int
	view  *view.View
	now   monitor.Time
}

type planned struct {
	name    string
	shard   int
	parents []string
}

func newSite() *site { return &site{where: map[string]int{}, view: view.New(), now: 1e18} }

func (s *site) add(shard int, name string, parents ...string) {
	s.where[name] = len(s.hosts)
	s.hosts = append(s.hosts, planned{name, shard, parents})
}

// catalog gives the configuration; parents of other shards become border hosts.
func (s *site) catalog() *catalog.Catalog {
	var all []*monitor.Inventory
	ids := map[string]monitor.ID{}
	for _, h := range s.hosts {
		for len(all) <= h.shard {
			all = append(all, &monitor.Inventory{Shard: monitor.Shard(len(all)), Policies: make([]monitor.Policy, 1)})
		}
		inv := all[h.shard]
		ids[h.name] = monitor.ID(len(inv.Hosts))
		inv.Hosts = append(inv.Hosts, monitor.Host{Name: h.name})
	}
	for _, h := range s.hosts {
		inv := all[h.shard]
		for _, parent := range h.parents {
			if p := s.hosts[s.where[parent]]; p.shard == h.shard {
				inv.Hosts[ids[h.name]].Parents = append(inv.Hosts[ids[h.name]].Parents, ids[parent])
			} else {
				inv.Border = append(inv.Border, monitor.BorderHost{Name: parent, Shard: monitor.Shard(p.shard)})
				inv.BorderEdges = append(inv.BorderEdges, monitor.Edge{Child: ids[h.name], Parent: monitor.ID(inv.Objects() + len(inv.Border) - 1)})
			}
		}
	}
	return catalog.New(all)
}

func (s *site) is(name string, state monitor.State, more func(*monitor.Status)) {
	s.now++
	st := monitor.Status{Ref: monitor.Ref{Host: name}, State: state, Type: monitor.Hard, LastChange: s.now, LastCheck: s.now}
	if more != nil {
		more(&st)
	}
	s.view.Apply(&monitor.Brok{Kind: monitor.BrokState, Time: s.now, Status: &st})
}

func (s *site) up() {
	for _, h := range s.hosts {
		s.is(h.name, monitor.Up, nil)
	}
}

// down makes a root problem, out an impact of one.
func (s *site) down(name string) {
	s.is(name, monitor.Down, func(st *monitor.Status) { st.Problem = true })
}

func (s *site) out(name, root string) {
	s.is(name, monitor.Unreachable, func(st *monitor.Status) { st.Impact, st.Sources = true, []monitor.Ref{{Host: root}} })
}

func (s *site) draw(q outline.Query) *outline.Picture {
	return outline.NewMap(catalog.NewIndex(s.catalog())).Look(s.view.Snapshot()).Draw(q)
}

// list writes a picture down: a line a node, two blanks a level.
func list(p *outline.Picture) string {
	var b strings.Builder
	for _, n := range p.Nodes {
		fmt.Fprintf(&b, "%s", strings.Repeat("  ", n.Level))
		if n.Host != "" {
			fmt.Fprintf(&b, "%s %s", n.Host, n.Kind)
		} else {
			fmt.Fprintf(&b, "%s…%s %d %s", n.First, n.Last, n.Count, n.Kind)
		}
		for _, c := range []struct {
			n    int
			word string
		}{{n.Behind, "behind"}, {n.Down, "down"}, {n.Handled, "handled"}, {n.Out, "out"}} {
			if c.n > 0 {
				fmt.Fprintf(&b, ", %d %s", c.n, c.word)
			}
		}
		if n.Alone {
			b.WriteString(", alone")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// office is a core with floors, of which each has racks with servers.
func office(floors, racks, servers int) *site {
	s := newSite()
	s.add(0, "core")
	for f := range floors {
		floor := fmt.Sprintf("floor-%d", f+1)
		s.add(0, floor, "core")
		for r := range racks {
			rack := fmt.Sprintf("%s-rack-%d", floor, r+1)
			s.add(0, rack, floor)
			for i := range servers {
				s.add(0, fmt.Sprintf("%s-server-%d", rack, i+1), rack)
			}
		}
	}
	return s
}

func TestWhatIsWellIsFoldedAndWhatIsBrokenStandsWithTheWayToIt(t *testing.T) {
	s := office(12, 10, 16)
	s.add(0, "lone-1")
	s.add(0, "lone-2")
	for i := range 5 {
		s.add(0, fmt.Sprintf("lonely-%d", i))
	}
	s.up()
	s.down("floor-3-rack-2")
	for i := range 16 {
		s.out(fmt.Sprintf("floor-3-rack-2-server-%d", i+1), "floor-3-rack-2")
	}
	s.down("floor-11-rack-1-server-9")
	want := `core fine
  floor-1…floor-12 10 fine, 1700 behind
  floor-3 fine
    floor-3-rack-1…floor-3-rack-10 9 fine, 144 behind
    floor-3-rack-2 broken, 16 behind, 16 out
  floor-11 fine
    floor-11-rack-1 fine
      floor-11-rack-1-server-1…floor-11-rack-1-server-16 15 fine
      floor-11-rack-1-server-9 broken
    floor-11-rack-2…floor-11-rack-10 9 fine, 144 behind
lone-1…lonely-4 7 fine, alone
`
	if diff := cmp.Diff(want, list(s.draw(outline.Query{}))); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// edgesOf gives the edges of a kind as from > to.
func edgesOf(p *outline.Picture, kind string) (all []string) {
	for _, e := range p.Edges {
		if e.Kind == kind {
			all = append(all, strings.TrimPrefix(e.From, "h:")+" > "+strings.TrimPrefix(e.To, "h:"))
		}
	}
	return all
}

func TestAHostWithoutParentsHangsFromWhoSpeaksForItThoughAllIsWell(t *testing.T) {
	s := newSite()
	s.add(0, "core")
	s.add(0, "vcenter", "core")
	s.add(1, "vm-1")
	s.add(0, "vm-2", "core")
	s.add(0, "alone")
	s.up()
	m := outline.NewMap(catalog.NewIndex(s.catalog()), outline.Feed{Target: "vm-1", Source: "vcenter"}, outline.Feed{Target: "vm-2", Source: "vcenter"},
		outline.Feed{Target: "nobody", Source: "vcenter"}, outline.Feed{Target: "alone", Source: "alone"}, outline.Feed{Target: "alone", Source: "elsewhere"})
	p := m.Look(s.view.Snapshot()).Draw(outline.Query{})
	if diff := cmp.Diff([]string{"vcenter > vm-1", "vcenter > vm-2"}, edgesOf(p, "feeds")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"core > vcenter", "core > vm-2"}, edgesOf(p, "parent")); diff != "" {
		t.Error(diff)
	}
	for _, n := range p.Nodes {
		if want := map[string]string{"vm-1": "h:vcenter", "vm-2": "h:core"}[n.Host]; want != "" && n.Trunk != want {
			t.Errorf("%s hangs from %s, want %s", n.Host, n.Trunk, want)
		}
	}
}

func TestTwoHostsThatSpeakForEachOtherStandInThePictureOnceEach(t *testing.T) {
	s := newSite()
	s.add(0, "a")
	s.add(0, "b")
	s.up()
	p := outline.NewMap(catalog.NewIndex(s.catalog()), outline.Feed{Target: "a", Source: "b"}, outline.Feed{Target: "b", Source: "a"}).Look(s.view.Snapshot()).Draw(outline.Query{})
	if len(p.Nodes) != 2 {
		t.Errorf("%d nodes: %+v", len(p.Nodes), p.Nodes)
	}
}

func TestABusinessRuleHasLinesToWhatItFollowsFrom(t *testing.T) {
	s := newSite()
	s.add(0, "core")
	for i := range 60 {
		s.add(0, fmt.Sprintf("web-%d", i+1), "core")
	}
	s.add(0, "shop")
	s.add(0, "wrong")
	s.up()
	c := s.catalog()
	inv := c.Inventories[0]
	inv.Rules = []monitor.Rule{{Object: 61, Expression: "web-1 & core & $HOSTNAME$ & web-60"}, {Object: 62, Expression: "(core & nobody"}}
	m := outline.NewMap(catalog.NewIndex(c))
	p := m.Look(s.view.Snapshot()).Draw(outline.Query{})
	if diff := cmp.Diff([]string{"shop > core"}, edgesOf(p, "rule")); diff != "" {
		t.Errorf("to what the others are folded into: %s", diff)
	}
	around := edgesOf(m.Look(s.view.Snapshot()).Draw(outline.Query{Around: "shop"}), "rule")
	if diff := cmp.Diff([]string{"shop > core", "shop > web-1", "shop > web-60"}, around); diff != "" {
		t.Error(diff)
	}
}
