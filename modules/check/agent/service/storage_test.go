package service_test

import (
	"slices"
	"testing"

	"github.com/onbu/onbu/monitor"
)

const mdExample = `<<<md>>>
Personalities : [raid1] [raid6] [raid5] [raid4]
md0 : active raid1 sdb1[1] sda1[0]
      1048512 blocks [2/2] [UU]
      bitmap: 0/1 pages [0KB], 65536KB chunk
md1 : active raid5 sdc1[2] sdb2[1](F) sda2[0](S)
      5237760 blocks level 5, 64k chunk, algorithm 2 [3/2] [U_U]
      [==>..................]  recovery = 12.6% (37043392/292945152) finish=127.5min speed=33440K/sec
md2 : inactive sdd1[0](S)
      1048512 blocks
md3 : active (auto-read-only) raid1 sdb4[1] sda4[0]
      1048512 blocks super 1.2 [2/2] [UU]
        resync=PENDING
md4 : active raid1 sdb5[1] sda5[0]
      1048512 blocks [2/2] [UU]
      [==>..................]  check = 12.6% (37043392/292945152) finish=127.5min speed=33440K/sec
unused devices: <none>
`

func TestRAIDsThatLoseDisksAreSeen(t *testing.T) {
	want := []string{"md0=MD Softraid md0", "md1=MD Softraid md1", "md2=MD Softraid md2", "md3=MD Softraid md3", "md4=MD Softraid md4"}
	if got := offers(t, "md", mdExample); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, c := range []struct {
		item  string
		state monitor.State
		want  string
	}{
		{"md0", monitor.OK, "Status: active, Spare: 0, Failed: 0, Active: 2, 2 of 2 disks work [UU]"},
		{"md1", monitor.Critical, "Status: active, Spare: 1, Failed: 1, Active: 1(!), 2 of 3 disks work [U_U](!!), recovery: 12.6%, finished in 127.5min, speed 33440K/sec(!)"},
		{"md2", monitor.Critical, "Status: inactive(!!), Spare: 1, Failed: 0, Active: 0"},
		{"md3", monitor.OK, "Status: active (auto-read-only), Spare: 0, Failed: 0, Active: 2, 2 of 2 disks work [UU], resync: PENDING"},
		{"md4", monitor.OK, "Status: active, Spare: 0, Failed: 0, Active: 2, 2 of 2 disks work [UU], check: 12.6%, finished in 127.5min, speed 33440K/sec"},
	} {
		var h host
		expect(t, h.look(t, "md", mdExample, "-i", c.item), c.state, c.want, "")
	}
}

const mailqExample = "<<<postfix_mailq>>>\n[[[]]]\nQUEUE_deferred 60000 15\nQUEUE_active 100 2\n[[[second]]]\nQUEUE_deferred 0 0\nQUEUE_x\n"

func TestMailQueues(t *testing.T) {
	if got, want := offers(t, "postfix_mailq", mailqExample), []string{"=Postfix Queue", "second=Postfix Queue second"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	var h host
	expect(t, h.look(t, "postfix_mailq", mailqExample), monitor.Warning, "deferred: 15 (warn/crit at 10/20)(!), active: 2",
		"mail_queue_deferred_length=15;10;20;0 mail_queue_deferred_size=61440000B;;;0 mail_queue_active_length=2;200;300;0 mail_queue_active_size=102400B;;;0")
	expect(t, h.look(t, "postfix_mailq", mailqExample, "-i", "second"), monitor.OK, "deferred: 0", "")
	expect(t, h.look(t, "postfix_mailq", "<<<postfix_mailq>>>\nMail queue is empty\n"), monitor.OK, "deferred: 0", "")
	expect(t, h.look(t, "postfix_mailq", "<<<postfix_mailq>>>\n-- 3 Kbytes in 12 Requests.\n"), monitor.Warning, "deferred: 12 (warn/crit at 10/20)(!)", "")
}

const fileinfoExample = `<<<fileinfo:sep(124)>>>
1700000000
[[[header]]]
name|status|size|time
[[[content]]]
/var/dump|ok|2048|1699996400
/var/gone|missing
/var/odd|stat failed: Permission denied
`

func TestFilesHaveASizeAndAnAge(t *testing.T) {
	if got, want := offers(t, "fileinfo", fileinfoExample), []string{"/var/dump=File /var/dump"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	var h host
	expect(t, h.look(t, "fileinfo", fileinfoExample, "-i", "/var/dump"), monitor.OK, "Size: 2.00 KiB, Age: 1 h 0 min", "size=2048B;;;0 age=3600s;;;0")
	expect(t, h.look(t, "fileinfo", fileinfoExample, "-i", "/var/dump", "-w", "30m", "-c", "2h", "-o", "size=10K:,1K:"), monitor.Warning,
		"Size: 2.00 KiB (warn/crit below 10.00 KiB/1.00 KiB)(!), Age: 1 h 0 min (warn/crit at 30 min 0 s/2 h 0 min)(!)", "")
	expect(t, h.look(t, "fileinfo", fileinfoExample, "-i", "/var/gone"), monitor.Unknown, "the file is missing(?)", "")
	expect(t, h.look(t, "fileinfo", fileinfoExample, "-i", "/var/gone", "-o", "missing=critical"), monitor.Critical, "the file is missing(!!)", "")
	expect(t, h.look(t, "fileinfo", fileinfoExample, "-i", "/var/odd"), monitor.Warning, "the agent says: stat failed: permission denied(!)", "")
	expect(t, h.look(t, "fileinfo", "<<<fileinfo:sep(124)>>>\n1700000000\n/old|100|1699999990\n/late|1|1700000010\n/no|missing|1700000000\n", "-i", "/old"), monitor.OK, "Size: 100 B, Age: 10.0 s", "")
	expect(t, h.look(t, "fileinfo", "<<<fileinfo:sep(124)>>>\n1700000000\n/late|1|1700000010\n", "-i", "/late"), monitor.OK, "Size: 1 B, its time is 10.0 s in the future, Age: 0 s", "")
}

const thermalExample = `<<<lnx_thermal:sep(124)>>>
thermal_zone0|enabled|acpitz|57000|127000|critical
thermal_zone1|-|x86_pkg_temp|82500|0|passive|0|passive
thermal_zone2|enabled|dead|0
broken|line
`

func TestTemperaturesOfTheKernel(t *testing.T) {
	if got, want := offers(t, "lnx_thermal", thermalExample), []string{"Zone 0=Temperature Zone 0", "Zone 1=Temperature Zone 1"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	var h host
	expect(t, h.look(t, "lnx_thermal", thermalExample, "-i", "Zone 0"), monitor.OK, "Temperature: 57 °C", "temp=57;;127")
	expect(t, h.look(t, "lnx_thermal", thermalExample, "-i", "Zone 1"), monitor.Critical, "Temperature: 82.5 °C (warn/crit at 70 °C/80 °C)(!!)", "temp=82.5;70;80")
	expect(t, h.look(t, "lnx_thermal", thermalExample, "-i", "Zone 1", "-w", "80", "-c", "90"), monitor.Warning, "Temperature: 82.5 °C (warn/crit at 80 °C/90 °C)(!)", "")
	expect(t, h.look(t, "lnx_thermal", thermalExample, "-i", "Zone 2"), monitor.Unknown, "Temperature: 0 °C, the sensor does not work(?)", "")
}
