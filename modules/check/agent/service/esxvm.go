package service

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/monitor"
)

// esxValues reads lines of "KEY VALUE": what VMware knows of a guest or a host. The first of several sources counts.
func esxValues(sec *section.Section) map[string]string {
	all := map[string]string{}
	if sec == nil {
		return all
	}
	for i := range sec.Parts {
		for _, line := range sec.Parts[i].Lines {
			key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
			if _, ok := all[key]; !ok && key != "" && len(all) < mostThings && len(value) <= mostValue {
				all[key] = strings.TrimSpace(value)
			}
		}
	}
	return all
}

// mostValue bounds one value, in bytes; snapshots and paths are lists of many.
const mostValue = 1 << 20

// esxNumber gives a value that is a number.
func esxNumber(v map[string]string, key string) (float64, bool) {
	n, ok := numeral(v[key])
	return n, ok && n >= 0
}

// esxVM makes a kind of guests. key must be there for it to be offered; templates are never.
func esxVM(name, description, key string, takes map[string]string, check func(in *Input, r *Report, v map[string]string)) Kind {
	values := func(in *Input) map[string]string { return esxValues(in.Sections.Get("esx_vsphere_vm")) }
	return Kind{
		Name: name, Sections: []string{"esx_vsphere_vm"}, Takes: takes,
		Discover: func(in *Input) []Found {
			v := values(in)
			if _, ok := v[key]; !ok || v["config.template"] == "true" {
				return nil
			}
			return []Found{{Description: description}}
		},
		Check: func(in *Input, r *Report) {
			v := values(in)
			if _, ok := v[key]; !ok {
				r.Say(monitor.Unknown, "VMware says nothing of it: there is no "+key+" in the agent's output")
				return
			}
			check(in, r, v)
		},
	}
}

// Keys of guests.
const (
	vmPower     = "runtime.powerState"
	vmCPU       = "summary.quickStats.overallCpuUsage"
	vmGuestMem  = "summary.quickStats.guestMemoryUsage"
	vmTools     = "guest.toolsVersionStatus"
	vmHeartbeat = "guestHeartbeatStatus"
	vmHost      = "runtime.host"
	vmStores    = "config.datastoreUrl"
	vmSnapshots = "snapshot.rootSnapshotList"
)

// esxVMs gives the kinds of guests.
func esxVMs() []Kind {
	return []Kind{
		esxVM("esx_vm_power", "VM power state", vmPower, map[string]string{
			"off":       "state of the check for a guest that is off (default warning)",
			"suspended": "state of the check for a guest that is suspended (default warning)",
		}, checkVMPower),
		esxVM("esx_vm_host", "ESX Hostsystem", vmHost, nil, func(_ *Input, r *Report, v map[string]string) { r.OK("running on " + v[vmHost]) }),
		esxVM("esx_vm_cpu", "ESX CPU", vmCPU, nil, checkVMCPU),
		esxVM("esx_vm_mem", "ESX Memory", vmGuestMem, map[string]string{
			"host": "WARN,CRIT for what the guest takes of its host", "ballooned": "WARN,CRIT for what the host took back from the guest",
		}, checkVMMem),
		esxVM("esx_vm_guest_tools", "ESX Guest Tools", vmTools, nil, checkVMTools),
		esxVM("esx_vm_heartbeat", "ESX Heartbeat", vmHeartbeat, map[string]string{
			"gray": "state of the check for a guest without tools, or whose tools do not run (default warning)",
		}, checkVMHeartbeat),
		esxVM("esx_vm_datastores", "ESX Datastores", vmStores, nil, checkVMStores),
		esxVM("esx_vm_snapshots", "ESX Snapshots", vmPower, map[string]string{
			"count": "WARN,CRIT for the number of snapshots", "newest": "WARN,CRIT for the age of the newest",
		}, checkVMSnapshots),
	}
}

func checkVMPower(in *Input, r *Report, v map[string]string) {
	state := monitor.Unknown
	switch v[vmPower] {
	case "poweredOn":
		state = monitor.OK
	case "poweredOff":
		state = in.StateOf(r, "off", monitor.Warning)
	case "suspended":
		state = in.StateOf(r, "suspended", monitor.Warning)
	}
	r.Say(state, "power state: "+v[vmPower])
}

// checkVMCPU judges by levels in MHz: nobody says how much a guest may have.
func checkVMCPU(in *Input, r *Report, v map[string]string) {
	mhz, ok := esxNumber(v, vmCPU)
	if !ok {
		r.Say(monitor.Unknown, "VMware gives no number for the demand: "+v[vmCPU])
		return
	}
	show := func(mhz float64) string { return fmt.Sprintf("%.3f GHz", mhz/1000) }
	r.Measure("demand", Measured("demand_mhz", mhz, "").By(in.Levels(r, None())).Within(0, math.NaN()), show)
	if n, ok := esxNumber(v, "config.hardware.numCPU"); ok {
		r.OK(showCount(n) + " virtual CPUs")
	}
}

// checkVMMem judges what the guest uses of the memory that it was given.
func checkVMMem(in *Input, r *Report, v map[string]string) {
	if state := v[vmPower]; state != "" && state != "poweredOn" {
		r.OK("the guest is " + state + ", so that it uses no memory")
		return
	}
	const mib = 1 << 20
	total, known := esxNumber(v, "config.hardware.memoryMB")
	total *= mib
	if !known || total == 0 {
		total = math.NaN()
	}
	for _, f := range []struct {
		key, label string
		levels     Levels
	}{
		{vmGuestMem, "guest", in.Levels(r, None())},
		{"summary.quickStats.hostMemoryUsage", "host", in.Pair(r, "host", None())},
		{"summary.quickStats.balloonedMemory", "ballooned", in.Pair(r, "ballooned", None())},
		{"summary.quickStats.privateMemory", "private", None()},
		{"summary.quickStats.sharedMemory", "shared", None()},
	} {
		value, ok := esxNumber(v, f.key)
		if !ok {
			continue
		}
		value *= mib
		if f.key == vmGuestMem && !math.IsNaN(total) {
			r.Say(judgePart(f.label, value, total, f.levels))
		} else {
			r.Judge(f.label, value, f.levels.Of(total, true), showBytes)
		}
		r.Metric(Measured(f.label, value, "B").By(f.levels.Of(total, true)).Within(0, total))
	}
}

func checkVMTools(_ *Input, r *Report, v map[string]string) {
	switch v[vmTools] {
	case "guestToolsCurrent":
		r.OK("VMware Tools are installed and current")
	case "guestToolsNeedUpgrade", "guestToolsSupportedOld", "guestToolsTooOld":
		r.Say(monitor.Warning, "VMware Tools are installed, but not current")
	case "guestToolsUnmanaged", "guestToolsSupportedNew", "guestToolsTooNew":
		r.OK("VMware Tools are installed, but not managed by VMware")
	case "guestToolsNotInstalled":
		r.Say(monitor.Critical, "VMware Tools have never been installed")
	case "guestToolsBlacklisted":
		r.Say(monitor.Critical, "VMware Tools have a grave fault and should be updated")
	default:
		r.Say(monitor.Unknown, "state of the VMware Tools: "+v[vmTools])
	}
}

func checkVMHeartbeat(in *Input, r *Report, v map[string]string) {
	state := monitor.Unknown
	colour := strings.ToLower(v[vmHeartbeat])
	switch colour {
	case "green":
		state = monitor.OK
	case "yellow":
		state = monitor.Warning
	case "red":
		state = monitor.Critical
	case "gray":
		state = in.StateOf(r, "gray", monitor.Warning)
		if power := v[vmPower]; power != "" && power != "poweredOn" {
			state = monitor.OK
		}
		colour = "gray, the VMware Tools are not installed or do not run"
	}
	r.Say(state, "heartbeat: "+colour)
}

// checkVMStores judges how full the datastores of a guest are: "url U|uncommitted N|name X|...@@url ...".
func checkVMStores(in *Input, r *Report, v map[string]string) {
	l := in.Levels(r, None())
	for one := range strings.SplitSeq(v[vmStores], "@@") {
		values := map[string]string{}
		for field := range strings.SplitSeq(one, "|") {
			key, value, _ := strings.Cut(strings.TrimSpace(field), " ")
			values[key] = value
		}
		name := values["name"]
		size, _ := esxNumber(values, "capacity")
		free, ok := esxNumber(values, "freeSpace")
		switch {
		case name == "":
		case values["accessible"] == "false":
			r.Say(monitor.Critical, name+" is not accessible")
		case !ok || size == 0:
			r.OK("stored on " + name)
		default:
			used := (size - free) / size * 100
			r.Judge("stored on "+name, used, l, func(p float64) string {
				return showPercent(p) + " of " + showBytes(size) + " used"
			})
		}
	}
}

// checkVMSnapshots judges their age: "1 EPOCH STATE NAME|2 EPOCH STATE NAME".
func checkVMSnapshots(in *Input, r *Report, v map[string]string) {
	type snapshot struct {
		at   float64
		name string
	}
	var all []snapshot
	for one := range strings.SplitSeq(v[vmSnapshots], "|") {
		words := strings.SplitN(strings.TrimSpace(one), " ", 4)
		if len(words) < 3 {
			continue
		}
		at, ok := numeral(words[1])
		if !ok {
			continue
		}
		all = append(all, snapshot{at, strings.Join(words[3:], " ")})
	}
	slices.SortStableFunc(all, func(a, b snapshot) int { return int(math.Max(-1, math.Min(1, a.at-b.at))) })
	r.Measure("count", Measured("snapshots", float64(len(all)), "").By(in.Pair(r, "count", None())).Within(0, math.NaN()), showCount)
	oldestLevels, newestLevels := in.Levels(r, None()), in.Pair(r, "newest", None())
	if len(all) == 0 {
		return
	}
	now := float64(in.Now.UnixNano()) / float64(time.Second)
	oldest, newest := all[0], all[len(all)-1]
	age := func(s snapshot) float64 { return math.Max(0, now-s.at) }
	r.Measure("oldest "+oldest.name, Measured("oldest", age(oldest), "s").By(oldestLevels).Within(0, math.NaN()), showSpan)
	if len(all) > 1 || !newestLevels.Empty() {
		r.Watch("newest "+newest.name, age(newest), newestLevels, showSpan)
	}
}
