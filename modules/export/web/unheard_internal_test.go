package web

import (
	"testing"
	"time"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

// A source whose agent says nothing has no newer output that could leave anything out: that nothing came is seen by when it was asked.
func TestASourceThatWasAskedAndSaidNothingIsSilent(t *testing.T) {
	heard := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	check := func(service, module string, after time.Duration, switches monitor.Switch) monitor.Status {
		return monitor.Status{Ref: monitor.Ref{Host: "esx", Service: service}, Module: module, LastCheck: monitor.At(heard.Add(after)), Switches: switches}
	}
	const on = monitor.ActiveChecks
	host := check("", "ping", time.Hour, on)
	for name, c := range map[string]struct {
		site   string
		checks []monitor.Status
		silent bool
	}{
		"its agent was read":                 {"", []monitor.Status{check("a", "agent", 0, on), check("b", "agent", time.Minute, on)}, false},
		"it was asked and did not say":       {"", []monitor.Status{check("a", "agent", 2*time.Minute, on), check("b", "agent", 66*time.Second, on)}, true},
		"one of its agents was not asked":    {"", []monitor.Status{check("a", "agent", time.Hour, on), check("b", "agent", 0, on)}, false},
		"others are checks of other modules": {"", []monitor.Status{check("a", "agent", 2*time.Minute, on), check("b", "http", 0, on)}, true},
		"others are not made by themselves":  {"", []monitor.Status{check("a", "agent", 2*time.Minute, on), check("b", "agent", time.Second, 0)}, true},
		"nobody asks its agent":              {"", nil, false},
		"it is another site's":               {"rome", []monitor.Status{check("a", "agent", time.Hour, on)}, false},
	} {
		v := view.New()
		v.Fill(append(c.checks, host), monitor.At(heard.Add(time.Hour)))
		b := &box{}
		b.sort(&api.Payloads{Sources: []api.Source{{Name: "other", At: 1}, {Name: "esx", Site: c.site, At: monitor.At(heard).Unix(), Targets: 1}}}, v.Snapshot())
		if first := b.Sources[0]; c.silent != (first.Name == "esx" && first.Silent && first.Unheard && b.SilentCount == 1 && !b.Well) || !c.silent && b.SilentCount != 0 {
			t.Errorf("%s: silent %d, well %v, sources %+v", name, b.SilentCount, b.Well, b.Sources)
		}
	}
}
