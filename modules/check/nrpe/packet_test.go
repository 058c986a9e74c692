package nrpe

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// TestQueriesAreThoseOfCheckNRPE compares with packets captured from check_nrpe 4.1.0 and 3.2.1, and, for version 2, made
// as theirs but with zeros where they have random bytes.
func TestQueriesAreThoseOfCheckNRPE(t *testing.T) {
	for _, test := range []struct {
		version uint16
		query   string
		head    string
		size    int
	}{
		{4, "_NRPE_CHECK", "000400015bd5185400000000000003fc", 1036},
		{4, "check_x!a!b", "000400012d4b7ba800000000000003fc", 1036},
		{3, "_NRPE_CHECK", "0003000110e75ae500000000000003f9", 1036},
		{3, "check_x!a!b", "000300016679391900000000000003f9", 1036},
		{2, "_NRPE_CHECK", "00020001d4673f000000", 1036},
		{4, strings.Repeat("C", 1100), "0004000120d8b65a000000000000044d", 1117},
	} {
		got := appendQuery([]byte("before"), test.version, test.query, v2Text)[len("before"):]
		head := hex.EncodeToString(got[:len(test.head)/2])
		if head != test.head || len(got) != test.size {
			t.Errorf("version %d of %.20q: %s…, %d bytes; want %s…, %d", test.version, test.query, head, len(got), test.head, test.size)
		}
		if want := test.query + "\x00"; !bytes.HasPrefix(got[len(test.head)/2:], []byte(want)) {
			t.Errorf("version %d does not hold %.20q", test.version, test.query)
		}
	}
}

func TestVersion2QueryIsCutToItsPacket(t *testing.T) {
	for _, payload := range []int{1024, 10, 1} {
		got := appendQuery(nil, 2, strings.Repeat("C", 2000), payload)
		if len(got) != 12+payload || got[10+payload-1] != 0 || bytes.Count(got[10:], []byte("C")) < payload-1 {
			t.Errorf("payload %d: %d bytes, %q", payload, len(got), got[10:])
		}
	}
}

// respond makes a response as a server does.
func respond(version, code uint16, text string, payload int) []byte {
	b := appendQuery(nil, version, text, payload)
	if version != 2 { // responses are as long as their text
		b = b[:v3Head+len(text)]
		binary.BigEndian.PutUint32(b[12:], uint32(len(text)))
		if version == 3 {
			b = append(b, 0, 0, 0)
		}
	}
	binary.BigEndian.PutUint16(b[2:], responseType)
	binary.BigEndian.PutUint16(b[8:], code)
	return sealed(b)
}

// sealed puts the CRC in.
func sealed(b []byte) []byte {
	clear(b[4:8])
	binary.BigEndian.PutUint32(b[4:], crc32.ChecksumIEEE(b))
	return b
}

func TestAnswersAreRead(t *testing.T) {
	captured := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	v2 := respond(2, 1, "hello", v2Text)
	v3 := respond(3, 2, "hello", 0)
	for _, test := range []struct {
		name    string
		version uint16
		payload int
		bytes   []byte
		code    uint16
		text    string
	}{
		{"version 4 of nrpe 4.1.0", 4, 0, captured("000400020daad245000000000000000c4e5250452076342e312e3000"), 0, "NRPE v4.1.0"},
		{"version 3 of nrpe 3.2.1", 3, 0, captured("00030002f9800d98000000000000000b4e5250452076332e322e31000000"), 0, "NRPE v3.2.1"},
		{"version 4 without NUL, as of 4.0.0", 4, 0, respond(4, 3, "hello", 0), 3, "hello"},
		{"version 3 without its padding", 3, 0, v3[:len(v3)-v3Padding], 2, "hello"},
		{"version 2", 2, v2Text, v2, 1, "hello"},
		{"version 2 without its padding", 2, v2Text, v2[:len(v2)-v2Padding], 1, "hello"},
		{"version 2 of NSClient++", 2, 4000, respond(2, 0, strings.Repeat("x", 3999), 4000), 0, strings.Repeat("x", 3999)},
		{"nothing in it", 4, 0, respond(4, 0, "", 0), 0, ""},
		{"the longest", 4, 0, respond(4, 0, strings.Repeat("x", 65535)+"\x00", 0), 0, strings.Repeat("x", 65535)},
		{"followed by something", 4, 0, append(respond(4, 0, "hello", 0), "more"...), 0, "hello"},
	} {
		for how, from := range map[string]io.Reader{"at once": bytes.NewReader(test.bytes), "byte by byte": iotest.OneByteReader(bytes.NewReader(test.bytes))} {
			p := packet{from: from}
			a, err := p.read(test.version, test.payload)
			if err != nil || a.code != test.code || string(a.text) != test.text {
				t.Errorf("%s %s: %d, %.40q, %v", test.name, how, a.code, a.text, err)
			}
		}
	}
}

func TestBadAnswersAreNamed(t *testing.T) {
	sized := func(n uint32) string {
		b := respond(4, 0, "hello", 0)
		binary.BigEndian.PutUint32(b[12:], n)
		return string(sealed(b))
	}
	good := string(respond(4, 0, "hello", 0))
	query := appendQuery(nil, 4, "x", 0)
	for _, test := range []struct{ name, bytes, want string }{
		{"nothing", "", "Received 0 bytes from daemon."},
		{"half a header", good[:5], "Receive header underflow - only 5 bytes received (10 expected)."},
		{"half a length", good[:13], "Receive underflow - only 13 bytes received (16 expected)."},
		{"half a text", good[:18], "Receive underflow - only 18 bytes received (21 expected)."},
		{"another version", string(respond(2, 0, "hello", v2Text)), "Invalid packet version"},
		{"another protocol", "SSH-2.0-OpenSSH_9.2p1\r\n", "Invalid packet version"},
		{"a query", string(query), "Invalid packet type"},
		{"length 2147483647", sized(1<<31 - 1), "invalid buffer size"},
		{"length -1", sized(1<<32 - 1), "invalid buffer size"},
		{"length 65537", sized(65537), "invalid buffer size"},
		{"length 65536 and no more", sized(65536), "Receive underflow"},
		{"wrong CRC", good[:4] + "\x00\x00\x00\x00" + good[8:], "invalid CRC32"},
	} {
		p := packet{from: strings.NewReader(test.bytes)}
		a, err := p.read(4, 0)
		bad, ok := errors.AsType[*badAnswer](err)
		if !ok || !strings.Contains(bad.text, test.want) {
			t.Errorf("%s: %+v, %v", test.name, a, err)
		}
		if cap(p.buf) > 2*bufferSize {
			t.Errorf("%s: %d bytes of room for %d", test.name, cap(p.buf), len(test.bytes))
		}
	}
}

func FuzzAnswer(f *testing.F) {
	for _, version := range []uint16{2, 3, 4} {
		f.Add(respond(version, 1, "hello", v2Text), version, v2Text)
	}
	f.Add(respond(2, 1, "hello", 10), uint16(2), 10)
	f.Add([]byte("\x00\x04\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x7f\xff\xff\xff"), uint16(4), 1024)
	f.Fuzz(func(t *testing.T, stream []byte, version uint16, payload int) {
		payload = 1 + max(payload, -payload, 0)%maxPayload
		for _, b := range [][]byte{stream, resealed(stream)} {
			p := packet{from: bytes.NewReader(b)}
			a, err := p.read(2+version%3, payload)
			if cap(p.buf) > maxAnswer+3*bufferSize {
				t.Errorf("%d bytes of room", cap(p.buf))
			}
			if err == nil && (len(a.text) > maxAnswer || bytes.IndexByte(a.text, 0) >= 0) {
				t.Errorf("text %q", a.text)
			}
		}
	})
}

// resealed gives a copy of a packet with the right CRC, so that fuzzing gets past it.
func resealed(b []byte) []byte {
	b = bytes.Clone(b)
	if len(b) >= headLen {
		sealed(b)
	}
	return b
}
