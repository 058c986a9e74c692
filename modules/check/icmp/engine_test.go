package icmp

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
)

// world is a network without a socket or a clock: an engine, and what becomes of each of its packets.
type world struct {
	engine *engine
	now    time.Duration
	// fate gives how long the reply to a packet takes, and how long it lies unread then; negative if there is none.
	fate func(to netip.Addr, number uint32) (trip, unread time.Duration)
	// skew is how far the kernel's clock has been set since the beginning.
	skew    time.Duration
	flying  []arrival // sorted by when they are read
	sent    int
	stall   func() time.Duration // between the reading of the clock and sending
	batch   [16]request
	scratch []byte
}

func newWorld(fate func(netip.Addr, uint32) (trip, unread time.Duration)) *world {
	return &world{engine: newEngine(v4, false, 0), fate: fate}
}

func always(trip time.Duration) func(netip.Addr, uint32) (time.Duration, time.Duration) {
	return func(netip.Addr, uint32) (time.Duration, time.Duration) { return trip, 0 }
}

const epoch = int64(1_700_000_000e9)

func (w *world) moment() moment { return moment{w.now, epoch + int64(w.now+w.skew)} }

// answer is what a waiter was told, and when.
type answer struct {
	monitor.Outcome
	err   error
	at    time.Duration
	times int
	world *world
}

// Done implements modules.Waiter.
func (a *answer) Done(o monitor.Outcome, err error) {
	o.Output, o.Perfdata = strings.Clone(o.Output), strings.Clone(o.Perfdata)
	a.Outcome, a.err, a.at = o, err, a.world.now
	a.times++
}

// briefer is a parsed line.
type briefer interface {
	rules
	brief() bool
}

// begin starts a check of addr.
func (w *world) begin(r briefer, addr string) *answer {
	a := &answer{world: w}
	w.engine.begin(r, []target{{addr: netip.MustParseAddr(addr)}}, r.brief(), w.now+time.Minute, w.now, a)
	return a
}

// run lets time pass in steps of a millisecond until nothing is under way.
func (w *world) run(t *testing.T) {
	t.Helper()
	for limit := w.now + time.Hour; w.busy(); w.now += time.Millisecond {
		if w.now > limit {
			t.Fatal("checks do not end")
		}
		w.send()
		n := 0
		for n < len(w.flying) && w.flying[n].when.at <= w.now {
			n++
		}
		w.engine.arrived(w.flying[:n], 0)
		w.flying = w.flying[n:]
		w.engine.expire(w.now)
		w.engine.tell(&w.scratch)
	}
}

func (w *world) busy() bool {
	return slices.ContainsFunc(w.engine.slots, func(f *flight) bool { return f.check != nil })
}

func (w *world) send() {
	for n := w.requests(); n > 0; n = w.requests() {
		w.sent += n
		if w.stall != nil {
			w.now += w.stall()
		}
		for _, r := range w.batch[:n] {
			trip, unread := w.fate(r.to, r.number)
			if trip < 0 {
				continue
			}
			m := message{isReply: true, echo: echo{tagged: true, tag: tag{r.token, r.slot, r.number}}}
			a := arrival{m, r.to, moment{w.now + trip + unread, epoch + int64(w.now+trip+w.skew)}}
			i, _ := slices.BinarySearchFunc(w.flying, a, func(x, y arrival) int { return int(x.when.at - y.when.at) })
			w.flying = slices.Insert(w.flying, i, a)
		}
		w.engine.confirm(w.batch[:n], w.now)
	}
}

func (w *world) requests() int {
	return w.engine.requests(w.batch[:], func(int) moment { return w.moment() })
}

func line1(t *testing.T, text string) briefer {
	t.Helper()
	words := strings.Fields(text)
	if words[0] == "check_ping" {
		p, err := parsePing(words[1:])
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p, err := parseICMP(words[0], words[1:])
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Lines that ask whether somebody is there, as sample configurations have them for hosts.
const (
	alivePing = "check_ping -H 192.0.2.9 -w 3000.0,80% -c 5000.0,100% -p 5"
	aliveICMP = "check_icmp -H 192.0.2.9 -w 3000.0,80% -c 5000.0,100% -n 5"
)

func TestOnePacketIsEnoughForAHostThatWasUp(t *testing.T) {
	const lost, slow = -1, 4 * time.Second
	tests := []struct {
		name, line string
		trips      [][]time.Duration // of the packets of each check; the last one goes for those that follow
		packets    []int
		want       []string // of the last check
	}{
		{"ping", alivePing, [][]time.Duration{{2e6}, {2e6}}, []int{5, 1}, []string{"PING OK - Packet loss = 0%, RTA = 2.00 ms", "pl=0%"}},
		{"icmp", aliveICMP, [][]time.Duration{{2e6}, {3e6}}, []int{5, 1}, []string{"OK - 192.0.2.9: rta 3.000ms, lost 0%", "rtmax=3.000ms"}},
		{"first packet lost", alivePing, [][]time.Duration{{2e6}, {lost, 2e6}}, []int{5, 6}, []string{"PING OK - Packet loss = 16%, RTA = 2.00 ms"}},
		{"first packet lost, icmp", aliveICMP, [][]time.Duration{{2e6}, {lost, 2e6}}, []int{5, 5}, []string{"OK - 192.0.2.9: rta 2.000ms, lost 20%", "pl=20%"}},
		{"after a loss", aliveICMP, [][]time.Duration{{2e6}, {lost, 2e6}, {2e6}, {2e6}}, []int{5, 5, 5, 1}, []string{"lost 0%"}},
		{"slow", aliveICMP, [][]time.Duration{{2e6}, {slow, 2e6}}, []int{5, 5}, []string{"rta 801.600ms, lost 0%"}},
		{"slow for good", aliveICMP, [][]time.Duration{{2e6}, {slow}}, []int{5, 5}, []string{"WARNING - 192.0.2.9: rta 4000.000ms, lost 0%"}},
		{"dead", aliveICMP, [][]time.Duration{{2e6}, {lost}}, []int{5, 5}, []string{"CRITICAL - 192.0.2.9: rta nan, lost 100%"}},
		{"dead, and up again", aliveICMP, [][]time.Duration{{lost}, {2e6}, {2e6}}, []int{5, 5, 1}, []string{"OK"}},
		{"critical loss below 100 %", "check_icmp -H a -w 3000.0,80% -c 5000.0,99% -n 5", [][]time.Duration{{2e6}, {2e6}}, []int{5, 5}, nil},
		{"loss worth a warning", "check_icmp -H a -w 3000.0,40% -c 5000.0,100% -n 5", [][]time.Duration{{2e6}, {2e6}}, []int{5, 5}, nil},
		{"loss worth a warning, ping", "check_ping -H a -w 3000.0,40% -c 5000.0,100% -p 5", [][]time.Duration{{2e6}, {2e6}}, []int{5, 5}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var trips []time.Duration
			w := newWorld(func(_ netip.Addr, number uint32) (time.Duration, time.Duration) {
				return trips[min(int(number), len(trips)-1)], 0
			})
			r := line1(t, tt.line)
			var a *answer
			for i := range tt.trips {
				trips, w.sent = tt.trips[i], 0
				a = w.begin(r, "192.0.2.9")
				w.run(t)
				if w.sent != tt.packets[i] || a.times != 1 || a.err != nil {
					t.Errorf("check %d: %d packets, want %d; answered %d times: %+v, %v", i+1, w.sent, tt.packets[i], a.times, a.Outcome, a.err)
				}
			}
			for _, want := range tt.want {
				if !strings.Contains(a.Output+"|"+a.Perfdata, want) {
					t.Errorf("got %q with %q, want %q in it", a.Output, a.Perfdata, want)
				}
			}
		})
	}
}

func TestABriefCheckIsAnsweredAtOnce(t *testing.T) {
	w := newWorld(always(2 * time.Millisecond))
	r := line1(t, alivePing)
	w.begin(r, "192.0.2.9")
	w.run(t)
	began := w.now
	a := w.begin(r, "192.0.2.9")
	w.run(t)
	if took := a.at - began; took != 2*time.Millisecond {
		t.Errorf("took %v, want the round trip of 2 ms", took)
	}
}

// At many targets (peers' trouble: blackbox_exporter 115, 126 and 355, smokeping_prober 156) a target that answers one of
// its packets is not dead, and its round trip is the network's: not how long replies lay unread while the machine was busy.
func TestManyTargetsWithLossAreNeitherDeadNorSlow(t *testing.T) {
	const targets, packets = 10_000, 5
	random := rand.New(rand.NewPCG(1, 2))
	answered := map[netip.Addr]int{}
	trip := func(to netip.Addr) time.Duration { return time.Duration(1+to.As4()[3]%50) * time.Millisecond }
	w := newWorld(func(to netip.Addr, _ uint32) (time.Duration, time.Duration) {
		if random.IntN(10) < 3 {
			return -1, 0
		}
		answered[to]++
		return trip(to), time.Duration(random.IntN(100)) * time.Millisecond
	})
	r := line1(t, aliveICMP)
	for round := range 3 {
		clear(answered)
		var answers []*answer
		var addrs []netip.Addr
		for i := range targets {
			addr := netip.AddrFrom4([4]byte{10, byte(round), byte(i >> 8), byte(i)})
			addrs = append(addrs, addr)
			answers = append(answers, w.begin(r, addr.String()))
		}
		w.run(t)
		for i, a := range answers {
			got := answered[addrs[i]]
			want := fmt.Sprintf("%s: rta %d.000ms, ", addrs[i], trip(addrs[i]).Milliseconds())
			if dead := a.State == monitor.Critical; dead != (got == 0) || !dead && !strings.Contains(a.Output, want) {
				t.Fatalf("%d packets of %v were answered after %v: got %s", got, addrs[i], trip(addrs[i]), a.Output)
			}
		}
	}
}

func TestARoundTripIsPossibleEvenIfTheClockIsSet(t *testing.T) {
	tests := []struct {
		name           string
		packet, reply  moment
		want           time.Duration
		becauseOfClock string
	}{
		{"by the kernel", moment{0, epoch}, moment{30e6, epoch + 2e6}, 2e6, "the reply lay unread for 28 ms"},
		{"no time on the reply", moment{0, epoch}, moment{30e6, 0}, 30e6, ""},
		{"set back", moment{0, epoch}, moment{30e6, epoch - 3600e9}, 30e6, "an hour back"},
		{"set forward", moment{0, epoch}, moment{30e6, epoch + 3600e9}, 30e6, "an hour forward"},
	}
	for _, tt := range tests {
		if got := (packet{sent: tt.packet}).trip(tt.reply); got != tt.want {
			t.Errorf("%s: got %v, want %v: %s", tt.name, got, tt.want, tt.becauseOfClock)
		}
	}
}

func TestWhatHasWaitedForRoomToSendIsNotSlow(t *testing.T) {
	w := newWorld(always(0))
	a := w.begin(line1(t, "check_icmp -n 1 192.0.2.9"), "192.0.2.9")
	n := w.requests()
	w.now += 300 * time.Millisecond
	w.engine.stamp(w.batch[:n], w.moment())
	w.engine.confirm(w.batch[:n], w.now)
	r := w.batch[0]
	w.now += time.Millisecond
	w.engine.arrived([]arrival{{message{isReply: true, echo: echo{tagged: true, tag: tag{r.token, r.slot, r.number}}}, r.to, w.moment()}}, 0)
	w.engine.tell(&w.scratch)
	if !strings.Contains(a.Output, "rta 1.000ms") {
		t.Errorf("got %q, want 1 ms", a.Output)
	}
}

// A machine that has something else to do just after the clock was read must not make targets slow.
func TestAPacketThatLeftTooLateIsSentAgain(t *testing.T) {
	stalls := []time.Duration{300 * time.Millisecond, 0, 5 * time.Second, 0, 0, 0, 0, 0}
	for _, line := range []string{"check_icmp -n 3 192.0.2.9", "check_icmp -n 1 192.0.2.9", "check_ping -H 192.0.2.9 -w 100,20% -c 500,60% -p 3"} {
		n := 0
		w := newWorld(always(2 * time.Millisecond))
		w.stall = func() time.Duration {
			n++
			return stalls[n-1]
		}
		a := w.begin(line1(t, line), "192.0.2.9")
		w.run(t)
		if a.State != monitor.OK || !strings.Contains(a.Perfdata, "rta=2.000") || !strings.Contains(a.Perfdata, " pl=0%") {
			t.Errorf("%s: got %s with %s, want 2 ms and no loss", line, a.Output, a.Perfdata)
		}
	}
}

func TestAMachineThatIsAlwaysLateStillAnswers(t *testing.T) {
	w := newWorld(always(2 * time.Millisecond))
	w.stall = func() time.Duration { return 3 * time.Millisecond }
	a := w.begin(line1(t, "check_icmp -n 5 192.0.2.9"), "192.0.2.9")
	w.run(t)
	if a.State != monitor.OK || w.sent != 5+voidsMax || !strings.Contains(a.Output, "lost 0%") {
		t.Errorf("got %s after %d packets, want OK after %d", a.Output, w.sent, 5+voidsMax)
	}
}

func TestCloseGivesChecksUnderWayAnError(t *testing.T) {
	w := newWorld(always(-1))
	a := w.begin(line1(t, "check_icmp 192.0.2.9"), "192.0.2.9")
	w.send()
	w.engine.close()
	w.engine.tell(&w.scratch)
	b := w.begin(line1(t, "check_icmp 192.0.2.9"), "192.0.2.9")
	w.engine.tell(&w.scratch)
	for _, got := range []*answer{a, b} {
		if got.err == nil || got.times != 1 {
			t.Errorf("answered %d times, with %v, want an error once", got.times, got.err)
		}
	}
	if w.engine.wheel.Len() != 0 {
		t.Errorf("%d deadlines are left", w.engine.wheel.Len())
	}
}

func TestTheEnginesTimeLimitEndsACheckWithWhatIsKnown(t *testing.T) {
	w := newWorld(always(-1))
	a := &answer{world: w}
	r := line1(t, "check_icmp -n 1 -c 60s,100% -t 100 192.0.2.9")
	w.engine.begin(r, []target{{addr: netip.MustParseAddr("192.0.2.9")}}, false, 2*time.Second, 0, a)
	w.run(t)
	if a.State != monitor.Critical || a.err != nil || a.at < 2*time.Second || a.at > 2*time.Second+2*resolution {
		t.Errorf("got %+v, %v at %v, want CRITICAL at the limit of 2 s", a.Outcome, a.err, a.at)
	}
}
