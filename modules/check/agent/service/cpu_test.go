package service_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/onbu/onbu/monitor"
)

const cpuExample = `<<<cpu>>>
0.42 0.35 12.30 2/2154 7244 4
63704
<<<uptime>>>
274921.31 1099000.12
`

func TestTheLoadIsJudgedOverFifteenMinutes(t *testing.T) {
	var h host
	got := h.look(t, "cpu", cpuExample)
	expect(t, got, monitor.OK, "15 min load: 12.30, 3.08 a core (4 cores)", "load1=0.42;;;0 load5=0.35;;;0 load15=12.3;20;40;0")
	if got.LongOutput != "1 min load: 0.42\n5 min load: 0.35" {
		t.Errorf("long output: got %q", got.LongOutput)
	}
	expect(t, h.look(t, "cpu", cpuExample, "-w", "10", "-c", "20"), monitor.Warning,
		"15 min load: 12.30 (warn/crit at 10.00/20.00)(!), 3.08 a core (4 cores)", "load1=0.42;;;0 load5=0.35;;;0 load15=12.3;10;20;0")
	expect(t, h.look(t, "cpu", cpuExample, "-w", "3", "-c", "4", "-o", "percore=yes"), monitor.Warning,
		"15 min load: 12.30 (warn/crit at 12.00/16.00)(!), 3.08 a core (4 cores)", "")
	if got := h.look(t, "cpu", cpuExample, "-o", "load1=0.1,0.4"); got.State != monitor.Critical {
		t.Errorf("a level for one minute: got %v %s", got.State, got.Output)
	}
	expect(t, h.look(t, "cpu", "<<<cpu>>>\n1 2 3\n"), monitor.OK, "15 min load: 3.00, 3.00 a core (1 core)", "")
	expect(t, h.look(t, "cpu", "<<<cpu>>>\na b c\n"), monitor.Unknown, "the agent does not say the load(?)", "")
}

func TestThreadsAreCounted(t *testing.T) {
	var h host
	expect(t, h.look(t, "threads", cpuExample), monitor.Warning, "Threads: 2154 (warn/crit at 2000/4000)(!)", "threads=2154;2000;4000;0 thread_usage=3.38126%;;;0;100")
	if got := h.look(t, "threads", cpuExample, "-w", "10000", "-o", "max=3,4"); got.State != monitor.Warning {
		t.Errorf("in percent of as many as there can be: got %v %s", got.State, got.Output)
	}
	if got := offers(t, "threads", "<<<cpu>>>\n1 2 3\n"); len(got) != 0 {
		t.Errorf("an agent that does not count them: got %q", got)
	}
}

func TestAHostThatWasRestartedIsSeen(t *testing.T) {
	var h host
	got := h.look(t, "uptime", cpuExample)
	if !strings.HasPrefix(got.Output, "Up for: 3 d 4 h, since 20") || got.Perfdata != "uptime=274921s;;;0" {
		t.Errorf("got %s, %s", got.Output, got.Perfdata)
	}
	if got := h.look(t, "uptime", "<<<uptime>>>\n120\n", "-w", "10m:", "-c", "1m:"); got.State != monitor.Warning || !strings.Contains(got.Output, "(warn/crit below 10 min 0 s/1 min 0 s)(!)") {
		t.Errorf("got %v %s", got.State, got.Output)
	}
	expect(t, h.look(t, "uptime", "<<<uptime>>>\nnow\n"), monitor.Unknown, "the agent does not say the uptime(?)", "")
}

const kernelExample = `<<<kernel>>>
1700000000
pgmajfault 31940
pswpin 0
pswpout 10
nr_free_pages 12 13
cpu  1000 12 500 80000 300 0 25 0 0 0
cpu0 500 6 250 40000 150 0 13 0 0 0
cpu1 500 6 250 40000 150 0 12 0 0 0
intr 1 2 3
ctxt 987654
processes 41234
`

const kernelLater = `<<<kernel>>>
1700000060
pgmajfault 32000
pswpin 0
pswpout 10
cpu  4600 12 1700 85800 900 0 25 1200 0 0
cpu0 4100 6 1450 40000 150 0 13 1200 0 0
cpu1 500 6 250 45800 750 0 12 0 0 0
ctxt 1047654
processes 41354
`

func TestUtilizationIsWhatHappenedBetweenTwoLooks(t *testing.T) {
	var h host
	expect(t, h.look(t, "cpu_utilization", kernelExample), monitor.OK, "waiting for a second look to know the rate", "")
	// 3600 user, 1200 system, 5800 idle, 600 iowait, 1200 steal: 12400 in all.
	got := h.look(t, "cpu_utilization", kernelLater)
	expect(t, got, monitor.OK, "Total: 53.23%, user: 29.03%, system: 9.68%, waiting for disks: 4.84%",
		"util=53.2258%;;;0;100 user=29.0323%;;;0;100 system=9.67742%;;;0;100 wait=4.83871%;;;0;100 steal=9.67742%;;;0;100 core_max=100%;;;0;100")
	if got.LongOutput != "steal: 9.68%\nbusiest core (cpu0): 100.00%" {
		t.Errorf("long output: got %q", got.LongOutput)
	}
	expect(t, h.look(t, "cpu_utilization", kernelLater, "-w", "50", "-c", "60"), monitor.Warning,
		"Total: 53.23% (warn/crit at 50.00%/60.00%)(!), user: 29.03%, system: 9.68%, waiting for disks: 4.84%", "")
	for option, want := range map[string]monitor.State{"iowait=4,5": monitor.Warning, "steal=5,9": monitor.Critical, "core=90,95": monitor.Critical, "core=200": monitor.OK} {
		if got := h.look(t, "cpu_utilization", kernelLater, "-o", option); got.State != want {
			t.Errorf("%s: got %v %s, want %v", option, got.State, got.Output, want)
		}
	}
}

func TestUtilizationAfterARestartWaits(t *testing.T) {
	var h host
	h.look(t, "cpu_utilization", kernelLater)
	expect(t, h.look(t, "cpu_utilization", "<<<kernel>>>\n1700000120\ncpu  10 0 5 100 3 0 0 0 0 0\n"), monitor.OK, "waiting for a second look to know the rate", "")
}

func TestIdleTimeThatGoesBackIsNone(t *testing.T) {
	var h host
	h.look(t, "cpu_utilization", "<<<kernel>>>\n1700000000\ncpu  10 0 0 1000 300 0 0 0\n")
	got := h.look(t, "cpu_utilization", "<<<kernel>>>\n1700000060\ncpu  20 0 0 1090 299 0 0 0\n")
	if !strings.HasPrefix(got.Output, "Total: 10.00%") {
		t.Errorf("got %s", got.Output)
	}
}

func TestTheKernelsCountersBecomeRates(t *testing.T) {
	var h host
	expect(t, h.look(t, "kernel", kernelExample), monitor.OK, "waiting for a second look to know the rate", "")
	expect(t, h.look(t, "kernel", kernelLater, "-o", "ctxt=500,2000"), monitor.Warning,
		"process creations: 2.00/s, context switches: 1000.00/s (warn/crit at 500.00/s/2000.00/s)(!), major page faults: 1.00/s, pages swapped in: 0.00/s, pages swapped out: 0.00/s",
		"process_creations=2;;;0 context_switches=1000;500;2000;0 major_page_faults=1;;;0 page_swap_in=0;;;0 page_swap_out=0;;;0")
	if got, want := offers(t, "kernel", kernelExample), []string{"=Kernel Performance"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	expect(t, h.look(t, "kernel", "<<<kernel>>>\n1700000000\nfoo bar\n"), monitor.Unknown, "the agent does not show the kernel's counters(?)", "")
	expect(t, h.look(t, "cpu_utilization", "<<<kernel>>>\n1700000000\ncpu x\n"), monitor.Unknown, "the agent does not say what the processors do(?)", "")
}
