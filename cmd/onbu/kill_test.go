package main_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor/api"
)

// The fleet has hosts with two services each: one is checked, one is told what it is.
const (
	fleet    = 150
	interval = 5 // seconds between the checks of a service
)

// kill -9 of everything at once, in the middle of many commands: what was acknowledged is in effect after a restart,
// what was seen is still so, nothing was noted twice, and the checks go on in their rhythm.
func TestKillNineLosesNothing(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			killNine(t, seed)
		})
	}
}

func killNine(t *testing.T, seed uint64) {
	c := killConfig(t)
	main, dir := c.write(), t.TempDir()
	o := serve(t, dir, "run", main, "--command-file", "-")
	o.counts("onbu_scheduler_shards", 16)
	h := newHistory(t, seed)
	h.talk(o, 60+rand.New(rand.NewPCG(seed, 9)).IntN(120))

	began := time.Now()
	o = serve(t, dir, "run", main, "--command-file", "-")
	h.holds(o)
	steady(o, began)
	h.allTold(o, c, filepath.Join(dir, "events.ndjson"))
	interrupt(o)
}

func killConfig(t *testing.T) *config {
	c := newConfig(t)
	c.Command("fine", "/usr/lib/nagios/plugins/check_dummy 0 fine")
	for i := range fleet {
		host := fmt.Sprintf("h%03d", i)
		c.host(host)
		c.service(host, "checked", "fine", fmt.Sprint("check_interval ", interval))
		c.service(host, "told", "fine", "active_checks_enabled 0", "max_check_attempts 2")
	}
	return c
}

// holds waits until everything that was acknowledged is in effect and everything that was seen is so still.
func (h *history) holds(o *onbu) {
	h.t.Helper()
	o.eventually("all that was acknowledged or seen is in effect", func() error {
		all, err := o.objects()
		if err != nil {
			return err
		}
		return errors.Join(h.notesHold(o, all), h.resultsHold(all), h.seenHolds(all))
	})
}

// seenHolds wants nothing to be older than it was, and what did not change since to be the same.
func (h *history) seenHolds(all map[string]api.Object) (err error) {
	for name, before := range h.seen {
		after := all[name]
		if after.LastChange < before.LastChange {
			err = errors.Join(err, fmt.Errorf("%s changed at %f before the kill; now that was at %f", name, before.LastChange, after.LastChange))
		}
		was, is := state{before.State, before.StateType, int(before.Attempt)}, state{after.State, after.StateType, int(after.Attempt)}
		if after.LastChange == before.LastChange && after.Output == before.Output && was != is {
			err = errors.Join(err, fmt.Errorf("%s was %v before the kill and is %v", name, was, is))
		}
	}
	return err
}

// steady wants each service to be checked in the interval after the restart, none late and not too many at once. It asks
// when checks were due, not when they were made: that depends on what else the machine does.
func steady(o *onbu, began time.Time) {
	o.t.Helper()
	due := map[string]float64{}
	o.eventually("everything was checked again", func() error {
		all, err := o.objects()
		for name, one := range all {
			if at := one.LastCheck - one.Latency; one.Service == "checked" && one.LastCheck > seconds(began) && due[name] == 0 {
				due[name] = at
			}
		}
		if err == nil && len(due) < fleet {
			err = fmt.Errorf("%d of %d were", len(due), fleet)
		}
		return err
	})
	first := slices.Min(slices.Collect(maps.Values(due)))
	perSecond := map[int]int{}
	for name, at := range due {
		if at < seconds(began) {
			o.t.Errorf("%s was checked late after the restart: it was due %.3f s before", name, seconds(began)-at)
		}
		perSecond[int(at-first)]++
	}
	peak := slices.Max(slices.Collect(maps.Values(perSecond)))
	o.t.Logf("checks due in each second after the restart: %v", perSecond)
	if peak > 2*fleet/interval {
		o.t.Errorf("%d checks were due in one second; on average there are %d", peak, fleet/interval)
	}
}

func seconds(t time.Time) float64 { return float64(t.UnixNano()) / 1e9 }
