package view

import (
	"math"
	"slices"
	"unsafe"
)

// text is what the last check said: output, long output and performance data one behind the other, in bytes that are used
// again. It is a slice in two words instead of three and what it is cut by, since there are as many as services.
type text struct {
	first                      *byte // of as many as room says; nil where room is 0
	room, output, outputs, all uint16
}

// textFits says whether a text has room for these.
func textFits(output, long, perfdata string) bool {
	return len(output)+len(long)+len(perfdata) <= math.MaxUint16/2
}

func (t *text) bytes() []byte { return unsafe.Slice(t.first, t.room) }

func (t *text) parts() (output, long, perfdata []byte) {
	b := t.bytes()
	return b[:t.output], b[t.output:t.outputs], b[t.outputs:t.all]
}

// keep copies texts that fit.
func (t *text) keep(output, long, perfdata string) {
	need := len(output) + len(long) + len(perfdata)
	if need > int(t.room) || need < int(t.room)/2 {
		b := slices.Grow([]byte(nil), need) // which is rounded up: there is room for one that is a little longer
		t.first, t.room = unsafe.SliceData(b), uint16(min(cap(b), math.MaxUint16))
	}
	b := append(append(append(t.bytes()[:0], output...), long...), perfdata...)
	t.output, t.outputs, t.all = uint16(len(output)), uint16(len(output)+len(long)), uint16(len(b))
}

// says tells whether these are the texts.
func (t *text) says(output, long, perfdata string) bool {
	o, l, p := t.parts()
	return string(o) == output && string(l) == long && string(p) == perfdata
}
