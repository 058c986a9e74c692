package compile

import (
	"cmp"
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// addTriggers adds the triggers that objects of this shard have, numbered anew.
func (b *builder) addTriggers() {
	numbers := map[uint32]uint32{}
	for i := range b.config.Triggered {
		t := &b.config.Triggered[i]
		if !b.here(t.Host) {
			continue
		}
		one := monitor.Triggered{Object: b.target(t.Target)}
		for _, n := range t.Triggers {
			one.Triggers = append(one.Triggers, b.trigger(numbers, n))
		}
		b.inv.Triggered = append(b.inv.Triggered, one)
	}
	slices.SortFunc(b.inv.Triggered, func(a, b monitor.Triggered) int { return cmp.Compare(a.Object, b.Object) })
}

// trigger gives the number that a trigger has in this shard.
func (b *builder) trigger(numbers map[uint32]uint32, n uint32) uint32 {
	number, ok := numbers[n]
	if !ok {
		number = uint32(len(b.inv.Triggers))
		numbers[n] = number
		t := b.config.Triggers[n].Trigger
		t.Source = strings.Clone(t.Source)
		b.inv.Triggers = append(b.inv.Triggers, t)
	}
	return number
}
