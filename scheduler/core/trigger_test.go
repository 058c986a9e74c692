package core_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// trigger gives an object a trigger; those with the same text are one.
func (w *world) trigger(t testing.TB, name, script string) {
	script = strings.ReplaceAll(script, `\n`, "\n")
	w.late = append(w.late, func(inv *monitor.Inventory) {
		n := slices.IndexFunc(inv.Triggers, func(t monitor.Trigger) bool { return t.Source == script })
		if n < 0 {
			n = len(inv.Triggers)
			inv.Triggers = append(inv.Triggers, monitor.Trigger{Name: "t" + string(rune('1'+n)), File: "t.star", Source: script})
		}
		id := mustFind(t, inv, name)
		at, found := slices.BinarySearchFunc(inv.Triggered, id, func(one monitor.Triggered, id monitor.ID) int { return int(one.Object) - int(id) })
		if !found {
			inv.Triggered = slices.Insert(inv.Triggered, at, monitor.Triggered{Object: id})
		}
		inv.Triggered[at].Triggers = append(inv.Triggered[at].Triggers, uint32(n))
	})
}

// judgeAll is a Judge in Go: it makes every result CRITICAL.
type judgeAll struct{}

func (judgeAll) Judge(_ []uint32, s *core.Sight) core.Judgement {
	return core.Judgement{Own: monitor.Outcome{State: monitor.Critical, Output: "judged"}, Decided: true}
}

func TestOnlyObjectsWithTriggersAreJudged(t *testing.T) {
	w := newWorld()
	w.define(t, "host web1")
	w.define(t, "service web1/a")
	w.define(t, "service web1/b")
	w.define(t, "trigger web1/a x = 1")
	inv := w.inventory()
	c, err := core.New(inv, 7, core.Seed{Start: t0, Triggers: func(*monitor.Inventory) core.Judge { return judgeAll{} }})
	if err != nil {
		t.Fatal(err)
	}
	c.Begin(t0)
	var d core.Decisions
	c.Submit(t0, []monitor.Submission{{Ref: monitor.Ref{Host: "web1", Service: "a"}}, {Ref: monitor.Ref{Host: "web1", Service: "b"}}}, &d)
	for name, want := range map[string]monitor.State{"web1/a": monitor.Critical, "web1/b": monitor.OK} {
		if got := c.Status(mustFind(t, inv, name)).State; got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if d.Triggers != 1 {
		t.Errorf("triggers ran on %d results, want 1", d.Triggers)
	}
}

func TestTriggersOfANewConfigurationAreCompiledAnew(t *testing.T) {
	compiled := 0
	seed := core.Seed{Start: t0, Triggers: func(*monitor.Inventory) core.Judge { compiled++; return judgeAll{} }}
	w := newWorld()
	w.define(t, "host web1")
	inv := w.inventory()
	c, err := core.New(inv, 7, seed)
	if err != nil {
		t.Fatal(err)
	}
	if compiled != 0 {
		t.Error("triggers were compiled where there are none")
	}
	w = newWorld()
	w.define(t, "host web1")
	w.define(t, "trigger web1 x = 1")
	var d core.Decisions
	c.Begin(t0)
	if err := c.Adopt(t0, w.inventory(), &d); err != nil {
		t.Fatal(err)
	}
	c.Submit(t0, []monitor.Submission{{Ref: monitor.Ref{Host: "web1"}}}, &d)
	if got := c.Status(0).State; compiled != 1 || got != monitor.Down {
		t.Errorf("compiled %d times, web1 is %v, want once and DOWN", compiled, got)
	}
}
