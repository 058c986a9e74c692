package core

import (
	"unsafe"

	"github.com/onbu/onbu/monitor"
)

// past is what remains of the problems that an object had. Most objects never had one since the engine began with them.
type past struct {
	notice notice
	serial serial
	// failed says when a check was last made that said WARNING or DOWN, CRITICAL or UNREACHABLE, and UNKNOWN.
	failed [3]monitor.Time
}

// lasting gives the past without what every check of a problem changes.
func (p past) lasting() past {
	p.failed = [3]monitor.Time{}
	return p
}

// pasts holds the pasts of those objects that have one.
type pasts struct {
	index []uint32 // of each object: one more than its place in all; 0 for none
	all   []past
}

func newPasts(n int) pasts { return pasts{index: make([]uint32, n)} }

// of gives an object's past, the zero one if it has none.
func (p *pasts) of(id monitor.ID) past {
	if at := p.index[id]; at != 0 {
		return p.all[at-1]
	}
	return past{}
}

// open gives an object's past to write into, until the next call of open or put.
func (p *pasts) open(id monitor.ID) *past {
	if p.index[id] == 0 {
		p.all = append(p.all, past{})
		p.index[id] = uint32(len(p.all))
	}
	return &p.all[p.index[id]-1]
}

func (p *pasts) put(id monitor.ID, to past) {
	if to != (past{}) || p.index[id] != 0 {
		*p.open(id) = to
	}
}

func (p *pasts) bytes() int { return 4*len(p.index) + cap(p.all)*int(unsafe.Sizeof(past{})) }

// noticeOf gives when people were told of an object, and may be again.
func (t *tables) noticeOf(id monitor.ID) notice { return t.past.of(id).notice }

// serialOf gives the numbers of an object's problems and events.
func (t *tables) serialOf(id monitor.ID) serial { return t.past.of(id).serial }
