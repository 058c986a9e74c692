package service

import (
	"strings"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/monitor"
)

// dfKind is the file systems of a host, by what df says on Linux and the agent on Windows.
func dfKind() Kind {
	return Kind{
		Name:     "df",
		Sections: []string{"df_v2", "df"},
		Discover: discoverDF,
		Check:    checkDF,
		Takes: map[string]string{
			"free":     "WARN,CRIT for what is available: 10G:,5G: or 10%:,5%:",
			"inodes":   "WARN,CRIT for the inodes in use, in percent (90,95)",
			"reserved": "no: what is reserved for root is not in use, as df has it (yes)",
		},
	}
}

// fileSystem is a line of df; all sizes in bytes.
type fileSystem struct {
	device, kind, mount string
	size, used, free    float64
	inodes, inodesFree  float64
	hasInodes           bool
}

// fileSystems reads the lines of df, and the inodes of a second list.
func fileSystems(s *section.Section) []fileSystem {
	var all []fileSystem
	place := map[string]int{}
	block := ""
	for _, columns := range s.Rows() {
		if len(columns) == 1 && strings.HasPrefix(columns[0], "[") {
			block = columns[0]
			continue
		}
		fs, ok := dfLine(columns)
		switch at, known := place[fs.mount]; {
		case !ok || block == "[df_lsblk_start]":
		case block == "[df_inodes_start]" && known:
			all[at].inodes, all[at].inodesFree, all[at].hasInodes = fs.size, fs.free, fs.size > 0
		case block == "[df_inodes_start]":
		case known: // what is mounted last on a place hides the others
			all[at] = fs.inBytes()
		default:
			place[fs.mount] = len(all)
			all = append(all, fs.inBytes())
		}
	}
	return all
}

// inBytes turns the KiB of df into bytes.
func (fs fileSystem) inBytes() fileSystem {
	fs.size, fs.used, fs.free = fs.size*1024, fs.used*1024, fs.free*1024
	return fs
}

// dfLine finds the three numbers and the percents before the mount point: devices and mount points may hold blanks.
func dfLine(columns []string) (fileSystem, bool) {
	for i := 4; i+1 < len(columns); i++ {
		if percent := columns[i]; percent != "-" && !strings.HasSuffix(percent, "%") {
			continue
		}
		size, ok1 := numeral(columns[i-3])
		used, ok2 := numeral(columns[i-2])
		free, ok3 := numeral(columns[i-1])
		if !ok1 || !ok2 || !ok3 || size < 0 {
			continue
		}
		fs := fileSystem{size: size, used: used, free: free, mount: strings.Join(columns[i+1:], " ")}
		if i >= 5 {
			fs.kind = columns[i-4]
		}
		fs.device = strings.Join(columns[:max(i-4, 1)], " ")
		return fs, true
	}
	return fileSystem{}, false
}

// passing says of a type of file systems that nobody wants a service for them: they live in memory, on another machine or in a
// file, or cannot fill.
func passing(kind string) bool {
	switch kind {
	case "tmpfs", "devtmpfs", "ramfs", "squashfs", "iso9660", "udf", "nfs", "nfs4", "smbfs", "cifs", "autofs", "efivarfs", "fuse.snapfuse", "erofs":
		return true
	}
	return false
}

// passingMount says of a mount point that it comes and goes with containers, packages and sessions.
func passingMount(mount string) bool {
	for _, prefix := range []string{"/dev/", "/run/", "/snap/", "/var/lib/docker/", "/var/lib/containers/", "/var/lib/kubelet/pods/"} {
		if strings.HasPrefix(mount+"/", prefix) {
			return true
		}
	}
	return false
}

func discoverDF(in *Input) []Found {
	var found []Found
	pools := map[string]bool{}
	for _, fs := range fileSystems(in.first("df_v2", "df")) {
		if passing(fs.kind) || fs.kind == "overlay" && fs.mount != "/" || passingMount(fs.mount) {
			continue
		}
		// All subvolumes of a btrfs share its room.
		if fs.kind == "btrfs" {
			if pools[fs.device] {
				continue
			}
			pools[fs.device] = true
		}
		found = append(found, Found{Item: fs.mount, Description: "Filesystem " + fs.mount})
	}
	return found
}

func checkDF(in *Input, r *Report) {
	fs, ok := pick(in, r, "filesystem", fileSystems(in.first("df_v2", "df")), func(fs fileSystem) string { return fs.mount })
	if !ok {
		return
	}
	levels := in.Levels(r, Upper(80, 90))
	used, size := fs.size-fs.free, fs.size
	reserved := max(fs.size-fs.used-fs.free, 0)
	if !in.flag(r, "reserved", true) {
		used, size = fs.used, fs.used+fs.free
	}
	if size <= 0 {
		r.Say(monitor.Warning, "the size of the filesystem is 0")
		return
	}
	judgeRoom(r, fs.mount, used, size, levels)
	if free := in.Pair(r, "free", None()); !free.Empty() {
		r.Say(judgePart("Available", fs.free, size, free))
	}
	if reserved > 0 {
		r.Detail("Reserved for root: " + showBytes(reserved))
	}
	if inodes := in.Pair(r, "inodes", Upper(90, 95)); fs.hasInodes {
		r.Watch("Inodes in use", 100*(fs.inodes-fs.inodesFree)/fs.inodes, inodes, showPercent)
		r.Metric(Measured("inodes_used", fs.inodes-fs.inodesFree, "").By(inodes.Of(fs.inodes, true)).Within(0, fs.inodes))
	}
}

// judgeRoom says how much of a room is in use. name is that of the metric; the levels are as they were written.
func judgeRoom(r *Report, name string, used, size float64, levels Levels) {
	r.Metric(Measured(name, used, "B").By(levels.Of(size, true)).Within(0, size))
	r.Say(judgePart("Used", used, size, levels))
}

// judgePart judges an amount of bytes that is a part of a whole. Levels in percent are shown so, and plain ones are percents.
func judgePart(label string, v, whole float64, levels Levels) (monitor.State, string) {
	amounts := levels.Of(whole, true)
	showLevel := showBytes
	if !levels.Size {
		showLevel = func(v float64) string { return showPercent(100 * v / whole) }
	}
	state := amounts.State(v)
	text := label + ": " + showPart(v, whole)
	if state != monitor.OK {
		text += " (" + amounts.reached(v, showLevel) + ")"
	}
	return state, text
}

// showPart writes an amount of bytes as a part of a whole.
func showPart(v, whole float64) string {
	return showPercent(100*v/whole) + " (" + showBytes(v) + " of " + showBytes(whole) + ")"
}
