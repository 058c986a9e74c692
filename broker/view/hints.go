package view

import (
	"math"

	"github.com/onbu/onbu/monitor"
)

// mostHints bounds the objects of a shard that are found by number; others are found by name.
const mostHints = 1 << 20

// hints say where the objects of a shard were found last, by number: a search by name costs more than all else that is
// done for a check. A hint may be wrong, and whoever follows one looks whether it is.
type hints struct {
	slots []int32 // of hosts, and 1 more: 0 is none
	at    []uint8 // among the services of the host
}

// checked finds the row of a check: the host's slot and the place there.
func (v *View) checked(c *monitor.Check) (slot int32, place int) {
	hints := v.hints[c.Shard]
	if hints != nil && int(c.Object) < len(hints.slots) {
		if slot := hints.slots[c.Object] - 1; slot >= 0 && v.hosts.all[slot].name == c.Host {
			if c.IsHost() {
				return slot, hostItself
			}
			if h, i := v.hosts.all[slot], int(hints.at[c.Object]); i < len(h.services) && h.services[i].name.Value() == c.Service {
				return slot, i
			}
		}
	}
	return v.search(c)
}

// search finds the row of a check by name, or makes it, and remembers where it was.
func (v *View) search(c *monitor.Check) (slot int32, place int) {
	slot, place = v.host(c.Host), hostItself
	if !c.IsHost() {
		place = v.hosts.service(slot, c.Service)
	}
	if c.Object < mostHints && place <= math.MaxUint8 {
		at := v.hints[c.Shard]
		if at == nil {
			at = &hints{}
			v.hints[c.Shard] = at
		}
		if more := int(c.Object) + 1 - len(at.slots); more > 0 {
			at.slots, at.at = append(at.slots, make([]int32, more)...), append(at.at, make([]uint8, more)...)
		}
		at.slots[c.Object], at.at[c.Object] = slot+1, uint8(max(place, 0))
	}
	return slot, place
}

// host gives the slot of a host, a new one if there is none.
func (v *View) host(name string) int32 {
	slot, ok := v.hosts.slot[name]
	if !ok {
		slot = v.hosts.add(name)
		v.hosts.all[slot].own.put(&monitor.Status{State: monitor.Pending}, &v.names)
	}
	return slot
}
