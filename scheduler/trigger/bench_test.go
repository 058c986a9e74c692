package trigger_test

import (
	"testing"

	"github.com/onbu/onbu/monitor"
)

// BenchmarkTrigger runs a script of six lines with thresholds, BenchmarkCluster one over the metrics of three other services.
func BenchmarkTrigger(b *testing.B) {
	run(b, `load1 = perf(self, "load")
if load1 > 10:
    critical(self, "load is %.1f" % load1)
elif load1 > 5:
    warning(self, "load is %.1f" % load1)
else:
    ok(self, "load is %.1f" % load1)
`)
}

func BenchmarkCluster(b *testing.B) {
	run(b, `times = perfs("srv-web-*/Http", "time")
worst = max(times)
set_value(self, "%d servers, %.3f s" % (len(times), avg(times)), "avg=%.3fs max=%.3fs" % (avg(times), worst), 2 if worst > 5 else 0)
`)
}

func run(b *testing.B, script string) {
	c := site(b, script)
	o := monitor.Outcome{State: monitor.OK, Output: "it said", Perfdata: "load=7 free=50%"}
	if j, ok := c.Try(now, 4, o); !ok || j.Wrong != "" {
		b.Fatal(ok, j.Wrong)
	}
	b.ReportAllocs()
	for b.Loop() {
		c.Try(now, 4, o)
	}
}
