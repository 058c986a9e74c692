package service

import (
	"math"
	"slices"

	"github.com/onbu/onbu/monitor"
)

// disk is what a disk did in a second, as all sections tell of it; NaN stands for what is not known.
type disk struct {
	name                string
	read, write         float64 // bytes
	reads, writes       float64 // operations
	busy                float64 // percent of the time
	latency             float64 // seconds that an operation takes the disk
	readWait, writeWait float64 // seconds from request to answer
	readQueue, queue    float64 // requests that wait, to read and in all
	writeQueue          float64
	// part says that it lies on other disks that are there too: their sum leaves it out.
	part bool
}

// noDisk knows nothing.
func noDisk(name string) disk {
	n := math.NaN()
	return disk{name, n, n, n, n, n, n, n, n, n, n, n, false}
}

// figure is one value of a disk.
type figure struct {
	option, label, unit string
	of                  func(d *disk) *float64
	show                func(float64) string
	average             bool // many disks have the mean of it, not the sum
}

// figures are the values of a disk in the order in which they are said. The first one's levels are those of -w and -c.
func figures() []figure {
	return []figure{
		{"utilization", "utilization", "%", func(d *disk) *float64 { return &d.busy }, showPercent, true},
		{"read", "read", "B", func(d *disk) *float64 { return &d.read }, showByteRate, false},
		{"write", "write", "B", func(d *disk) *float64 { return &d.write }, showByteRate, false},
		{"reads", "reads", "", func(d *disk) *float64 { return &d.reads }, showPerSecond, false},
		{"writes", "writes", "", func(d *disk) *float64 { return &d.writes }, showPerSecond, false},
		{"latency", "latency", "s", func(d *disk) *float64 { return &d.latency }, showSpan, true},
		{"read_wait", "read wait", "s", func(d *disk) *float64 { return &d.readWait }, showSpan, true},
		{"write_wait", "write wait", "s", func(d *disk) *float64 { return &d.writeWait }, showSpan, true},
		{"queue", "queue", "", func(d *disk) *float64 { return &d.queue }, showTwo, false},
		{"read_queue", "read queue", "", func(d *disk) *float64 { return &d.readQueue }, showTwo, false},
		{"write_queue", "write queue", "", func(d *disk) *float64 { return &d.writeQueue }, showTwo, false},
	}
}

// diskOptions are what the kinds of disks take.
func diskOptions() map[string]string {
	return map[string]string{
		"read": "WARN,CRIT for bytes read per second", "write": "WARN,CRIT for bytes written per second",
		"reads": "WARN,CRIT for read operations per second", "writes": "WARN,CRIT for write operations per second",
		"latency":   "WARN,CRIT for the time that an operation takes, such as 20ms,50ms",
		"read_wait": "WARN,CRIT for the time from a read request to its answer", "write_wait": "WARN,CRIT for the same of writes",
		"queue": "WARN,CRIT for requests that wait", "read_queue": "WARN,CRIT for read requests that wait", "write_queue": "WARN,CRIT for write requests that wait",
	}
}

// summary is the item of all disks together.
const summary = "SUMMARY"

// discoverDisks offers all disks together; single ones are asked for by name.
func discoverDisks(in *Input, names []string) []Found {
	if len(names) == 0 {
		return nil
	}
	return []Found{{Item: summary, Description: "Disk IO SUMMARY"}}
}

// checkDisks says how the disk is that -i names, or all of them. rated gives each disk's rates; false while there are none.
func checkDisks(in *Input, r *Report, names []string, rated func(i int) (disk, bool)) {
	if in.Item == summary || in.Item == "" {
		if len(names) == 0 {
			r.Say(monitor.Unknown, "the agent's output names no disk")
			return
		}
		all := make([]disk, 0, len(names))
		for i := range names {
			if d, ok := rated(i); ok {
				all = append(all, d)
			}
		}
		if len(all) == 0 {
			r.Wait("")
			return
		}
		sayDisk(in, r, together(all))
		return
	}
	i := slices.Index(names, in.Item)
	if i < 0 {
		lacks(r, "disk", in.Item, slices.Values(names))
		return
	}
	d, ok := rated(i)
	if !ok {
		r.Wait("")
		return
	}
	sayDisk(in, r, d)
}

func sayDisk(in *Input, r *Report, d disk) {
	said := map[string]bool{"utilization": true, "read": true, "write": true, "latency": true}
	for i, f := range figures() {
		v := *f.of(&d)
		if math.IsNaN(v) {
			continue
		}
		l := None()
		if i == 0 {
			l = in.Levels(r, l)
		}
		l = in.Pair(r, f.option, l)
		if said[f.option] {
			r.Judge(f.label, v, l, f.show)
		} else {
			r.Watch(f.label, v, l, f.show)
		}
		most := math.NaN()
		if f.unit == "%" {
			most = 100
		}
		r.Metric(Metric{Name: f.option, Value: v, Unit: f.unit, Levels: l, Min: 0, Max: most})
	}
}

// together gives what disks do in sum, and times as their mean. What lies on other disks is left out.
func together(all []disk) disk {
	total := noDisk(summary)
	for _, f := range figures() {
		sum, n := 0.0, 0.0
		for i := range all {
			if v := *f.of(&all[i]); !math.IsNaN(v) && !all[i].part {
				sum += v
				n++
			}
		}
		switch {
		case n > 0 && f.average:
			*f.of(&total) = sum / n
		case n > 0:
			*f.of(&total) = sum
		}
	}
	return total
}
