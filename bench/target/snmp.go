package target

import (
	"context"
	"time"

	"github.com/onbu/onbu/bench/target/snmpagent"
)

// snmp is a kind of SNMP agents with the same habits.
func snmp(name, about string, h snmpagent.Habits) Kind {
	a := snmpagent.New(h, time.Now())
	return Kind{
		Name: name, About: about,
		Serve: func(ctx context.Context, ready func(port int)) error { return serveUDP(ctx, a.Answer, h.Delay, ready) },
		Count: func() int64 { return a.Requests.Load() },
	}
}

// snmpKinds are good agents and those that a poller has to get along with.
func snmpKinds() []Kind {
	return []Kind{
		snmp("snmp", "switches that answer SNMP v1 and v2c", snmpagent.Habits{}),
		snmp("snmp-few", "the same, silent when asked for more than 10 objects at once", snmpagent.Habits{MaxObjects: 10}),
		snmp("snmp-small", "the same, whose answers have 484 bytes at most", snmpagent.Habits{MaxSize: 484}),
		snmp("snmp-v1", "the same, which knows v1 only", snmpagent.Habits{OnlyV1: true}),
		snmp("snmp-slow", "the same, which takes 200 ms for an answer", snmpagent.Habits{Delay: 200 * time.Millisecond}),
	}
}
