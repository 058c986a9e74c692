package service

import (
	"strings"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/monitor"
)

// memKind is the memory of a host: of Linux by /proc/meminfo, and of Windows.
func memKind() Kind {
	return Kind{
		Name:     "mem",
		Sections: []string{"mem"},
		Discover: func(in *Input) []Found {
			if m := memInfo(in.first("mem")); m["MemTotal"] <= 0 {
				return nil
			}
			return []Found{{Description: "Memory"}}
		},
		Check: checkMem,
		Takes: map[string]string{
			"ram":       "WARN,CRIT for the RAM in use without caches, in percent or as sizes",
			"available": "WARN,CRIT for what Linux says is available: 10%:,5%:",
			"swap":      "WARN,CRIT for the swap space in use",
			"committed": "WARN,CRIT for what is promised to processes, of RAM and swap",
		},
	}
}

// memInfo gives the lines of /proc/meminfo in bytes.
func memInfo(s *section.Section) map[string]float64 {
	m := map[string]float64{}
	for _, columns := range s.Rows() {
		if len(columns) < 2 {
			continue
		}
		v, ok := numeral(columns[1])
		if !ok || v < 0 {
			continue
		}
		if len(columns) > 2 && strings.EqualFold(columns[2], "kB") {
			v *= 1024
		}
		m[strings.TrimSuffix(columns[0], ":")] = v
	}
	return m
}

// isWindowsMemory says that the figures are those of a Windows agent, which has a commit limit in place of swap space.
func isWindowsMemory(m map[string]float64) bool {
	_, page := m["PageTotal"]
	_, virtual := m["VirtualTotal"]
	return page && virtual
}

func checkMem(in *Input, r *Report) {
	m := memInfo(in.first("mem"))
	if isWindowsMemory(m) {
		checkWindowsMem(in, r, m)
		return
	}
	total, swap := m["MemTotal"], m["SwapTotal"]
	levels := in.Levels(r, Upper(80, 90))
	if total <= 0 {
		r.Say(monitor.Unknown, "the agent does not say how much memory there is")
		return
	}
	// Caches are free memory that is made use of meanwhile.
	caches := m["Buffers"] + m["Cached"] + m["SReclaimable"]
	used := max(total-m["MemFree"]-caches, 0)
	swapUsed := max(swap-m["SwapFree"], 0)
	both := total + swap
	r.Say(judgePart("Total virtual memory", used+swapUsed, both, levels))
	r.Metric(Measured("mem_virtual_used", used+swapUsed, "B").By(levels.Of(both, true)).Within(0, both))

	judgeMem(in, r, "ram", "RAM", Measured("mem_used", used, "B"), total)
	if available, ok := m["MemAvailable"]; ok {
		judgeMem(in, r, "available", "Available", Measured("mem_available", available, "B"), total)
	}
	if swap > 0 {
		judgeMem(in, r, "swap", "Swap", Measured("swap_used", swapUsed, "B"), swap)
	}
	if committed, ok := m["Committed_AS"]; ok {
		judgeMem(in, r, "committed", "Committed", Measured("mem_committed", committed, "B"), both)
	}
	r.Metric(Measured("mem_caches", caches, "B").Within(0, total))
	if shared, ok := m["Shmem"]; ok {
		r.Detail("Shared memory: " + showPart(shared, total))
	}
	if broken := m["HardwareCorrupted"]; broken > 0 {
		r.Say(monitor.Critical, "Hardware defects in memory: "+showBytes(broken))
	}
}

// judgeMem watches one figure by the levels of its option.
func judgeMem(in *Input, r *Report, option, label string, metric Metric, whole float64) {
	levels := in.Pair(r, option, None())
	r.Notice(judgePart(label, metric.Value, whole, levels))
	r.Metric(metric.By(levels.Of(whole, true)).Within(0, whole))
}
