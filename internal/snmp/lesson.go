package snmp

import (
	"fmt"
	"net/netip"
	"strconv"
	"time"
)

const (
	// firstOctets is what an answer may take until more is known: a datagram of Ethernet that is not cut into fragments.
	firstOctets = 1472
	// safeOctets is what every agent takes (RFC 3417, 3.2 and RFC 1157, 4): silence never makes messages smaller.
	safeOctets = 484
	mostWanted = 8192
	// firstValue is what a value is expected to take, firstRepetitions what GETBULK asks for at a time.
	firstValue       = 5
	firstRepetitions = 32
	mostRepetitions  = 128
	// growAfter is how many messages in a row must be answered before one takes more.
	growAfter = 16
	// forgiveAfter is when it is tried again what failed once.
	forgiveAfter = time.Hour
)

// reason is what a lesson was learned from.
type reason uint8

const (
	byGrowth reason = iota
	byTooBig
	bySilence
	byMisfit
)

func (r reason) String() string {
	return [...]string{"its answers", "tooBig", "silence", "answers to another question"}[r]
}

// lesson is what is known of a device that takes more or less than others. A nil lesson knows nothing.
type lesson struct {
	limit   int // octets that an answer may be expected to take
	proven  int // the most that was answered
	ceiling int // the least that was not, 0 if unknown
	reps    int // max-repetitions of GETBULK
	objects int // how many fitted the last message that was full
	mean    int // octets of a value
	good    int // full messages answered in a row
	walked  int // the same for GETBULK
	apart   bool
	off     bool // the last answer was tooBig at a size that had been answered before
	blind   bool // the sizes of other devices' values say nothing of this one's
	why     reason
	when    time.Time
}

func (k *lesson) octets() int {
	if k == nil {
		return firstOctets
	}
	return k.limit
}

func (k *lesson) value() int {
	if k == nil {
		return firstValue
	}
	return k.mean
}

// expected is how many octets an object and its value are expected to take in an answer.
func (s *shard) expected(l *lane, name OID) int {
	k := l.device.lesson
	value := k.value()
	if k == nil || !k.blind {
		value = s.sizes.of(name, value)
	}
	return perBinding + len(name) + value
}

func (k *lesson) alone() bool { return k != nil && k.apart }

// repetitions is how many objects GETBULK asks for at a time, for names of about size octets.
func (k *lesson) repetitions(size int) int {
	fit := max(1, (k.octets()-overhead)/(perBinding+size+1+k.value()))
	if k == nil {
		return min(fit, firstRepetitions)
	}
	return min(fit, k.reps)
}

// doubtful says whether an answer of that many octets may be more than the device can give.
func (k *lesson) doubtful(octets int) bool {
	return octets > safeOctets && (k == nil || octets > k.proven)
}

// lesson gives the lane's device a lesson if it has none.
func (s *shard) lesson(l *lane) *lesson {
	d := l.device
	if d.lesson == nil {
		d.lesson = &lesson{limit: firstOctets, reps: firstRepetitions, mean: firstValue}
		s.lessons.Put(d.addr, d.lesson)
	}
	return d.lesson
}

func (k *lesson) learn(why reason) { k.why, k.when, k.good, k.walked = why, time.Now(), 0, 0 }

// learnAnswer is called for each answer to asked objects, whose values took total octets.
func (s *shard) learnAnswer(l *lane, total int) {
	if l.device.lesson == nil && !l.full && l.lost == 0 {
		return // all fits one message: nothing to be learned
	}
	k := s.lesson(l)
	if n := len(l.asked); n >= 8 {
		k.mean = max((3*k.mean+(total+n-1)/n+3)/4, 1)
	}
	k.proven, k.off = max(k.proven, l.size), false
	if l.lost > l.size { // a smaller one got through
		k.limit, k.ceiling = max(l.size, safeOctets), l.lost
		k.learn(bySilence)
	}
	l.lost = 0
	if l.full {
		k.objects = len(l.asked)
		k.grow()
	}
}

// grow makes messages longer after many that went well: by a quarter, or half way to what failed.
func (k *lesson) grow() {
	if k.good++; k.good < growAfter {
		return
	}
	k.good = 0
	switch {
	case k.ceiling == 0 && k.limit < mostWanted:
		k.limit = min(k.limit+k.limit/4, mostWanted)
		k.why, k.when = byGrowth, time.Now()
	case k.ceiling-k.limit > k.limit/4: // less is not worth a message that fails
		k.limit += (k.ceiling - k.limit) / 2
	case k.ceiling > 0 && time.Since(k.when) > forgiveAfter:
		k.ceiling = 0
	}
}

// learnTooBig is called when a device refuses a message of several objects for its size.
func (s *shard) learnTooBig(l *lane) {
	k := s.lesson(l)
	if l.size <= safeOctets { // all agents take that: it is the values that are longer than we thought
		k.mean, k.blind = 2*k.mean+4, true
		return
	}
	if l.size <= k.proven && !k.off { // it takes that much: these values were longer than we thought
		k.off = true
		return
	}
	k.ceiling = l.size
	k.limit = l.size / 2
	if k.proven > k.limit && k.proven < l.size {
		k.limit = k.proven
	} else {
		k.proven = 0
	}
	k.limit = max(k.limit, overhead)
	k.objects = max(1, len(l.asked)/2)
	k.learn(byTooBig)
}

// learnRepetitions is called when GETBULK for more repetitions was too much.
func (s *shard) learnRepetitions(l *lane, reps int, why reason) {
	k := s.lesson(l)
	k.reps = max(1, reps)
	k.learn(why)
}

// learnWalk is called for each answer to a walk.
func (s *shard) learnWalk(l *lane, w *walking, p *pdu) {
	if l.device.lesson == nil || len(p.bindings) < w.reps {
		return
	}
	k := l.device.lesson
	if k.walked++; k.walked >= growAfter && k.reps < mostRepetitions {
		k.walked, k.reps = 0, k.reps+k.reps/8+1
	}
}

// learnApart is called when a device did not understand requests that were put together.
func (s *shard) learnApart(l *lane) {
	k := s.lesson(l)
	k.apart = true
	k.learn(byMisfit)
}

// about gives what is known in words.
func (s *shard) about(device netip.AddrPort) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.lessons.Get(device)
	if !ok || k.when.IsZero() {
		return ""
	}
	return k.String()
}

// note gives the same, if the device takes less than others.
func (k *lesson) note() string {
	if k == nil || k.when.IsZero() || k.why == byGrowth {
		return ""
	}
	return k.String()
}

// String gives a line for people.
func (k *lesson) String() string {
	at := k.when.Format("15:04")
	switch {
	case k.apart:
		return "is asked for one check at a time, since it mixed answers up at " + at
	case k.objects == 0:
		return fmt.Sprintf("takes %d repetitions a GETBULK, learned from %v at %s", k.reps, k.why, at)
	}
	return fmt.Sprintf("takes %d objects a request, learned from %v at %s", k.objects, k.why, at)
}

func itoa(n int) string { return strconv.Itoa(n) }
