package demo

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/arbiter"
	"github.com/onbu/onbu/arbiter/compile"
	"github.com/onbu/onbu/scheduler/simulate"
)

func TestTheDeadCoreSwitchIsOneRootWithAllOfPortoBehindIt(t *testing.T) {
	c, _ := arbiter.Load(written(t))
	inventory := compile.Compile(c, 1, 1, nil).Inventories[0]
	script, err := simulate.WhatIf(deadCore, simulate.Frame{Inventory: inventory, Zone: time.UTC, Lasts: 5 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	r, err := simulate.Run(t.Context(), inventory, script, simulate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Roots) != 1 || r.Roots[0].Host != deadCore || r.Roots[0].Impacts < 91 {
		t.Errorf("root problems: %+v, want %s alone, with 91 hosts and their services", r.Roots, deadCore)
	}
	for _, n := range r.Notifications {
		if n.Host != deadCore && n.Host != shop {
			t.Errorf("%s is told of %s %s, which only suffers", n.Contact, n.Host, n.Service)
		}
	}
}

// What the terminal says of the core switch is so.
func TestAsManyHostsAreBehindTheCoreSwitchAsTheStorySays(t *testing.T) {
	s, lost := sceneAt(time.Minute), 0
	for name, up := range reach(site(77), s) {
		if !up && name != deadCore && name != deadPrinter {
			lost++
		}
	}
	if want := fmt.Sprintf("%d impacts", lost); !strings.Contains(acts()[1].about, want) {
		t.Errorf("the story says %q, want %s in it", acts()[1].about, want)
	}
}

func TestHostsHaveTheirOwnAddressesAndParentsBeforeThem(t *testing.T) {
	names, addresses := map[string]bool{}, map[string]string{}
	for _, h := range site(77) {
		for _, p := range h.parents {
			if !names[p] {
				t.Errorf("%s stands before its parent %s", h.name, p)
			}
		}
		if names[h.name] {
			t.Errorf("there are two %s", h.name)
		}
		names[h.name] = true
		if h.spoken() {
			continue
		}
		if other, taken := addresses[h.address.String()]; taken || !h.address.IsLoopback() {
			t.Errorf("%s has the address %s, and so has %q", h.name, h.address, other)
		}
		addresses[h.address.String()] = h.name
	}
}

func TestTheStoryGoesRound(t *testing.T) {
	for at := time.Duration(0); at < round; at += 5 * time.Second {
		one, two := sceneAt(at), sceneAt(at+3*round)
		if two.number != one.number+3 {
			t.Fatalf("at %v rounds %d and %d, want three between them", at, one.number, two.number)
		}
		two.number = one.number
		if got, want := fmt.Sprintf("%+v", two), fmt.Sprintf("%+v", one); got != want {
			t.Errorf("at %v of the fourth round: %s, want %s", at, got, want)
		}
	}
}

func TestEachActIsToldOnceARound(t *testing.T) {
	var want []string
	for _, a := range acts() {
		for _, line := range []string{a.about, a.ends} {
			if line != "" {
				want = append(want, line, line)
			}
		}
	}
	var got []string
	before := -time.Nanosecond
	for at := time.Duration(0); at < 2*round-time.Second; at += 730 * time.Millisecond {
		got = append(got, heard(before, at)...)
		before = at
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("told: %q\nwant: %q", got, want)
	}
}

func TestWhatIsBehindADeadSwitchIsOutOfReachUnlessThereIsAnotherWay(t *testing.T) {
	hosts := site(77)
	for _, c := range []struct {
		dead   []string
		host   string
		isUp   bool
		reason string
	}{
		{[]string{"ham-core-1"}, "ham-web-1", true, "the other core stands in"},
		{[]string{"ham-core-1", "ham-core-2"}, "ham-web-1", false, "no core is left"},
		{[]string{"ham-dist-1"}, "ham-web-1", true, "servers have two uplinks"},
		{[]string{"ham-dist-3"}, "ham-print-1", false, "floors have one"},
		{[]string{"por-core"}, "por-web-1", false, "Porto has one core"},
		{[]string{"por-core"}, "ham-web-1", true, "Hamburg does not need Porto"},
	} {
		s := &scene{dead: map[string]bool{}}
		for _, name := range c.dead {
			s.dead[name] = true
		}
		if got := reach(hosts, s)[c.host]; got != c.isUp {
			t.Errorf("without %s, %s answers: %v, want %v: %s", c.dead, c.host, got, c.isUp, c.reason)
		}
	}
}

func TestASeedGivesTheSameLoads(t *testing.T) {
	hosts, s, now := site(77), sceneAt(0), time.Unix(1_800_000_000, 0)
	h := &hosts[slices.IndexFunc(hosts, func(h host) bool { return h.name == vcenter })]
	output := func(seed uint64) string { return agentOutput(h, s, hosts, seed, now) }
	one, again := output(1), output(1)
	if one != again {
		t.Error("the same seed gives two outputs")
	}
	if one == output(2) {
		t.Error("two seeds give the same output")
	}
	if got := strings.Count(one, "<<<<vm-"); got != guests+1 { // and one that nobody knows
		t.Errorf("the vCenter speaks for %d machines, want %d", got, guests+1)
	}
}
