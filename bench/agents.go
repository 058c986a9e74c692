package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/onbu/onbu/bench/target"
)

const agentTarget = "agent"

// agents is the scenario of hosts with Checkmk's agent: what one fetch brings serves all services of a host.
func agents() scenario {
	each := []string{
		"-s df -i /", "-s mem", "-s cpu", "-s cpu_utilization", "-s lnx_if -i eth0", "-s diskstat", "-s uptime", "-s ps -o match=worker",
		"-s systemd_units -i ssh.service", "-s local -i " + target.AgentOutput,
	}
	return scenario{
		name: agentTarget, about: "onbu-agent: 10 services of a Linux host from one fetch of 30 kB", services: 20_000, interval: 10 * time.Second,
		loads: []load{{
			name: agentTarget, parts: 1, target: agentTarget, module: "agent", perHost: len(each), each: each,
			command: "onbu-agent -H $HOSTADDRESS$ -p PORT $ARG1$",
		}},
		noPlugin: true,
		beside:   func(r *run, _ *engine, _ *site) sideshow { return &fetches{requests{run: r, kind: agentTarget}} },
	}
}

// fetches counts how often the agents are asked.
type fetches struct{ requests }

// after implements sideshow.
func (c *fetches) after(_ context.Context, f *Figures) ([]string, error) {
	asked, checks := c.since-c.before, f.CompletedPerS*f.took.Seconds()
	return []string{fmt.Sprintf("the agents were asked %s times, %s a second: %.1f services were evaluated for each fetch.",
		thousands(int(asked)), thousands(int(float64(asked)/f.took.Seconds())), checks/max(float64(asked), 1))}, nil
}
