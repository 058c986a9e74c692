package core_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// Whatever happens to members, and in whatever order and batches, rules say in the same call what follows from the last
// hard states of all, through all levels.
func TestRulesAreNeverBehindTheirMembers(t *testing.T) {
	w := newWorld()
	for line := range strings.SplitSeq(`host h attempts=1
host top attempts=1
service h/a attempts=2
service h/b attempts=1
service h/c attempts=3
service h/any attempts=1
service h/most attempts=1
service h/all attempts=1
rule h/any h,a | h,b
rule h/most 2 of: h,a | h,b | h,c
rule h/all h,any & h,most & !h,c
rule top h,all | h,any`, "\n") {
		if !w.define(t, line) {
			t.Fatalf("not understood: %s", line)
		}
	}
	inv := w.inventory()
	c, err := core.New(inv, 7, core.Seed{Start: t0})
	if err != nil {
		t.Fatal(err)
	}
	c.Begin(t0)
	r, now, changes := rand.New(rand.NewPCG(1, 7)), t0, 0
	hard := func(name string) monitor.State {
		s := c.Status(mustFind(t, inv, name))
		return s.LastHardState % monitor.Pending // PENDING counts as OK
	}
	for range 5000 {
		now = now.Add(time.Second)
		var d core.Decisions
		var subs []monitor.Submission
		for range 1 + r.IntN(4) {
			name := []string{"a", "b", "c"}[r.IntN(3)]
			subs = append(subs, monitor.Submission{
				Ref:     monitor.Ref{Host: "h", Service: name},
				Outcome: monitor.Outcome{State: monitor.State(r.IntN(4) * r.IntN(2))},
			})
		}
		c.Submit(now, subs, &d)
		seen := func(name string) bool { return c.Status(mustFind(t, inv, name)).State != monitor.Pending }
		if seen("h/a") && seen("h/b") && seen("h/c") { // before, rules may wait for first results
			checkRules(t, hard)
		}
		changes += len(d.Broks)
		checkOnce(t, d.Broks)
	}
	if changes < 5000 {
		t.Errorf("only %d broks: the run is too quiet to show anything", changes)
	}
}

// checkOnce complains of a rule that changed its state twice in one call: it was worked out before those below it.
func checkOnce(t *testing.T, broks []monitor.Brok) {
	t.Helper()
	alerts := map[monitor.Ref]int{}
	for _, b := range broks {
		if b.Kind != monitor.BrokAlert || b.Status.Module != "bp_rule" {
			continue
		}
		if alerts[b.Status.Ref]++; alerts[b.Status.Ref] > 1 {
			t.Fatalf("%s changed twice in one call: %s", b.Status.Ref, b.Text)
		}
	}
}

// checkRules works the rules of the test out by hand.
func checkRules(t *testing.T, hard func(string) monitor.State) {
	t.Helper()
	a, b, c := hard("h/a"), hard("h/b"), hard("h/c")
	count := map[monitor.State]int{}
	for _, s := range []monitor.State{a, b, c} {
		count[s]++
	}
	most := worst(a, b, c)
	switch {
	case count[monitor.Critical] == 3:
		most = monitor.Critical
	case count[monitor.Critical]+count[monitor.Warning] == 3:
		most = monitor.Warning
	case count[monitor.OK] >= 2:
		most = monitor.OK
	}
	not := map[monitor.State]monitor.State{
		monitor.OK: monitor.Critical, monitor.Warning: monitor.Warning, monitor.Critical: monitor.OK, monitor.Unknown: monitor.Unknown,
	}[c]
	anyOf := min(a, b)
	all := worst(anyOf, most, not)
	top := monitor.Up
	if min(all, anyOf) > monitor.Warning { // for hosts WARNING is UP
		top = monitor.Down
	}
	for name, want := range map[string]monitor.State{"h/any": anyOf, "h/most": most, "h/all": all, "top": top} {
		if got := hard(name); got != want {
			t.Fatalf("%s is %d with a %d, b %d, c %d: want %d", name, got, a, b, c, want)
		}
	}
}

func worst(states ...monitor.State) monitor.State {
	w := monitor.OK
	for _, s := range states {
		if s == monitor.Critical || w != monitor.Critical && s > w {
			w = s
		}
	}
	return w
}
