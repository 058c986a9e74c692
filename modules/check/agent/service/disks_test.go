package service_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/onbu/onbu/monitor"
)

// linuxDisksAt is a diskstat section with a disk, its partition, a volume and one without a name.
func linuxDisksAt(epoch int, sda, dm string) string {
	return fmt.Sprintf(`<<<diskstat>>>
%d
   8       0 sda %s
   8       1 sda1 %s
 252       0 dm-0 %s
 252       1 dm-1 1 0 1 1 1 0 1 1 0 1 1
[dmsetup_info]
vg0-root 252:0 vg0 root
No devices found
`, epoch, sda, sda, dm)
}

func TestDiskTellsItsRates(t *testing.T) {
	var h host
	before := linuxDisksAt(1700000000, "100 0 1000 10 200 0 2000 20 0 100 30 0 0 0 0", "0 0 0 0 0 0 0 0 0 0 0")
	after := linuxDisksAt(1700000050, "600 0 101000 1010 1200 0 202000 4020 2 5100 30 0 0 0 0", "500 0 100000 0 0 0 0 0 0 0 0")
	expect(t, h.look(t, "diskstat", before, "-i", "sda"), monitor.OK, "waiting for a second look to know the rate", "")
	h.look(t, "diskstat", before, "-i", "SUMMARY")
	const sda = "utilization: 10.00%, read: 1000.00 KiB/s, write: 1.95 MiB/s, latency: 3.33 ms"
	got := h.look(t, "diskstat", after, "-i", "sda")
	expect(t, got, monitor.OK, sda, "")
	if want := "reads=10;;;0 writes=20;;;0 latency=0.00333333s;;;0 read_wait=0.002s;;;0 write_wait=0.004s;;;0 queue=2;;;0"; !strings.HasSuffix(got.Perfdata, want) {
		t.Errorf("perfdata %s\nwant at its end %s", got.Perfdata, want)
	}
	// What a volume does its disk does too: the sum is of disks.
	expect(t, h.look(t, "diskstat", after, "-i", "SUMMARY"), monitor.OK, sda, "")
	if got := h.look(t, "diskstat", after, "-i", "LVM vg0-root"); !strings.Contains(got.Output, "read: 1000.00 KiB/s, write: 0 B/s") {
		t.Errorf("the volume: got %s", got.Output)
	}
	got = h.look(t, "diskstat", after, "-i", "sda1")
	expect(t, got, monitor.Unknown, `there is no disk "sda1" in the agent's output, but sda, LVM vg0-root(?)`, "")
}

func TestDiskLevels(t *testing.T) {
	var h host
	before := linuxDisksAt(1700000000, "100 0 1000 10 200 0 2000 20 0 100 30 0 0 0 0", "0 0 0 0 0 0 0 0 0 0 0")
	after := linuxDisksAt(1700000050, "600 0 101000 1010 1200 0 202000 4020 2 5100 30 0 0 0 0", "500 0 100000 0 0 0 0 0 0 0 0")
	h.look(t, "diskstat", before)
	got := h.look(t, "diskstat", after, "-w", "5", "-c", "20", "-o", "write_wait=3ms,9ms", "-o", "read=100K,200K")
	expect(t, got, monitor.Critical, "utilization: 10.00% (warn/crit at 5.00%/20.00%)(!), read: 1000.00 KiB/s (warn/crit at 100.00 KiB/s/200.00 KiB/s)(!!), "+
		"write: 1.95 MiB/s, latency: 3.33 ms, write wait: 4.00 ms (warn/crit at 3.00 ms/9.00 ms)(!)", "")
}

func TestOneServiceOfAllDisksIsOffered(t *testing.T) {
	output := linuxDisksAt(1700000000, "100 0 1000 10 200 0 2000 20 0 100 30", "0 0 0 0 0 0 0 0 0 0 0")
	if got, want := offers(t, "diskstat", output), []string{"SUMMARY=Disk IO SUMMARY"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := offers(t, "diskstat", "<<<diskstat>>>\n1700000000\nNo such file\n"); len(got) > 0 {
		t.Errorf("a section without disks offers %q", got)
	}
}

// phydiskAt is the section of a Windows host of two disks.
func phydiskAt(epoch string, bytes, reads, timer, idle, clock int) string {
	return fmt.Sprintf(`<<<winperf_phydisk>>>
%s 234 10000000
3 instances: 0_C: 1 _Total
-36 3 0 3 rawcount
1168 0 0 0 type(550500)
1170 0 0 0 type(550500)
-26 %[4]d 0 %[4]d average_timer
-26 %[3]d 0 %[3]d average_base
-24 0 0 0 average_timer
-24 0 0 0 average_base
-20 %[3]d 0 %[3]d counter
-18 0 0 0 counter
-14 %[2]d 0 %[2]d bulk_count
-12 0 0 0 bulk_count
1248 %[5]d %[6]d %[5]d type(20570500)
1248 %[6]d %[6]d %[6]d type(40030500)
`, epoch, bytes, reads, timer, idle, clock)
}

func TestWindowsDiskTellsItsRates(t *testing.T) {
	var h host
	const full = 1 << 32
	before := phydiskAt("1700000000.50", 0, full-100, 0, 0, 0)
	after := phydiskAt("1700000010.50", 10<<20, 900, 50_000_000, 75_000_000, 100_000_000)
	for _, item := range []string{"C:", "1", "SUMMARY"} {
		expect(t, h.look(t, "winperf_phydisk", before, "-i", item), monitor.OK, "waiting for a second look to know the rate", "")
	}
	got := h.look(t, "winperf_phydisk", after, "-i", "C:")
	// 1,000 reads (the counter has wrapped) took 5 s of the timer.
	expect(t, got, monitor.OK, "utilization: 25.00%, read: 1.00 MiB/s, write: 0 B/s",
		"utilization=25%;;;0;100 read=1048576B;;;0 write=0B;;;0 reads=100;;;0 writes=0;;;0 read_wait=0.005s;;;0 write_wait=0s;;;0 queue=3;;;0 read_queue=0;;;0 write_queue=0;;;0")
	got = h.look(t, "winperf_phydisk", after)
	if !strings.HasPrefix(got.Output, "utilization: 12.50%, read: 1.00 MiB/s") {
		t.Errorf("both disks: got %s, want the mean of the utilization", got.Output)
	}
}
