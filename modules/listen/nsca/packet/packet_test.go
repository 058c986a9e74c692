package packet_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/onbu/onbu/modules/listen/nsca/packet"
)

const password = "S3cr3t-Passw0rd"

// within is what NSCA allows unless told otherwise.
var within = packet.Ages{Before: 30, After: 30}

// greeting is that of the captured packets.
func greeting() []byte {
	var init []byte
	for i := range 128 {
		init = append(init, byte(i))
	}
	return append(init, 0x65, 0x53, 0xf1, 0x00)
}

type vector struct {
	method packet.Method
	name   string
	raw    []byte
}

func vectors(t testing.TB) []vector {
	t.Helper()
	text, err := os.ReadFile("testdata/send_nsca.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if f[0] == "#" {
			continue
		}
		n, err1 := strconv.Atoi(f[0])
		raw, err2 := hex.DecodeString(f[2])
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		all = append(all, vector{packet.Method(n), f[0] + " " + f[1], raw})
	}
	return all
}

func key(t testing.TB, m packet.Method, password string) *packet.Key {
	t.Helper()
	k, err := packet.NewKey(m, password)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func show(p packet.Packet) string {
	return fmt.Sprintf("%s|%s|%d|%s", p.Host, p.Service, p.Code, p.Output)
}

func TestPacketsOfSendNSCA(t *testing.T) {
	seen := map[packet.Method]bool{}
	for _, v := range vectors(t) {
		seen[v.method] = true
		t.Run(v.name, func(t *testing.T) {
			d := packet.NewDecoder(key(t, v.method, password), greeting(), within)
			p, n, err := d.Next(v.raw)
			if want := "web01|HTTP check|2|CRITICAL - no answer | time=10s;5;8"; err != nil || n != len(v.raw) || show(p) != want {
				t.Errorf("%s, %d bytes, %v; want %s", show(p), n, err, want)
			}
		})
	}
	for _, m := range packet.Methods() {
		if !seen[m] {
			t.Errorf("no packet of method %s was captured", m)
		}
	}
}

// A connection is one stream, whatever pieces it comes in and however sizes change.
func TestManyPacketsOfBothSizesOnOneConnection(t *testing.T) {
	for _, m := range packet.Methods() {
		k := key(t, m, password)
		e, d := packet.NewEncoder(k, greeting()), packet.NewDecoder(k, greeting(), within)
		var wire []byte
		var want []string
		for i, size := range []int{packet.Long, packet.Short, packet.Short, packet.Long, packet.Short} {
			p := packet.Packet{Host: fmt.Appendf(nil, "h%d", i), Code: int16(i - 2), Output: bytes.Repeat([]byte("x"), 400*i)}
			wire = e.Append(wire, p, size)
			want = append(want, fmt.Sprint(size, string(p.Host), p.Code, min(len(p.Output), size-209)))
		}
		var got []string
		buf := make([]byte, 0, len(wire))
		for len(wire) > 0 {
			piece := min(len(wire), 97)
			buf, wire = append(buf, wire[:piece]...), wire[piece:]
			p, n, err := d.Next(buf)
			if err != nil {
				t.Fatalf("method %s: %v", m, err)
			}
			if n > 0 {
				got = append(got, fmt.Sprint(n, string(p.Host), p.Code, len(p.Output)))
				buf = append(buf[:0], buf[n:]...)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("method %s: got %v, want %v", m, got, want)
		}
	}
}

func TestTheTimeMustBeTheConnections(t *testing.T) {
	k := key(t, packet.None, "")
	at := func(after int32) []byte {
		init := greeting()
		n := uint32(1_700_000_000 + after)
		return append(init[:128], byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	for _, test := range []struct {
		after int32
		ages  packet.Ages
		want  error
	}{
		{0, packet.Ages{}, nil},
		{30, within, nil},
		{-30, within, nil},
		{31, within, packet.ErrAge},
		{-31, within, packet.ErrAge},
		{3600, packet.Ages{Before: 30, After: -1}, nil},
		{-3600, packet.Ages{Before: 30, After: -1}, packet.ErrAge},
		{-1_700_000_000, packet.Ages{Before: -1, After: -1}, nil},
	} {
		raw := packet.NewEncoder(k, at(test.after)).Append(nil, packet.Packet{Host: []byte("h")}, packet.Short)
		if _, _, err := packet.NewDecoder(k, greeting(), test.ages).Next(raw); !errors.Is(err, test.want) {
			t.Errorf("%d s off with %+v: %v, want %v", test.after, test.ages, err, test.want)
		}
	}
}

func TestWhatIsNotFromThisConnectionOrChangedIsRefused(t *testing.T) {
	other := greeting()
	other[3]++
	for _, m := range packet.Methods() {
		k := key(t, m, password)
		raw := packet.NewEncoder(k, greeting()).Append(nil, packet.Packet{Host: []byte("h"), Output: []byte("o")}, packet.Long)
		refused := func(what string, d *packet.Decoder, raw []byte) {
			t.Helper()
			if p, n, err := d.Next(bytes.Clone(raw)); err == nil {
				t.Errorf("method %s: %s is taken: %d bytes, %s", m, what, n, show(p))
			}
		}
		for bit := 0; bit < 8*len(raw); bit += 3499 {
			bad := bytes.Clone(raw)
			bad[bit/8] ^= 1 << (bit % 8)
			refused(fmt.Sprint("bit ", bit), packet.NewDecoder(k, greeting(), within), bad)
		}
		if m == packet.None {
			continue // has neither password nor secret
		}
		refused("a wrong password", packet.NewDecoder(key(t, m, "other"), greeting(), within), raw)
		refused("a replay", packet.NewDecoder(k, other, within), raw)
	}
}

func TestMethodsThatDoNotWorkSayWhy(t *testing.T) {
	for text, want := range map[string]string{
		"7": "3way", "12": "arcfour", "13": "rc6", "17": "mars", "18": "panama", "19": "wake", "21": "idea", "22": "enigma", "24": "safer64", "25": "safer128",
		"27": "is no method", "-1": "is no method", "": "is no method", "aes": "is no method",
	} {
		if _, err := packet.ParseMethod(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want an error with %q", text, err, want)
		}
	}
	for text, want := range map[string]packet.Method{"0": 0, "XOR": 1, "26": 26, "RIJNDAEL-128": 14} {
		if m, err := packet.ParseMethod(text); err != nil || m != want {
			t.Errorf("%q: %s, %v", text, m, err)
		}
	}
	if n := len(packet.Methods()); n != 17 {
		t.Errorf("%d methods, want the 17 that send_nsca has", n)
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, m := range packet.Methods() {
		for _, size := range []int{packet.Short, packet.Long} {
			b.Run(fmt.Sprintf("%s/%d", m, size), func(b *testing.B) {
				k := key(b, m, password)
				const many = 16
				var raw []byte
				e := packet.NewEncoder(k, greeting())
				for range many {
					raw = e.Append(raw, packet.Packet{Host: []byte("web01"), Service: []byte("HTTP"), Output: []byte("fine")}, size)
				}
				buf := make([]byte, len(raw))
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for n := 0; n < b.N; n += many {
					d := packet.NewDecoder(k, greeting(), within)
					copy(buf, raw)
					for rest := buf; len(rest) > 0; {
						_, size, err := d.Next(rest)
						if err != nil {
							b.Fatal(err)
						}
						rest = rest[size:]
					}
				}
			})
		}
	}
}
