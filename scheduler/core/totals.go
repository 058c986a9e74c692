package core

import (
	"slices"
	"strconv"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// Totals counts objects by state: what $TOTALHOSTSUP$ and its kin say. A core knows its own shard only; whoever runs the
// cores of all shards adds them up.
type Totals struct{ Hosts, Services [monitor.Pending]Count }

// Count says how many objects are in a state, and how many of those nobody takes care of: not acknowledged, not in a
// downtime, checked actively, and in case of a service on a host that is UP (Nagios macros.c).
type Count struct{ All, Unhandled int }

// Add adds the objects of another shard.
func (t *Totals) Add(other *Totals) {
	for state := range t.Hosts {
		for _, c := range [...]struct{ to, from *Count }{
			{&t.Hosts[state], &other.Hosts[state]}, {&t.Services[state], &other.Services[state]},
		} {
			c.to.All += c.from.All
			c.to.Unhandled += c.from.Unhandled
		}
	}
}

// Numbers gives all counts in one list, for TotalsOf to read.
func (t *Totals) Numbers() []uint64 {
	var all []uint64
	for state := range t.Hosts {
		for _, c := range [...]Count{t.Hosts[state], t.Services[state]} {
			all = append(all, uint64(c.All), uint64(c.Unhandled))
		}
	}
	return all
}

// TotalsOf reads what Numbers gave; nil if it is not of that length.
func TotalsOf(numbers []uint64) *Totals {
	t := new(Totals)
	if len(numbers) != 4*len(t.Hosts) {
		return nil
	}
	for state := range t.Hosts {
		n := numbers[4*state:]
		t.Hosts[state], t.Services[state] = Count{int(n[0]), int(n[1])}, Count{int(n[2]), int(n[3])}
	}
	return t
}

// WantsTotals says whether the configuration asks for any of these macros: to count takes a look at every object.
func (c *Core) WantsTotals() bool { return c.asks.totals }

// SetTotals says what the macros are to show from now on; nil, as at the beginning, when it is not known, and they are
// empty. The core keeps t and does not change it.
func (c *Core) SetTotals(t *Totals) { c.totals = t }

// Totals counts the objects of this shard.
func (c *Core) Totals() *Totals {
	t := new(Totals)
	for id := range monitor.ID(c.inv.Objects()) {
		s := &c.standing[id]
		if s.State >= monitor.Pending {
			continue
		}
		n := &t.Hosts[s.State]
		if !c.inv.IsHost(id) {
			n = &t.Services[s.State]
		}
		n.All++
		host := c.inv.HostOf(id)
		if s.Ack == monitor.AckNone && s.depth == 0 && s.switches&monitor.ActiveChecks != 0 && (host == id || c.isUp(host)) {
			n.Unhandled++
		}
	}
	return t
}

// appendSum appends $TOTALname$; false if it is none of these macros.
func (c *Core) appendSum(dst []byte, name string) ([]byte, bool) {
	kind, unhandled := strings.CutSuffix(name, "UNHANDLED")
	t := c.totals
	if t == nil {
		t = new(Totals)
	}
	counts, known := t.named(kind)
	if !known || c.totals == nil {
		return dst, known
	}
	sum := 0
	for _, n := range counts {
		if unhandled {
			sum += n.Unhandled
		} else {
			sum += n.All
		}
	}
	return strconv.AppendInt(dst, int64(sum), 10), true
}

// named gives the counts that a macro adds up.
func (t *Totals) named(kind string) ([]Count, bool) {
	switch kind {
	case "HOSTPROBLEMS":
		return t.Hosts[1:], true
	case "SERVICEPROBLEMS":
		return t.Services[1:], true
	}
	if i := slices.Index([]string{"HOSTSUP", "HOSTSDOWN", "HOSTSUNREACHABLE"}, kind); i >= 0 {
		return t.Hosts[i : i+1], true
	}
	if i := slices.Index([]string{"SERVICESOK", "SERVICESWARNING", "SERVICESCRITICAL", "SERVICESUNKNOWN"}, kind); i >= 0 {
		return t.Services[i : i+1], true
	}
	return nil, false
}
