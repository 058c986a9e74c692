package service

import (
	"encoding/json"
	"math"
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// dockerNodeInfo is the kind of the Docker daemon of a node and its containers.
func dockerNodeInfo() Kind {
	return Kind{
		Name: "docker_node_info", Sections: []string{"docker_node_info"},
		Takes: map[string]string{
			"running": "WARN,CRIT for containers that run", "paused": "WARN,CRIT for containers that are paused",
			"stopped": "WARN,CRIT for containers that are stopped",
		},
		Discover: func(in *Input) []Found {
			if ok, _ := dockerJSON(in.Sections.Get("docker_node_info"), &struct{}{}); !ok {
				return nil
			}
			return []Found{{Description: "Docker node info"}}
		},
		Check: checkNodeInfo,
	}
}

func checkNodeInfo(in *Input, r *Report) {
	var info struct {
		Name, ServerVersion, Unknown, Critical, Warning        string
		Containers                                             *float64
		ContainersRunning, ContainersPaused, ContainersStopped float64
	}
	if ok, _ := dockerJSON(in.Sections.Get("docker_node_info"), &info); !ok {
		r.Say(monitor.Unknown, "the agent's output has nothing of the Docker daemon that can be read")
		return
	}
	if info.Name != "" {
		r.OK(strings.TrimSpace("daemon on host " + info.Name + " " + info.ServerVersion))
	}
	for _, e := range []struct {
		state monitor.State
		text  string
	}{{monitor.Critical, info.Critical}, {monitor.Unknown, info.Unknown}, {monitor.Warning, info.Warning}} {
		if e.text != "" {
			r.Say(e.state, e.text)
		}
	}
	if info.Containers == nil {
		return
	}
	least := func(name string, v float64, l Levels) {
		r.Measure(name, Measured(name, v, "").By(l).Within(0, math.NaN()), showCount)
	}
	least("containers", *info.Containers, in.Levels(r, None()))
	least("running", info.ContainersRunning, in.Pair(r, "running", None()))
	least("paused", info.ContainersPaused, in.Pair(r, "paused", None()))
	least("stopped", info.ContainersStopped, in.Pair(r, "stopped", None()))
}

// diskUsage is what one sort of Docker's objects takes: images, containers, volumes, build cache.
type diskUsage struct {
	Type                             string
	Size, Reclaimable, Count, Active float64
}

func dockerUsage(in *Input) []diskUsage {
	sec := in.Sections.Get("docker_node_disk_usage")
	if sec == nil {
		return nil
	}
	var all []diskUsage
	for i := range sec.Parts {
		for _, line := range sec.Parts[i].Lines {
			var u diskUsage
			if strings.HasPrefix(line, "{") && len(line) <= mostObject && len(all) < 100 && json.Unmarshal([]byte(line), &u) == nil && u.Type != "" {
				all = append(all, u)
			}
		}
	}
	return all
}

// dockerNodeDiskUsage is the kind of what Docker keeps on its node's disk.
func dockerNodeDiskUsage() Kind {
	return Kind{
		Name: "docker_node_disk_usage", Sections: []string{"docker_node_disk_usage"},
		Takes: map[string]string{
			"reclaimable": "WARN,CRIT for what could be given back", "count": "WARN,CRIT for the number of objects",
			"active": "WARN,CRIT for the number of those in use",
		},
		Discover: func(in *Input) []Found {
			var all []Found
			for _, u := range dockerUsage(in) {
				all = append(all, Found{Item: strings.ToLower(u.Type), Description: "Docker disk usage - " + strings.ToLower(u.Type)})
			}
			return all
		},
		Check: func(in *Input, r *Report) {
			all := dockerUsage(in)
			i := slices.IndexFunc(all, func(u diskUsage) bool { return strings.EqualFold(u.Type, in.Item) })
			if i < 0 {
				lacks(r, "sort of Docker objects", in.Item, func(yield func(string) bool) {
					for _, u := range all {
						if !yield(strings.ToLower(u.Type)) {
							return
						}
					}
				})
				return
			}
			u := all[i]
			none := math.NaN()
			r.Measure("size", Measured("size", u.Size, "B").By(in.Levels(r, None())).Within(0, none), showBytes)
			r.Measure("reclaimable", Measured("reclaimable", u.Reclaimable, "B").By(in.Pair(r, "reclaimable", None())).Within(0, none), showBytes)
			r.Measure("count", Measured("count", u.Count, "").By(in.Pair(r, "count", None())).Within(0, none), showCount)
			r.Measure("active", Measured("active", u.Active, "").By(in.Pair(r, "active", None())).Within(0, none), showCount)
		},
	}
}
