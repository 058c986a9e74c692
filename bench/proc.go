package bench

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of CPU times in /proc: proc(5), USER_HZ, which is 100 on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// process is what /proc/PID/stat says.
type process struct {
	pid, parent int
	began       uint64        // in ticks since boot; with pid it names a process for good
	own         time.Duration // CPU of its threads
	reaped      time.Duration // CPU of children that ended and were waited for, with theirs
}

func readProcess(pid int) (process, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return process{}, err
	}
	return parseStat(b)
}

// parseStat reads /proc/PID/stat. The fields are counted from behind the program's name, which may hold anything.
func parseStat(b []byte) (process, error) {
	var p process
	name := bytes.LastIndexByte(b, ')')
	if name < 0 {
		return p, errors.New("/proc/PID/stat: no name")
	}
	f := strings.Fields(string(b[name+1:]))
	if len(f) < 20 {
		return p, fmt.Errorf("/proc/PID/stat: %d fields", len(f))
	}
	var n [7]uint64
	head, _, _ := bytes.Cut(b, []byte(" "))
	for i, text := range []string{string(head), f[1], f[11], f[12], f[13], f[14], f[19]} {
		var err error
		if n[i], err = strconv.ParseUint(text, 10, 64); err != nil {
			return p, fmt.Errorf("/proc/PID/stat: %w", err)
		}
	}
	return process{
		pid: int(n[0]), parent: int(n[1]), own: time.Duration(n[2]+n[3]) * tick, reaped: time.Duration(n[4]+n[5]) * tick, began: n[6],
	}, nil
}

// tree gives a process, first, and all that descends from it; nothing when it is gone.
func tree(pid int) []process {
	root, err := readProcess(pid)
	if err != nil {
		return nil
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return []process{root}
	}
	children := map[int][]process{}
	for _, e := range entries {
		if id, err := strconv.Atoi(e.Name()); err == nil {
			if p, err := readProcess(id); err == nil {
				children[p.parent] = append(children[p.parent], p)
			}
		}
	}
	out := []process{root}
	for i := 0; i < len(out); i++ {
		out = append(out, children[out[i].pid]...)
	}
	return out
}

// usage is CPU used so far.
type usage struct {
	own    time.Duration // by the process itself
	forked time.Duration // by all that it forked
}

func (u usage) sub(v usage) usage { return usage{own: u.own - v.own, forked: u.forked - v.forked} }

func (u usage) add(v usage) usage    { return usage{own: u.own + v.own, forked: u.forked + v.forked} }
func (u usage) total() time.Duration { return u.own + u.forked }

// usageOf adds up a process and what it forked, alive or waited for.
func usageOf(pid int) usage {
	var u usage
	for i, p := range tree(pid) {
		if i == 0 {
			u.own = p.own
		} else {
			u.forked += p.own
		}
		u.forked += p.reaped
	}
	return u
}

// memory gives what a process has in memory, and the most it had, in bytes; 0 when it is gone.
func memory(pid int) (now, peak int64) {
	b, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	return parseMemory(b)
}

// largest gives the process with the most in memory among one and what descends from it.
func largest(pid int) int {
	most := int64(-1)
	found := pid
	for _, p := range tree(pid) {
		if now, _ := memory(p.pid); now > most {
			most, found = now, p.pid
		}
	}
	return found
}

// parseMemory reads VmRSS and VmHWM of /proc/PID/status, which are in kB.
func parseMemory(status []byte) (now, peak int64) {
	for line := range strings.Lines(string(status)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		kb, _ := strconv.ParseInt(f[1], 10, 64)
		switch f[0] {
		case "VmRSS:":
			now = kb << 10
		case "VmHWM:":
			peak = kb << 10
		}
	}
	return now, peak
}

// openFiles is how many descriptors a process has open.
func openFiles(pid int) int {
	entries, _ := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/fd") // none when it is gone
	return len(entries)
}

// machineBusy is the CPU time that the whole machine has used.
func machineBusy() time.Duration {
	b, _ := os.ReadFile("/proc/stat")
	return parseBusy(b)
}

// parseBusy adds up the first line of /proc/stat but for idle and iowait. Guests are inside user already.
func parseBusy(stat []byte) time.Duration {
	line, _, _ := bytes.Cut(stat, []byte("\n"))
	f := strings.Fields(string(line))
	var busy uint64
	for i, text := range f[:min(len(f), 8)] {
		if slices.Contains([]int{1, 2, 3, 6, 7}, i) {
			n, _ := strconv.ParseUint(text, 10, 64)
			busy += n
		}
	}
	return time.Duration(busy) * tick
}

// loadAverage is the machine's load average of the last minute; 0 if it cannot be read.
func loadAverage() float64 {
	b, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(b), " ")
	v, _ := strconv.ParseFloat(first, 64)
	return v
}
