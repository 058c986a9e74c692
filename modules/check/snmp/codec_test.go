package snmp

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gosnmp/gosnmp"
)

func TestRequestsReadTheSameInGosnmp(t *testing.T) {
	names := []oid{{1, 3, 6, 1, 2, 1, 1, 3, 0}, {2, 999, 1<<32 - 1, 0, 128, 16384}, {0, 39}}
	for _, kind := range []byte{tagGet, tagGetNext} {
		for _, id := range []int32{1, 127, 128, 1<<31 - 1} {
			msg := encodeCommunity(version2c, "secret", request(kind, id, names))
			p, err := gosnmp.Default.SnmpDecodePacket(msg)
			if err != nil {
				t.Fatalf("gosnmp: %v\n% x", err, msg)
			}
			got := []any{p.Version, p.Community, byte(p.PDUType), p.RequestID}
			for _, v := range p.Variables {
				got = append(got, v.Name, v.Type)
			}
			want := []any{
				gosnmp.Version2c, "secret", kind, uint32(id), ".1.3.6.1.2.1.1.3.0", gosnmp.Null,
				".2.999.4294967295.0.128.16384", gosnmp.Null, ".0.39", gosnmp.Null,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("want (-), gosnmp reads (+):\n%s", diff)
			}
		}
	}
}

func TestKeysAreThoseOfTheRFC(t *testing.T) {
	// RFC 3414, A.3: "maplesyrup" at engine 00 00 00 00 00 00 00 00 00 00 00 02.
	engine := string(append(make([]byte, 11), 2))
	ring := newKeyRing(8)
	for name, want := range map[string]string{
		"MD5": "\x52\x6f\x5e\xed\x9f\xcc\xe2\x6f\x89\x64\xc2\x93\x07\x87\xd8\x2b",
		"SHA": "\x66\x95\xfe\xbc\x92\x88\xe3\x62\x82\x23\x5f\xc7\x15\x1f\x12\x84\x97\xb3\x8f\x3f",
	} {
		for range 2 { // made, then remembered
			if got := ring.localised(authNamed(name), "maplesyrup", engine); string(got) != want {
				t.Errorf("%s: got % x, want % x", name, got, want)
			}
		}
	}
}

func secureUser() *usm {
	u := &user{
		name: "u", auth: authNamed("SHA-256"), authPassword: "authpass12", priv: privNamed("AES"), privPassword: "privpass12",
	}
	return &usm{user: u, engine: engine{id: "\x80\x00\x1f\x88\x04test", boots: 3, time: 1000}, keys: newKeyRing(8)}
}

func TestOnlyUnchangedSecureMessagesAreTaken(t *testing.T) {
	for _, priv := range []string{"AES", "DES"} {
		s := secureUser()
		s.user.priv = privNamed(priv)
		p := request(tagResponse, 7, []oid{{1, 3, 6, 1}})
		msg := s.encode(42, p)
		m, err := s.decode(42, msg)
		if err != nil || m.pdu.request != 7 || !reflect.DeepEqual(m.pdu.bindings[0].name, oid{1, 3, 6, 1}) {
			t.Fatalf("%s: got %+v, %v", priv, m, err)
		}
		if bytes.Contains(msg, []byte{0x2b, 6, 1}) {
			t.Errorf("%s: the object can be read on the wire", priv)
		}
		if _, err := s.decode(43, msg); err == nil {
			t.Errorf("%s: took the answer to another message", priv)
		}
		for i := range msg {
			changed := bytes.Clone(msg)
			changed[i] ^= 1
			if m, err := s.decode(42, changed); err == nil {
				t.Errorf("%s: byte %d changed: took %+v", priv, i, m)
			}
		}
	}
}

func TestUnsignedResponseIsNotTaken(t *testing.T) {
	s := secureUser()
	plain := &usm{user: &user{name: "u"}, engine: s.engine, keys: s.keys}
	if m, err := s.decode(42, plain.encode(42, request(tagResponse, 7, []oid{{1, 3, 6, 1}}))); err == nil {
		t.Errorf("response: took %+v", m)
	}
	if _, err := s.decode(42, plain.encode(42, request(tagReport, 7, []oid{{1, 3, 6, 1}}))); err != nil {
		t.Errorf("report: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	p := request(tagResponse, 7, []oid{{1, 3, 6, 1}, {1, 3, 6, 1, 4, 1, 200}})
	p.bindings[0].tag, p.bindings[0].value = tagOpaque, []byte{0x9f, 0x78, 4, 1, 2, 3, 4}
	s := secureUser()
	f.Add(encodeCommunity(version1, "public", p))
	f.Add(s.encode(42, p))
	f.Add((&usm{user: &user{name: "u"}, engine: s.engine, keys: s.keys}).encode(42, p))
	known := builtin()
	f.Fuzz(func(t *testing.T, msg []byte) {
		before := bytes.Clone(msg)
		for _, table := range []mib{nil, known} {
			if p, err := decodeCommunity(version1, msg); err == nil {
				printAll(t, table, p)
			}
			if m, err := s.decode(42, msg); err == nil {
				printAll(t, table, m.pdu)
			}
		}
		if !bytes.Equal(msg, before) {
			t.Error("the datagram was changed")
		}
	})
}

// printAll prints an answer and judges it, as Run would.
func printAll(t *testing.T, table mib, p pdu) {
	c, err := parse([]string{"-H", "a", "-o", "1.3.6.1,1.3.6.2", "-w", "1", "-M", "2"}, syntax(), builtin())
	if err != nil {
		t.Fatal(err)
	}
	printer, out := printer{table}, output{}
	for _, v := range p.bindings {
		out.lines = append(printer.line(out.lines, v), '\n')
	}
	withoutFailed(p, &printer, &out)
	if v := (&evaluation{command: c, lines: splitLines(out.lines)}).judge(); v.state > dependent {
		t.Errorf("state %d", v.state)
	}
}
