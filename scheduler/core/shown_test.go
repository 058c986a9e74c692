package core_test

import (
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// says hands in what a host is said to be.
func says(c *core.Core, now monitor.Time, host string, state monitor.State) {
	var d core.Decisions
	c.Submit(now, []monitor.Submission{{Ref: monitor.Ref{Host: host}, Outcome: monitor.Outcome{State: state, Output: "so"}}}, &d)
}

// dimmed gives a switch that went DOWN a minute after t0, and a host and a service behind it that are shown as suffering.
func dimmed(t *testing.T) (*core.Core, *monitor.Inventory) {
	t.Helper()
	settings := " attempts=1 interval=1h"
	inv := defined(t, "option enable_problem_impacts_states_change", "option translate_passive_host_checks", "host sw"+settings, "host web parents=sw"+settings, "service web/http"+settings)
	c := started(t, inv)
	c.Restore(calmBefore(t, inv))
	c.Begin(t0)
	says(c, t0.Add(time.Minute), "sw", monitor.Down)
	return c, inv
}

func sinceOf(c *core.Core, name string) monitor.Time {
	id, _ := find(c.Inventory(), name)
	s := c.Status(id)
	return s.Since()
}

func TestWhatSuffersIsShownSoSinceItsRootProblem(t *testing.T) {
	c, _ := dimmed(t)
	fell := t0.Add(time.Minute)
	for _, name := range []string{"sw", "web", "web/http"} {
		if got := sinceOf(c, name); got != fell {
			t.Errorf("%s is so since %v, want %v", name, got.Std(), fell.Std())
		}
	}
	if st := c.Status(1); st.LastChange != t0.Add(-time.Hour) {
		t.Errorf("what web said of itself changed at %v: nothing was heard of it", st.LastChange.Std())
	}
	says(c, t0.Add(5*time.Minute), "web", monitor.Down)
	if st := c.Status(1); st.State != monitor.Unreachable || st.Overlaid || st.Since() != fell {
		t.Errorf("once web is found UNREACHABLE itself it is %s since %v, want UNREACHABLE since %v", st.StateName(), st.Since().Std(), fell.Std())
	}
	back := t0.Add(6 * time.Minute)
	says(c, back, "sw", monitor.Up)
	says(c, back.Add(time.Second), "web", monitor.Up)
	for name, want := range map[string]monitor.Time{"sw": back, "web": back.Add(time.Second), "web/http": t0.Add(-time.Hour)} {
		if got := sinceOf(c, name); got != want {
			t.Errorf("after the end %s is so since %v, want %v", name, got.Std(), want.Std())
		}
	}
}

func TestSinceWhenThingsSufferOutlivesARestartAndAReload(t *testing.T) {
	was, inv := dimmed(t)
	fell, late := t0.Add(time.Minute), t0.Add(20*time.Minute)
	older := was.Snapshot()
	for i := range older.Statuses {
		older.Statuses[i].ShownSince = 0 // the releases before had no such field
	}
	for name, memory := range map[string]core.Snapshot{"a restart": was.Snapshot(), "an upgrade": older} {
		heir := started(t, inv)
		heir.Restore(memory)
		heir.Begin(late)
		if web, http := sinceOf(heir, "web"), sinceOf(heir, "web/http"); web != fell || http != fell {
			t.Errorf("after %s web suffers since %v, its service since %v, want %v", name, web.Std(), http.Std(), fell.Std())
		}
	}
	other := defined(t, "option enable_problem_impacts_states_change", "host ap", "host sw attempts=1", "host web parents=sw attempts=1", "service web/http attempts=1")
	var d core.Decisions
	if err := was.Adopt(late, other, &d); err != nil {
		t.Fatal(err)
	}
	if web, http := sinceOf(was, "web"), sinceOf(was, "web/http"); web != fell || http != fell {
		t.Errorf("after a reload web suffers since %v, its service since %v, want %v", web.Std(), http.Std(), fell.Std())
	}
}

// The heir of a shard does not know at first how hosts of other shards are. What stands behind one that is DOWN suffers since
// it did, and not since the heir heard so.
func TestSinceWhenThingsSufferFromAnotherShardOutlivesATakeOver(t *testing.T) {
	inv := branch(t, "1h")
	p := newParted(t, 1, inv, cutUp(inv, 2, shards(0, 1, 1)), calmBefore(t, inv))
	p.pass(t0.Add(3 * time.Minute))
	p.dead[0] = [2]monitor.Time{p.now, p.now.Add(time.Hour)}
	for p.now < t0.Add(5*time.Minute) && !p.sides[1].core.Status(0).Overlaid {
		p.pass(p.now.Add(100 * time.Millisecond))
	}
	before := p.sides[1].core.Status(0)
	if !before.Overlaid {
		t.Fatal("web is not shown UNREACHABLE because of gw")
	}
	memory := p.leave(p.sides[1])
	p.pass(p.now.Add(5 * time.Second))
	p.succeed(p.sides[1], memory)
	p.pass(p.now.Add(20 * time.Second))
	if after := p.sides[1].core.Status(0); !after.Overlaid || after.Since() != before.Since() {
		t.Errorf("web was %s since %v, and with the heir is %s since %v", before.StateName(), before.Since().Std(), after.StateName(), after.Since().Std())
	}
}
