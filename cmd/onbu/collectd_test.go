package main_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/monitor/api"
)

// The real collectd sends what it measures, at each of its levels of security, and triggers make states of it.
func TestCollectdAtEachSecurityLevel(t *testing.T) {
	t.Parallel()
	program := realpeer.Program(t, "/usr/sbin/collectd", "collectd-core")
	c := newConfig(t)
	c.Command("fine", "/usr/lib/nagios/plugins/check_dummy 0 fine")
	users := realpeer.File(t, c.dir, "users", "# for tests\nalice: s3cret\n")
	realpeer.File(t, c.dir, "load.star", `five = perf(self, "load_1")
if five >= 0:
    warning(self, "load of five minutes is %.2f" % five)
`)
	levels := []string{"None", "Sign", "Encrypt"}
	ports := map[string]int{}
	for _, level := range levels {
		host := strings.ToLower(level)
		ports[level] = realpeer.UDPPort(t)
		c.host(host)
		c.service(host, "load", "fine", "active_checks_enabled 0", "max_check_attempts 1", "trigger_name load")
		c.service(host, "cpu", "fine", "active_checks_enabled 0", "max_check_attempts 1",
			`trigger idle = perfs(self, "cpu-0-idle")\nif len(idle): critical(self, "idle: %d" % len(idle))`)
		fmt.Fprintf(&c.objects, "define module {\n module_name %s\n module_type collectd\n port %d\n security_level %s\n grouped_collectd_plugins cpu\n auth_file %s\n}\n",
			host, ports[level], level, users)
	}
	o := serve(t, t.TempDir(), "run", c.write("triggers_dir=."))
	o.seen("none", "is checked", func(one api.Object) bool { return one.State == "UP" })
	for _, level := range levels {
		sendsValues(t, program, strings.ToLower(level), level, ports[level])
	}
	for _, level := range levels {
		load := o.seen(strings.ToLower(level)+"/load", "has a load", func(one api.Object) bool { return one.State == "WARNING" })
		if !strings.HasPrefix(load.Output, "load of five minutes is ") || !strings.Contains(load.Perfdata, "load_2=") || load.CheckType != "passive" {
			t.Errorf("%s: %+v", level, load)
		}
		cpu := o.seen(strings.ToLower(level)+"/cpu", "has rates", func(one api.Object) bool { return one.State == "CRITICAL" })
		if !strings.Contains(cpu.Perfdata, "cpu-0-user=") || cpu.Output != "idle: 1" {
			t.Errorf("%s: %+v", level, cpu)
		}
	}
	// One that does not do what the module asks for is counted, and nothing of it is taken.
	sendsValues(t, program, "stranger", "None", ports["Encrypt"])
	o.eventually("refuses what is not encrypted", func() error {
		n, err := o.metric(`onbu_collectd_refused_total{module="encrypt",reason="security_level"}`)
		if err == nil && n == 0 {
			err = fmt.Errorf("nothing was refused")
		}
		return err
	})
}

// sendsValues starts collectd as the host of that name.
func sendsValues(t *testing.T, program, host, level string, port int) {
	t.Helper()
	dir := t.TempDir()
	config := realpeer.File(t, dir, "collectd.conf", fmt.Sprintf(`Hostname %q
FQDNLookup false
Interval 1
BaseDir %q
PIDFile %q
PluginDir "/usr/lib/collectd"
TypesDB "/usr/share/collectd/types.db"
LoadPlugin load
LoadPlugin cpu
LoadPlugin network
<Plugin network>
  MaxPacketSize 1024
  <Server "127.0.0.1" "%d">
    SecurityLevel %s
    Username "alice"
    Password "s3cret"
  </Server>
</Plugin>
`, host, dir, filepath.Join(dir, "pid"), port, level))
	realpeer.Start(t, program, "-f", "-C", config)
}
