package service

import (
	"math"
	"strings"
	"time"
)

// diskstat is the kind of the disks of Linux.
func diskstat() Kind {
	return Kind{
		Name: "diskstat", Sections: []string{"diskstat"}, Takes: diskOptions(),
		Discover: func(in *Input) []Found { return discoverDisks(in, linuxDisks(in).names()) },
		Check: func(in *Input, r *Report) {
			d := linuxDisks(in)
			checkDisks(in, r, d.names(), func(i int) (disk, bool) { return d[i].rates(in) })
		},
	}
}

// linuxDisk is a line of /proc/diskstats.
type linuxDisk struct {
	name  string
	lower bool      // lies on other disks
	at    time.Time // when it was read
	// c are the counters: reads, merged, sectors, ms, writes, merged, sectors, ms, in flight, ms busy, ms weighted.
	c []float64
}

type linuxDiskList []linuxDisk

func (l linuxDiskList) names() []string {
	names := make([]string, len(l))
	for i := range l {
		names[i] = l[i].name
	}
	return names
}

// linuxDisks reads diskstat: the time, lines of /proc/diskstats, and [dmsetup_info] or [vx_dsk] with the names of volumes.
// Partitions of disks that are there are left out, and so are devices of the device mapper that have no name.
func linuxDisks(in *Input) linuxDiskList {
	sec := in.Sections.Get("diskstat")
	if sec == nil {
		return nil
	}
	var all linuxDiskList
	names := map[string]string{} // of volumes by MAJOR:MINOR
	devices := map[string]bool{}
	numbersOf := []string{}
	for i := range sec.Parts {
		p := &sec.Parts[i]
		block, at := "", in.at(p)
		for _, line := range p.Lines {
			words := strings.Fields(line)
			switch {
			case len(words) == 0:
			case strings.HasPrefix(words[0], "["):
				block = words[0]
			case block == "[dmsetup_info]":
				volume(names, words)
			case block == "[vx_dsk]":
				veritas(names, words)
			case block != "":
			case len(words) == 1:
				at = epoch(words[0], at)
			case len(words) >= 14 && len(all) < mostThings:
				if c := numbers(words[3:14]); c != nil && !devices[words[2]] {
					devices[words[2]] = true
					all = append(all, linuxDisk{name: words[2], at: at, c: c})
					numbersOf = append(numbersOf, words[0]+":"+words[1])
				}
			}
		}
	}
	kept := all[:0]
	for i, d := range all {
		if name, ok := names[numbersOf[i]]; ok {
			d.name, d.lower = name, true
		}
		if !strings.HasPrefix(d.name, "dm-") && !isPartition(d.name, devices) {
			d.lower = d.lower || strings.HasPrefix(d.name, "md") || strings.HasPrefix(d.name, "bcache")
			kept = append(kept, d)
		}
	}
	return kept
}

// epoch reads seconds since 1970.
func epoch(text string, other time.Time) time.Time {
	if v, ok := numeral(text); ok && v > 0 && v < 1e11 {
		whole, rest := math.Modf(v)
		return time.Unix(int64(whole), int64(rest*1e9))
	}
	return other
}

// volume reads NAME MAJOR:MINOR [GROUP VOLUME].
func volume(names map[string]string, words []string) {
	switch {
	case len(words) < 2 || !strings.Contains(words[1], ":") || len(names) >= mostThings:
	case len(words) == 4:
		names[words[1]] = "LVM " + words[0]
	default:
		names[words[1]] = "DM " + words[0]
	}
}

// veritas reads MAJOR MINOR /dev/vx/dsk/GROUP/VOLUME, the numbers in hex.
func veritas(names map[string]string, words []string) {
	if len(words) < 3 {
		return
	}
	at := strings.Split(words[2], "/")
	major, ok := hex(words[0])
	minor, ok2 := hex(words[1])
	if ok && ok2 && len(at) >= 2 && len(names) < mostThings {
		names[major+":"+minor] = "VxVM " + at[len(at)-2] + "-" + at[len(at)-1]
	}
}

// isPartition says whether a device is a part of another one that is there.
func isPartition(name string, devices map[string]bool) bool {
	base := strings.TrimRight(name, "0123456789")
	if base == name {
		return false
	}
	whole, cut := strings.CutSuffix(base, "p")
	return devices[base] || cut && devices[whole]
}

// rates gives what the disk did in a second.
func (l *linuxDisk) rates(in *Input) (disk, bool) {
	rate := func(i int) float64 {
		v, ok := in.Counters.Rate("diskstat."+l.name+"."+string(rune('a'+i)), l.c[i], l.at, 0)
		if !ok {
			return math.NaN()
		}
		return v
	}
	reads, sectorsRead, msReading := rate(0), rate(2), rate(3)
	writes, sectorsWritten, msWriting := rate(4), rate(6), rate(7)
	busy := rate(9)
	const sector = 512
	d := noDisk(l.name)
	d.part = l.lower
	d.reads, d.writes, d.read, d.write = reads, writes, sectorsRead*sector, sectorsWritten*sector
	d.busy, d.queue = math.Min(busy/10, 100), l.c[8] // ms in a second are tenths of a percent
	d.latency = per(busy/1000, reads+writes)
	d.readWait, d.writeWait = per(msReading/1000, reads), per(msWriting/1000, writes)
	return d, !math.IsNaN(reads + writes + sectorsRead + sectorsWritten + msReading + msWriting + busy)
}

// per divides; what did not happen took no time.
func per(time, times float64) float64 {
	if times == 0 {
		return 0
	}
	return time / times
}
