package view

import (
	"math"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// mostHints bounds the objects of a shard that are found by number; others are found by name.
const mostHints = 1 << 20

// hints say where the objects of a shard were found last, by number: a search by name costs more than all else that is
// done for a check. A hint may be wrong, and whoever follows one looks whether it is.
type hints struct {
	hosts []*host
	at    []uint8 // among the services of the host
}

// checked finds the row of a check.
func (v *View) checked(c *monitor.Check) *row {
	hints := v.hints[c.Shard]
	if hints != nil && int(c.Object) < len(hints.hosts) {
		if h := hints.hosts[c.Object]; h != nil && h.name == c.Host {
			if c.IsHost() {
				return &h.own
			}
			if i := int(hints.at[c.Object]); i < len(h.services) && h.services[i].name == c.Service {
				return &h.services[i].row
			}
		}
	}
	return v.search(c)
}

// search finds the row of a check by name, or makes it, and remembers where it was.
func (v *View) search(c *monitor.Check) *row {
	h, i := v.host(c.Host), 0
	r := &h.own
	if !c.IsHost() {
		i = h.service(c.Service)
		r = &h.services[i].row
	}
	if c.Object < mostHints && i <= math.MaxUint8 {
		at := v.hints[c.Shard]
		if at == nil {
			at = &hints{}
			v.hints[c.Shard] = at
		}
		if more := int(c.Object) + 1 - len(at.hosts); more > 0 {
			at.hosts, at.at = append(at.hosts, make([]*host, more)...), append(at.at, make([]uint8, more)...)
		}
		at.hosts[c.Object], at.at[c.Object] = h, uint8(i)
	}
	return r
}

// host gives a host, a new one if there is none.
func (v *View) host(name string) *host {
	h := v.hosts[name]
	if h == nil {
		h = &host{name: strings.Clone(name)}
		h.own.put(&monitor.Status{State: monitor.Pending}, &v.names)
		v.hosts[h.name] = h
	}
	return h
}
