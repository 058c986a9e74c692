package main_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/onbu/onbu/monitor/api"
)

// shinken #1702, #230, #1455: after a restart alarms were repeated and recoveries were lost. Here the whole engine is
// stopped, killed and reloaded while a problem lasts.
func TestARestartNeitherRepeatsAnAlarmNorLosesItsEnd(t *testing.T) {
	t.Parallel()
	c := newConfig(t)
	c.Command("fine", "/usr/lib/nagios/plugins/check_dummy 0 fine")
	c.host("h")
	c.service("h", "told", "fine", "active_checks_enabled 0", "max_check_attempts 1")
	main, dir := c.write(), t.TempDir()
	start := func() *onbu {
		o := serve(t, dir, "run", main, "--command-file", "-")
		o.counts("onbu_scheduler_shards", 16)
		return o
	}
	wants := func(o *onbu, want ...string) {
		t.Helper()
		o.eventually("ada is told", func() error {
			told, err := c.tellings()
			if err == nil && !slices.Equal(told, want) {
				err = fmt.Errorf("told %q, want %q", told, want)
			}
			return err
		})
	}

	o := start()
	o.obey("PROCESS_SERVICE_CHECK_RESULT;h;told;2;lost")
	wants(o, "PROBLEM h/told lost")
	interrupt(o)
	o = start()
	o.obey("PROCESS_SERVICE_CHECK_RESULT;h;told;2;lost")
	o.obey("RELOAD_CONFIG")
	o.kill()
	o = start()
	o.obey("PROCESS_SERVICE_CHECK_RESULT;h;told;2;lost still")
	o.seen("h/told", "the third result", func(one api.Object) bool { return one.Output == "lost still" })
	wants(o, "PROBLEM h/told lost")
	o.obey("PROCESS_SERVICE_CHECK_RESULT;h;told;0;found")
	wants(o, "PROBLEM h/told lost", "RECOVERY h/told found")
	interrupt(o)
}
