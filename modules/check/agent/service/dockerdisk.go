package service

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// dockerContainerDiskstat is the kind of what a container does with the disks of its node.
func dockerContainerDiskstat() Kind {
	return Kind{
		Name: "docker_container_diskstat", Sections: []string{"docker_container_diskstat_cgroupv2", "docker_container_diskstat"}, Takes: diskOptions(),
		Discover: func(in *Input) []Found { return discoverDisks(in, containerDisks(in).names) },
		Check: func(in *Input, r *Report) {
			d := containerDisks(in)
			if len(d.names) == 0 && (in.Item == summary || in.Item == "") {
				r.OK("it has not used any disk yet")
				return
			}
			checkDisks(in, r, d.names, func(i int) (disk, bool) { return d.rates(in, i) })
		},
	}
}

// blockIO is the counters of a container by disk: bytes read and written, reads and writes.
type blockIO struct {
	names    []string
	at       time.Time
	counters map[string]*[4]float64
}

// Places of a blockIO's counters.
const (
	ioRead = iota
	ioWrite
	ioReads
	ioWrites
)

// containerDisks reads what mk_docker says of cgroups of either version, and what an agent inside of the container says.
func containerDisks(in *Input) *blockIO {
	b := &blockIO{at: in.Now, counters: map[string]*[4]float64{}}
	sec := in.Sections.Get("docker_container_diskstat_cgroupv2")
	if sec == nil {
		if sec = in.Sections.Get("docker_container_diskstat"); sec == nil {
			return b
		}
	}
	b.at = in.at(&sec.Parts[len(sec.Parts)-1])
	type value struct {
		Major, Minor int
		Op           string
		Value        float64
	}
	var api struct {
		Time    float64
		Names   map[string]string
		Bytes   []value `json:"io_service_bytes_recursive"`
		Actions []value `json:"io_serviced_recursive"`
	}
	if ok, _ := dockerJSON(sec, &api); ok {
		if api.Time > 0 {
			b.at = epoch(fmt.Sprintf("%.3f", api.Time), b.at)
		}
		for _, v := range api.Bytes {
			b.add(fmt.Sprintf("%d:%d", v.Major, v.Minor), v.Op, ioRead, v.Value)
		}
		for _, v := range api.Actions {
			b.add(fmt.Sprintf("%d:%d", v.Major, v.Minor), v.Op, ioReads, v.Value)
		}
		b.name(api.Names)
		return b
	}
	names, block := map[string]string{}, ""
	for _, words := range sec.Rows() {
		switch {
		case strings.HasPrefix(words[0], "["):
			block = words[0]
		case block == "[time]":
			b.at = epoch(words[0], b.at)
		case block == "[names]" && len(words) == 2 && len(names) < mostThings:
			names[words[1]] = words[0]
		case block == "[io_service_bytes]":
			b.line(words, ioRead)
		case block == "[io_serviced]":
			b.line(words, ioReads)
		case block == "[io.stat]":
			b.pairs(words)
		}
	}
	b.name(names)
	return b
}

// line reads "MAJOR:MINOR OP VALUE"; sums have no device.
func (b *blockIO) line(words []string, first int) {
	if len(words) == 3 && strings.Contains(words[0], ":") {
		if v, ok := numeral(words[2]); ok {
			b.add(words[0], words[1], first, v)
		}
	}
}

// pairs reads "MAJOR:MINOR rbytes=N wbytes=N rios=N wios=N ...".
func (b *blockIO) pairs(words []string) {
	for _, w := range words[1:] {
		name, text, _ := strings.Cut(w, "=")
		v, ok := numeral(text)
		if i := slices.Index([]string{"rbytes", "wbytes", "rios", "wios"}, name); ok && i >= 0 {
			b.device(words[0])[i] = v
		}
	}
}

func (b *blockIO) add(device, op string, first int, v float64) {
	switch strings.ToLower(op) {
	case "read":
		b.device(device)[first] = v
	case "write":
		b.device(device)[first+1] = v
	}
}

func (b *blockIO) device(id string) *[4]float64 {
	c := b.counters[id]
	if c == nil {
		c = &[4]float64{}
		if len(b.counters) < mostThings {
			b.counters[id] = c
		}
	}
	return c
}

// name puts names in the place of numbers. Devices without a name are left out, and so are loop devices.
func (b *blockIO) name(names map[string]string) {
	named := map[string]*[4]float64{}
	for id, c := range b.counters {
		if name := names[id]; name != "" && !strings.HasPrefix(name, "loop") {
			named[name] = c
			b.names = append(b.names, name)
		}
	}
	slices.Sort(b.names)
	b.names = slices.Compact(b.names)
	b.counters = named
}

// rates gives what the container did with a disk in a second.
func (b *blockIO) rates(in *Input, i int) (disk, bool) {
	d := noDisk(b.names[i])
	for place, to := range []*float64{&d.read, &d.write, &d.reads, &d.writes} {
		key := fmt.Sprintf("docker.disk.%s.%d", d.name, place)
		if v, ok := in.Counters.Rate(key, b.counters[d.name][place], b.at, 0); ok {
			*to = v
		}
	}
	// A stacked device's operations are its disk's too.
	d.part = strings.HasPrefix(d.name, "dm-") || strings.HasPrefix(d.name, "md")
	return d, !math.IsNaN(d.read + d.write + d.reads + d.writes)
}
