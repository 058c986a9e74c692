package service_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/onbu/onbu/monitor"
)

const esxGuest = `<<<esx_vsphere_vm>>>
name vm17
runtime.powerState poweredOn
runtime.host esx01.example.org
summary.quickStats.overallCpuUsage 153
summary.quickStats.guestMemoryUsage 1024
summary.quickStats.hostMemoryUsage 4096
summary.quickStats.balloonedMemory 0
config.hardware.numCPU 4
config.hardware.memoryMB 8192
guest.toolsVersionStatus guestToolsCurrent
guestHeartbeatStatus green
config.datastoreUrl url /vmfs/volumes/aa|uncommitted 0|name DS 1|type VMFS|accessible true|capacity 1000|freeSpace 400@@url /x|name gone|accessible false
snapshot.rootSnapshotList 1 1699990000 poweredOff before the update|2 1699998000 poweredOn second
`

func TestGuestOfVMware(t *testing.T) {
	for _, c := range []struct {
		kind, args string
		change     [2]string
		state      monitor.State
		says       string
	}{
		{"esx_vm_power", "", [2]string{}, monitor.OK, "power state: poweredOn"},
		{"esx_vm_power", "", [2]string{"poweredOn", "poweredOff"}, monitor.Warning, "power state: poweredOff(!)"},
		{"esx_vm_power", "-o off=ok", [2]string{"poweredOn", "poweredOff"}, monitor.OK, "power state: poweredOff"},
		{"esx_vm_host", "", [2]string{}, monitor.OK, "running on esx01.example.org"},
		{"esx_vm_cpu", "-w 100 -c 200", [2]string{}, monitor.Warning, "demand: 0.153 GHz (warn/crit at 0.100 GHz/0.200 GHz)(!), 4 virtual CPUs"},
		{
			"esx_vm_mem", "-w 10% -c 50%",
			[2]string{},
			monitor.Warning,
			"guest: 12.50% (1.00 GiB of 8.00 GiB) (warn/crit at 10.00%/50.00%)(!), host: 4.00 GiB, ballooned: 0 B",
		},
		{"esx_vm_mem", "", [2]string{"poweredOn", "suspended"}, monitor.OK, "the guest is suspended, so that it uses no memory"},
		{"esx_vm_guest_tools", "", [2]string{}, monitor.OK, "VMware Tools are installed and current"},
		{"esx_vm_guest_tools", "", [2]string{"ToolsCurrent", "ToolsNotInstalled"}, monitor.Critical, "VMware Tools have never been installed(!!)"},
		{"esx_vm_heartbeat", "", [2]string{}, monitor.OK, "heartbeat: green"},
		{"esx_vm_heartbeat", "", [2]string{"green", "gray"}, monitor.Warning, "heartbeat: gray, the VMware Tools are not installed or do not run(!)"},
		{"esx_vm_heartbeat", "", [2]string{"guestHeartbeatStatus green", ""}, monitor.Unknown, "VMware says nothing of it: there is no guestHeartbeatStatus in the agent's output(?)"},
		{"esx_vm_datastores", "-w 50 -c 70", [2]string{}, monitor.Critical, "stored on DS 1: 60.00% of 1000 B used (warn/crit at 50.00% of 1000 B used/70.00% of 1000 B used)(!), gone is not accessible(!!)"},
		{"esx_vm_snapshots", "-w 1h -c 1d", [2]string{}, monitor.Warning, "count: 2, oldest before the update: 2 h 47 min (warn/crit at 1 h 0 min/1 d 0 h)(!)"},
		{"esx_vm_snapshots", "", [2]string{"snapshot.root", "other"}, monitor.OK, "count: 0"},
	} {
		var h host
		output := strings.Replace(esxGuest, c.change[0], c.change[1], 1)
		expect(t, h.look(t, c.kind, output, strings.Fields(c.args)...), c.state, c.says, "")
	}
}

func TestTemplatesOfVMwareOfferNothing(t *testing.T) {
	if got := offers(t, "esx_vm_power", esxGuest); !slices.Equal(got, []string{"=VM power state"}) {
		t.Errorf("a guest: offered %q", got)
	}
	if got := offers(t, "esx_vm_power", esxGuest+"config.template true\n"); len(got) > 0 {
		t.Errorf("a template: offered %q", got)
	}
}

const esxHostOutput = `<<<esx_vsphere_hostsystem>>>
name esx01.example.org
hardware.cpuInfo.hz 2600000000
hardware.cpuInfo.numCpuCores 16
hardware.cpuInfo.numCpuPackages 2
hardware.cpuInfo.numCpuThreads 32
hardware.memorySize 137438953472
summary.quickStats.overallCpuUsage 5200
summary.quickStats.overallMemoryUsage 65536
runtime.inMaintenanceMode false
runtime.powerState poweredOn
overallStatus yellow
config.storageDevice.multipathInfo naa.1 vmhba32:C0:T0:L0 active naa.1 vmhba33:C0:T0:L0 dead naa.2 vmhba1 active
`

func TestHostOfVMware(t *testing.T) {
	for _, c := range []struct {
		kind, args string
		state      monitor.State
		says       string
	}{
		{"esx_host_cpu", "-w 10 -c 90", monitor.Warning, "total CPU: 12.50% (warn/crit at 10.00%/90.00%)(!), 5.20 GHz of 41.60 GHz"},
		{"esx_host_mem", "", monitor.OK, "used: 50.00% (64.00 GiB of 128.00 GiB)"},
		{"esx_host_state", "", monitor.Warning, "entity state: yellow(!), power state: poweredOn"},
		{"esx_host_maintenance", "", monitor.OK, "not in maintenance mode"},
		{"esx_host_multipath", "-i naa.1 -w 2: -c 1:", monitor.Critical, "vmhba33:C0:T0:L0 is dead(!!), active: 1 (warn/crit below 2/1)(!), dead: 1"},
		{"esx_host_multipath", "-i naa.2", monitor.OK, "active: 1"},
		{"esx_host_multipath", "-i naa.3", monitor.Unknown, `there is no LUN "naa.3" in the agent's output, but naa.1, naa.2(?)`},
	} {
		var h host
		expect(t, h.look(t, c.kind, esxHostOutput, strings.Fields(c.args)...), c.state, c.says, "")
	}
	if got, want := offers(t, "esx_host_multipath", esxHostOutput), []string{"naa.1=Multipath naa.1", "naa.2=Multipath naa.2"}; !slices.Equal(got, want) {
		t.Errorf("offered %q", got)
	}
}

func TestDatastoreOfVMware(t *testing.T) {
	const output = "<<<esx_vsphere_datastores:sep(9)>>>\n[zm lds]\naccessible\ttrue\ncapacity\t1048576\nfreeSpace\t104857\nuncommitted\t524288\nurl\n[off]\naccessible\tfalse\n"
	var h host
	expect(t, h.look(t, "esx_datastores", output, "-i", "zm lds", "-o", "provisioned=130%,150%"), monitor.Critical,
		"used: 90.00% (921.60 KiB of 1.00 MiB) (warn/crit at 80.00%/90.00%)(!!), uncommitted: 512.00 KiB, provisioned: 140.00% (warn/crit at 130.00%/150.00%)(!)", "")
	expect(t, h.look(t, "esx_datastores", output, "-i", "off"), monitor.Critical, "not accessible(!!), nothing is known of its size", "")
	if got, want := offers(t, "esx_datastores", output), []string{"zm lds=Filesystem zm lds", "off=Filesystem off"}; !slices.Equal(got, want) {
		t.Errorf("offered %q", got)
	}
}

const esxCounterOutput = `<<<esx_vsphere_counters:sep(124)>>>
disk.read|naa.1|12#0#8|kiloBytesPerSecond
disk.read||12#0#9|kiloBytesPerSecond
disk.write||3#3|kiloBytesPerSecond
disk.numberRead|naa.1|20#20|number
disk.numberRead|naa.2|40#40|number
disk.deviceLatency|naa.1|2#9#3|millisecond
disk.deviceLatency|naa.2|4|millisecond
net.bytesRx|vmnic0|120#131#118|kiloBytesPerSecond
net.bytesRx||500|kiloBytesPerSecond
net.bytesTx|vmnic0|1|kiloBytesPerSecond
net.packetsRx|vmnic0|2000|number
net.bandwidth|vmnic0|1000000000|bytes
net.state|vmnic0|1|state
net.macaddress|vmnic0|64:51:06:f0:c5:d0|mac
net.state|vmnic1|2|state
sys.uptime||8640000#8640120|second
`

func TestCountersOfVMwareAreRatesAlready(t *testing.T) {
	var h host
	expect(t, h.look(t, "esx_if", esxCounterOutput, "-i", "vmnic0"), monitor.OK,
		"state: up, MAC: 64:51:06:f0:c5:d0, speed: 1 Gbit/s, in: 123.00 KiB/s (0.10%), out: 1.00 KiB/s (0.00%)", "")
	expect(t, h.look(t, "esx_disk", esxCounterOutput, "-o", "latency=5ms,10ms"), monitor.Warning,
		"read: 7.00 KiB/s, write: 3.00 KiB/s, latency: 9.00 ms (warn/crit at 5.00 ms/10.00 ms)(!)",
		"read=7168B;;;0 write=3072B;;;0 reads=3;;;0 latency=0.009s;0.005;0.01;0")
	expect(t, h.look(t, "esx_uptime", esxCounterOutput, "-w", "1h:", "-c", "5m:"), monitor.OK, "up for: 100 d 0 h", "uptime=8640120s;3600:;300:;0")
	if got, want := offers(t, "esx_if", esxCounterOutput), []string{"vmnic0=Interface vmnic0"}; !slices.Equal(got, want) {
		t.Errorf("offered %q", got)
	}
}
