package snmp

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gosnmp/gosnmp"
)

// arbitrary gives numbers that a fuzzer chose, zeros at the end.
type arbitrary struct{ rest []byte }

func (a *arbitrary) byte() byte {
	if len(a.rest) == 0 {
		return 0
	}
	c := a.rest[0]
	a.rest = a.rest[1:]
	return c
}

func (a *arbitrary) uint32() uint32 {
	var b [4]byte
	for i := range b[:a.byte()%5] {
		b[3-i] = a.byte()
	}
	return binary.BigEndian.Uint32(b[:])
}

func (a *arbitrary) bytes() []byte {
	n := min(int(a.byte()), len(a.rest))
	b := a.rest[:n:n]
	a.rest = a.rest[n:]
	return b
}

// name gives an object identifier below 1.3, as text.
func (a *arbitrary) name() string {
	b := []byte(".1.3")
	for range a.byte() % 20 {
		b = fmt.Appendf(b, ".%d", a.uint32())
	}
	return string(b)
}

// Whatever we ask, gosnmp reads the same.
func FuzzRequestsReadTheSameInGosnmp(f *testing.F) {
	f.Add([]byte("\x00\x06public\x04\x01\x02\x03\x04\x03\x05\x04\x01\x02\x03\x04\x01\x05"))
	f.Add([]byte{1, 0, 1, 127, 2, 1, 1, 128, 19, 4, 255, 255, 255, 255, 1, 0, 2, 64, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		a := &arbitrary{data}
		choice := a.byte()
		version, kind := Version(choice&1), []byte{tagGet, tagGetNext, tagGetBulk}[choice/2%3]
		community, id := string(a.bytes()), int32(a.uint32()&math.MaxInt32)
		p := pdu{kind: kind, request: id}
		want := []any{gosnmp.SnmpVersion(version), community, kind, uint32(id)}
		if kind == tagGetBulk {
			p.index = int(a.byte())
		}
		want = append(want, uint32(p.index))
		for range a.byte()%60 + 1 {
			name := a.name()
			p.bindings = append(p.bindings, Binding{Name: must1(ParseOID(name)), Tag: TagNull})
			want = append(want, name, gosnmp.Null)
		}
		msg := appendCommunity(nil, version, community, &p)
		q, err := gosnmp.Default.SnmpDecodePacket(msg)
		if err != nil {
			t.Fatalf("gosnmp: %v\n% x", err, msg)
		}
		got := []any{q.Version, q.Community, byte(q.PDUType), q.RequestID, q.MaxRepetitions}
		for _, v := range q.Variables {
			got = append(got, v.Name, v.Type)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("want (-), gosnmp reads (+):\n%s\n% x", diff, msg)
		}
	})
}

// Whatever gosnmp answers, we read the same.
func FuzzAnswersOfGosnmpAreRead(f *testing.F) {
	f.Add([]byte("\x00\x06public\x04\x01\x02\x03\x04\x02\x01\x09\x05\x04\x01\x02\x03\x04\x01\x05\x00\x04\x7f\x01\x02\x03"))
	f.Add([]byte{1, 0, 1, 127, 0, 0, 6, 2, 64, 0, 3, 1, 2, 3, 4, 8, 7, 6, 5})
	f.Fuzz(func(t *testing.T, data []byte) {
		a := &arbitrary{data}
		p := &gosnmp.SnmpPacket{
			Version: gosnmp.SnmpVersion(a.byte() & 1), Community: string(a.bytes()), PDUType: gosnmp.GetResponse,
			RequestID: a.uint32() & math.MaxInt32, Error: gosnmp.SNMPError(a.byte() % 19), ErrorIndex: a.byte(),
		}
		if len(p.Community) > 127 {
			p.Community = p.Community[:127] // gosnmp 1.47 writes the length of a longer one in one octet
		}
		for range a.byte() % 20 {
			p.Variables = append(p.Variables, a.variable())
		}
		msg, err := p.MarshalMsg()
		if err != nil {
			return // gosnmp cannot write it
		}
		var got pdu
		version, err := got.readCommunity(msg)
		if err != nil {
			t.Fatalf("we: %v\n% x", err, msg)
		}
		if diff := cmp.Diff(summary(p), ours(version, &got)); diff != "" {
			t.Errorf("gosnmp wrote (-), we read (+):\n%s\n% x", diff, msg)
		}
	})
}

func (a *arbitrary) variable() gosnmp.SnmpPDU {
	v := gosnmp.SnmpPDU{Name: a.name()}
	switch a.byte() % 9 {
	case 0:
		v.Type, v.Value = gosnmp.Integer, int(int32(a.uint32()))
	case 1:
		v.Type, v.Value = gosnmp.OctetString, a.bytes()
	case 2:
		v.Type = gosnmp.Null
	case 3:
		v.Type, v.Value = gosnmp.ObjectIdentifier, a.name()
	case 4:
		v.Type, v.Value = gosnmp.IPAddress, netip.AddrFrom4([4]byte{a.byte(), a.byte(), a.byte(), a.byte()}).String()
	case 5:
		v.Type, v.Value = []gosnmp.Asn1BER{gosnmp.Counter32, gosnmp.Gauge32}[a.byte()%2], uint(a.uint32())
	case 6:
		v.Type, v.Value = gosnmp.TimeTicks, a.uint32()
	case 7:
		v.Type, v.Value = gosnmp.Counter64, uint64(a.uint32())<<32|uint64(a.uint32())
	case 8:
		v.Type = []gosnmp.Asn1BER{gosnmp.NoSuchObject, gosnmp.NoSuchInstance, gosnmp.EndOfMibView}[a.byte()%3]
	}
	return v
}

// summary gives a message of gosnmp's in words that do not depend on its types.
func summary(p *gosnmp.SnmpPacket) []string {
	list := []string{fmt.Sprintf("%d %q %d %d %d", p.Version, "", p.RequestID, p.Error, p.ErrorIndex)}
	for _, v := range p.Variables {
		value := fmt.Sprint(v.Value)
		switch x := v.Value.(type) {
		case []byte:
			value = fmt.Sprintf("%x", x)
		case string:
			if v.Type != gosnmp.ObjectIdentifier && v.Type != gosnmp.IPAddress {
				value = fmt.Sprintf("%x", x)
			}
		case nil:
			value = ""
		}
		list = append(list, fmt.Sprintf("%s %02x %s", v.Name, byte(v.Type), value))
	}
	return list
}

// ours is summary for what we read. gosnmp keeps eight bits of the status and of the index.
func ours(version Version, p *pdu) []string {
	list := []string{fmt.Sprintf("%d %q %d %d %d", version, "", uint32(p.request), uint8(p.status), uint8(p.index))}
	for _, v := range p.bindings {
		value := ""
		switch v.Tag {
		case TagInteger:
			n, _ := Signed(v.Value)
			value = fmt.Sprint(n)
		case TagCounter32, TagGauge32, TagTimeTicks, TagCounter64, TagUInteger:
			n, _ := Unsigned(v.Value)
			value = fmt.Sprint(n)
		case TagOID:
			value = OID(v.Value).String()
		case TagIPAddress:
			value = netip.AddrFrom4([4]byte(v.Value)).String()
		case TagOctets:
			value = fmt.Sprintf("%x", v.Value)
		}
		list = append(list, fmt.Sprintf("%v %02x %s", v.Name, v.Tag, value))
	}
	return list
}

// unlike names what gosnmp 1.47 and we read differently, for an answer that both take; "" if nothing excuses a difference.
// Where we differ from gosnmp we do as net-snmp does, whose answers people's thresholds were made with.
func unlike(p *pdu) string {
	for _, v := range p.bindings {
		switch {
		case v.Tag == TagOpaque || v.Tag == TagBits:
			return "gosnmp takes floats out of an Opaque, and has no BITS"
		case v.Tag == TagNull || v.Tag >= TagNoSuchObject:
			if len(v.Value) > 0 {
				return "gosnmp reads on behind a type without value that has one"
			}
		case v.Tag == TagOctets && len(v.Value) == 0:
			return "gosnmp gives an empty string in two ways"
		case v.Tag == TagInteger && len(v.Value) > 4, v.Tag != TagOctets && len(v.Value) > 5 && v.Tag != TagCounter64 && v.Tag != TagOID:
			return "numbers of more octets than their type has"
		case v.Tag == TagCounter64 && len(v.Value) > 8:
			return "a Counter64 of 9 octets"
		case v.Tag == TagUInteger:
			return "gosnmp cuts an UInteger32 off"
		case len(v.Name) < 2 || v.Tag == TagOID && len(v.Value) < 2:
			return "object identifiers of less than three numbers"
		case strings.HasPrefix(v.Name.String(), ".2") || v.Tag == TagOID && strings.HasPrefix(OID(v.Value).String(), ".2"):
			return "gosnmp reads joint-iso-ccitt.40 and above as another root"
		}
	}
	return ""
}

// An answer that both take means the same to both.
func FuzzBothReadTheSame(f *testing.F) {
	for _, p := range []pdu{
		{kind: tagResponse, request: 1, bindings: []Binding{{Name: "\x2b\x06\x01", Tag: TagInteger, Value: []byte{0xff, 0x38}}}},
		{kind: tagResponse, request: 1, status: -200, index: -37, bindings: []Binding{{Name: "\x2b\x06\x01", Tag: TagNull}}},
		{kind: tagResponse, request: 1 << 30, status: 2, index: 1, bindings: []Binding{{Name: "\x2b\x06\x01\x81\x48", Tag: TagNull}}},
		{kind: tagResponse, request: 77, bindings: []Binding{
			{Name: "\x2b\x06\x01", Tag: TagOctets, Value: []byte("text")},
			{Name: "\x2b\x06\x02", Tag: TagCounter64, Value: []byte{1, 2, 3, 4, 5, 6, 7}},
			{Name: "\x2b\x06\x03", Tag: TagOID, Value: []byte("\x2b\x06\x01\x04")},
			{Name: "\x2b\x06\x04", Tag: TagIPAddress, Value: []byte{10, 1, 2, 3}},
			{Name: "\x2b\x06\x05", Tag: TagTimeTicks, Value: []byte{0, 200}},
			{Name: "\x2b\x06\x06", Tag: TagEndOfMibView},
		}},
	} {
		f.Add(appendCommunity(nil, Version2c, "public", &p))
		f.Add(appendCommunity(nil, Version1, "", &p))
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		var p pdu
		version, err := p.readCommunity(msg)
		theirs, theirErr := decodeByGosnmp(msg)
		if err != nil || theirErr != nil || unlike(&p) != "" {
			return // who refuses what is compared with net-snmp, by the tests of check_snmp
		}
		if byte(theirs.PDUType) != p.kind || len(theirs.Variables) != len(p.bindings) {
			t.Fatalf("gosnmp reads %d variables of type %x, we %d of %x\n% x", len(theirs.Variables), theirs.PDUType, len(p.bindings), p.kind, msg)
		}
		if diff := cmp.Diff(summary(theirs), ours(version, &p)); diff != "" {
			t.Errorf("gosnmp reads (-), we (+):\n%s\n% x", diff, msg)
		}
	})
}

// decodeByGosnmp is SnmpDecodePacket; a panic there is an error.
func decodeByGosnmp(msg []byte) (p *gosnmp.SnmpPacket, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("gosnmp panicked: %v", r)
		}
	}()
	return gosnmp.Default.SnmpDecodePacket(append([]byte(nil), msg...))
}

func FuzzOID(f *testing.F) {
	f.Add([]byte{0x2b, 6, 1}, []byte{0x2b, 6, 0x81, 0})
	f.Add([]byte{}, []byte{0xff, 0x7f})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if !validOID(a) || !validOID(b) {
			return
		}
		var x, y []uint32
		for arc := range OID(a).Arcs {
			x = append(x, arc)
		}
		for arc := range OID(b).Arcs {
			y = append(y, arc)
		}
		if got, want := OID(a).Compare(OID(b)), compareArcs(x, y); len(a) > 0 && len(b) > 0 && got != want {
			t.Errorf("%v and %v: got %d, want %d", OID(a), OID(b), got, want)
		}
		if again, err := ParseOID(OID(a).String()); len(a) > 0 && (err != nil || again != OID(a)) {
			t.Errorf("%v: read again it is %v, %v", OID(a), again, err)
		}
	})
}

func compareArcs(a, b []uint32) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			if a[i] < b[i] {
				return -1
			}
			return 1
		}
	}
	return min(max(len(a)-len(b), -1), 1)
}
