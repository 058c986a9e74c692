package core_test

import (
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// macroWorld has gw1 UP, web1 DOWN, on it http CRITICAL and ssh never checked.
func TestTotalsAreThoseThatWereHandedIn(t *testing.T) {
	const line = "x $TOTALHOSTSUP$ $TOTALHOSTSDOWN$ $TOTALHOSTSDOWNUNHANDLED$ $TOTALHOSTPROBLEMS$ $TOTALSERVICESOK$ $TOTALSERVICESCRITICAL$ " +
		"$TOTALSERVICEPROBLEMS$ $TOTALSERVICEPROBLEMSUNHANDLED$ $TOTALHOSTSERVICES$"
	w := macroWorld(t)
	w.inv.Commands[0].Line = line
	c, d := prepared(t, w)
	ask := func(service string) string {
		return string(demand(t, c, monitor.Ref{Host: "web1", Service: service}, t0.Add(time.Minute), d).Line)
	}
	if got, want := ask("http"), "x         2"; got != want || !c.WantsTotals() {
		t.Errorf("unknown: got %q, want %q", got, want)
	}
	own := c.Totals()
	if own.Services[monitor.Critical] != (core.Count{All: 1}) {
		t.Errorf("a service on a host that is DOWN counts as unhandled: %v", own.Services)
	}
	sum := *own
	sum.Add(own)
	c.SetTotals(&sum)
	if got, want := ask("ssh"), "x 2 2 2 2 0 2 2 0 2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
