package outline_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/onbu/onbu/broker/outline"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// random is a site in which chance decides who stands behind whom, where it lives and how it is. Where circles is set some stand behind
// themselves, as while a reload is under way.
func random(seed uint64, hosts int, circles bool) *site {
	r := rand.New(rand.NewPCG(seed, 1))
	s := newSite()
	for i := range hosts {
		var parents []string
		for range r.IntN(3) {
			n := i
			if circles {
				n = hosts
			}
			if n > 0 {
				parents = append(parents, fmt.Sprint("host-", r.IntN(n)))
			}
		}
		s.add(r.IntN(3), fmt.Sprint("host-", i), slices.Compact(parents)...)
	}
	for i := range hosts {
		name := fmt.Sprint("host-", i)
		switch r.IntN(30) {
		case 0:
			s.down(name)
		case 1, 2:
			s.out(name, fmt.Sprint("host-", r.IntN(hosts)))
		case 3: // never heard of
		default:
			s.is(name, monitor.Up, nil)
		}
	}
	return s
}

// flaw says what is wrong with a picture: what must hold whatever it shows.
func flaw(s *site, p *outline.Picture) string {
	shown := map[string]string{} // host to node
	ids := map[string]*outline.Node{}
	for i := range p.Nodes {
		n := &p.Nodes[i]
		switch {
		case ids[n.ID] != nil:
			return "twice: " + n.ID
		case n.Trunk != "" && ids[n.Trunk] == nil:
			return n.ID + " hangs from " + n.Trunk + ", which does not stand before it"
		case n.Trunk != "" && n.Level != ids[n.Trunk].Level+1:
			return n.ID + " is not one level behind what it hangs from"
		}
		ids[n.ID] = n
		if n.Host != "" {
			shown[n.Host] = n.ID
		}
	}
	edges := map[[2]string]bool{}
	for _, e := range p.Edges {
		if ids[e.From] == nil || ids[e.To] == nil {
			return fmt.Sprintf("an edge from nowhere: %+v", e)
		}
		edges[[2]string{e.From, e.To}] = edges[[2]string{e.From, e.To}] || e.Kind == "parent"
	}
	for _, h := range s.hosts {
		for _, parent := range h.parents {
			from, to := shown[parent], shown[h.name]
			if from != "" && to != "" && from != to && !edges[[2]string{from, to}] {
				return fmt.Sprintf("no edge from %s to %s", parent, h.name)
			}
		}
	}
	if len(p.Nodes) > 700 {
		return fmt.Sprintf("%d nodes", len(p.Nodes))
	}
	return ""
}

// hosts is how many hosts are in a picture of all trees, on their own, in groups or folded.
func hosts(p *outline.Picture) (n int) {
	for _, node := range p.Nodes {
		n += max(node.Count, 1) + node.Behind
	}
	return n
}

func TestNoHostIsLostOrTwiceWhateverIsFolded(t *testing.T) {
	for seed := range uint64(60) {
		circles := seed%4 == 3
		s := random(seed, 5+int(seed)*9, circles)
		present := outline.NewMap(catalog.NewIndex(s.catalog())).Look(s.view.Snapshot())
		r := rand.New(rand.NewPCG(seed, 2))
		q := outline.Query{}
		for range 6 {
			p := present.Draw(q)
			if wrong := flaw(s, p); wrong != "" {
				t.Fatalf("seed %d, %+v: %s\n%s", seed, q, wrong, list(p))
			}
			if got := hosts(p); q.Around == "" && got != len(s.hosts) {
				t.Fatalf("seed %d, %+v: %d hosts, want %d\n%s", seed, q, got, len(s.hosts), list(p))
			}
			if q.Around != "" && !strings.Contains("\n"+list(p), q.Around+" ") {
				t.Fatalf("seed %d: the picture around %s does not have it\n%s", seed, q.Around, list(p))
			}
			one := p.Nodes[r.IntN(len(p.Nodes))]
			switch r.IntN(4) {
			case 0:
				q.Around = fmt.Sprint("host-", r.IntN(len(s.hosts)))
			case 1:
				q.Shut = append(q.Shut, one.ID)
			default:
				q.Open = append(q.Open, one.ID)
			}
		}
	}
}

// A slow model: a root problem and all that it hangs from stand on their own.
func TestRootProblemsStandOnTheirOwn(t *testing.T) {
	for seed := range uint64(40) {
		s := random(seed, 150, false)
		p := s.draw(outline.Query{})
		kinds := map[string]string{}
		for _, n := range p.Nodes {
			kinds[n.Host] = n.Kind
		}
		snapshot := s.view.Snapshot()
		for i := range snapshot.Hosts() {
			h := snapshot.Host(i)
			if w := h.Object().Seldom(); w != nil && w.Problem && kinds[h.Name()] != "broken" {
				t.Errorf("seed %d: %s is a root problem, and is shown as %q\n%s", seed, h.Name(), kinds[h.Name()], list(p))
			}
		}
	}
}

func TestTheSameIsDrawnEachTimeAndStatesMoveNothing(t *testing.T) {
	s := office(4, 3, 6)
	s.up()
	m := outline.NewMap(catalog.NewIndex(s.catalog()))
	before := m.Look(s.view.Snapshot()).Draw(outline.Query{})
	var kept []string
	for _, n := range before.Nodes {
		if n.Open {
			kept = append(kept, n.ID)
		}
	}
	s.is("floor-2", monitor.Down, func(st *monitor.Status) { st.Problem = true })
	after := m.Look(s.view.Snapshot()).Draw(outline.Query{Kept: kept})
	for i := range before.Nodes {
		if after.Nodes[i].Shape != before.Nodes[i].Shape {
			t.Errorf("%s became %+v", before.Nodes[i].ID, after.Nodes[i].Shape)
		}
	}
}

func TestACircleHangsFromItsFirstHost(t *testing.T) {
	s := newSite()
	s.add(0, "a", "c")
	s.add(0, "b", "a")
	s.add(0, "c", "b")
	s.add(0, "self", "self")
	s.up()
	want := "a fine\n  b fine\n    c fine\nself fine, alone\n"
	if got := strings.ReplaceAll(list(s.draw(outline.Query{})), "self fine\n", "self fine, alone\n"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestAPictureAroundAHostHasWhatIsInFrontOfItAndWhatIsBehind(t *testing.T) {
	s := office(6, 4, 5)
	s.add(1, "other")
	s.add(1, "other-behind", "other")
	s.add(1, "abroad", "floor-2-rack-1")
	s.up()
	want := `core fine
  floor-1…floor-6 5 fine, 120 behind
  floor-2 fine
    floor-2-rack-1 fine
      abroad fine
      floor-2-rack-1-server-1…floor-2-rack-1-server-5 5 fine
    floor-2-rack-2…floor-2-rack-4 3 fine, 15 behind
`
	p := s.draw(outline.Query{Around: "floor-2-rack-1"})
	if got := list(p); got != want || p.Trees != 1 {
		t.Errorf("%d other trees, want 1; got\n%swant\n%s", p.Trees, got, want)
	}
	if p := s.draw(outline.Query{Around: "<b>nobody</b>"}); !p.Unknown || len(p.Nodes) > 0 {
		t.Errorf("a host that is not there: %+v", p)
	}
}

func TestGroupsAreShownPageByPage(t *testing.T) {
	s := newSite()
	for i := range 100 {
		s.add(0, fmt.Sprint("host-", i))
	}
	s.up()
	q := outline.Query{}
	var got []int
	for range 4 {
		p := s.draw(q)
		got = append(got, len(p.Nodes))
		if last := p.Nodes[len(p.Nodes)-1]; last.Host == "" {
			q.Open = append(q.Open, last.ID)
		}
	}
	if want := []int{1, 41, 81, 100}; !slices.Equal(got, want) {
		t.Errorf("nodes: %v, want %v", got, want)
	}
}

func TestTenThousandHostsOfWhichMostAreBrokenStayReadable(t *testing.T) {
	s := office(10, 20, 49)
	for i, h := range s.hosts {
		if i%2 == 0 {
			s.down(h.name)
		} else {
			s.is(h.name, monitor.Up, nil)
		}
	}
	p := s.draw(outline.Query{})
	if wrong := flaw(s, p); wrong != "" || !p.Full && len(p.Nodes) < 50 || hosts(p) != len(s.hosts) {
		t.Errorf("%s; %d nodes of %d hosts", wrong, len(p.Nodes), hosts(p))
	}
}

func BenchmarkLook(b *testing.B) {
	s := office(10, 20, 49)
	s.up()
	m, snapshot := outline.NewMap(catalog.NewIndex(s.catalog())), s.view.Snapshot()
	for b.Loop() {
		m.Look(snapshot)
	}
}

func BenchmarkDraw(b *testing.B) {
	s := office(10, 20, 49)
	s.up()
	for i := range 30 {
		s.down(s.hosts[i*300+7].name)
	}
	present := outline.NewMap(catalog.NewIndex(s.catalog())).Look(s.view.Snapshot())
	for b.Loop() {
		present.Draw(outline.Query{})
	}
}

func BenchmarkMap(b *testing.B) {
	s := office(10, 20, 49)
	x := catalog.NewIndex(s.catalog())
	for b.Loop() {
		outline.NewMap(x)
	}
}
