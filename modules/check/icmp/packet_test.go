package icmp

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	xicmp "golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/monitor"
)

var mark = tag{token: 0x0123456789abcdef, slot: 7, number: 2}

// echoRequest gives an echo request as we send it.
func echoRequest(f family, size int) []byte {
	b := make([]byte, headerLen+size)
	putEcho(b, f, 0xbeef, 41, mark)
	return b
}

// The golang.org/x/net library is the oracle for the format and the checksum.
func TestRequestsAreEchoMessages(t *testing.T) {
	for _, size := range []int{tagLen, 56, 57, 58, 59, 1000, 65507} {
		b := echoRequest(v4, size)
		m, err := xicmp.ParseMessage(1, b)
		if err != nil {
			t.Fatal(err)
		}
		if want, err := m.Marshal(nil); err != nil || !bytes.Equal(b, want) || m.Type != ipv4.ICMPTypeEcho {
			t.Errorf("size %d: got %x, want %x (%v), an echo request", size, b[:headerLen], want[:headerLen], err)
		}
	}
	if m, err := xicmp.ParseMessage(58, echoRequest(v6, 56)); err != nil || m.Type != ipv6.ICMPTypeEchoRequest {
		t.Errorf("got %+v, %v, want an IPv6 echo request", m, err)
	}
}

func TestDecode(t *testing.T) {
	reply4, reply6 := echoRequest(v4, 56), echoRequest(v6, 56)
	reply4[0], reply6[0] = 0, 129
	e := echo{id: 0xbeef, seq: 41, tag: mark, tagged: true}
	bare := echo{id: 0xbeef, seq: 41}
	to4, to6 := netip.MustParseAddr("192.0.2.9"), netip.MustParseAddr("2001:db8::9")
	tests := []struct {
		name     string
		b        []byte
		family   family
		ipHeader bool
		want     message
		ok       bool
	}{
		{"reply", reply4, v4, false, message{typ: 0, isReply: true, echo: e}, true},
		{"reply after an IP header", inIPv4(reply4, to4), v4, true, message{typ: 0, isReply: true, echo: e}, true},
		{"IPv6 reply", reply6, v6, false, message{typ: 129, isReply: true, echo: e}, true},
		{
			"report", report4(3, 1, inIPv4(echoRequest(v4, 56), to4)), v4, false,
			message{typ: 3, code: 1, echo: e, to: to4},
			true,
		},
		{
			"report with eight bytes quoted", report4(11, 0, inIPv4(echoRequest(v4, 56), to4)[:28]), v4, false,
			message{typ: 11, echo: bare, to: to4},
			true,
		},
		{
			"IPv6 report", report4(1, 3, inIPv6(echoRequest(v6, 56), to6)), v6, false,
			message{typ: 1, code: 3, echo: e, to: to6},
			true,
		},
		{"empty", nil, v4, false, message{}, false},
		{"shorter than a header", reply4[:7], v4, false, message{}, false},
		{"no room for a tag", reply4[:headerLen+tagLen-1], v4, false, message{}, false},
		{"not an IP header", reply4, v4, true, message{}, false},
		{"IP header longer than the packet", append([]byte{0x4f}, inIPv4(nil, to4)[1:]...), v4, true, message{}, false},
		{"a request", echoRequest(v4, 56), v4, false, message{}, false},
		{"report of another protocol", report4(3, 1, withProtocol(17, inIPv4(echoRequest(v4, 56), to4))), v4, false, message{}, false},
		{"report of a reply", report4(3, 1, inIPv4(reply4, to4)), v4, false, message{}, false},
		{"report cut short", report4(3, 1, inIPv4(echoRequest(v4, 56), to4)[:27]), v4, false, message{}, false},
		{"redirect", report4(5, 1, inIPv4(echoRequest(v4, 56), to4)), v4, false, message{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := decode(tt.b, tt.family, tt.ipHeader)
			if ok != tt.ok {
				t.Fatalf("got ok %v, want %v", ok, tt.ok)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(message{}, echo{}, tag{}), cmp.Comparer(sameAddr)); ok && diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}

func sameAddr(a, b netip.Addr) bool { return a == b }

func inIPv4(b []byte, to netip.Addr) []byte {
	h := make([]byte, 20, 20+len(b))
	h[0], h[9] = 0x45, 1
	binary.BigEndian.PutUint16(h[2:], uint16(20+len(b)))
	copy(h[16:], to.AsSlice())
	return append(h, b...)
}

func inIPv6(b []byte, to netip.Addr) []byte {
	h := make([]byte, 40, 40+len(b))
	h[0], h[6] = 0x60, 58
	copy(h[24:], to.AsSlice())
	return append(h, b...)
}

func withProtocol(p byte, b []byte) []byte {
	b[9] = p
	return b
}

func report4(typ, code byte, quote []byte) []byte {
	return append([]byte{typ, code, 0, 0, 0, 0, 0, 0}, quote...)
}

// flying gives an engine with one flight that has sent two packets, which its check waits for.
func flying(raw bool) (*engine, *flight) {
	e := newEngine(v4, raw, 100)
	c := &check{rules: never{}, plan: plan{rounds: 2}, limit: time.Hour, round: 2}
	f := e.board(c, netip.MustParseAddr("192.0.2.9"))
	c.flights = append(c.flights, f)
	f.packets = []packet{{sure: true}, {sure: true}}
	return e, f
}

// never is a line that is never satisfied.
type never struct{}

func (never) plan(int, family) plan                  { return plan{} }
func (never) decided(*check) bool                    { return false }
func (never) cannotSend(*check, *flight, error) bool { return true }
func (never) judge(*check, *[]byte) monitor.Outcome  { return monitor.Outcome{} }

func TestOnlyWhatBelongsToARequestCounts(t *testing.T) {
	addr, other := netip.MustParseAddr("192.0.2.9"), netip.MustParseAddr("192.0.2.66")
	tests := []struct {
		name   string
		from   netip.Addr
		change func(m *message, f *flight)
		want   Counters
	}{
		{"its reply", addr, func(*message, *flight) {}, Counters{Replies: 1}},
		{"another address", other, func(*message, *flight) {}, Counters{Misplaced: 1}},
		{"wrong token", addr, func(m *message, _ *flight) { m.tag.token++ }, Counters{Foreign: 1}},
		{"free slot", addr, func(m *message, _ *flight) { m.tag.slot++ }, Counters{Foreign: 1}},
		{"huge slot", addr, func(m *message, _ *flight) { m.tag.slot = 1<<32 - 1 }, Counters{Foreign: 1}},
		{"packet not sent yet", addr, func(m *message, _ *flight) { m.tag.number = 2 }, Counters{Foreign: 1}},
		{"second reply", addr, func(_ *message, f *flight) { f.packets[1].heard = true }, Counters{Duplicates: 1}},
		{"report by anybody", other, func(m *message, _ *flight) { m.typ, m.isReply = 3, false }, Counters{Reports: 1}},
		{
			"report without a tag", other, func(m *message, f *flight) { *m = untagged(f, 100, 1) },
			Counters{Reports: 1},
		},
		{
			"report without a tag, other identifier", other, func(m *message, f *flight) { *m = untagged(f, 101, 1) },
			Counters{Foreign: 1},
		},
		{
			"report without a tag, sequence number not sent", other, func(m *message, f *flight) { *m = untagged(f, 100, 2) },
			Counters{Foreign: 1},
		},
		{
			"report without a tag, other destination", other, func(m *message, f *flight) {
				*m = untagged(f, 100, 1)
				m.to = other
			}, Counters{Foreign: 1},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, f := flying(true)
			m := message{isReply: true, echo: echo{tagged: true, tag: tag{f.token, f.slot, 1}}}
			tt.change(&m, f)
			e.arrived([]arrival{{m, tt.from, moment{}}}, 0)
			if diff := cmp.Diff(tt.want, e.counters()); diff != "" {
				t.Errorf("counters: want (-), got (+):\n%s", diff)
			}
			if got, want := f.received, int(tt.want.Replies); got != want {
				t.Errorf("got %d replies for the flight, want %d", got, want)
			}
		})
	}
}

func untagged(f *flight, id uint16, number int) message {
	return message{typ: 3, code: 1, to: f.addr, echo: echo{id: id, seq: uint16(f.token) + uint16(number)}}
}

func TestSlotsAreUsedAgain(t *testing.T) {
	e, f := flying(false)
	before := *f
	e.finish(f.check)
	if n := e.owner(&message{isReply: true, echo: echo{tagged: true, tag: tag{f.token, f.slot, 0}}}); n != nil {
		t.Error("a check that is over still gets replies")
	}
	e.leave(before.check)
	next := e.board(before.check, f.addr)
	if next.slot != before.slot || next.token == before.token {
		t.Errorf("got slot %d and token %x after slot %d and token %x, want the same slot and another token",
			next.slot, next.token, before.slot, before.token)
	}
}

func FuzzDecode(f *testing.F) {
	reply := echoRequest(v4, 56)
	reply[0] = 0
	to := netip.MustParseAddr("192.0.2.9")
	f.Add(inIPv4(reply, to), true, true)
	f.Add(report4(3, 1, inIPv4(echoRequest(v4, 56), to)), true, false)
	f.Add(report4(1, 3, inIPv6(echoRequest(v6, 56), netip.MustParseAddr("2001:db8::9"))), false, false)
	f.Fuzz(func(t *testing.T, b []byte, isV4, ipHeader bool) {
		fam := v6
		if isV4 {
			fam = v4
		}
		e, _ := flying(true)
		if m, ok := decode(b, fam, ipHeader); ok {
			e.arrived([]arrival{{m, to, moment{}}}, 0)
		}
		_ = timestamp(b)
		_, _, _ = decodeReport(b, b, fam)
		if e.counters().Replies > 0 {
			t.Error("a reply was believed without its token")
		}
	})
}
