package web

import (
	"time"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/monitor"
)

// agentModule is the name of the check module that reads what agents say.
const agentModule = "agent"

// hush is how much later than its last payloads a source may have been asked: outputs are used for several checks, and agents that send
// theirs do so each minute.
const hush = 65 * time.Second

// unheard says whether a host was asked since a moment and nothing came: every check that reads its agent was made since. Intervals say
// less: at night some are not made at all, and of a host with two agents one may be asked once a day.
func unheard(now *view.Snapshot, host string, since float64) bool {
	i, ok := now.Find(host)
	if !ok {
		return false
	}
	h := now.Host(i)
	first := asked(h.Object())
	for n := range h.Services() {
		_, o := h.Service(n)
		if at := asked(o); at != 0 && (first == 0 || at < first) {
			first = at
		}
	}
	return first != 0 && first.Unix()-since > hush.Seconds()
}

// asked is when an object's agent was read last; 0 for one that has none, or whose checks are not made by themselves.
func asked(o view.Object) monitor.Time {
	if !o.Known() || o.Module() != agentModule || o.Switches()&monitor.ActiveChecks == 0 {
		return 0
	}
	return o.LastCheck()
}
