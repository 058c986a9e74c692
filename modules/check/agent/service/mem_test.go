package service_test

import (
	"testing"

	"github.com/onbu/onbu/monitor"
)

const memExample = `<<<mem>>>
MemTotal:       8000000 kB
MemFree:        1000000 kB
MemAvailable:   4010020 kB
Buffers:         500000 kB
Cached:         2000000 kB
SReclaimable:    500000 kB
SwapTotal:      2000000 kB
SwapFree:       1500000 kB
Committed_AS:   5000000 kB
Shmem:            10000 kB
HugePages_Total:       0
`

func TestMemoryInUseIsWithoutCaches(t *testing.T) {
	var h host
	got := h.look(t, "mem", memExample)
	expect(t, got, monitor.OK, "Total virtual memory: 45.00% (4.29 GiB of 9.54 GiB)",
		"mem_virtual_used=4608000000B;8192000000;9216000000;0;10240000000 mem_used=4096000000B;;;0;8192000000 "+
			"mem_available=4106260480B;;;0;8192000000 swap_used=512000000B;;;0;2048000000 mem_committed=5120000000B;;;0;10240000000 mem_caches=3072000000B;;;0;8192000000")
	want := "RAM: 50.00% (3.81 GiB of 7.63 GiB)\nAvailable: 50.13% (3.82 GiB of 7.63 GiB)\nSwap: 25.00% (488.28 MiB of 1.91 GiB)\n" +
		"Committed: 50.00% (4.77 GiB of 9.54 GiB)\nShared memory: 0.12% (9.77 MiB of 7.63 GiB)"
	if got.LongOutput != want {
		t.Errorf("long output\ngot  %q\nwant %q", got.LongOutput, want)
	}
}

func TestMemoryHasLevelsOfManyKinds(t *testing.T) {
	var h host
	for _, c := range []struct {
		args []string
		want monitor.State
	}{
		{[]string{"-w", "45", "-c", "50"}, monitor.Warning},
		{[]string{"-w", "4G", "-c", "4.2G"}, monitor.Critical},
		{[]string{"-o", "ram=50,60"}, monitor.Warning},
		{[]string{"-o", "available=60%:,50%:"}, monitor.Warning},
		{[]string{"-o", "available=1G:,500M:"}, monitor.OK},
		{[]string{"-o", "swap=10,20"}, monitor.Critical},
		{[]string{"-o", "committed=100,150"}, monitor.OK},
		{[]string{"-o", "swap=10%,1G"}, monitor.Unknown},
	} {
		if got := h.look(t, "mem", memExample, c.args...); got.State != c.want {
			t.Errorf("%q: got %v %s, want %v", c.args, got.State, got.Output, c.want)
		}
	}
}

func TestMemoryThatTheAgentDoesNotShow(t *testing.T) {
	var h host
	expect(t, h.look(t, "mem", "<<<mem>>>\nMemFree: 12 kB\nMemTotal: x kB\n"), monitor.Unknown, "the agent does not say how much memory there is(?)", "")
	expect(t, h.look(t, "mem", "<<<mem>>>\nMemTotal: 1000 kB\nMemFree: 500 kB\nHardwareCorrupted: 4 kB\n"), monitor.Critical,
		"Total virtual memory: 50.00% (500.00 KiB of 1000.00 KiB), Hardware defects in memory: 4.00 KiB(!!)", "")
	if got := offers(t, "mem", "<<<mem>>>\nMemFree: 12 kB\n"); len(got) != 0 {
		t.Errorf("got %q, want none", got)
	}
}
