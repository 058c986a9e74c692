package service_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/onbu/onbu/monitor"
)

// dockerSection is a section as mk_docker writes it.
func dockerSection(name, object string) string {
	return "<<<" + name + ":sep(124)>>>\n@docker_version_info|{\"PluginVersion\": \"0.1\", \"ApiVersion\": \"1.41\"}\n<<<" + name + ":sep(0)>>>\n" + object + "\n"
}

func TestContainerStatus(t *testing.T) {
	for _, c := range []struct {
		object, args string
		state        monitor.State
		says         string
	}{
		{`{"Status": "running", "Running": true, "ExitCode": 0, "StartedAt": "2023-11-14T20:00:00.5Z", "NodeName": "dock1"}`, "", monitor.OK, "container running on node dock1, up for: 2 h 14 min"},
		{`{"Status": "running", "StartedAt": "2023-11-14T22:14:00Z"}`, "-o uptime=10m:,5m:", monitor.Critical, "container running, up for: 20.0 s (warn/crit below 10 min 0 s/5 min 0 s)(!!)"},
		{`{"Status": "exited", "ExitCode": 137}`, "", monitor.Critical, "container exited with exit code 137(!!)"},
		{`{"Status": "exited", "ExitCode": 0}`, "-o finished=ok", monitor.OK, "container exited with exit code 0"},
		{`{"Status": "paused", "Error": "no room"}`, "-o paused=warning", monitor.Critical, "container paused(!), error: no room(!!)"},
		{`{"Status": ["x"]`, "", monitor.Unknown, "the agent's output has no state of the container(?)"},
		{
			`{"Status": "running"}` + "\n" + `{"Status": "exited"}`, "", monitor.Critical,
			"several Docker nodes have a container of this name: let the plug-in name them by their ids, or translate the names(!!)",
		},
	} {
		var h host
		expect(t, h.look(t, "docker_container_status", dockerSection("docker_container_status", c.object), strings.Fields(c.args)...), c.state, c.says, "")
	}
}

func TestContainerHealth(t *testing.T) {
	healthy := dockerSection("docker_container_status", `{"Status": "running", "Healthcheck": {"Test": ["CMD", "true"]},
`)
	var h host
	if got := h.look(t, "docker_container_health", healthy); got.State != monitor.Unknown {
		t.Errorf("an object that is cut off: got %v %s", got.State, got.Output)
	}
	sick := dockerSection("docker_container_status", `{"Status": "running", "Healthcheck": {"Test": ["CMD", "curl"]}, "Health": {"Status": "unhealthy", "FailingStreak": 7, "Log": [{"ExitCode": 0, "Output": "old"}, {"ExitCode": 1, "Output": "no\n route\n"}]}}`)
	expect(t, h.look(t, "docker_container_health", sick), monitor.Critical, "health: unhealthy(!!), failed 7 times in a row(!!), last report: no route(!)", "")
	if got, want := offers(t, "docker_container_health", sick), []string{"=Docker container health"}; !slices.Equal(got, want) {
		t.Errorf("offered %q", got)
	}
	if got := offers(t, "docker_container_health", dockerSection("docker_container_status", `{"Status": "running"}`)); len(got) > 0 {
		t.Errorf("a container without health check: offered %q", got)
	}
}

func TestContainerMemoryInAllItsForms(t *testing.T) {
	const mib = "1048576"
	for name, output := range map[string]string{
		"mk_docker, cgroup v1": dockerSection("docker_container_mem", `{"usage": 4194304, "limit": 8388608, "stats": {"cache": 1048576, "hierarchical_memory_limit": 9223372036854771712}}`),
		"mk_docker, cgroup v2": dockerSection("docker_container_mem", `{"usage": 4194304, "limit": 8388608, "stats": {"inactive_file": 1048576, "anon": 1}}`),
		"inside, cgroup v1":    "<<<docker_container_mem>>>\ncache " + mib + "\nusage_in_bytes 4194304\nlimit_in_bytes 8388608\nMemTotal: 65660592 kB\n",
		"inside, cgroup v2":    "<<<docker_container_mem_cgroupv2>>>\ninactive_file " + mib + "\nmemory.current 4194304\nmemory.max max\nMemTotal: 8192 kB\n",
	} {
		var h host
		got := h.look(t, "docker_container_mem", output, "-w", "30%", "-c", "5M")
		if got.State != monitor.Unknown {
			t.Errorf("%s: mixed units gave %v", name, got.State)
		}
		got = h.look(t, "docker_container_mem", output, "-w", "30", "-c", "90")
		want := "used: 37.50% (3.00 MiB of 8.00 MiB) (warn/crit at 30.00%/90.00%)(!)"
		if got.State != monitor.Warning || got.Output != want || got.Perfdata != "mem_used=3145728B;2516582;7549747;0;8388608" {
			t.Errorf("%s: got %v %s | %s\nwant %s", name, got.State, got.Output, got.Perfdata, want)
		}
	}
	var h host
	got := h.look(t, "docker_container_mem", dockerSection("docker_container_mem", "{}"))
	expect(t, got, monitor.Unknown, "the agent's output has no memory of the container: it may not be running(?)", "")
}

func TestContainerCPUInAllItsForms(t *testing.T) {
	for name, outputs := range map[string][2]string{
		"mk_docker": {
			dockerSection("docker_container_cpu", `{"cpu_usage": {"total_usage": 1000000000, "percpu_usage": null}, "system_cpu_usage": 100000000000, "online_cpus": 4}`),
			dockerSection("docker_container_cpu", `{"cpu_usage": {"total_usage": 3000000000, "percpu_usage": null}, "system_cpu_usage": 108000000000, "online_cpus": 4}`),
		},
		"inside, cgroup v1": {
			"<<<docker_container_cpu>>>\ncpu  1000 0 0 9000 0 0 0 0 0 0\nnum_cpus 4\nuser 100\nsystem 50\n",
			"<<<docker_container_cpu>>>\ncpu  1200 0 0 9600 0 0 0 0 0 0\nnum_cpus 4\nuser 250\nsystem 100\n",
		},
		"inside, cgroup v2": {
			"<<<docker_container_cpu_cgroupv2>>>\nuptime 100\nnum_cpus 4\nusage_usec 1000000\n",
			"<<<docker_container_cpu_cgroupv2>>>\nuptime 110\nnum_cpus 4\nusage_usec 11000000\n",
		},
	} {
		var h host
		if got := h.look(t, "docker_container_cpu", outputs[0]); got.State != monitor.OK || !strings.HasPrefix(got.Output, "waiting") {
			t.Errorf("%s: the first look gave %v %s", name, got.State, got.Output)
		}
		got := h.look(t, "docker_container_cpu", outputs[1], "-w", "25", "-c", "50")
		if want := "CPU: 25.00% (warn/crit at 25.00%/50.00%)(!), 1.00 of 4 processors"; got.State != monitor.Warning || got.Output != want {
			t.Errorf("%s: got %v %s, want %s", name, got.State, got.Output, want)
		}
	}
}

func TestDockerNode(t *testing.T) {
	var h host
	info := dockerSection("docker_node_info", `{"Name": "dock1", "ServerVersion": "24.0.5", "Containers": 5, "ContainersRunning": 3, "ContainersPaused": 0, "ContainersStopped": 2}`)
	expect(t, h.look(t, "docker_node_info", info, "-o", "stopped=1,9"), monitor.Warning,
		"daemon on host dock1 24.0.5, containers: 5, running: 3, paused: 0, stopped: 2 (warn/crit at 1/9)(!)", "containers=5;;;0 running=3;;;0 paused=0;;;0 stopped=2;1;9;0")
	expect(t, h.look(t, "docker_node_info", dockerSection("docker_node_info", `{"Critical": "no docker here"}`)), monitor.Critical, "no docker here(!!)", "")
	usage := dockerSection("docker_node_disk_usage", `{"type": "Images", "size": 2048, "reclaimable": 1024, "count": 4, "active": 1}
{"type": "Containers", "size": 0, "reclaimable": 0, "count": 0, "active": 0}`)
	if got, want := offers(t, "docker_node_disk_usage", usage), []string{"images=Docker disk usage - images", "containers=Docker disk usage - containers"}; !slices.Equal(got, want) {
		t.Errorf("offered %q", got)
	}
	expect(t, h.look(t, "docker_node_disk_usage", usage, "-i", "images", "-w", "1K", "-c", "1G"), monitor.Warning,
		"size: 2.00 KiB (warn/crit at 1.00 KiB/1.00 GiB)(!), reclaimable: 1.00 KiB, count: 4, active: 1", "")
}

func TestDisksOfAContainerInAllTheirForms(t *testing.T) {
	inside := func(epoch, read, reads string) string {
		return "<<<docker_container_diskstat>>>\n[time]\n" + epoch + "\n[io_service_bytes]\n8:0 Read " + read + "\n8:0 Write 0\n8:0 Total 7\nTotal 7\n[io_serviced]\n8:0 Read " + reads + "\n8:0 Write 0\n[names]\nsda 8:0\nloop0 7:0\n"
	}
	second := func(epoch, read, reads string) string {
		return "<<<docker_container_diskstat_cgroupv2>>>\n[time]\n" + epoch + "\n[io.stat]\n8:0 rbytes=" + read + " wbytes=0 rios=" + reads + " wios=0 dbytes=0\n7:0\n[names]\nsda 8:0\n"
	}
	outside := func(epoch, read, reads string) string {
		return dockerSection("docker_container_diskstat", `{"io_service_bytes_recursive": [{"major": 8, "minor": 0, "op": "Read", "value": `+read+`}, {"major": 8, "minor": 0, "op": "Write", "value": 0}], `+
			`"io_serviced_recursive": [{"major": 8, "minor": 0, "op": "read", "value": `+reads+`}], "time": `+epoch+`, "names": {"8:0": "sda"}}`)
	}
	for name, form := range map[string]func(epoch, read, reads string) string{"inside, cgroup v1": inside, "inside, cgroup v2": second, "mk_docker": outside} {
		var h host
		h.look(t, "docker_container_diskstat", form("1700000000", "0", "0"), "-i", "sda")
		got := h.look(t, "docker_container_diskstat", form("1700000010", "10240", "20"), "-i", "sda")
		if want := "read=1024B;;;0 write=0B;;;0 reads=2;;;0 writes=0;;;0"; got.Output != "read: 1.00 KiB/s, write: 0 B/s" || got.Perfdata != want {
			t.Errorf("%s: got %v %s | %s", name, got.State, got.Output, got.Perfdata)
		}
		if got := offers(t, "docker_container_diskstat", form("1700000000", "0", "0")); !slices.Equal(got, []string{"SUMMARY=Disk IO SUMMARY"}) {
			t.Errorf("%s: offered %q", name, got)
		}
	}
}
