package main_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// What Livestatus shows is the engine's, commands reach it, and its history is whole and without doubles after a kill.
func TestLivestatusOutlivesAKill(t *testing.T) {
	t.Parallel()
	c := newConfig(t)
	c.Command("burns", "/usr/lib/nagios/plugins/check_dummy 2 burning")
	c.host("web1")
	c.service("web1", "fire", "burns", "check_interval 3600", "max_check_attempts 1")
	socket, state := filepath.Join(t.TempDir(), "live"), t.TempDir()
	c.Define("module", "module_name live", "module_type livestatus", "socket "+socket, "commands 1")
	main := c.write()
	o := serve(t, state, "run", main)
	asks := func(o *onbu, want string, lines ...string) {
		t.Helper()
		o.eventually(fmt.Sprintf("answers %q", want), func() error {
			if out, code := call(t, append([]string{"live", socket}, lines...)...); code != 0 || out != want {
				return fmt.Errorf("exit status %d, %q", code, out)
			}
			return nil
		})
	}
	asks(o, "web1;fire;2;CRITICAL: burning;0\n", "GET services", "Columns: host_name description state plugin_output acknowledged", "Filter: state != 0")
	if out, code := call(t, "live", socket, "COMMAND [1] ACKNOWLEDGE_SVC_PROBLEM;web1;fire;2;0;0;ada;I see"); code != 0 || out != "" {
		t.Errorf("a command: exit status %d, %q", code, out)
	}
	if out, code := call(t, "live", socket, "COMMAND PUT_IT_OUT"); code != 1 || !strings.Contains(out, "PUT_IT_OUT") {
		t.Errorf("an unknown command: exit status %d, %q", code, out)
	}
	asks(o, "1\n", "GET services", "Columns: acknowledged", "Filter: host_name = web1", "WaitObject: web1;fire", "WaitCondition: acknowledged = 1", "WaitTimeout: 5000")
	log := []string{"GET log", "Columns: class type host_name service_description state", "Filter: class = 1", "Filter: class = 5", "Or: 2", "Filter: time >= 1", "Sort: type"}
	const lines = "5;EXTERNAL COMMAND;web1;fire;0\n1;SERVICE ACKNOWLEDGE ALERT;web1;fire;0\n1;SERVICE ALERT;web1;fire;2\n"
	asks(o, lines, log...)
	o.kill()
	o = serve(t, state, "run", main)
	asks(o, lines, log...)
	asks(o, "web1;fire;2;CRITICAL: burning;1\n", "GET services", "Columns: host_name description state plugin_output acknowledged")
}
