package service

import (
	"math"
	"strconv"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// winperfProcessor is the kind of the processor time of Windows.
func winperfProcessor() Kind {
	return Kind{
		Name: "winperf_processor", Sections: []string{"winperf_processor"},
		Takes: map[string]string{"core": "WARN,CRIT for the utilization of any single core, in %"},
		Discover: func(in *Input) []Found {
			if w := newWinperf(in.Sections.Get("winperf_processor")); w == nil || len(w.instances) == 0 {
				return nil
			}
			return []Found{{Description: "CPU utilization"}}
		},
		Check: checkWinProcessor,
	}
}

// checkWinProcessor takes the mean of the cores, as _Total was their sum before Windows 2008. The offsets are of object 238,
// Processor: -232 the time without work, -96 in programs, -94 in the kernel, all in 100 ns.
func checkWinProcessor(in *Input, r *Report) {
	w := newWinperf(in.Sections.Get("winperf_processor"))
	if w == nil {
		return
	}
	var busy, user, kernel, cores float64
	worst, at, wait := math.Inf(-1), "", false
	for i, name := range w.instances {
		if strings.HasSuffix(name, "_Total") && len(w.instances) > 1 {
			continue
		}
		const ticks = 1e7
		idle, ok := w.rate(in, "-232", false, i, name)
		u, ok2 := w.rate(in, "-96", false, i, name)
		k, ok3 := w.rate(in, "-94", false, i, name)
		if !ok {
			wait = true
			continue
		}
		used := math.Min(math.Max(0, (1-idle/ticks)*100), 100)
		if used > worst {
			worst, at = used, name
		}
		cores++
		busy += used
		if ok2 {
			user += u / ticks * 100
		}
		if ok3 {
			kernel += k / ticks * 100
		}
	}
	switch {
	case wait:
		r.Wait("")
		return
	case cores == 0:
		r.Say(monitor.Unknown, "the agent's output names no processor")
		return
	}
	l := in.Levels(r, None())
	r.Measure("total CPU", Measured("util", busy/cores, "%").By(l).Within(0, 100), showPercent)
	r.OK("user: " + showPercent(user/cores))
	r.OK("privileged: " + showPercent(kernel/cores))
	r.Metric(Measured("user", user/cores, "%").Within(0, 100))
	r.Metric(Measured("privileged", kernel/cores, "%").Within(0, 100))
	r.OK(strconv.Itoa(int(cores)) + " cores")
	if l := in.Pair(r, "core", None()); !l.Empty() {
		r.Watch("core "+at, worst, l, showPercent)
	}
}

// winperfTCPConn is the kind of the TCP connections of Windows, of which the agent tells only those that are established: offset
// 4 of object 638, TCPv4.
func winperfTCPConn() Kind {
	established := func(in *Input) (float64, bool) {
		w := newWinperf(in.Sections.Get("winperf_tcp_conn"))
		if w == nil {
			return 0, false
		}
		return w.value("4", 0)
	}
	return Kind{
		Name: "winperf_tcp_conn", Sections: []string{"winperf_tcp_conn"},
		Discover: func(in *Input) []Found {
			if _, ok := established(in); !ok {
				return nil
			}
			return []Found{{Description: "TCP Connections"}}
		},
		Check: func(in *Input, r *Report) {
			v, ok := established(in)
			if !ok {
				r.Say(monitor.Unknown, "the agent's output has no number of established connections")
				return
			}
			r.Measure("established", Measured("established", v, "").By(in.Levels(r, None())).Within(0, math.NaN()), showCount)
		},
	}
}

// wmiCPULoad is the kind of the queue of threads that wait for a processor.
func wmiCPULoad() Kind {
	return Kind{
		Name: "wmi_cpuload", Sections: []string{"wmi_cpuload"},
		Discover: func(in *Input) []Found {
			if _, ok := wmi(in, "wmi_cpuload", "system_perf", "ProcessorQueueLength"); !ok {
				return nil
			}
			return []Found{{Description: "Processor Queue"}}
		},
		Check: func(in *Input, r *Report) {
			text, _ := wmi(in, "wmi_cpuload", "system_perf", "ProcessorQueueLength")
			v, ok := numeral(text)
			if !ok {
				r.Say(monitor.Unknown, "the agent could not read the processor queue (WMI did not answer)")
				return
			}
			l := in.Levels(r, None())
			cores := 0.0
			for _, name := range []string{"NumberOfLogicalProcessors", "NumberOfProcessors"} {
				text, _ := wmi(in, "wmi_cpuload", "computer_system", name)
				if n, ok := numeral(text); ok && n > 0 && cores == 0 {
					cores = n
				}
			}
			if cores > 0 {
				l = l.Scale(cores)
			}
			r.Measure("queue length", Measured("queue", v, "").By(l).Within(0, math.NaN()), showCount)
			if cores > 0 {
				r.OK("at " + showCount(cores) + " logical processors")
			}
		},
	}
}

// wmi gives a value of the first row of a table: [TABLE], a line of names, a line of values. Tables whose query came to nothing
// have no values.
func wmi(in *Input, name, table, column string) (string, bool) {
	sec := in.Sections.Get(name)
	if sec == nil {
		return "", false
	}
	here, at := false, -1
	for _, c := range sec.Rows() {
		switch {
		case len(c) == 1 && strings.HasPrefix(c[0], "[") && strings.HasSuffix(c[0], "]"):
			here, at = c[0] == "["+table+"]", -1
		case !here:
		case at < 0:
			for i, n := range c {
				if n == column {
					at = i
				}
			}
			if at < 0 {
				return "", false
			}
		case at < len(c):
			return strings.TrimSpace(c[at]), c[at] != ""
		default:
			return "", false
		}
	}
	return "", false
}
