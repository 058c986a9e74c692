package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/onbu/onbu/arbiter"
	"github.com/onbu/onbu/arbiter/compile"
	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/plugin"
	"github.com/onbu/onbu/scheduler/core"
	"github.com/onbu/onbu/scheduler/trigger"
)

const triggerExamples = `
examples:
  onbu trigger try /etc/shinken/shinken.cfg web1/load --perfdata 'load1=7.5'
    says what the triggers of the service load on host web1 make of such a result

  onbu trigger try shinken.cfg cluster/web --given 'web1/http=0 fine | time=1s' --given 'web2/http=2 slow | time=9s'
    says the same of a service whose triggers read others, with their last results: state, output, performance data
`

// given are the results that other objects are to have: HOST[/SERVICE]=[STATE ]OUTPUT[ | PERFDATA].
type given []string

// String implements flag.Value, as Set does.
func (g *given) String() string { return strings.Join(*g, " ") }

// Set adds one.
func (g *given) Set(text string) error {
	if name, _, ok := strings.Cut(text, "="); !ok || name == "" {
		return fmt.Errorf("%q: write HOST/SERVICE=STATE OUTPUT | PERFDATA", text)
	}
	*g = append(*g, text)
	return nil
}

// tryTrigger is onbu trigger try.
func tryTrigger(_ context.Context, e *env) error {
	e.examples = triggerExamples
	var outcome monitor.Outcome
	var others given
	state := e.flags.Int("state", 0, "the state that the check gave: 0 to 3")
	e.flags.StringVar(&outcome.Output, "output", "", "what the check said")
	e.flags.StringVar(&outcome.Perfdata, "perfdata", "", "its performance data")
	e.flags.Var(&others, "given", "the last result of another object, HOST/SERVICE=STATE OUTPUT | PERFDATA; any number of them")
	words, err := e.words()
	switch {
	case err != nil:
		return err
	case len(words) != 3 || words[0] != "try":
		return usageError("needs try, the path of a configuration's main file, and HOST or HOST/SERVICE")
	case *state < 0 || *state > int(monitor.Unknown):
		return usageError(fmt.Sprintf("--state is 0, 1, 2 or 3, not %d", *state))
	}
	outcome.State = monitor.State(*state)
	c, err := trial(words[1], words[2], others, e.stderr)
	if err != nil {
		return err
	}
	id, err := objectOf(c, words[2])
	if err != nil {
		return err
	}
	j, ok := c.Try(monitor.At(time.Now()), id, outcome)
	if !ok {
		return fmt.Errorf("%s has no trigger", words[2])
	}
	return printJudgement(e.stdout, c, id, &j)
}

// trial gives a core with the configuration in which nothing was checked yet but what is given.
func trial(config, object string, others given, stderr io.Writer) (*core.Core, error) {
	files, err := load(config, stderr)
	if err != nil {
		return nil, err
	}
	for _, line := range arbiter.Unseen(files, func(t objects.Target) bool { return files.NameOf(t) == object }) {
		fmt.Fprintf(stderr, "warning: %s\n(here everything lies in one shard)\n", line)
	}
	inv := compile.Compile(files, 1, 1, nil).Inventories[0]
	now := monitor.At(time.Now())
	c, err := core.New(inv, 1, core.Seed{Start: now, Triggers: trigger.Compile})
	if err != nil {
		return nil, err
	}
	c.Begin(now)
	for _, text := range others {
		name, said, _ := strings.Cut(text, "=")
		id, err := objectOf(c, name)
		if err != nil {
			return nil, err
		}
		c.Suppose(now, id, outcomeOf(said))
	}
	return c, nil
}

// outcomeOf reads "STATE OUTPUT | PERFDATA".
func outcomeOf(text string) monitor.Outcome {
	var o monitor.Outcome
	if len(text) > 0 && text[0] >= '0' && text[0] <= '3' && (len(text) == 1 || text[1] == ' ') {
		o.State, text = monitor.State(text[0]-'0'), strings.TrimPrefix(text[1:], " ")
	}
	o.Output, o.LongOutput, o.Perfdata = plugin.Output([]byte(text), 0)
	return o
}

func objectOf(c *core.Core, name string) (monitor.ID, error) {
	host, service, _ := strings.Cut(name, "/")
	id, ok := c.Object(monitor.Ref{Host: host, Service: service})
	if !ok {
		return 0, fmt.Errorf("the configuration has no %s", name)
	}
	return id, nil
}

func printJudgement(w io.Writer, c *core.Core, id monitor.ID, j *core.Judgement) error {
	for _, line := range j.Said {
		fmt.Fprintf(w, "log       %s\n", line)
	}
	if j.Wrong != "" {
		return fmt.Errorf("%s", j.Wrong)
	}
	decided := ""
	if !j.Decided {
		decided = " (as it came: no trigger set it)"
	}
	fmt.Fprintf(w, "state     %s%s\n", c.CodeName(id, j.Own.State), decided)
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(w, "%-9s %s\n", name, strings.ReplaceAll(text, "\n", "\n          "))
		}
	}
	line("output", j.Own.Output)
	line("long", j.Own.LongOutput)
	line("perfdata", j.Own.Perfdata)
	for i := range j.Others {
		o := &j.Others[i]
		line("also", fmt.Sprintf("%s %s: %s", c.Inventory().Ref(o.Object), c.CodeName(o.Object, o.State), o.Output))
	}
	return nil
}
