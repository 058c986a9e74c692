package service

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// esxCounter is a counter of an instance: values of 20 seconds each, the newest last.
type esxCounter struct {
	name, instance string
	values         []float64
	text           string
}

// mostSamples bounds the values of one counter, of which five minutes have 15, and mostESX the counters of a host.
const (
	mostSamples = 100
	mostESX     = 50_000
)

// esxCounters reads "NAME|INSTANCE|V1#V2|UNIT". What is not a number stays text.
func esxCounters(in *Input) []esxCounter {
	sec := in.Sections.Get("esx_vsphere_counters")
	if sec == nil {
		return nil
	}
	var all []esxCounter
	for i := range sec.Parts {
		for _, line := range sec.Parts[i].Lines {
			c := strings.SplitN(line, "|", 4)
			if len(c) < 3 || len(all) == mostESX {
				continue
			}
			e := esxCounter{name: c[0], instance: c[1], text: c[2]}
			for v := range strings.SplitSeq(c[2], "#") {
				if n, ok := numeral(v); ok && n >= 0 && len(e.values) < mostSamples { // -1 stands for no sample
					e.values = append(e.values, n)
				}
			}
			all = append(all, e)
		}
	}
	return all
}

func (e *esxCounter) mean() float64 {
	sum := 0.0
	for _, v := range e.values {
		sum += v
	}
	return sum / float64(max(len(e.values), 1))
}

// esxIf is the kind of the network interfaces of ESX hosts.
func esxIf() Kind {
	return Kind{
		Name: "esx_if", Sections: []string{"esx_vsphere_counters"}, Takes: interfaceOptions(),
		Discover: func(in *Input) []Found { return discoverInterfaces(esxInterfaces(in)) },
		Check:    func(in *Input, r *Report) { checkInterface(in, r, esxInterfaces(in)) },
	}
}

// esxInterfaces reads the counters of net, which are rates.
func esxInterfaces(in *Input) []nic {
	by := map[string]*nic{}
	for _, c := range esxCounters(in) {
		what, ok := strings.CutPrefix(c.name, "net.")
		if !ok || c.instance == "" {
			continue
		}
		n := by[c.instance]
		if n == nil {
			n = &nic{name: c.instance, state: "up", in: traffic{rates: true}, out: traffic{rates: true}}
			by[c.instance] = n
		}
		n.takeESX(what, &c)
	}
	all := make([]nic, 0, len(by))
	for _, n := range by {
		all = append(all, *n)
	}
	slices.SortFunc(all, func(a, b nic) int { return cmp.Compare(a.name, b.name) })
	for i := range all {
		all[i].index = strconv.Itoa(i)
	}
	return all
}

func (n *nic) takeESX(what string, c *esxCounter) {
	const kib = 1024
	// Counts are of 20 seconds each.
	mean, count := c.mean(), c.mean()/20
	switch what {
	case "bytesRx":
		n.in.octets.value = mean * kib
	case "bytesTx":
		n.out.octets.value = mean * kib
	case "packetsRx":
		n.in.packets.value = count
	case "packetsTx":
		n.out.packets.value = count
	case "errorsRx":
		n.in.errors.value = count
	case "errorsTx":
		n.out.errors.value = count
	case "droppedRx":
		n.in.discards.value = count
	case "droppedTx":
		n.out.discards.value = count
	case "bandwidth":
		n.speed = mean
	case "macaddress":
		n.mac = c.text
	case "state":
		if len(c.values) > 0 {
			n.state = operStatus(c.values[len(c.values)-1])
		}
	}
}

// esxDisk is the kind of what the disks of an ESX host do together.
func esxDisk() Kind {
	return Kind{
		Name: "esx_disk", Sections: []string{"esx_vsphere_counters"}, Takes: diskOptions(),
		Discover: func(in *Input) []Found {
			for _, c := range esxCounters(in) {
				if c.name == "disk.read" && c.instance == "" {
					return []Found{{Item: summary, Description: "Disk IO SUMMARY"}}
				}
			}
			return nil
		},
		Check: func(in *Input, r *Report) {
			all := esxDisks(in)
			names := make([]string, len(all))
			for i := range all {
				names[i] = all[i].name
			}
			if len(all) > 0 && (in.Item == summary || in.Item == "") {
				sayDisk(in, r, all[0])
				return
			}
			checkDisks(in, r, names, func(i int) (disk, bool) { return all[i], true })
		},
	}
}

// esxDisks gives what the disks do together, and then each of them. Throughput has a sum of its own; operations are counted, and
// the time of the slowest disk is that of all.
func esxDisks(in *Input) []disk {
	all := []disk{noDisk(summary)}
	place := map[string]int{"": 0}
	for _, c := range esxCounters(in) {
		what, ok := strings.CutPrefix(c.name, "disk.")
		if !ok || len(c.values) == 0 {
			continue
		}
		i, ok := place[c.instance]
		if !ok {
			i = len(all)
			place[c.instance], all = i, append(all, noDisk(c.instance))
		}
		d, total := &all[i], &all[0]
		switch what {
		case "read":
			d.read = c.mean() * 1024
		case "write":
			d.write = c.mean() * 1024
		case "numberRead":
			d.reads = c.mean() / 20
			total.reads = plus(total.reads, i, d.reads)
		case "numberWrite":
			d.writes = c.mean() / 20
			total.writes = plus(total.writes, i, d.writes)
		case "deviceLatency":
			d.latency = slices.Max(c.values) / 1000
			if !(total.latency > d.latency) {
				total.latency = d.latency
			}
		}
	}
	if len(all) == 1 && math.IsNaN(all[0].read+all[0].write) {
		return nil
	}
	return all
}

// plus adds the value of an instance to a sum that may not be known yet; the sum's own value takes its place.
func plus(sum float64, instance int, v float64) float64 {
	if instance == 0 || math.IsNaN(sum) {
		return v
	}
	return sum + v
}

// esxUptime is the kind of for how long an ESX host has been up.
func esxUptime() Kind {
	up := func(in *Input) (float64, bool) {
		for _, c := range esxCounters(in) {
			if c.name == "sys.uptime" && len(c.values) > 0 {
				return c.values[len(c.values)-1], true
			}
		}
		return 0, false
	}
	return Kind{
		Name: "esx_uptime", Sections: []string{"esx_vsphere_counters"},
		Discover: func(in *Input) []Found {
			if _, ok := up(in); !ok {
				return nil
			}
			return []Found{{Description: "Uptime"}}
		},
		Check: func(in *Input, r *Report) {
			v, ok := up(in)
			if !ok {
				r.Say(monitor.Unknown, "the agent's output has no uptime")
				return
			}
			r.Measure("up for", Measured("uptime", v, "s").By(in.Levels(r, None())).Within(0, math.NaN()), showSpan)
		},
	}
}
