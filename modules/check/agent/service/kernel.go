package service

import (
	"math"
	"time"

	"github.com/onbu/onbu/monitor"
)

// cpuUtilizationKind is what the processors of a Linux host do, by /proc/stat.
func cpuUtilizationKind() Kind {
	return Kind{
		Name:     "cpu_utilization",
		Sections: []string{"kernel"},
		Discover: func(in *Input) []Found {
			if len(kernelOf(in).cpu) == 0 {
				return nil
			}
			return []Found{{Description: "CPU utilization"}}
		},
		Check: checkCPUUtilization,
		Takes: map[string]string{
			"iowait": "WARN,CRIT for the share of waiting for disks, in percent",
			"steal":  "WARN,CRIT for the share that the hypervisor gave to others",
			"core":   "WARN,CRIT for the busiest core",
		},
	}
}

// kernelKind is how often some things happen in the kernel.
func kernelKind() Kind {
	takes := map[string]string{}
	for _, c := range kernelCounters() {
		takes[c.option] = "WARN,CRIT for " + c.label + " in a second"
	}
	return Kind{
		Name:     "kernel",
		Sections: []string{"kernel"},
		Discover: func(in *Input) []Found {
			if len(kernelOf(in).counters) == 0 {
				return nil
			}
			return []Found{{Description: "Kernel Performance"}}
		},
		Check: checkKernel,
		Takes: takes,
	}
}

// kernelCounter is one of /proc/vmstat or /proc/stat.
type kernelCounter struct{ name, option, label, metric string }

func kernelCounters() []kernelCounter {
	return []kernelCounter{
		{"processes", "processes", "process creations", "process_creations"},
		{"ctxt", "ctxt", "context switches", "context_switches"},
		{"pgmajfault", "pgmajfault", "major page faults", "major_page_faults"},
		{"pswpin", "swapin", "pages swapped in", "page_swap_in"},
		{"pswpout", "swapout", "pages swapped out", "page_swap_out"},
	}
}

// kernelData is the section kernel.
type kernelData struct {
	at       time.Time
	cpu      []float64            // of all cores: user nice system idle iowait irq softirq steal guest guest_nice
	cores    map[string][]float64 // of one each
	order    []string             // of the cores
	counters map[string]float64
}

func kernelOf(in *Input) kernelData {
	k := kernelData{at: in.Now, cores: map[string][]float64{}, counters: map[string]float64{}}
	for _, columns := range in.first("kernel").Rows() {
		if len(columns) == 1 {
			if at, ok := moment(columns[0]); ok {
				k.at = at
			}
			continue
		}
		name := columns[0]
		if len(name) >= 3 && name[:3] == "cpu" && len(columns) >= 5 {
			k.addCPU(name, numbers(columns[1:]))
			continue
		}
		if v, ok := numeral(columns[1]); ok && len(columns) == 2 {
			k.counters[name] = v
		}
	}
	return k
}

func (k *kernelData) addCPU(name string, times []float64) {
	if len(times) < 4 {
		return
	}
	if name == "cpu" {
		k.cpu = times
		return
	}
	if _, known := k.cores[name]; !known {
		k.order = append(k.order, name)
	}
	k.cores[name] = times
}

// shares is what a processor did between two looks, in percent. What guests used is in user.
type shares struct{ user, system, iowait, steal, total float64 }

// sharesOf compares times with those of the last look. The kernel's figures for idle and iowait go back a little at times:
// that counts as none.
func (in *Input) sharesOf(key string, times []float64, at time.Time) (s shares, ok bool) {
	const user, nice, system, idle, iowait, irq, softirq, steal = 0, 1, 2, 3, 4, 5, 6, 7
	var rates [8]float64
	sum, known := 0.0, true
	for i := range min(len(times), len(rates)) {
		rate, ok := in.Counters.Rate(key+string(rune('0'+i)), times[i], at, 0)
		if !ok && i != idle && i != iowait {
			known = false
		}
		rates[i] = rate
		sum += rate
	}
	if !known || sum <= 0 {
		return s, false
	}
	for i := range rates {
		rates[i] *= 100 / sum
	}
	return shares{
		user: rates[user] + rates[nice], system: rates[system] + rates[irq] + rates[softirq], iowait: rates[iowait], steal: rates[steal],
		total: 100 - rates[idle],
	}, true
}

func checkCPUUtilization(in *Input, r *Report) {
	k := kernelOf(in)
	levels, iowait, steal, core := in.Levels(r, None()), in.Pair(r, "iowait", None()), in.Pair(r, "steal", None()), in.Pair(r, "core", None())
	if len(k.cpu) == 0 {
		r.Say(monitor.Unknown, "the agent does not say what the processors do")
		return
	}
	s, ok := in.sharesOf("kernel.cpu.", k.cpu, k.at)
	busiest, name := -1.0, ""
	for _, c := range k.order {
		if one, ok := in.sharesOf("kernel."+c+".", k.cores[c], k.at); ok && one.total > busiest {
			busiest, name = one.total, c
		}
	}
	if !ok {
		r.Wait("")
		return
	}
	r.Measure("Total", Measured("util", s.total, "%").By(levels).Within(0, 100), showPercent)
	r.Measure("user", Measured("user", s.user, "%").Within(0, 100), showPercent)
	r.Measure("system", Measured("system", s.system, "%").Within(0, 100), showPercent)
	r.Measure("waiting for disks", Measured("wait", s.iowait, "%").By(iowait).Within(0, 100), showPercent)
	r.Watch("steal", s.steal, steal, showPercent)
	r.Metric(Measured("steal", s.steal, "%").By(steal).Within(0, 100))
	if busiest >= 0 {
		r.Watch("busiest core ("+name+")", busiest, core, showPercent)
		r.Metric(Measured("core_max", busiest, "%").By(core).Within(0, 100))
	}
}

func checkKernel(in *Input, r *Report) {
	k := kernelOf(in)
	seen, known := false, false
	for _, c := range kernelCounters() {
		levels := in.Pair(r, c.option, None())
		v, ok := k.counters[c.name]
		if !ok {
			continue
		}
		seen = true
		if rate, ok := in.Counters.Rate("kernel."+c.name, v, k.at, 0); ok {
			known = true
			r.Measure(c.label, Measured(c.metric, rate, "").By(levels).Within(0, math.NaN()), showPerSecond)
		}
	}
	switch {
	case !seen:
		r.Say(monitor.Unknown, "the agent does not show the kernel's counters")
	case !known:
		r.Wait("")
	}
}
