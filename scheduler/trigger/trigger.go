// Package trigger knows the language of triggers: scripts, in Starlark, that work the state of a host or service out of what was
// measured, as Shinken's triggers in Python do. It compiles them and runs them upon results, each with a bounded number of steps
// and a bounded amount of memory, and with no way to anything but the objects of the shard.
package trigger

import (
	"cmp"
	"fmt"
	"strings"

	"go.starlark.net/starlark"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// DefaultSteps is how many steps a run may take where trigger_max_steps does not say. A line of a script takes about ten.
const DefaultSteps = 100_000

// Compile makes the triggers of an inventory ready to run. Those that cannot be compiled are mistakes of each run.
func Compile(inv *monitor.Inventory) core.Judge {
	c := &court{
		inv: inv, steps: uint64(cmp.Or(inv.Options.TriggerSteps, DefaultSteps)),
		objects: map[monitor.ID]*object{}, patterns: map[string][]monitor.ID{}, fatigue: fatigue{tired: map[monitor.ID]string{}},
	}
	c.env = c.environment()
	for i := range inv.Triggers {
		p, err := compile(&inv.Triggers[i])
		c.programs = append(c.programs, compiled{p, err})
	}
	return c
}

// compiled is a program, or why there is none.
type compiled struct {
	*starlark.Program
	err error
}

// court runs the triggers of one shard; it implements core.Judge.
type court struct {
	inv      *monitor.Inventory
	programs []compiled
	steps    uint64
	env      starlark.StringDict
	// patterns remembers which objects names with * mean.
	patterns map[string][]monitor.ID
	fitting  int // objects of all patterns
	fatigue  fatigue

	// What follows is about the present run. objects holds a value for each object that was asked for.
	sight   *core.Sight
	objects map[monitor.ID]*object
	others  []*object // those for which a result was made, in that order
	said    []string
	thread  *starlark.Thread
	made    int // bytes
}

// Judge implements core.Judge.
func (c *court) Judge(triggers []uint32, s *core.Sight) core.Judgement {
	if wrong, rests := c.fatigue.rests(s.Object, s.Now()); rests {
		return core.Judgement{Wrong: wrong}
	}
	c.sight, c.said, c.others = s, nil, nil
	clear(c.objects)
	self := c.object(s.Object)
	self.hear(s.Result)
	c.env["self"] = self
	for _, n := range triggers {
		err := c.run(int(n))
		if err == nil {
			continue
		}
		wrong := c.explain(&c.inv.Triggers[n], err)
		if c.exhausted() {
			c.fatigue.note(s.Object, s.Now(), wrong)
		}
		return core.Judgement{Wrong: wrong, Said: c.said}
	}
	c.fatigue.forget(s.Object)
	return c.judgement(self)
}

// exhausted says whether the last run used up all that it had.
func (c *court) exhausted() bool {
	return c.thread != nil && (c.thread.Steps >= c.steps || c.made > mostMade)
}

// run runs one trigger. A panic in it is its own mistake: the shard goes on.
func (c *court) run(n int) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the engine of the scripts failed (%v): this is a fault of Onbu's, please report it with the script", p)
		}
	}()
	p := &c.programs[n]
	if p.err != nil {
		return p.err
	}
	c.made = 0
	c.thread = &starlark.Thread{Name: c.inv.Triggers[n].Name, Print: func(_ *starlark.Thread, line string) { c.say(line) }}
	c.thread.SetMaxExecutionSteps(c.steps)
	_, err = p.Init(c.thread, c.env)
	return err
}

// judgement gathers what the triggers decided.
func (c *court) judgement(self *object) core.Judgement {
	j := core.Judgement{Own: self.outcome(), Decided: self.decided, Said: c.said}
	for _, o := range c.others {
		j.Others = append(j.Others, core.Sentence{Object: o.id, Outcome: o.outcome()})
	}
	return j
}

// Bounds of what one run may say.
const (
	mostSaid   = 10
	longestSay = 512
	mostOthers = 1000
)

func (c *court) say(line string) {
	if len(c.said) < mostSaid {
		line = strings.ReplaceAll(line[:min(len(line), longestSay)], "\n", " ")
		c.said = append(c.said, strings.ToValidUTF8(line, "?"))
	}
}
