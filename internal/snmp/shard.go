package snmp

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/recent"
	"github.com/onbu/onbu/internal/wheel"
)

const (
	// settle is how long the engine lets a first request wait for others of the same moment.
	settle = 200 * time.Microsecond
	// tick is how exact time limits are.
	tick = 10 * time.Millisecond
	// quietAfter is when a silent device's turn is given to another lane.
	quietAfter = time.Second
	// stall is how long this machine must have been away for silence to say nothing of devices, and how long they have then.
	stall = 500 * time.Millisecond
	// slotBits is how many bits of a request id say whom the answer is for; 13 more are random, all are scrambled.
	slotBits = 17
)

// shard is a part of the engine with sockets of its own, and of the devices. All its state belongs to whoever holds mu:
// the goroutine that takes in requests and looks at the clock, or the one that reads a socket.
type shard struct {
	begun  time.Time
	wake   chan struct{}
	done   chan struct{}
	starts sync.Once
	group  sync.WaitGroup

	intake struct {
		sync.Mutex
		queue
		closed bool
	}

	mu      sync.Mutex // guards everything that follows
	now     time.Duration
	excused time.Duration // until when nobody's time is over
	sockets [2]*socket    // for IPv4 and IPv6, opened when needed
	devices map[netip.AddrPort]*device
	lanes   []*lane // by slot; the conversations under way
	free    []uint32
	secret  uint32
	ready   []*lane // those whose turn it is to begin
	retries *wheel.Wheel[*lane]
	limits  *wheel.Wheel[*Request]
	lessons *recent.Map[netip.AddrPort, *lesson]
	count   Counters

	// Memory that is used again.
	idleLanes   []*lane
	idleDevices []*device
	known       map[objectKey]int32
	sizes       sizes
	pdu         pdu
	answer      Answer
}

func newShard(lessons int) *shard {
	return &shard{
		begun: time.Now(), wake: make(chan struct{}, 1), done: make(chan struct{}),
		devices: map[netip.AddrPort]*device{}, known: map[objectKey]int32{},
		secret:  rand.Uint32() & (1<<30 - 1),
		retries: wheel.New[*lane](tick), limits: wheel.New[*Request](tick),
		lessons: recent.New[netip.AddrPort, *lesson](lessons),
	}
}

// ask takes a request in.
func (s *shard) ask(r *Request) {
	s.starts.Do(func() { s.group.Go(s.run) })
	s.intake.Lock()
	if s.intake.closed {
		s.intake.Unlock()
		r.end(ErrClosed)
		return
	}
	first := s.intake.empty()
	s.intake.push(r)
	s.intake.Unlock()
	if first {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

// run takes requests in and watches the clock until the shard is closed.
func (s *shard) run() {
	clock := time.NewTimer(time.Hour)
	defer clock.Stop()
	for {
		select {
		case <-s.wake:
			time.Sleep(settle)
		case <-clock.C:
		case <-s.done:
			return
		}
		if s.turn() {
			clock.Reset(tick)
		}
	}
}

// turn does what there is to do, and says whether anything is under way whose time may run out.
func (s *shard) turn() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.look(time.Since(s.begun))
	s.admit()
	s.settleAll()
	return s.limits.Len() > 0 || s.retries.Len() > 0
}

// look ends what is due at the moment now. Before that it reads what has arrived: a machine that had no time to look does not
// make a device dead; and when it was away, the answers are perhaps not even on their way.
func (s *shard) look(now time.Duration) {
	s.at(now)
	if now < s.excused || !due(s.limits, now) && !due(s.retries, now) {
		return
	}
	for _, m := range s.sockets {
		for m != nil && s.receive(m) {
		}
	}
	s.expire()
}

// at sets the clock. While anything is under way it is set at each tick, unless the machine is away.
func (s *shard) at(now time.Duration) {
	if now-s.now > stall && s.limits.Len() > 0 {
		s.excused = now + stall
	}
	s.now = now
}

func due[T any](w *wheel.Wheel[T], now time.Duration) bool {
	at, ok := w.Wake()
	return ok && at <= now
}

// settleAll begins conversations and sends until nothing is left to do but wait.
func (s *shard) settleAll() {
	for {
		s.beginReady()
		if !s.flush() {
			return
		}
	}
}

// admit lets in what was asked.
func (s *shard) admit() {
	s.intake.Lock()
	list := s.intake.queue
	s.intake.queue = queue{}
	s.intake.Unlock()
	if list.empty() {
		return
	}
	now := time.Now()
	for r := list.pop(); r != nil; r = list.pop() {
		s.let(r, now)
	}
}

// let puts a request where it waits for its turn.
func (s *shard) let(r *Request, now time.Time) {
	d := s.deviceOf(r.To.Addr)
	l := s.laneOf(d, r.To)
	patience, until := r.limit(now)
	r.state = state{lane: l, until: until, asked: s.now}
	r.giveUp.Owner = r
	s.limits.Set(&r.giveUp, s.now+max(patience, 0))
	l.waiting.push(r)
	if d.turn == nil && !l.active {
		d.turn = l
		s.ready = append(s.ready, l)
	}
}

func (s *shard) deviceOf(addr netip.AddrPort) *device {
	if d := s.devices[addr]; d != nil {
		return d
	}
	var d *device
	if n := len(s.idleDevices); n > 0 {
		d = s.idleDevices[n-1]
		s.idleDevices = s.idleDevices[:n-1]
	} else {
		d = &device{}
	}
	d.addr = addr
	d.lesson, _ = s.lessons.Get(addr)
	s.devices[addr] = d
	return d
}

func (s *shard) laneOf(d *device, to *Device) *lane {
	for _, l := range d.lanes {
		if l.version == to.Version && l.community == to.Community {
			return l
		}
	}
	var l *lane
	if n := len(s.idleLanes); n > 0 {
		l = s.idleLanes[n-1]
		s.idleLanes = s.idleLanes[:n-1]
	} else {
		l = &lane{}
		l.timer.Owner = l
	}
	l.device, l.version, l.community = d, to.Version, to.Community
	d.lanes = append(d.lanes, l)
	return l
}

// maxIdle is how many lanes and devices are kept to be used again.
const maxIdle = 4096

// leave forgets a lane that nobody needs, and its device with the last one.
func (s *shard) leave(l *lane) {
	d := l.device
	for i, other := range d.lanes {
		if other == l {
			d.lanes = append(d.lanes[:i], d.lanes[i+1:]...)
			break
		}
	}
	l.device, l.community, l.apart, l.walks, l.waiting = nil, "", 0, queue{}, queue{}
	if len(s.idleLanes) < maxIdle {
		s.idleLanes = append(s.idleLanes, l)
	}
	if len(d.lanes) > 0 {
		return
	}
	delete(s.devices, d.addr)
	d.lesson, d.turn = nil, nil
	if len(s.idleDevices) < maxIdle {
		s.idleDevices = append(s.idleDevices, d)
	}
}

// pass gives the device's turn to the next of its lanes that waits for it.
func (s *shard) pass(d *device) {
	d.turn = nil
	for _, l := range d.lanes {
		if !l.active && !l.idle() {
			d.turn = l
			s.ready = append(s.ready, l)
			return
		}
	}
}

// beginReady begins the conversations whose turn it is, as long as there are slots.
func (s *shard) beginReady() {
	done := 0
	for done < len(s.ready) && (len(s.free) > 0 || len(s.lanes) < 1<<slotBits) {
		l := s.ready[done] // more may be appended meanwhile
		done++
		if l.device != nil && !l.active && l.device.turn == l {
			s.begin(l)
		}
	}
	s.ready = append(s.ready[:0], s.ready[done:]...)
}

// takeSlot gives the conversation a number that its answers are found by.
func (s *shard) takeSlot(l *lane) {
	if n := len(s.free); n > 0 {
		l.slot = s.free[n-1]
		s.free = s.free[:n-1]
	} else {
		l.slot = uint32(len(s.lanes))
		s.lanes = append(s.lanes, nil)
	}
	s.lanes[l.slot] = l
}

// newID gives the lane's next message an id of four octets: the slot and 13 random bits, scrambled.
func (s *shard) newID(l *lane) int32 {
	return int32((rand.Uint32()<<slotBits|l.slot)&(1<<30-1) ^ s.secret | 1<<30)
}

// laneFor gives the lane that waits for a message, nil if none does.
func (s *shard) laneFor(id int32) *lane {
	slot := (uint32(id) ^ s.secret) & (1<<slotBits - 1)
	if int(slot) >= len(s.lanes) {
		return nil
	}
	if l := s.lanes[slot]; l != nil && l.id == id && id != 0 {
		return l
	}
	return nil
}

// close ends everything.
func (s *shard) close() error {
	s.intake.Lock()
	closed := s.intake.closed
	s.intake.closed = true
	s.intake.Unlock()
	if closed {
		return nil
	}
	close(s.done)
	s.mu.Lock()
	s.admit()
	for _, d := range s.devices {
		for len(d.lanes) > 0 {
			s.endAll(d.lanes[0], ErrClosed)
		}
	}
	sockets := s.sockets
	s.mu.Unlock()
	var errs []error
	for _, m := range sockets { // without the lock: it waits for who reads, and that takes the lock
		if m != nil {
			errs = append(errs, m.conn.Close())
		}
	}
	s.group.Wait()
	return errors.Join(errs...)
}
