package service

import (
	"fmt"
	"math"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// esxHosts gives the kinds of ESX hosts.
func esxHosts() []Kind {
	return []Kind{
		esxHost("esx_host_state", "Overall state", "overallStatus", nil, checkESXState),
		esxHost("esx_host_maintenance", "Maintenance Mode", "runtime.inMaintenanceMode", map[string]string{
			"maintenance": "state of the check for a host in maintenance (default critical)",
		}, func(in *Input, r *Report, v map[string]string) {
			if strings.EqualFold(v["runtime.inMaintenanceMode"], "true") {
				r.Say(in.StateOf(r, "maintenance", monitor.Critical), "the host is in maintenance mode")
				return
			}
			r.OK("not in maintenance mode")
		}),
		esxHost("esx_host_cpu", "CPU utilization", "summary.quickStats.overallCpuUsage", nil, checkESXCPU),
		esxHost("esx_host_mem", "Memory used", "summary.quickStats.overallMemoryUsage", nil, checkESXMem),
		esxMultipath(),
	}
}

// esxHost makes a kind of hosts. key must be there for it to be offered.
func esxHost(name, description, key string, takes map[string]string, check func(in *Input, r *Report, v map[string]string)) Kind {
	return Kind{
		Name: name, Sections: []string{"esx_vsphere_hostsystem"}, Takes: takes,
		Discover: func(in *Input) []Found {
			if _, ok := esxValues(in.Sections.Get("esx_vsphere_hostsystem"))[key]; !ok {
				return nil
			}
			return []Found{{Description: description}}
		},
		Check: func(in *Input, r *Report) {
			v := esxValues(in.Sections.Get("esx_vsphere_hostsystem"))
			if _, ok := v[key]; !ok {
				r.Say(monitor.Unknown, "VMware says nothing of it: there is no "+key+" in the agent's output")
				return
			}
			check(in, r, v)
		},
	}
}

func checkESXState(_ *Input, r *Report, v map[string]string) {
	state := monitor.Unknown
	switch v["overallStatus"] {
	case "green":
		state = monitor.OK
	case "yellow":
		state = monitor.Warning
	case "red", "gray":
		state = monitor.Critical
	}
	r.Say(state, "entity state: "+v["overallStatus"])
	power, ok := v["runtime.powerState"]
	if !ok {
		return
	}
	state = monitor.OK
	switch power {
	case "poweredOff", "unknown":
		state = monitor.Critical
	case "standBy":
		state = monitor.Warning
	}
	r.Say(state, "power state: "+power)
}

func checkESXCPU(in *Input, r *Report, v map[string]string) {
	used, ok := esxNumber(v, "summary.quickStats.overallCpuUsage") // MHz
	hz, ok2 := esxNumber(v, "hardware.cpuInfo.hz")
	cores, ok3 := esxNumber(v, "hardware.cpuInfo.numCpuCores")
	total := hz / 1e6 * cores
	if !ok || !ok2 || !ok3 || total == 0 {
		r.Say(monitor.Unknown, "VMware does not say how much the processors can do")
		return
	}
	r.Measure("total CPU", Measured("util", used/total*100, "%").By(in.Levels(r, None())).Within(0, 100), showPercent)
	r.OK(fmt.Sprintf("%.2f GHz of %.2f GHz", used/1000, total/1000))
	sockets, _ := esxNumber(v, "hardware.cpuInfo.numCpuPackages")
	threads, _ := esxNumber(v, "hardware.cpuInfo.numCpuThreads")
	r.Detail(fmt.Sprintf("%.0f sockets, %.0f cores, %.0f threads", sockets, cores, threads))
}

func checkESXMem(in *Input, r *Report, v map[string]string) {
	used, ok := esxNumber(v, "summary.quickStats.overallMemoryUsage") // MiB
	total, ok2 := esxNumber(v, "hardware.memorySize")
	if !ok || !ok2 || total == 0 {
		r.Say(monitor.Unknown, "VMware does not say how much memory there is")
		return
	}
	used *= 1 << 20
	l := in.Levels(r, Upper(80, 90))
	r.Say(judgePart("used", used, total, l))
	r.Metric(Measured("mem_used", used, "B").By(l.Of(total, true)).Within(0, total))
}

// esxPath is one way from a host to a LUN.
type esxPath struct{ lun, path, state string }

// esxPaths reads triples of LUN, path and state or, of older versions, pairs of path and state, whose path ends with the LUN.
func esxPaths(in *Input) []esxPath {
	v := esxValues(in.Sections.Get("esx_vsphere_hostsystem"))
	var all []esxPath
	for words := strings.Fields(v["config.storageDevice.multipathInfo"]); len(words) >= 3; words = words[3:] {
		all = append(all, esxPath{words[0], words[1], words[2]})
	}
	for words := strings.Fields(v["config.multipathState.path"]); len(words) >= 2; words = words[2:] {
		all = append(all, esxPath{words[0][strings.LastIndexByte(words[0], '-')+1:], words[0], words[1]})
	}
	return all
}

// esxMultipath is the kind of the paths to a LUN.
func esxMultipath() Kind {
	return Kind{
		Name: "esx_host_multipath", Sections: []string{"esx_vsphere_hostsystem"},
		Discover: func(in *Input) []Found {
			var all []Found
			seen := map[string]bool{}
			for _, p := range esxPaths(in) {
				if !seen[p.lun] {
					seen[p.lun] = true
					all = append(all, Found{Item: p.lun, Description: "Multipath " + p.lun})
				}
			}
			return all
		},
		Check: checkESXMultipath,
	}
}

// checkESXMultipath judges each path, and the number of those that are active by the levels.
func checkESXMultipath(in *Input, r *Report) {
	all := esxPaths(in)
	counts := map[string]int{}
	found := false
	for _, p := range all {
		if p.lun != in.Item {
			continue
		}
		found = true
		counts[p.state]++
		state := monitor.OK
		switch p.state {
		case "active", "standby":
		case "disabled":
			state = monitor.Warning
		default:
			state = monitor.Critical
		}
		r.Notice(state, p.path+" is "+p.state)
	}
	if !found {
		lacks(r, "LUN", in.Item, func(yield func(string) bool) {
			last := ""
			for _, p := range all {
				if p.lun != last && !yield(p.lun) {
					return
				}
				last = p.lun
			}
		})
		return
	}
	r.Measure("active", Measured("active", float64(counts["active"]), "").By(in.Levels(r, None())).Within(0, math.NaN()), showCount)
	for _, state := range []string{"dead", "disabled", "standby", "unknown"} {
		if counts[state] > 0 {
			r.OK(fmt.Sprintf("%s: %d", state, counts[state]))
		}
	}
}
