package adh

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"
)

// script is a connection whose other side has said everything already.
type script struct{ io.Reader }

func (script) Write(b []byte) (int, error)      { return len(b), nil }
func (script) Close() error                     { return nil }
func (script) LocalAddr() net.Addr              { return nil }
func (script) RemoteAddr() net.Addr             { return nil }
func (script) SetDeadline(time.Time) error      { return nil }
func (script) SetReadDeadline(time.Time) error  { return nil }
func (script) SetWriteDeadline(time.Time) error { return nil }

// FuzzClient plays any bytes to a client as what a server says: it must end, and never with an agreement, as nobody
// guesses a Finished.
func FuzzClient(f *testing.F) {
	for _, v := range vectors() {
		var stream []byte
		for _, m := range []string{v.serverHello, v.serverKey, "0e000000"} {
			b := unhex(f, m)
			stream = append(stream, recordHandshake, 3, byte(v.version), byte(len(b)>>8), byte(len(b)))
			stream = append(stream, b...)
		}
		stream = append(stream, recordChangeCipherSpec, 3, byte(v.version), 0, 1, 1)
		f.Add(append(stream, recordHandshake, 3, byte(v.version), 0, 4, 1, 2, 3, 4))
	}
	f.Add([]byte("\x15\x03\x01\x00\x02\x02\x28"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		c := Client(script{bytes.NewReader(stream)}, Config{})
		if err := c.ready(); err == nil {
			t.Error("a client agreed with a server that has no keys")
		}
		if cap(c.raw) > 64<<10 || cap(c.messages) > 128<<10 {
			t.Errorf("a stream of %d bytes took %d and %d bytes", len(stream), cap(c.raw), cap(c.messages))
		}
	})
}

// FuzzMessages reads any bytes as every message there is: no panic, and what was read is written the same again.
func FuzzMessages(f *testing.F) {
	for _, v := range vectors() {
		f.Add(unhex(f, v.clientHello)[4:])
		f.Add(unhex(f, v.serverHello)[4:])
		f.Add(unhex(f, v.serverKey)[4:])
	}
	f.Add(marshalTicket([]byte("ticket"))[4:])
	f.Add(clientHello{version: 0x303, random: make([]byte, 32), tickets: true, ticket: []byte("ticket")}.marshal()[4:])
	f.Add(ecParams{group: groupX, share: make([]byte, 32)}.marshal()[4:])
	f.Add(clientHello{version: 0x303, random: make([]byte, 32), groups: []group{groupP256}}.marshal()[4:])
	f.Fuzz(func(t *testing.T, body []byte) {
		_, _ = parseClientHello(body)
		_, _ = parseServerHello(body)
		if d, err := parseDHParams(body); err == nil && !bytes.Equal(d.marshal()[4:], body) {
			t.Errorf("DH parameters %x became %x", body, d.marshal()[4:])
		}
		if e, err := parseECParams(body); err == nil && !bytes.Equal(e.marshal()[4:], body) {
			t.Errorf("ECDH parameters %x became %x", body, e.marshal()[4:])
		}
		if k, err := parseTicket(body); err == nil && len(body) > 4 && !bytes.Equal(marshalTicket(k)[8:], body[4:]) {
			t.Errorf("ticket %x became %x", body, marshalTicket(k)[4:])
		}
		for _, ec := range []bool{false, true} {
			if s, err := parseClientShare(body, ec); err == nil && !bytes.Equal(marshalClientShare(s, ec)[4:], body) {
				t.Errorf("client's share %x became %x", body, marshalClientShare(s, ec)[4:])
			}
		}
	})
}

// FuzzRecords opens any bytes as protected records of every kind: no panic, and nothing passes.
func FuzzRecords(f *testing.F) {
	f.Add([]byte{}, uint8(0))
	f.Add(make([]byte, 64), uint8(4))
	f.Fuzz(func(t *testing.T, body []byte, which uint8) {
		s := &suites[int(which)%len(suites)]
		c := s.protect(0x301+uint16(which)%3, make([]byte, s.macLen), make([]byte, s.keyLen), make([]byte, 16)[:s.ivLen(0x301)])
		if plain, err := c.open(recordHead{typ: recordAppData, version: 0x303}, bytes.Clone(body)); err == nil {
			t.Errorf("%x opened as %x", body, plain)
		}
	})
}
