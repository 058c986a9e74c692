package section

import (
	"strings"
	"time"
)

// mostKept bounds what is kept of one host, in bytes.
const mostKept = 1 << 20

// Kept holds sections whose headers say persist, so that later outputs that leave them out have them all the same. The zero
// value holds nothing. One goroutine at a time may use it.
type Kept struct {
	by    map[string][]Part
	bytes int
}

// Merge keeps the sections of a new output that are to be kept, and adds those that it does not have and that still count. It
// does not keep the output itself alive.
func (k *Kept) Merge(set *Set, now time.Time) {
	for name, parts := range k.by {
		if set.Get(name) != nil || !lasts(parts, now) {
			k.drop(name)
			continue
		}
		for _, p := range parts {
			set.Add(name, p)
		}
	}
	for _, name := range set.names {
		if parts := set.by[name].Parts; k.by[name] == nil && lasts(parts, now) {
			k.keep(name, parts)
		}
	}
}

// lasts says whether any of the parts is to be kept still.
func lasts(parts []Part, now time.Time) bool {
	for i := range parts {
		if parts[i].Until.After(now) {
			return true
		}
	}
	return false
}

// keep copies the parts, if there is room for them.
func (k *Kept) keep(name string, parts []Part) {
	size := sizeOf(parts)
	if k.bytes+size > mostKept {
		return
	}
	copies := make([]Part, len(parts))
	for i, p := range parts {
		copies[i] = p
		copies[i].Lines = make([]string, len(p.Lines))
		for j, line := range p.Lines {
			copies[i].Lines[j] = strings.Clone(line)
		}
	}
	if k.by == nil {
		k.by = map[string][]Part{}
	}
	k.by[strings.Clone(name)] = copies
	k.bytes += size
}

func (k *Kept) drop(name string) {
	k.bytes -= sizeOf(k.by[name])
	delete(k.by, name)
}

func sizeOf(parts []Part) (n int) {
	for i := range parts {
		n += 128
		for _, line := range parts[i].Lines {
			n += 16 + len(line)
		}
	}
	return n
}
