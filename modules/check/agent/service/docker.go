package service

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/monitor"
)

// mostObject bounds an object of JSON, in bytes: read, it takes many times as much.
const mostObject = 1 << 20

// dockerJSON reads the first object of a section of mk_docker into v: the lines before it are about versions. more says that there
// are several objects: several Docker nodes speak of a container of the same name.
func dockerJSON(sec *section.Section, v any) (ok, more bool) {
	if sec == nil {
		return false, false
	}
	for i := range sec.Parts {
		for _, line := range sec.Parts[i].Lines {
			if line = strings.TrimSpace(line); !strings.HasPrefix(line, "{") || len(line) > mostObject {
				continue
			}
			if ok {
				return true, true
			}
			ok = json.Unmarshal([]byte(line), v) == nil
		}
	}
	return ok, false
}

// container is what mk_docker says of one.
type container struct {
	Status, Error, StartedAt, NodeName string
	Restarting                         bool
	ExitCode                           int
	RestartPolicy                      struct{ Name string }
	ImageTags                          []string
	Healthcheck                        *struct{ Test []string }
	Health                             *struct {
		Status        string
		FailingStreak int
		Log           []struct {
			ExitCode int
			Output   string
		}
	}
}

// isActive says whether the container is or should be running.
func (c *container) isActive() bool {
	return c.Status == "running" || c.Status == "exited" || c.RestartPolicy.Name == "always"
}

func containerOf(in *Input) (c container, ok, more bool) {
	ok, more = dockerJSON(in.Sections.Get("docker_container_status"), &c)
	return c, ok, more
}

// dockerContainerStatus is the kind of the state of a container as its node sees it.
func dockerContainerStatus() Kind {
	return Kind{
		Name: "docker_container_status", Sections: []string{"docker_container_status"},
		Takes: map[string]string{
			"finished": "state of the check for a container that ended with exit code 0 (default critical)",
			"paused":   "state of the check for a container that is paused (default critical)",
			"uptime":   "WARN,CRIT for the time since the start, such as 10m:,5m: against restarts",
		},
		Discover: func(in *Input) []Found {
			if c, ok, more := containerOf(in); !more && (!ok || !c.isActive()) {
				return nil
			}
			return []Found{{Description: "Docker container status"}}
		},
		Check: checkContainerStatus,
	}
}

func checkContainerStatus(in *Input, r *Report) {
	c, ok, more := containerOf(in)
	switch {
	case more:
		r.Say(monitor.Critical, "several Docker nodes have a container of this name: let the plug-in name them by their ids, or translate the names")
		return
	case !ok || c.Status == "":
		r.Say(monitor.Unknown, "the agent's output has no state of the container")
		return
	}
	state := monitor.Critical
	switch {
	case c.Status == "running":
		state = monitor.OK
	case c.Status == "paused":
		state = in.StateOf(r, "paused", state)
	case c.Status == "exited" && c.ExitCode == 0:
		state = in.StateOf(r, "finished", state)
	}
	text := "container " + c.Status
	if c.Status == "exited" || c.Status == "dead" {
		text += fmt.Sprintf(" with exit code %d", c.ExitCode)
	}
	if c.NodeName != "" {
		text += " on node " + c.NodeName
	}
	r.Say(state, text)
	if c.Error != "" {
		r.Say(monitor.Critical, "error: "+c.Error)
	}
	if started, err := time.Parse(time.RFC3339Nano, c.StartedAt); err == nil && c.Status == "running" {
		up := math.Max(0, in.Now.Sub(started).Seconds())
		r.Measure("up for", Measured("uptime", up, "s").By(in.Pair(r, "uptime", None())).Within(0, math.NaN()), showSpan)
	}
	if len(c.ImageTags) > 0 {
		r.Detail("image: " + strings.Join(c.ImageTags, " "))
	}
}

// dockerContainerHealth is the kind of what a container's own health check says.
func dockerContainerHealth() Kind {
	return Kind{
		Name: "docker_container_health", Sections: []string{"docker_container_status"},
		Discover: func(in *Input) []Found {
			if c, ok, more := containerOf(in); !ok || more || !c.isActive() || c.Health == nil || c.Healthcheck == nil {
				return nil
			}
			return []Found{{Description: "Docker container health"}}
		},
		Check: checkContainerHealth,
	}
}

func checkContainerHealth(in *Input, r *Report) {
	c, ok, more := containerOf(in)
	switch {
	case !ok || more:
		r.Say(monitor.Unknown, "the agent's output has no state of the container, or that of several")
		return
	case c.Status != "running":
		r.OK("the container is not running: " + c.Status)
		return
	case c.Health == nil:
		r.Say(monitor.Unknown, "the container says nothing of its health")
		return
	}
	state := monitor.Unknown
	switch c.Health.Status {
	case "healthy":
		state = monitor.OK
	case "starting":
		state = monitor.Warning
	case "unhealthy":
		state = monitor.Critical
	}
	r.Say(state, "health: "+c.Health.Status)
	if state == monitor.Critical {
		r.Say(state, fmt.Sprintf("failed %d times in a row", c.Health.FailingStreak))
	}
	if n := len(c.Health.Log); n > 0 {
		last := c.Health.Log[n-1]
		state := monitor.OK
		if last.ExitCode != 0 {
			state = monitor.Warning
		}
		if text := strings.Join(strings.Fields(last.Output), " "); text != "" {
			r.Say(state, "last report: "+text)
		}
	}
	if c.Healthcheck != nil {
		r.Detail("test: " + strings.Join(c.Healthcheck.Test, " "))
	}
}
