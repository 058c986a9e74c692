package agent_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// What a service remembers is kept with the host from one fetch to the next.
func TestCountersBecomeRatesFromOneFetchToTheNext(t *testing.T) {
	var n atomic.Int64
	port, _ := serve(t, func() string {
		i := n.Add(1)
		return fmt.Sprintf("<<<kernel>>>\n%d\ncpu %d 0 %d %d 0 0 0 0\nctxt %d\n", 1700000000+60*i, 1000*i, 500*i, 4500*i, 6000*i)
	})
	m := module(t, &courier{})
	look := func() monitor.Outcome {
		return run(t, m, modules.Object{Host: "h", Service: "CPU", Forced: true}, "-H 127.0.0.1 -p "+port+" -s cpu_utilization -w 20 -c 80")
	}
	first := look()
	if first.State != monitor.OK || first.Perfdata != "" {
		t.Errorf("the first look: got %v %s %s", first.State, first.Output, first.Perfdata)
	}
	has(t, "the first look", first.Output, "waiting for a second look to know the rate")
	second := look()
	if second.State != monitor.Warning {
		t.Errorf("the second look: got %v %s", second.State, second.Output)
	}
	has(t, "the second look", second.Output, "Total: 25.00% (warn/crit at 20.00%/80.00%)(!)")
	kernel := func() monitor.Outcome {
		return run(t, m, modules.Object{Host: "h", Service: "Kernel", Forced: true}, "-H 127.0.0.1 -p "+port+" -s kernel")
	}
	kernel()
	has(t, "context switches", kernel().Output, "context switches: 100.00/s")
}
