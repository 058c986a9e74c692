package booster

import (
	"context"
	"fmt"
	"slices"

	"github.com/onbu/onbu/internal/probe"
	"github.com/onbu/onbu/monitor"
)

// Verify implements modules.Verifier: wrong is what this command line cannot work with, doubtful all else that is wrong
// with the files.
func (c *check) Verify() (wrong, doubtful []string) {
	set := c.file.now()
	n, err := c.needs(set)
	if err != nil {
		wrong = append(wrong, err.Error())
	}
	if n.template != nil && n.group != nil {
		for _, t := range n.group.Triggers {
			if t.Wrong != "" {
				wrong = append(wrong, t.Wrong)
			}
			for _, ref := range t.Refs {
				if !slices.Contains(n.template.Sources, ref.Source) {
					wrong = append(wrong, fmt.Sprintf("%v: trigger %s of group %s asks for %s, which template %s does not have",
						t.Pos, t.Name, n.group.Name, ref.Source.Name, n.template.Name))
				}
			}
		}
	}
	for _, m := range set.Mistakes {
		if !slices.Contains(wrong, m.String()) {
			doubtful = append(doubtful, m.String())
		}
	}
	return wrong, doubtful
}

// mistaken is a command line that is wrong. It says so whenever it is run: no plugin could run it.
type mistaken struct{ err error }

// Run implements modules.Probe.
func (m mistaken) Run(context.Context) (monitor.Outcome, error) {
	return probe.Say(monitor.Unknown, "Command line parsing error: `%v' - Please verify your check command", m.err), nil
}

// Verify implements modules.Verifier.
func (m mistaken) Verify() (wrong, doubtful []string) { return []string{m.err.Error()}, nil }
