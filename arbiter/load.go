package arbiter

import (
	"fmt"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/calendar"
	"github.com/onbu/onbu/monitor/macro"
	"github.com/onbu/onbu/scheduler/trigger"
)

// Load reads a configuration with everything judged that can be judged without running it.
func Load(main string) (*objects.Config, *objects.Report) { return load(main, objects.Opts{}) }

// load is Load with more to be said of where it is read from.
func load(main string, o objects.Opts) (*objects.Config, *objects.Report) {
	o.CheckPeriod, o.DoubtPeriod, o.CheckLine, o.CheckScript = calendar.Check, calendar.Doubts, checkLine, checkScript
	c, report := objects.Load(main, o)
	boost(c)
	return c, report
}

// LoadRules reads what a file says of payloads: see objects.LoadRules. The hosts that it may name are given.
func LoadRules(path string, hosts []string) (monitor.Piggyback, *objects.Report) {
	return objects.LoadRules(path, hosts, objects.Opts{CheckPeriod: calendar.Check, DoubtPeriod: calendar.Doubts, CheckLine: checkLine})
}

// ReadRules is LoadRules for a text instead of a file. It opens none.
func ReadRules(name, text string, hosts []string) (monitor.Piggyback, *objects.Report) {
	return objects.ReadRules(name, text, hosts, objects.Opts{CheckPeriod: calendar.Check, DoubtPeriod: calendar.Doubts, CheckLine: checkLine})
}

func checkLine(line string) error {
	_, err := macro.Compile(line)
	return err
}

// checkScript compiles a trigger.
func checkScript(t monitor.Trigger) objects.Script {
	names, wrong := trigger.Check(&t)
	var s objects.Script
	for _, m := range wrong {
		s.Wrong = append(s.Wrong, objects.ScriptMistake(m))
	}
	for _, n := range names {
		s.Names = append(s.Names, objects.ScriptName{Name: n.Text, Line: n.Line, Asked: n.Asked})
	}
	return s
}

// Line gives a problem as people and editors read it: file:line: text.
func Line(p objects.Problem) string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s", p.File, p.Text)
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
}
