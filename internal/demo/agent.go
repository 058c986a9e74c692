package demo

import (
	"fmt"
	"hash/fnv"
	"math"
	"strings"
	"time"
)

// output is what an agent says, being written.
type output struct {
	strings.Builder
	h    *host
	s    *scene
	seed uint64
	now  time.Time
}

func (o *output) say(format string, args ...any) { fmt.Fprintf(o, format, args...) }

// lot gives a number that is chance to people and always the same: for a host, a thing of it and the demo's seed.
func lot(seed uint64, words ...string) uint64 {
	h := fnv.New64a()
	fmt.Fprint(h, seed, words)
	return h.Sum64()
}

// swing is a value that goes up and down around its middle, slowly, each thing of each host at a pace of its own.
func (o *output) swing(middle, by float64, thing string) float64 {
	n := lot(o.seed, o.h.name, thing)
	period := 240 + float64(n%300)
	turn := 2 * math.Pi * (float64(o.now.UnixMilli())/1000/period + float64(n%97)/97)
	return middle + by*(0.8*math.Sin(turn)+0.2*math.Sin(7.3*turn))
}

// counter is a count that grows by perSecond, or nearly.
func (o *output) counter(perSecond float64, thing string) int64 {
	n := lot(o.seed, o.h.name, thing)
	t := float64(o.now.UnixMilli()) / 1000
	period := 180 + float64(n%200)
	return int64(perSecond * (t - 1_700_000_000 + 0.5*period/(2*math.Pi)*math.Sin(2*math.Pi*t/period)))
}

// agentOutput is what the agent of a host says, as Checkmk's does, with what it knows of others behind it.
func agentOutput(h *host, s *scene, all []host, seed uint64, now time.Time) string {
	o := &output{h: h, s: s, seed: seed, now: now}
	o.say("<<<check_mk>>>\nVersion: 2.4.0p11\nAgentOS: linux\nHostname: %s\n", h.name)
	o.machine()
	o.locals()
	if !s.mute[h.name] {
		o.others(all)
	}
	return o.String()
}

// machine says how the machine is.
func (o *output) machine() {
	const disk = 104_857_600 // kB
	root := int64(o.swing(0.45, 0.03, "root") * disk)
	o.say("<<<df_v2>>>\n/dev/sda1 ext4 %d %d %d %d%% /\n", disk, root, disk-root, root*100/disk)
	full := o.swing(0.55, 0.02, "srv")
	if o.h.name == fullHost {
		full = o.s.full
	}
	srv := int64(full * disk * 8)
	o.say("/dev/sdb1 ext4 %d %d %d %d%% /srv\n", disk*8, srv, disk*8-srv, srv*100/(disk*8))
	const ram = 33_554_432
	used := o.swing(0.5, 0.12, "mem")
	o.say("<<<mem>>>\nMemTotal: %d kB\nMemFree: %d kB\nMemAvailable: %d kB\nBuffers: 200000 kB\nCached: 4000000 kB\nSwapTotal: 8388608 kB\nSwapFree: 8300000 kB\n",
		ram, int64((1-used)*ram*0.4), int64((1-used)*ram))
	load := max(0.02, o.swing(1.6, 1.1, "load"))
	o.say("<<<cpu>>>\n%.2f %.2f %.2f 3/512 31337 8\n", load, max(0.02, o.swing(1.6, 0.8, "load")), max(0.02, o.swing(1.6, 0.5, "load")))
	o.say("<<<uptime>>>\n%d.00 0.00\n", 3_000_000+o.now.Unix()%1_000_000)
	o.say("<<<lnx_if:sep(58)>>>\neth0: %d %d 0 0 0 0 0 0 %d %d 0 0 0 0 0 0\n[eth0]\n\tSpeed: 10000Mb/s\n\tDuplex: Full\n\tLink detected: yes\n\tAddress: 02:00:00:00:00:01\n",
		o.counter(4e6, "in"), o.counter(5e3, "inp"), o.counter(9e6, "out"), o.counter(8e3, "outp"))
}

// locals says what scripts on the machine found out.
func (o *output) locals() {
	o.say("<<<local:sep(0)>>>\n")
	switch o.h.kind {
	case "web":
		days := 40 + lot(o.seed, o.h.name)%50
		if o.h.name == expiresSoon {
			days = 9
		}
		o.say("P Certificate days=%d;14:;3: shop.example.org ends in %d days\n", days, days)
		o.visitors()
	case "app":
		waiting := int(max(0, o.swing(20, 18, "queue")))
		if o.h.name == busyHost {
			waiting += o.s.queue
		}
		o.say("P Queue waiting=%d;400;800 %d orders wait to be packed\n", waiting, waiting)
	case "mail":
		n := int(o.swing(40, 30, "mails"))
		o.say("P Mails deferred=%d;200;500 %d mails wait for other servers\n", n, n)
	case "storage":
		if o.h.name == brokenRAID {
			o.say("2 RAID disks=23;;;0;24 DEGRADED: disk 7 of shelf 2 does not answer, rebuilt on the spare: %d %%\n", int(o.s.at.Seconds()/6))
		} else {
			o.say("0 RAID disks=24;;;0;24 all 24 disks are fine\n")
		}
	}
}

// visitors is where somebody who means harm tries it: what a machine says of itself is not trusted.
func (o *output) visitors() {
	n := int(o.swing(320, 210, "visitors"))
	if o.h.name == hostileHost {
		o.say("1 Visitors visitors=%d %s%s\n", n, script, ` \n</pre><svg onload="document.title='owned'">`)
		return
	}
	o.say("0 Visitors visitors=%d;;;0 %d people are in the shop\n", n, n)
}

// others says what the agent knows of other hosts.
func (o *output) others(all []host) {
	for i := range all {
		h := &all[i]
		if !o.speaksFor(h) || o.s.gone[h.name] {
			continue
		}
		g := &output{h: h, s: o.s, seed: o.seed, now: o.now}
		if h.kind == "guests" {
			g.guest()
		} else {
			g.container()
		}
		o.say("<<<<%s>>>>\n%s<<<<>>>>\n", h.name, g.String())
	}
	if o.h.name == vcenter {
		for _, name := range []string{"template-debian-13", "old-fileserver", "vm-99-clone", `<img src=x onerror="document.title='owned'">`} {
			o.say("<<<<%s>>>>\n<<<local:sep(0)>>>\n0 Nobody - nobody has told Onbu of this one\n<<<<>>>>\n", name)
		}
	}
}

// movedBox is a container that was moved: the node where it was still lists it, so that its sections come from two sources.
const movedBox = "box-cache"

func (o *output) speaksFor(h *host) bool {
	return h.source == o.h.name || h.name == movedBox && o.h.kind == "docker"
}

// guest is what the special agent for vSphere says of a virtual machine.
func (o *output) guest() {
	power, beat := "poweredOn", "green"
	if o.h.number == 31 { // somebody forgot it
		power, beat = "poweredOff", "gray"
	}
	o.say("<<<esx_vsphere_vm>>>\nname %s\nruntime.powerState %s\nruntime.host ham-esx-%d\n", o.h.name, power, o.h.number%6+1)
	o.say("summary.quickStats.overallCpuUsage %d\nsummary.quickStats.guestMemoryUsage %d\nsummary.quickStats.hostMemoryUsage 4096\nsummary.quickStats.balloonedMemory 0\n",
		int(o.swing(900, 700, "cpu")), int(o.swing(3100, 900, "mem")))
	o.say("config.hardware.numCPU 4\nconfig.hardware.memoryMB 8192\nguest.toolsVersionStatus guestToolsCurrent\nguestHeartbeatStatus %s\n", beat)
}

func (o *output) container() {
	requests, memory := int(o.swing(300, 250, "requests")), int(o.swing(500, 200, "memory"))
	o.say("<<<local:sep(0)>>>\nP Requests requests=%d;900;1200 %d requests a second\nP Memory memory=%dMB;900;1000 %d of 1024 MB are in use\n", requests, requests, memory, memory)
}
