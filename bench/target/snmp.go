package target

import (
	"context"
	"encoding/binary"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/onbu/onbu/bench/target/snmpagent"
)

// snmp is a kind of SNMP agents with the same habits.
func snmp(name, about string, h snmpagent.Habits) Kind {
	a, t := snmpagent.New(h, time.Now()), new(trouble)
	answer := func(datagram []byte, host netip.Addr, now time.Time) []byte {
		if t.hits(host) {
			return nil
		}
		return a.Answer(datagram, host, now)
	}
	return Kind{
		Name: name, About: about, Trouble: t.set,
		Serve: func(ctx context.Context, ready func(port int)) error { return serveUDP(ctx, answer, h.Delay, ready) },
		Count: func() int64 { return a.Requests.Load() },
	}
}

// trouble says which hosts are silent at the moment: the share in the upper half of the value, in 2^-16, and a seed.
type trouble struct{ now atomic.Uint64 }

func (t *trouble) set(share float64, seed uint32) {
	t.now.Store(uint64(min(max(share, 0), 1)*(1<<16))<<32 | uint64(seed))
}

func (t *trouble) hits(host netip.Addr) bool {
	now := t.now.Load()
	if now == 0 {
		return false
	}
	four := host.As4()
	z := (now<<32 | uint64(binary.BigEndian.Uint32(four[:]))) * 0x9e3779b97f4a7c15
	z = (z ^ z>>32) * 0xd6e8feb86659fd93 // so that neighbours differ
	return z>>48 < now>>32
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
