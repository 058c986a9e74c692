package faults

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/onbu/onbu/arbiter/compile"
	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/arbiter/objects/objectstest"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// clockSet is row 16: the clock of a scheduler's machine is set by an hour. Nobody sets the clock of a machine that has other things to do,
// and Go's clocks cannot be faked from outside: so a scheduler's core is given the times that its shell would have read, over two hours
// that take a moment. Leases do not depend on this clock: they are timed by internal/boottime and the order of changes on the bus.
func clockSet() Row {
	return Row{Name: "clock", Number: 16, About: "the clock is set an hour forward, and an hour back (a scheduler's core in made-up time)", Takes: 5 * time.Second, alone: func(f *Finding) error {
		for _, by := range []time.Duration{time.Hour, -time.Hour} {
			w := newClockWorld()
			if err := w.run(by); err != nil {
				return err
			}
			what := "set forward: "
			if by < 0 {
				what = "set back: "
			}
			usual := w.most(0, clockSetAt)
			f.Figures = append(f.Figures, Figure{what + "most checks in a second", fmt.Sprint(w.most(clockSetAt, clockEnd)), fmt.Sprintf("<= 1.5 x the %d of before", usual), float64(w.most(clockSetAt, clockEnd)) <= 1.5*float64(usual)})
			f.AtMost(what+"longest time without a check of a service, whose interval is 1m", w.longest(), time.Minute+15*time.Second)
			f.None(what+"people told twice of the same", w.twice)
		}
		return nil
	}}
}

// The course of a clock's world, in time that really passes.
const (
	clockServices = 1200
	clockStep     = 100 * time.Millisecond
	clockSetAt    = 10 * time.Minute
	clockEnd      = 40 * time.Minute
)

// clockWorld is a core, its checks, and a clock that is set.
type clockWorld struct {
	checks map[int]int                  // by second that really passed
	last   map[monitor.ID]time.Duration // when each was last checked
	pauses map[monitor.ID]time.Duration // the longest time between two checks
	told   map[string]bool
	twice  int
}

func newClockWorld() *clockWorld {
	return &clockWorld{checks: map[int]int{}, last: map[monitor.ID]time.Duration{}, pauses: map[monitor.ID]time.Duration{}, told: map[string]bool{}}
}

// clockInventory is hosts that are not checked, with services that are checked every minute. One in a hundred is never fine.
func clockInventory() (*monitor.Inventory, error) {
	dir, err := os.MkdirTemp("", "onbu-fault-clock-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	main, err := objectstest.Write(dir, "onbu.cfg", []string{"interval_length=1"}, func(o *objectstest.Text) {
		o.Basis("ada", "/bin/true $NOTIFICATIONTYPE$ $SERVICENOTIFICATIONNUMBER$")
		o.Command("check", "/bin/true")
		for h := range clockServices / 10 {
			o.Host(host(h), "ada", "check_command check", "active_checks_enabled 0")
			for n := range 10 {
				o.Service(host(h), fmt.Sprint("s", n), "check", "ada", "check_interval 60", "retry_interval 60", "max_check_attempts 1", "notification_interval 1800")
			}
		}
	})
	if err != nil {
		return nil, err
	}
	c, report := objects.Load(main, objects.Opts{})
	if c == nil || !report.OK() {
		return nil, fmt.Errorf("the configuration of the row: %v", report)
	}
	return compile.Compile(c, 1, 1, nil).Inventories[0], nil
}

// run lets the time pass.
func (w *clockWorld) run(by time.Duration) error {
	begin := monitor.At(time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC))
	inv, err := clockInventory()
	if err != nil {
		return err
	}
	c, err := core.New(inv, 1, core.Seed{Start: begin})
	if err != nil {
		return err
	}
	c.Begin(begin)
	var d core.Decisions
	for passed := time.Duration(0); passed < clockEnd; passed += clockStep {
		now := begin.Add(passed)
		if passed >= clockSetAt {
			now = now.Add(by)
		}
		c.Tick(now, &d)
		w.carryOut(c, now, passed, &d)
	}
	for id, at := range w.last {
		w.pauses[id] = max(w.pauses[id], clockEnd-at)
	}
	return nil
}

// carryOut answers all checks at once, and notes who is told.
func (w *clockWorld) carryOut(c *core.Core, now monitor.Time, passed time.Duration, d *core.Decisions) {
	var results []monitor.Result
	for i := range d.Jobs {
		j := &d.Jobs[i]
		w.checks[int(passed/time.Second)]++
		if before, ok := w.last[j.Object]; ok {
			w.pauses[j.Object] = max(w.pauses[j.Object], passed-before)
		}
		w.last[j.Object] = passed
		state := monitor.OK
		if j.Object%100 == 7 {
			state = monitor.Critical
		}
		results = append(results, monitor.Result{Shard: j.Shard, Object: j.Object, Epoch: j.Epoch, Seq: j.Seq, Started: now, Finished: now, Outcome: monitor.Outcome{State: state, Output: "x"}})
	}
	for i := range d.Broks {
		if b := &d.Broks[i]; b.Kind == monitor.BrokNotification {
			what := fmt.Sprint(b.Action.Ref, b.Action.Contact, b.Action.Line)
			if w.told[what] {
				w.twice++
			}
			w.told[what] = true
		}
	}
	d.Reset()
	if len(results) > 0 {
		c.Observe(now, results, d)
		w.carryOut(c, now, passed, d)
	}
}

// most is the most checks in a second of a time, but for the first minute, in which everything is new.
func (w *clockWorld) most(from, to time.Duration) (n int) {
	for second, checks := range w.checks {
		if at := time.Duration(second) * time.Second; at >= max(from, time.Minute) && at < to {
			n = max(n, checks)
		}
	}
	return n
}

func (w *clockWorld) longest() time.Duration {
	return slices.Max(slices.Collect(maps.Values(w.pauses)))
}
