package service

import (
	"math"
	"strings"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/monitor"
)

// dockerContainerMem is the kind of a container's memory: by mk_docker on its node, or by an agent inside of it.
func dockerContainerMem() Kind {
	return Kind{
		Name: "docker_container_mem", Sections: []string{"docker_container_mem_cgroupv2", "docker_container_mem"},
		Discover: func(in *Input) []Found {
			if _, total, ok := containerMemory(in); !ok || total <= 0 {
				return nil
			}
			return []Found{{Description: "Container memory"}}
		},
		Check: func(in *Input, r *Report) {
			used, total, ok := containerMemory(in)
			if !ok || total <= 0 {
				r.Say(monitor.Unknown, "the agent's output has no memory of the container: it may not be running")
				return
			}
			l := in.Levels(r, Upper(80, 90))
			r.Say(judgePart("used", used, total, l))
			r.Metric(Measured("mem_used", used, "B").By(l.Of(total, true)).Within(0, total))
		},
	}
}

// containerMemory gives what a container uses, without what the kernel can give back at once, and what it may use: its limit or all
// that the node has.
func containerMemory(in *Input) (used, total float64, ok bool) {
	if sec := in.Sections.Get("docker_container_mem_cgroupv2"); sec != nil {
		v := byteValues(sec)
		return memoryOf(v, "memory.current", "inactive_file", "memory.max")
	}
	sec := in.Sections.Get("docker_container_mem")
	var api struct {
		Usage, Limit float64
		Stats        map[string]any
	}
	if ok, _ := dockerJSON(sec, &api); ok {
		v := map[string]float64{"usage": api.Usage, "MemTotal": api.Limit}
		for name, value := range api.Stats {
			if n, ok := value.(float64); ok {
				v[name] = n
			}
		}
		return memoryOf(v, "usage", cacheOf(v), "hierarchical_memory_limit")
	}
	if sec == nil {
		return 0, 0, false
	}
	v := byteValues(sec)
	return memoryOf(v, "usage_in_bytes", cacheOf(v), "limit_in_bytes")
}

// cacheOf names the cache: cgroups of version 2 have no figure of that name.
func cacheOf(v map[string]float64) string {
	if _, ok := v["cache"]; ok {
		return "cache"
	}
	return "inactive_file"
}

func memoryOf(v map[string]float64, usage, cache, limit string) (used, total float64, ok bool) {
	total, whole := v["MemTotal"]
	if most, limited := v[limit]; limited && most > 0 && (!whole || most < total) {
		total, whole = most, true
	}
	used, ok = v[usage]
	return math.Max(0, used-v[cache]), total, ok && whole
}

// byteValues reads lines of "NAME NUMBER [kB]".
func byteValues(sec *section.Section) map[string]float64 {
	all := map[string]float64{}
	for _, words := range sec.Rows() {
		if len(words) < 2 || len(all) >= mostThings {
			continue
		}
		v, ok := numeral(words[1])
		if !ok {
			continue
		}
		if len(words) > 2 && words[2] == "kB" {
			v *= 1024
		}
		all[strings.TrimSuffix(words[0], ":")] = v
	}
	return all
}

// dockerContainerCPU is the kind of the processor time of a container, in percent of all that its node has.
func dockerContainerCPU() Kind {
	return Kind{
		Name: "docker_container_cpu", Sections: []string{"docker_container_cpu_cgroupv2", "docker_container_cpu"},
		Discover: func(in *Input) []Found {
			if _, ok := containerTimes(in); !ok {
				return nil
			}
			return []Found{{Description: "Container CPU"}}
		},
		Check: func(in *Input, r *Report) {
			t, ok := containerTimes(in)
			if !ok {
				r.Say(monitor.Unknown, "the agent's output has no processor time of the container: it may not be running")
				return
			}
			at := in.at(&t.part)
			used, ok := in.Counters.Rate("docker.cpu.used", t.used, at, 0)
			all, ok2 := in.Counters.Rate("docker.cpu.all", t.all, at, 0)
			if !ok || !ok2 || all <= 0 {
				r.Wait("")
				return
			}
			share := used / all
			l := in.Levels(r, None())
			r.Measure("CPU", Measured("util", share*100, "%").By(l).Within(0, 100), showPercent)
			r.OK(showTwo(share*t.cpus) + " of " + showCount(t.cpus) + " processors")
		},
	}
}

// times are what a container used of its processors, and what all of them had, in any one unit.
type times struct {
	used, all, cpus float64
	part            section.Part // that they are from
}

func containerTimes(in *Input) (t times, ok bool) {
	if sec := in.Sections.Get("docker_container_cpu_cgroupv2"); sec != nil {
		v := byteValues(sec)
		used, ok := v["usage_usec"]
		up, ok2 := v["uptime"]
		t = times{used: used, all: up * 1e6 * v["num_cpus"], cpus: v["num_cpus"], part: sec.Parts[0]}
		return t, ok && ok2 && t.cpus > 0
	}
	sec := in.Sections.Get("docker_container_cpu")
	var api struct {
		Usage struct {
			Total   *float64  `json:"total_usage"`
			PerCore []float64 `json:"percpu_usage"`
		} `json:"cpu_usage"`
		System float64 `json:"system_cpu_usage"`
		Online float64 `json:"online_cpus"`
	}
	if ok, _ := dockerJSON(sec, &api); ok {
		if api.Usage.Total == nil {
			return t, false
		}
		if api.Online == 0 {
			api.Online = float64(len(api.Usage.PerCore))
		}
		t = times{used: *api.Usage.Total, all: api.System, cpus: api.Online, part: sec.Parts[len(sec.Parts)-1]}
		return t, t.cpus > 0
	}
	if sec == nil {
		return t, false
	}
	v := byteValues(sec)
	user, ok := v["user"]
	kernel, ok2 := v["system"]
	t = times{used: user + kernel, cpus: v["num_cpus"], part: sec.Parts[0]}
	for _, words := range sec.Rows() {
		if words[0] == "cpu" {
			for _, n := range numbers(words[1:]) {
				t.all += n
			}
		}
	}
	return t, ok && ok2 && t.cpus > 0 && t.all > 0
}
