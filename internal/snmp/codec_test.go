package snmp

import (
	"bytes"
	"testing"
)

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
	u := User{Name: "u", Auth: "SHA-256", AuthPassword: "authpass12", Priv: "AES", PrivPassword: "privpass12"}
	return &usm{user: newUser(u), engine: engine{id: "\x80\x00\x1f\x88\x04test", boots: 3, time: 1000}, keys: newKeyRing(8)}
}

func TestOnlyUnchangedSecureMessagesAreTaken(t *testing.T) {
	for _, priv := range []string{"AES", "DES"} {
		s := secureUser()
		s.user.priv = privNamed(priv)
		p := request(tagResponse, 7, []OID{"\x2b\x06\x01"})
		msg := s.encode(42, p)
		m, err := s.decode(42, msg)
		if err != nil || m.pdu.request != 7 || m.pdu.bindings[0].Name != "\x2b\x06\x01" {
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
	plain := &usm{user: newUser(User{Name: "u"}), engine: s.engine, keys: s.keys}
	if m, err := s.decode(42, plain.encode(42, request(tagResponse, 7, []OID{"\x2b\x06\x01"}))); err == nil {
		t.Errorf("response: took %+v", m)
	}
	if _, err := s.decode(42, plain.encode(42, request(tagReport, 7, []OID{"\x2b\x06\x01"}))); err != nil {
		t.Errorf("report: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	p := request(tagResponse, 7, []OID{"\x2b\x06\x01", "\x2b\x06\x01\x04\x01\x81\x48"})
	p.bindings[0].Tag, p.bindings[0].Value = TagOpaque, []byte{0x9f, 0x78, 4, 1, 2, 3, 4}
	s := secureUser()
	f.Add(appendCommunity(nil, Version1, "public", &p))
	f.Add(s.encode(42, p))
	f.Add((&usm{user: newUser(User{Name: "u"}), engine: s.engine, keys: s.keys}).encode(42, p))
	f.Fuzz(func(t *testing.T, msg []byte) {
		before := bytes.Clone(msg)
		var p pdu
		_, _ = p.readCommunity(msg)
		_, _ = s.decode(42, msg)
		if !bytes.Equal(msg, before) {
			t.Error("the datagram was changed")
		}
	})
}
