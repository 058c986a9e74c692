package core_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
	"github.com/onbu/onbu/scheduler/core"
)

// maintained gives a core in the middle of a maintenance of web1, from 00:10 to 00:20, and its configuration.
func maintained(t *testing.T, until string) (*core.Core, *monitor.Inventory) {
	w := newWorld()
	for _, line := range []string{"period works monday 00:10-" + until, "host web1 maintenance=works", "host web2"} {
		if !w.define(t, line) {
			t.Fatalf("not understood: %s", line)
		}
	}
	inv := w.inventory()
	c := started(t, inv)
	c.Begin(t0)
	c.Tick(t0.Add(15*time.Minute), &core.Decisions{})
	return c, inv
}

// downtimes gives the ends of the downtimes that a core has after a tick at a time since t0.
func downtimes(c *core.Core, since time.Duration) string {
	c.Tick(t0.Add(since), &core.Decisions{})
	var ends []string
	for _, t := range c.Snapshot().Downtimes {
		ends = append(ends, t.End.Sub(t0).String())
	}
	return strings.Join(ends, " ")
}

func TestARestartInTheMiddleOfAMaintenanceEntersNoOtherDowntime(t *testing.T) {
	c, inv := maintained(t, "00:20")
	again := started(t, inv)
	again.Restore(c.Snapshot())
	again.Begin(t0.Add(16 * time.Minute))
	if got := downtimes(again, 17*time.Minute); got != "20m0s" {
		t.Errorf("downtimes that end at %q, want 20m0s", got)
	}
	if got := downtimes(again, 21*time.Minute); got != "" {
		t.Errorf("downtimes that end at %q after the maintenance", got)
	}
}

func TestADeletedMaintenanceStaysDeletedWithAnotherOwner(t *testing.T) {
	c, inv := maintained(t, "00:20")
	now := t0.Add(15 * time.Minute)
	var d core.Decisions
	before := c.Snapshot()
	req, err := command.Parse(fmt.Sprintf("DEL_HOST_DOWNTIME;%d", before.Downtimes[0].ID), now)
	if err == nil {
		err = c.Obey(now, req, &d)
	}
	if err != nil {
		t.Fatal(err)
	}
	handed, replayed := started(t, inv), started(t, inv)
	handed.Restore(c.Snapshot())
	replayed.Restore(before)
	for i := range d.Broks {
		replayed.Replay(&d.Broks[i])
	}
	for name, heir := range map[string]*core.Core{"with a snapshot": handed, "with the journal": replayed} {
		heir.Begin(t0.Add(16 * time.Minute))
		if got := downtimes(heir, 17*time.Minute); got != "" {
			t.Errorf("%s: downtimes that end at %q, and somebody had deleted it", name, got)
		}
	}
}

func TestADowntimeIsEnteredForAMaintenanceThatBeganWhileNobodyWatched(t *testing.T) {
	_, inv := maintained(t, "00:20")
	c := started(t, inv)
	c.Begin(t0.Add(16 * time.Minute))
	if got := downtimes(c, 17*time.Minute); got != "20m0s" {
		t.Errorf("downtimes that end at %q, want 20m0s", got)
	}
}

func TestAReloadMovesTheEndOfAMaintenance(t *testing.T) {
	for until, want := range map[string]string{"00:20": "20m0s", "00:30": "30m0s", "00:12": ""} {
		c, _ := maintained(t, "00:20")
		_, other := maintained(t, until)
		if err := c.Adopt(t0.Add(16*time.Minute), other, &core.Decisions{}); err != nil {
			t.Fatal(err)
		}
		if got := downtimes(c, 17*time.Minute); got != want {
			t.Errorf("until %s: downtimes that end at %q, want %q", until, got, want)
		}
	}
}

func TestACancelledMaintenanceStaysCancelledOverAReload(t *testing.T) {
	c, inv := maintained(t, "00:20")
	var d core.Decisions
	obey(t, c, t0.Add(16*time.Minute), &d, "DEL_ALL_HOST_DOWNTIMES;web1")
	if err := c.Adopt(t0.Add(16*time.Minute), inv, &d); err != nil {
		t.Fatal(err)
	}
	if got := downtimes(c, 17*time.Minute); got != "" {
		t.Errorf("downtimes that end at %q, want none", got)
	}
}
