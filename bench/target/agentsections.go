package target

import (
	"bytes"
	"fmt"
	"math"
	"time"
)

// agentSections gives the sections of a Linux server that has work to do, in the order of Checkmk's agent, but for the first and
// the last. up is how long the server has been counting: counters grow with it, and gauges swing.
func agentSections(now time.Time, up time.Duration) []byte {
	s := &sections{now: now.Unix(), up: int64(up.Seconds())}
	s.filesystems()
	s.processes()
	s.memory()
	s.processor()
	s.network()
	s.disks()
	s.units()
	s.jobs()
	s.checks()
	return s.Bytes()
}

// sections are being written.
type sections struct {
	bytes.Buffer
	now, up int64 // in seconds
}

func (s *sections) say(format string, args ...any) { fmt.Fprintf(s, format, args...) }

// swing is a value that goes up and down by so much around its middle, once every ten minutes, each item at a time of its own.
func (s *sections) swing(middle, by float64, item int) float64 {
	return middle + by*math.Sin(2*math.Pi*(float64(s.now%600)/600+float64(item)*0.13))
}

// counted is a counter that grows by perSecond, or nearly: the later, the larger.
func (s *sections) counted(from, perSecond int64, item int) int64 {
	return from + int64(item)*977 + s.up*(perSecond+int64(item))
}

func (s *sections) filesystems() {
	s.say("<<<df_v2>>>\n")
	const size = 102_400_000
	names := []string{"/", "/boot", "/home", "/srv", "/srv/data00", "/srv/data01", "/srv/data02", "/srv/data03", "/tmp", "/var", "/var/lib/docker", "/var/log"}
	for i, name := range names {
		used := int64(s.swing(0.4*size, 0.05*size, i))
		s.say("/dev/mapper/vg0-lv%02d ext4 %d %d %d %d%% %s\n", i, size, used, size-used, used*100/size, name)
	}
	s.say("<<<df_v2>>>\n[df_inodes_start]\n")
	for i, name := range names {
		used := int64(s.swing(300_000, 10_000, i))
		s.say("/dev/mapper/vg0-lv%02d ext4 6553600 %d %d %d%% %s\n", i, used, 6_553_600-used, used*100/6_553_600, name)
	}
	s.say("[df_inodes_end]\n<<<mounts>>>\n")
	for i, name := range names {
		s.say("/dev/mapper/vg0-lv%02d %s ext4 rw,relatime,errors=remount-ro 0 0\n", i, name)
	}
}

func (s *sections) processes() {
	s.say("<<<ps_lnx>>>\n[header] CGROUP USER VSZ RSS TIME ELAPSED PID COMMAND\n")
	s.say("0::/init.scope root 169320 13000 00:00:05 3-04:12:01 1 /sbin/init\n")
	s.say("0::/system.slice/ssh.service root 15420 9100 00:00:00 3-04:11:55 712 sshd: /usr/sbin/sshd -D [listener]\n")
	for i := range 90 {
		rss := int64(s.swing(24_000, 900, i))
		s.say("0::/system.slice/worker@%03d.service www-data %d %d 00:%02d:%02d 14-06:%02d:00 %d /usr/lib/worker/bin/worker --instance=%03d --config=/etc/worker/worker.conf\n",
			i, 250_000+i*13, rss, i%60, i*7%60, i%60, 2000+i, i)
	}
}

func (s *sections) memory() {
	free := int64(s.swing(2_000_000, 400_000, 0))
	s.say("<<<mem>>>\n")
	for _, line := range []struct {
		name string
		kB   int64
	}{
		{"MemTotal", 16_384_000},
		{"MemFree", free},
		{"MemAvailable", free + 7_000_000},
		{"Buffers", 400_000},
		{"Cached", 6_400_000},
		{"SwapCached", 0},
		{"Active", 5_200_000},
		{"Inactive", 3_900_000},
		{"Dirty", 1200},
		{"Writeback", 0},
		{"AnonPages", 3_100_000},
		{"Mapped", 420_000},
		{"Shmem", 90_000},
		{"Slab", 610_000},
		{"SReclaimable", 480_000},
		{"SUnreclaim", 130_000},
		{"PageTables", 28_000},
		{"SwapTotal", 4_194_300},
		{"SwapFree", 4_194_300},
		{"CommitLimit", 12_386_300},
		{"Committed_AS", 5_000_000},
		{"VmallocTotal", 34_359_738_367},
		{"VmallocUsed", 40_000},
		{"HugePages_Total", 0},
	} {
		s.say("%-16s%d kB\n", line.name+":", line.kB)
	}
}

// processor writes all of cpu, uptime and kernel: 4 cores at 100 ticks a second.
func (s *sections) processor() {
	load := s.swing(0.8, 0.3, 0)
	s.say("<<<cpu>>>\n%.2f %.2f %.2f 2/512 31337 4\n63704\n", load, load, load)
	s.say("<<<uptime>>>\n%d.25 %d.75\n", 1_234_567+s.up, 4*(1_234_567+s.up)*3/4)
	s.say("<<<kernel>>>\n%d\n", s.now)
	for i, name := range []string{"nr_free_pages", "nr_dirty", "pgpgin", "pgpgout", "pswpin", "pswpout", "pgfault", "pgmajfault"} {
		s.say("%s %d\n", name, s.counted(31_940, int64(10*i), i))
	}
	for core := -1; core < 4; core++ {
		name, cores := "cpu", int64(4)
		if core >= 0 {
			name, cores = fmt.Sprint("cpu", core), 1
		}
		s.say("%s %d %d %d %d %d 0 %d 0 0 0\n", name, cores*(100_000+s.up*20), cores*12, cores*(50_000+s.up*5), cores*(8_000_000+s.up*73), cores*(3000+s.up), cores*(25+s.up))
	}
	s.say("ctxt %d\nprocesses %d\nprocs_running 2\nprocs_blocked 0\n", s.counted(987_654, 3000, 0), s.counted(41_234, 3, 0))
}

func (s *sections) network() {
	const cards = 6
	s.say("<<<lnx_if>>>\n[start_iplink]\n1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000\n    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n")
	for i := range cards {
		s.say("%d: eth%d: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP group default qlen 1000\n    link/ether 52:54:00:12:34:%02x brd ff:ff:ff:ff:ff:ff\n    inet 192.0.2.%d/24 brd 192.0.2.255 scope global eth%d\n",
			i+2, i, i, i+1, i)
	}
	s.say("[end_iplink]\n<<<lnx_if:sep(58)>>>\n    lo: %d 1000 0 0 0 0 0 0 %d 1000 0 0 0 0 0 0\n", s.counted(1_000_000, 800, 0), s.counted(1_000_000, 800, 0))
	for i := range cards {
		s.say("  eth%d: %d %d 0 0 0 0 0 0 %d %d 0 0 0 0 0 0\n", i, s.counted(9_876_543_210, 125_000, i), s.counted(12_345_678, 150, i),
			s.counted(8_765_432_109, 90_000, i), s.counted(11_234_567, 120, i))
	}
	for i := range cards {
		s.say("[eth%d]\n\tSpeed: 1000Mb/s\n\tDuplex: Full\n\tAuto-negotiation: on\n\tLink detected: yes\n\tAddress: 52:54:00:12:34:%02x\n", i, i)
	}
	s.say("<<<tcp_conn_stats>>>\n01 %d\n06 %d\n0A 15\n", int64(s.swing(120, 40, 0)), int64(s.swing(60, 20, 1)))
}

func (s *sections) disks() {
	s.say("<<<diskstat>>>\n%d\n", s.now)
	const disks = 12
	for i := range disks {
		s.say(" 253 %7d dm-%d %d 0 %d %d %d 0 %d %d 0 %d %d\n", i, i, s.counted(987_654, 5, i), s.counted(45_678_901, 400, i), s.counted(234_567, 20, i),
			s.counted(1_234_567, 15, i), s.counted(56_789_012, 900, i), s.counted(345_678, 60, i), s.counted(456_789, 50, i), s.counted(567_890, 90, i))
	}
	s.say("[dmsetup_info]\n")
	for i := range disks {
		s.say("vg0-lv%02d 253:%d vg0 lv%02d\n", i, i, i)
	}
}

func (s *sections) units() {
	const workers = 60
	s.say("<<<systemd_units>>>\n[list-unit-files]\nssh.service enabled enabled\nbackup.service static -\nworker@.service indirect enabled\n[status]\n[all]\n")
	s.say("ssh.service loaded active running OpenBSD Secure Shell server\nbackup.service loaded inactive dead Nightly backup\n")
	for i := range workers {
		s.say("worker@%03d.service loaded active running Worker instance %03d of the shop\n", i, i)
	}
	s.say("<<<chrony:cached(%d,60)>>>\nReference ID    : C0000205 (192.0.2.5)\nStratum         : 3\nSystem time     : 0.000012345 seconds slow of NTP time\n", s.now-s.now%60)
	s.say("Last offset     : -0.000004321 seconds\nRMS offset      : 0.000021000 seconds\nRoot delay      : 0.012345 seconds\nLeap status     : Normal\n")
}

// jobs writes a job that ran at the last full hour.
func (s *sections) jobs() {
	s.say("<<<job>>>\n==> backup <==\nstart_time %d\nexit_code 0\nreal_time 0:10.23\nuser_time 1.02\nsystem_time 0.51\n", s.now-s.now%3600)
	s.say("reads 0\nwrites 2048\nmax_res_kbytes 9316\navg_mem_kbytes 0\ninvol_context_switches 12\nvol_context_switches 34\n\n")
}

// checks writes the results of checks that the agent made itself.
func (s *sections) checks() {
	s.say("<<<mrpe>>>\n(check_users) Users 0 USERS OK - %d users currently logged in |users=%d;20;50;0\n", 3+s.now%4, 3+s.now%4)
	s.say("(check_disk) Disk%%20root 0 DISK OK - free space: / 78041MiB (83%% inode=97%%);| /=%dB;243497277849;257024904396;0;270552530944\n", int64(s.swing(15e9, 1e9, 0)))
	s.say("<<<local:sep(0)>>>\n")
	for i := range 10 {
		n := int64(s.swing(200, 100, i))
		s.say("0 \"Queue %02d\" length=%d;500;1000;0 %d entries wait\n", i, n, n)
	}
	s.say("P Room temp=%.1f;30;35;0;60|hum=%.0f;20:70;10:90 computed from levels\n", s.swing(22, 3, 0), s.swing(45, 8, 1))
}
