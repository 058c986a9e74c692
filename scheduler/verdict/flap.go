package verdict

import (
	"math/bits"

	"github.com/onbu/onbu/monitor"
)

// History is what flap detection remembers of an object's past, packed. There are two layouts. That of Nagios holds the
// last 21 states in two bits each, the newest lowest; it starts as zero, 21 times OK. That of Shinken has the bit tagged
// and holds of as many results as it is long whether the state had changed, the newest lowest.
type History uint64

const (
	states     = 21 // MAX_STATE_HISTORY_ENTRIES in Nagios 4 include/objects.h
	stateBits  = 1<<(2*states) - 1
	changeBits = 0x5555555555 // the lower bit of each of the 20 pairs of neighbours

	// MaxFlapHistory is how many results Shinken's layout has room for.
	MaxFlapHistory = 50
	resultBits     = 1<<MaxFlapHistory - 1
	lengthAt       = 50 // six bits: how many results it is to hold
	countAt        = 56 // six bits: how many it holds
	tagged         = 1 << 62
)

// Record gives the history with a state behind it, as Nagios keeps it.
func (h History) Record(s monitor.State) History {
	if h&tagged != 0 {
		h = 0 // the rule was changed: what the other one knew is of no use
	}
	if s > monitor.Unknown {
		s = monitor.OK
	}
	return (h<<2 | History(s)) & stateBits
}

// RecordChange gives the history with one result behind it, as Shinken keeps it: only whether the state was another than
// before, for the last length results.
func (h History) RecordChange(changed bool, length int) History {
	length = min(max(length, 1), MaxFlapHistory)
	if h&tagged == 0 {
		h = tagged
	}
	count := min(h.count()+1, length)
	results := (h & resultBits) << 1 & (1<<length - 1)
	if changed {
		results |= 1
	}
	return tagged | History(count)<<countAt | History(length)<<lengthAt | results
}

func (h History) count() int { return int(h >> countAt & 63) }

func (h History) length() int { return int(h >> lengthAt & 63) }

// Full says whether the history holds as much as it is long. Nagios' always does.
func (h History) Full() bool { return h&tagged == 0 || h.count() == h.length() }

// Percent gives how much the object changes, from 0 to 100; newer changes weigh more. It is worked out in the order in
// which Nagios and Shinken do, so that what lies exactly on a bound falls on the same side.
func (h History) Percent() float64 {
	if h&tagged != 0 {
		return h.shinken()
	}
	changes := uint64(h^h>>2) & (stateBits >> 2)
	changes = (changes | changes>>1) & changeBits
	sum := 0.0
	for changes != 0 { // the oldest first
		pair := bits.Len64(changes) - 1
		changes &^= 1 << pair
		age := states - 2 - pair/2 // 0 for the oldest pair, 19 for the newest
		sum += float64(age)*0.5/(states-2) + 0.75
	}
	return sum * 100 / (states - 1)
}

// shinken is schedulingitem.py, update_flapping.
func (h History) shinken() float64 {
	length, results := float64(h.length()), uint64(h&resultBits)
	sum := 0.0
	for i := h.count(); i > 0; i-- {
		if results>>(i-1)&1 != 0 {
			sum += float64(h.count()-i+1)*(1.2-0.8)/length + 0.8
		}
	}
	return sum / length * 100
}
