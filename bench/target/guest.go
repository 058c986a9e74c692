package target

import (
	"bytes"
	"strconv"
	"time"
)

// guest writes blocks for other hosts, each in the memory of the one before.
type guest struct {
	number     int64 // of the output
	bytes      int   // of a payload
	began, now time.Time
	b          []byte
}

// GuestCheck is the item of a local check that every payload has. Its text says which output brought it: "output 17".
const GuestCheck = "Guest"

// block gives the payload for a host, with the line that names it: what Checkmk's special agent for vSphere and its plugin for
// docker say, and local checks that fill it up to its size.
func (g *guest) block(name string, i int) []byte {
	b := append(g.b[:0], "<<<<"...)
	b = append(append(b, name...), ">>>>\n"...)
	from := len(b)
	b = append(b, "<<<local:sep(0)>>>\n0 "+GuestCheck+" number="...)
	b = strconv.AppendInt(b, g.number, 10)
	b = strconv.AppendInt(append(b, " output "...), g.number, 10)
	b = append(b, '\n')
	up := int64(g.now.Sub(g.began).Seconds())
	if g.bytes >= fullGuest {
		b = g.vm(b, name, i, up)
		b = g.container(b, i, up)
		b = append(b, "<<<local:sep(0)>>>\n"...)
	}
	g.b = g.fill(b, from, up+int64(i))
	return g.b
}

// fullGuest is how large a payload has to be for more than local checks.
const fullGuest = 2048

// vm adds what the special agent for vSphere says of a guest.
func (g *guest) vm(b []byte, name string, i int, up int64) []byte {
	b = append(b, "<<<esx_vsphere_vm>>>\nname "...)
	b = append(b, name...)
	b = number(b, "\nruntime.powerState poweredOn\nruntime.host esx01.example.org\nsummary.quickStats.overallCpuUsage ", 100+(up+int64(i))%400)
	b = number(b, "\nsummary.quickStats.guestMemoryUsage ", 512+(up+int64(i)*7)%1024)
	b = append(b, "\nsummary.quickStats.hostMemoryUsage 4310\nsummary.quickStats.balloonedMemory 0\nsummary.quickStats.sharedMemory 12\n"+
		"summary.quickStats.privateMemory 4090\nsummary.quickStats.consumedOverheadMemory 54"...)
	b = number(b, "\nsummary.quickStats.uptimeSeconds ", 86_400+up)
	return append(b, "\nconfig.hardware.numCPU 4\nconfig.hardware.memoryMB 8192\nconfig.hardware.numCoresPerSocket 2\nguest.toolsVersion 12352\n"+
		"guest.toolsVersionStatus guestToolsCurrent\nguestHeartbeatStatus green\n"+
		"config.datastoreUrl url /vmfs/volumes/aa|uncommitted 0|name DS1|type VMFS|accessible true|capacity 1000000000000|freeSpace 400000000000\n"...)
}

// container adds what the plugin for docker says of a container.
func (g *guest) container(b []byte, i int, up int64) []byte {
	b = dockerSection(b, "status")
	b = append(b, `{"Status": "running", "Running": true, "ExitCode": 0, "StartedAt": "2026-01-01T10:00:00Z", "ImageTags": ["nginx:1.25"], "NodeName": "dock1"}`...)
	b = dockerSection(append(b, '\n'), "mem")
	b = number(b, `{"usage": `, 50_000_000+(up+int64(i))%1000*4096)
	b = append(b, `, "stats": {"cache": 4096000, "total_inactive_file": 2048000}, "limit": 1073741824}`...)
	b = dockerSection(append(b, '\n'), "cpu")
	b = number(b, `{"cpu_usage": {"total_usage": `, 1_000_000_000+up*50_000_000)
	b = number(b, `}, "system_cpu_usage": `, 100_000_000_000+up*4_000_000_000)
	return append(b, `, "online_cpus": 4}`+"\n"...)
}

func dockerSection(b []byte, what string) []byte {
	b = append(append(b, "<<<docker_container_"...), what...)
	b = append(b, ":sep(124)>>>\n@docker_version_info|{\"PluginVersion\": \"0.1\", \"DockerPyVersion\": \"4.0.2\", \"ApiVersion\": \"1.41\"}\n<<<docker_container_"...)
	return append(append(b, what...), ":sep(0)>>>\n"...)
}

// fill adds local checks until what began at from has its size: exactly so, unless it has it already.
func (g *guest) fill(b []byte, from int, value int64) []byte {
	const line = len("0 Filler_0000 value=0000;9000;9500;0;9999 0000 jobs of the shop wait for a place in queue 0000\n")
	for n := int64(0); from+g.bytes-len(b) >= 2*line; n++ {
		b = four(append(b, "0 Filler_"...), n)
		v := (value*31 + n*n*17) % 9000
		b = four(append(b, " value="...), v)
		b = four(append(b, ";9000;9500;0;9999 "...), v)
		b = four(append(b, " jobs of the shop wait for a place in queue "...), v*7%10_000)
		b = append(b, '\n')
	}
	const last = "0 Filler_last - "
	if rest := from + g.bytes - len(b) - len(last) - 1; rest > 0 {
		b = append(append(append(b, last...), bytes.Repeat([]byte{'.'}, rest)...), '\n')
	}
	return b
}

// number adds a number behind a text.
func number(b []byte, text string, n int64) []byte {
	return strconv.AppendInt(append(b, text...), n, 10)
}

// four adds a number below 10,000 with four digits.
func four(b []byte, n int64) []byte {
	return append(b, byte('0'+n/1000%10), byte('0'+n/100%10), byte('0'+n/10%10), byte('0'+n%10))
}
