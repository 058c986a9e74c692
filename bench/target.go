package bench

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
)

// targetListens is what a fake target writes.
var targetListens = regexp.MustCompile(`^listening (\d+)$`)

// fakeTarget is a fake target in a process of its own, so that what it costs is told apart.
type fakeTarget struct {
	*child
	kind string
}

// startTargets starts the fake targets that the scenario needs.
func (r *run) startTargets(ctx context.Context) error {
	r.ports = map[string]int{}
	for _, l := range r.scenario.loads {
		if l.target == "" || r.ports[l.target] != 0 {
			continue
		}
		r.say("starting the fake target %s", l.target)
		c, err := start(ctx, targetListens, r.o.Program, "bench", "target", l.target)
		if err != nil {
			return fmt.Errorf("fake target %s: %w", l.target, err)
		}
		r.targets = append(r.targets, &fakeTarget{c, l.target})
		port, err := c.said(ctx)
		if err != nil {
			return fmt.Errorf("fake target %s: %w", l.target, err)
		}
		if r.ports[l.target], err = strconv.Atoi(port); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) stopTargets() {
	for _, t := range r.targets {
		t.stop()
	}
}
