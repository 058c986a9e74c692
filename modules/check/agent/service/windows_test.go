package service_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/onbu/onbu/monitor"
)

func winIfAt(epoch string, in, out int) string {
	return fmt.Sprintf(`<<<winperf_if>>>
%s 510 10000000
3 instances: Intel[R]_82574L_Gigabit_Network_Connection isatap.{2D}_x Loopback_Pseudo
10 1000000000 100000 1000000 large_rawcount
-246 %d 0 0 bulk_count
14 1 0 0 bulk_count
16 1 0 0 bulk_count
18 0 0 0 large_rawcount
20 0 0 0 large_rawcount
-4 %d 0 0 bulk_count
26 1 0 0 bulk_count
28 1 0 0 bulk_count
30 0 0 0 large_rawcount
32 0 0 0 large_rawcount
34 0 0 0 large_rawcount
2002 1 1 1 text
2006 00:50:56:aa:bb:cc 0 0 text
<<<winperf_if_get_netadapter:sep(124)>>>
Intel(R) 82574L Gigabit Network Connection|Ethernet0|10000000000|1|Up|00-50-56-AA-BB-CC|{D3F0F1A0}
`, epoch, in, out)
}

func TestWindowsInterfaceTellsItsRates(t *testing.T) {
	var h host
	const item = "Intel[R] 82574L Gigabit Network Connection"
	if got, want := offers(t, "winperf_if", winIfAt("1700000000.67", 0, 0)), []string{item + "=Interface " + item}; !slices.Equal(got, want) {
		t.Errorf("offered %q, want %q", got, want)
	}
	h.look(t, "winperf_if", winIfAt("1700000000.67", 0, 0), "-i", item)
	got := h.look(t, "winperf_if", winIfAt("1700000010.67", 12_500_000_000, 10240), "-i", "Ethernet0")
	expect(t, got, monitor.OK, item+", state: up, MAC: 00:50:56:AA:BB:CC, speed: 10 Gbit/s, in: 1.16 GiB/s (100.00%), out: 1.00 KiB/s (0.00%)", "")
}

func processorAt(epoch string, idle0, idle1 int) string {
	return fmt.Sprintf(`<<<winperf_processor>>>
%s 238 10000000
3 instances: 0 1 _Total
-232 %d %d 99999 100nsec_timer_inv
-96 0 %d 0 100nsec_timer
-94 0 0 0 100nsec_timer
-90 1367767251 1217754105 2585521356 counter
`, epoch, idle0, idle1, idle0)
}

func TestWindowsProcessorIsTheMeanOfItsCores(t *testing.T) {
	var h host
	expect(t, h.look(t, "winperf_processor", processorAt("1700000000.00", 0, 0)), monitor.OK, "waiting for a second look to know the rate", "")
	got := h.look(t, "winperf_processor", processorAt("1700000010.00", 50_000_000, 100_000_000), "-w", "20", "-c", "90", "-o", "core=40,45")
	expect(t, got, monitor.Critical, "total CPU: 25.00% (warn/crit at 20.00%/90.00%)(!), user: 25.00%, privileged: 0.00%, 2 cores, core 0: 50.00% (warn/crit at 40.00%/45.00%)(!!)",
		"util=25%;20;90;0;100 user=25%;;;0;100 privileged=0%;;;0;100")
}

const winServices = `<<<services>>>
Spooler running/auto Print Spooler
W32Time stopped/demand Windows Time
sppsvc stopped/auto Software Protection
gupdate stopped/delayed Google Update
broken
`

func TestWindowsServiceByNameDescriptionAndExpression(t *testing.T) {
	var h host
	for _, c := range []struct {
		args  string
		state monitor.State
		says  string
	}{
		{"-i Spooler", monitor.OK, "Print Spooler: running (start type is auto)"},
		{"-i W32Time", monitor.Critical, "Windows Time: stopped (start type is demand)(!!)"},
		{"-i W32Time -o state=stopped -o start=demand", monitor.OK, "Windows Time: stopped (start type is demand)"},
		{"-i Spooler -o start=demand -o else=warning", monitor.Warning, "Print Spooler: running (start type is auto)(!)"},
		{"-i ~(?i)spool", monitor.OK, "Print Spooler: running (start type is auto)"},
		{"-i ~(", monitor.Unknown, "-i ~(: error parsing regexp: missing closing ): `^(?:()`(?)"},
		{"-i nothing", monitor.Unknown, `there is no service "nothing" in the agent's output, but Spooler, W32Time, sppsvc, gupdate(?)`},
	} {
		expect(t, h.look(t, "services", winServices, strings.Fields(c.args)...), c.state, c.says, "")
	}
	expect(t, h.look(t, "services", winServices, "-i", "Windows Time", "-o", "else=1"), monitor.Warning, "Windows Time: stopped (start type is demand)(!)", "")
}

func TestServicesThatWindowsStartsAreCounted(t *testing.T) {
	var h host
	expect(t, h.look(t, "services_summary", winServices), monitor.OK, "4 services, 3 start by themselves, 2 of them stopped: sppsvc gupdate", "stopped=2;;;0")
	expect(t, h.look(t, "services_summary", winServices, "-o", "stopped=warn", "-o", "ignore=gup"), monitor.Warning, "4 services, 3 start by themselves, 1 of them stopped: sppsvc(!), 1 stopped and ignored", "")
	expect(t, h.look(t, "services_summary", winServices, "-w", "1", "-c", "2"), monitor.Critical, "4 services, 3 start by themselves, 2 of them stopped: sppsvc gupdate(!!)", "")
	if got := offers(t, "services_summary", winServices); !slices.Equal(got, []string{"=Service Summary"}) {
		t.Errorf("offered %q", got)
	}
}

const wmiLoad = `<<<wmi_cpuload:sep(124)>>>
[system_perf]
AlignmentFixupsPersec|Name|ProcessorQueueLength|Timestamp_PerfTime|WMIStatus
8753143||13|2054420|OK
[computer_system]
Name|NumberOfLogicalProcessors|NumberOfProcessors|WMIStatus
MSSQL||4|OK
`

func TestProcessorQueueHasLevelsForEachProcessor(t *testing.T) {
	var h host
	expect(t, h.look(t, "wmi_cpuload", wmiLoad, "-w", "3", "-c", "5"), monitor.Warning, "queue length: 13 (warn/crit at 12/20)(!), at 4 logical processors", "queue=13;12;20;0")
	got := h.look(t, "wmi_cpuload", "<<<wmi_cpuload:sep(124)>>>\n[system_perf]\nWMIStatus\nTimeout\n")
	expect(t, got, monitor.Unknown, "the agent could not read the processor queue (WMI did not answer)(?)", "")
}

func TestEstablishedConnectionsOfWindows(t *testing.T) {
	var h host
	output := "<<<winperf_tcp_conn>>>\n1700000000.04 638 10000000\n2 53267 counter\n4 307 rawcount\n6 23 rawcount\n"
	expect(t, h.look(t, "winperf_tcp_conn", output, "-w", "300", "-c", "400"), monitor.Warning, "established: 307 (warn/crit at 300/400)(!)", "established=307;300;400;0")
}

func TestMemoryOfWindowsIsRAMAndCommitCharge(t *testing.T) {
	var h host
	output := "<<<mem>>>\nMemTotal:     8388608 kB\nMemFree:      4194304 kB\nSwapTotal: 1048576 kB\nSwapFree: 1048576 kB\nPageTotal:    16777216 kB\nPageFree:      1677721 kB\nVirtualTotal: 137438953344 kB\nVirtualFree: 137438953344 kB\n"
	expect(t, h.look(t, "mem", output, "-w", "85", "-c", "95"), monitor.Warning,
		"RAM: 50.00% (4.00 GiB of 8.00 GiB), Commit charge: 90.00% (14.40 GiB of 16.00 GiB) (warn/crit at 85.00%/95.00%)(!)", "")
	expect(t, h.look(t, "mem", output, "-o", "committed=95,98", "-o", "ram=3G,5G"), monitor.Warning,
		"RAM: 50.00% (4.00 GiB of 8.00 GiB) (warn/crit at 3.00 GiB/5.00 GiB)(!), Commit charge: 90.00% (14.40 GiB of 16.00 GiB)", "")
	if got := offers(t, "mem", output); !slices.Equal(got, []string{"=Memory"}) {
		t.Errorf("offered %q", got)
	}
	df := "<<<df:sep(9)>>>\nC:\\\tNTFS\t125827068\t66236472\t59590596\t53%\tC:\\\nData\tNTFS\t100\t50\t50\t50%\tD:\\My Data\\\n"
	if got, want := offers(t, "df", df), []string{`C:\=Filesystem C:\`, `D:\My Data\=Filesystem D:\My Data\`}; !slices.Equal(got, want) {
		t.Errorf("offered %q, want %q", got, want)
	}
	expect(t, h.look(t, "df", df, "-i", `C:\`), monitor.OK, "Used: 52.64% (63.17 GiB of 120.00 GiB)", "")
}
