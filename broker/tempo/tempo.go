// Package tempo knows how fast checks are made: by each module how many a second, how late they begin and how long they take.
package tempo

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/onbu/onbu/monitor"
)

const (
	// Slot is the time that checks are counted together for.
	Slot = 5 * time.Second
	// slots are kept: five minutes, and the slot that fills.
	slots = 61
	// recent slots, a minute, are what latency and execution are told of, and the one that fills.
	recent = 13
	// rated slots give the rate.
	rated = 3
	// mostNames bounds how many modules and pollers are told apart; what is beyond has the name Others.
	mostNames = 64
)

// Others stands for modules or pollers beyond those that are told apart.
const Others = "(others)"

// Passive is the module of results that came by themselves.
const Passive = "passive"

// Tempo counts checks. It is not safe for use by several goroutines at once. The zero Tempo has seen none.
type Tempo struct {
	slot             int64 // the number of the slot that fills
	modules, pollers map[string]*track
	// module and poller are those of the check before: many follow each other that have the same.
	module, poller         *track
	moduleName, pollerName string
}

// track is what one module or poller did.
type track struct {
	counts [slots]uint32
	// latency and execution are nil for pollers.
	latency, execution *[recent]histogram
}

// Add counts checks that came at a time, which never goes back.
func (t *Tempo) Add(now monitor.Time, checks []monitor.Check) {
	t.turn(now)
	for i := range checks {
		t.add(&checks[i])
	}
}

// turn begins the slot of a time, and forgets what was counted in its place.
func (t *Tempo) turn(now monitor.Time) {
	slot := int64(now) / int64(Slot)
	if t.modules == nil {
		t.modules, t.pollers = map[string]*track{}, map[string]*track{}
	}
	for from := max(t.slot, slot-slots); from < slot; from++ {
		for _, one := range t.modules {
			one.clear(from + 1)
		}
		for _, one := range t.pollers {
			one.clear(from + 1)
		}
	}
	t.slot = max(t.slot, slot)
}

func (k *track) clear(slot int64) {
	k.counts[slot%slots] = 0
	if k.latency != nil {
		k.latency[slot%recent], k.execution[slot%recent] = histogram{}, histogram{}
	}
}

func (t *Tempo) add(c *monitor.Check) {
	module := c.Module
	if c.CheckType == monitor.Passive {
		module = Passive
	}
	if t.module == nil || t.moduleName != module {
		t.module, t.moduleName = find(t.modules, module, true)
	}
	if t.poller == nil || t.pollerName != c.Poller {
		t.poller, t.pollerName = find(t.pollers, c.Poller, false)
	}
	m := t.module
	m.counts[t.slot%slots]++
	t.poller.counts[t.slot%slots]++
	m.latency[t.slot%recent].add(c.Latency)
	m.execution[t.slot%recent].add(c.Execution)
}

// find gives the track of a name, and the name as it may be kept.
func find(all map[string]*track, name string, spread bool) (*track, string) {
	if len(all) >= mostNames && all[name] == nil {
		name = Others
	}
	k := all[name]
	if k == nil {
		name = string([]byte(name)) // the caller's may lie in memory that is used again
		k = &track{}
		if spread {
			k.latency, k.execution = new([recent]histogram), new([recent]histogram)
		}
		all[name] = k
	}
	return k, name
}

// Report is how fast checks are made.
type Report struct {
	// Slot is the length of a slot in seconds.
	Slot float64 `json:"slot"`
	// All is of all modules together but Passive.
	All     Module   `json:"all"`
	Modules []Module `json:"modules"` // by name
	Pollers []Poller `json:"pollers"` // by name
}

// Module is what one module did. Times are in seconds.
type Module struct {
	Name string `json:"name"`
	// Rate is checks a second, over the last fifteen seconds.
	Rate float64 `json:"rate"`
	// Latency is how late checks began, Execution how long they took, in the last minute.
	Latency   Spread `json:"latency"`
	Execution Spread `json:"execution"`
	// Slots are the checks in each slot of the last five minutes, the oldest first; leading ones with nothing before the first are left out.
	Slots []uint32 `json:"slots"`
}

// Poller is what one poller did. Its name is empty for results that came by themselves.
type Poller struct {
	Name string  `json:"name"`
	Rate float64 `json:"rate"`
}

// Report gives what was seen until a time. What was not heard of in five minutes is left out.
func (t *Tempo) Report(now monitor.Time) Report {
	t.turn(now)
	r := Report{Slot: Slot.Seconds(), Modules: []Module{}, Pollers: []Poller{}, All: Module{Slots: []uint32{}}}
	all := track{latency: new([recent]histogram), execution: new([recent]histogram)}
	for _, name := range slices.SortedFunc(maps.Keys(t.modules), cmp.Compare[string]) {
		k := t.modules[name]
		if m := t.told(name, k); len(m.Slots) > 0 {
			r.Modules = append(r.Modules, m)
		}
		if name != Passive {
			all.join(k)
		}
	}
	r.All = t.told("", &all)
	for _, name := range slices.SortedFunc(maps.Keys(t.pollers), cmp.Compare[string]) {
		if k := t.pollers[name]; len(t.history(k)) > 0 {
			r.Pollers = append(r.Pollers, Poller{name, t.rate(k)})
		}
	}
	return r
}

func (k *track) join(other *track) {
	for i, n := range other.counts {
		k.counts[i] += n
	}
	for i := range recent {
		k.latency[i].join(&other.latency[i])
		k.execution[i].join(&other.execution[i])
	}
}

func (t *Tempo) told(name string, k *track) Module {
	var latency, execution histogram
	for i := range recent {
		latency.join(&k.latency[i])
		execution.join(&k.execution[i])
	}
	return Module{Name: name, Rate: t.rate(k), Latency: latency.spread(), Execution: execution.spread(), Slots: t.history(k)}
}

// rate is checks a second in the last slots that are full.
func (t *Tempo) rate(k *track) float64 {
	n := uint64(0)
	for slot := t.slot - rated; slot < t.slot; slot++ {
		n += uint64(k.counts[(slot+slots)%slots])
	}
	return float64(n) / (rated * Slot).Seconds()
}

// history gives the full slots, from the first one with something in it.
func (t *Tempo) history(k *track) []uint32 {
	all := []uint32{}
	for slot := t.slot - slots + 1; slot < t.slot; slot++ {
		if n := k.counts[(slot+slots)%slots]; n > 0 || len(all) > 0 {
			all = append(all, n)
		}
	}
	return all
}
