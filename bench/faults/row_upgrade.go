package faults

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/onbu/onbu/monitor"
)

// upgradeOrder is the order in which docs/operating.md says to replace daemons: those that others ask come first.
var upgradeOrder = []string{"bus", "arbiter", "scheduler", "poller", "reactionner", "receiver", "broker"}

const (
	// lateAfter is how long after it was due a check begins that is late.
	lateAfter = 2 * time.Second
	// upgradeGap is how long a shard may be without commits when its owner is replaced in order.
	upgradeGap = 2 * time.Second
	// upgradeBound is how long checks may wait for a bus whose leader is replaced: its servers elect another one.
	upgradeBound = writeGap + 5*time.Second
)

// upgraded is row 22: every daemon is replaced by one of this release, one after the other, under load.
func upgraded() Row {
	return Row{Name: "upgrade", Number: 22, About: "a new release, daemon by daemon", Takes: 2 * time.Minute, layout: ofBefore, bound: upgradeBound, run: func(ctx context.Context, s *Site, f *Finding) error {
		return s.replaceAll(ctx, f, upgradeOrder)
	}}
}

// upgradedBackwards is row 22 in the other order.
func upgradedBackwards() Row {
	return Row{Name: "upgrade-reverse", Number: 22, About: "a new release, daemon by daemon in the other order", Takes: 2 * time.Minute, layout: ofBefore, bound: upgradeBound, run: func(ctx context.Context, s *Site, f *Finding) error {
		order := slices.Clone(upgradeOrder)
		slices.Reverse(order)
		return s.replaceAll(ctx, f, order)
	}}
}

// ofBefore is the standard layout with every daemon of the release before.
func ofBefore(s *Site) error {
	if err := standard(s); err != nil {
		return err
	}
	for _, d := range s.daemons {
		d.program = s.o.Old
	}
	return nil
}

func (s *Site) replaceAll(ctx context.Context, f *Finding, order []string) error {
	before := "the program of --old"
	if s.o.Old == "" {
		before = "this one too: a restart and no upgrade, since --old names no other"
	}
	f.Know("the release before", before)
	if err := s.shared(ctx); err != nil {
		return err
	}
	began := time.Now()
	for _, role := range order {
		for _, d := range s.Daemons(role) {
			if err := s.replace(ctx, d); err != nil {
				return fmt.Errorf("%s: %w", d.Name(), err)
			}
		}
	}
	if err := pause(ctx, (interval+2)*time.Second); err != nil { // so that every check was due once more
		return err
	}
	return s.gone(ctx, f, began)
}

// replace ends a daemon in order and starts it again as it is now.
func (s *Site) replace(ctx context.Context, d *Daemon) error {
	s.say("%s is replaced", d.Name())
	if err := d.Stop(); err != nil {
		return err
	}
	d.program = ""
	if err := d.Start(); err != nil {
		return err
	}
	quiet := 3 * time.Second
	switch {
	case d.Role == "bus" && len(s.Daemons("bus")) > 1: // the others elect who leads each stream, and the new one catches up
		quiet = writeGap
	case s.o.Quick:
		quiet = time.Second
	}
	err := errors.Join(s.eventually(ctx, 30*time.Second, "it is well", func() error { return s.healthy(d) }), pause(ctx, quiet))
	if err == nil && d.Role == "scheduler" { // whoever upgrades looks at onbu nodes before the next one
		err = s.shared(ctx)
	}
	return err
}

// healthy is nil when a daemon says that it is; a bus has no page for that, and counts when another daemon is well with it.
func (s *Site) healthy(d *Daemon) error {
	if err := d.Alive(); err != nil {
		return err
	}
	if d.Role == "bus" {
		d = s.Daemons("broker")[0]
	}
	resp, err := s.client.Get("http://" + d.HTTP + "/healthz")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return nil
}

// gone notes what the replacing cost.
func (s *Site) gone(ctx context.Context, f *Finding, began time.Time) error {
	e, err := s.gather(ctx)
	if err != nil {
		return err
	}
	gaps := e.gaps(began)
	f.Know("changes of owners, and how long each took", fmt.Sprint(len(gaps), " ", gaps))
	f.AtMost("last commit of the old owner to first of the new one, longest", quantile(gaps, 1), upgradeGap)
	late, all := e.late(began)
	share := float64(late) / float64(max(all, 1))
	f.Figures = append(f.Figures, Figure{
		fmt.Sprintf("checks that began more than %s after they were due", lateAfter),
		fmt.Sprintf("%d of %d, %.2f %%", late, all, 100*share), "<= 1 %", all > 0 && share <= 0.01,
	})
	f.Know("longest time between two checks of a service", round(quantile(e.pauses(began), 1)))
	return nil
}

// late counts the active checks that began long after they were due, and all that began after a moment.
func (e *evidence) late(since time.Time) (late, all int) {
	for _, c := range e.checks {
		if c.CheckType != monitor.Active || c.Started < monitor.At(since) {
			continue
		}
		if all++; c.Latency > lateAfter {
			late++
		}
	}
	return late, all
}
