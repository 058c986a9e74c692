package main_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/realpeer"
)

var (
	points = flag.Duration("points", 8*time.Second, "how long services produce points for VictoriaMetrics")
	killed = flag.Bool("killed", false, "VictoriaMetrics is killed and loses what it has in memory; take at least a minute")
)

// producer is a plugin that counts how often it was run, in a file: what that says is what its service has produced.
const producer = `#!/bin/sh
n=0
[ -f "$1" ] && read -r n < "$1"
n=$((n+1))
echo $n > "$1"
echo "run $n|n=$n 'twice n'=$((2*n))s;10;20 minus=-${n}MB half=$n.5% 'c:\\'=${n}c"
`

// produced are the metrics of producer at run n.
func produced(n float64) map[string]float64 {
	return map[string]float64{"n": n, "twice n": 2 * n, "minus": -n, "half": n + 0.5, `c:\`: n}
}

// Every point of every service is in VictoriaMetrics once, with its value, though that is away for a quarter of the time.
func TestVictoriaMetricsHasEveryPointThatServicesProduced(t *testing.T) {
	t.Parallel()
	const hosts, perHost = 10, 10
	v := realpeer.StartVictoria(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "producer"), []byte(producer), 0o755); err != nil {
		t.Fatal(err)
	}
	resend := "0"
	if *killed {
		resend = "15s"
	}
	main := producers(t, dir, "http://"+v.Addr+"/api/v1/write\n resend "+resend, hosts, perHost)
	o := serve(t, t.TempDir(), "run", main, "--event-log", "")
	o.says(`msg="configuration in force"`)
	pause(*points / 2)
	if *killed {
		_ = syscall.Kill(-v.Process.Process.Pid, syscall.SIGKILL)
		<-v.Ended()
	}
	v.Stop()
	pause(*points / 4)
	v.Again(t)
	pause(*points / 4)
	o.obey("STOP_EXECUTING_SVC_CHECKS")
	var c comparison
	o.eventually("VictoriaMetrics has what was produced", func() error {
		c = compare(t, v, dir, hosts, perHost)
		if c.missing > 0 {
			return fmt.Errorf("%+v", c)
		}
		return nil
	})
	pause(3 * time.Second) // whatever comes twice would come now
	if c = compare(t, v, dir, hosts, perHost); c.missing > 0 || c.twice+c.wrong > 0 && !*killed || c.produced == 0 {
		t.Errorf("%+v", c)
	}
	t.Logf("in %s: %d points produced by %d services, %d stored, %d missing, %d twice, %d wrong", *points, c.produced, hosts*perHost, c.stored, c.missing, c.twice, c.wrong)
	interrupt(o)
}

// comparison is what services produced beside what is stored.
type comparison struct{ produced, stored, missing, twice, wrong int }

func compare(t *testing.T, v *realpeer.Victoria, dir string, hosts, perHost int) (c comparison) {
	t.Helper()
	stored := map[string]map[float64]int{} // by host, service and metric: how often each value is there
	for _, s := range v.Stored(t, `{__name__="onbu_perf"}`) {
		name := s.Metric["host"] + "/" + s.Metric["service"] + "/" + s.Metric["metric"]
		if stored[name] == nil {
			stored[name] = map[float64]int{}
		}
		for i, value := range s.Values {
			stored[name][value]++
			c.stored++
			if i > 0 && s.Timestamps[i] < s.Timestamps[i-1] {
				c.wrong++
			}
		}
	}
	for h := range hosts {
		for i := range perHost {
			var runs int
			text, _ := os.ReadFile(filepath.Join(dir, fmt.Sprintf("h%d-s%d", h, i)))
			_, _ = fmt.Sscan(string(text), &runs)
			for n := 1; n <= runs; n++ {
				for metric, value := range produced(float64(n)) {
					there := stored[fmt.Sprintf("h%d/s%d/%s", h, i, metric)][value]
					c.produced++
					if there == 0 {
						c.missing++
					}
					c.twice += max(0, there-1)
				}
			}
		}
	}
	c.wrong += max(0, c.stored-c.produced-c.twice)
	return c
}

// producers writes a configuration of services that run the plugin every second.
func producers(t *testing.T, dir, url string, hosts, perHost int) (main string) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, `
define command {
    command_name produce
    command_line %s/producer %[1]s/$HOSTNAME$-$SERVICEDESC$
}
define module {
    module_name tsdb
    module_type prometheus_remote_write
    url %s
}
`, dir, url)
	for h := range hosts {
		fmt.Fprintf(&b, "define host {\n host_name h%d\n address 127.0.0.1\n max_check_attempts 1\n active_checks_enabled 0\n}\n", h)
		for i := range perHost {
			fmt.Fprintf(&b, "define service {\n host_name h%d\n service_description s%d\n check_command produce\n check_interval 1\n retry_interval 1\n max_check_attempts 1\n}\n", h, i)
		}
	}
	realpeer.File(t, dir, "objects.cfg", b.String())
	return realpeer.File(t, dir, "onbu.cfg", "cfg_file=objects.cfg\ninterval_length=1\nlog_file=/dev/null\n")
}
