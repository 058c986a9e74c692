package service

import (
	"math"
	"strings"
)

// winperfPhydisk is the kind of the disks of Windows.
func winperfPhydisk() Kind {
	return Kind{
		Name: "winperf_phydisk", Sections: []string{"winperf_phydisk"}, Takes: diskOptions(),
		Discover: func(in *Input) []Found {
			names, _ := windowsDisks(newWinperf(in.Sections.Get("winperf_phydisk")))
			return discoverDisks(in, names)
		},
		Check: func(in *Input, r *Report) {
			w := newWinperf(in.Sections.Get("winperf_phydisk"))
			names, places := windowsDisks(w)
			checkDisks(in, r, names, func(i int) (disk, bool) { return windowsDisk(in, w, names[i], places[i]) })
		},
	}
}

// windowsDisks gives the names of the disks and their places among the instances: "0_C: 1_D: 2 _Total" are C:, D:, 2 and the
// sum, which is left out. What has the name of one before it keeps its number.
func windowsDisks(w *winperf) (names []string, places []int) {
	if w == nil {
		return nil, nil
	}
	seen := map[string]bool{}
	for i, instance := range w.instances {
		number, letters, ok := strings.Cut(instance, "_")
		if number == "" {
			continue
		}
		name := letters
		if !ok || name == "" || seen[name] {
			name = instance
		}
		if seen[name] {
			continue
		}
		seen[name] = true
		names, places = append(names, name), append(places, i)
	}
	return names, places
}

// windowsDisk gives what a disk did in a second. The offsets are of object 234, Physical Disk: what Windows calls Disk Read
// Bytes/sec and so on; -26 and -24 are the seconds of a read and of a write, 1248 the time without work.
func windowsDisk(in *Input, w *winperf, name string, at int) (disk, bool) {
	rate := func(offset string, base bool) float64 {
		v, ok := w.rate(in, offset, base, at, name)
		if !ok {
			return math.NaN()
		}
		return v
	}
	const ticks = 1e7 // of 100 ns in a second
	d := noDisk(name)
	d.read, d.write, d.reads, d.writes = rate("-14", false), rate("-12", false), rate("-20", false), rate("-18", false)
	d.readQueue, d.writeQueue = rate("1168", false)/ticks, rate("1170", false)/ticks
	if w.frequency > 0 {
		d.readWait = per(rate("-26", false)/w.frequency, rate("-26", true))
		d.writeWait = per(rate("-24", false)/w.frequency, rate("-24", true))
	}
	idle, clock := rate("1248", false), rate("1248", true)
	if clock > 0 {
		d.busy = math.Min(math.Max(0, (1-idle/clock)*100), 100)
	}
	if v, ok := w.value("-36", at); ok {
		d.queue = v
	}
	return d, !math.IsNaN(d.read + d.write + d.reads + d.writes)
}
