package packet_test

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/modules/listen/collectd/packet"
)

// heard writes down what a decoder hands on.
type heard []string

func (h *heard) List(user string, l *packet.List) {
	text := fmt.Sprintf("%s %s/%s-%s/%s-%s %.3f every %v:", user, l.Host, l.Plugin, l.PluginInstance, l.Type, l.TypeInstance, l.Time.Unix(), l.Interval)
	for _, v := range l.Values {
		if v.Kind == packet.Gauge {
			text += fmt.Sprintf(" %d=%.2f", v.Kind, v.Number)
		} else {
			text += fmt.Sprintf(" %d=%d", v.Kind, v.Count)
		}
	}
	*h = append(*h, text)
}

func (h *heard) Notice(user string, n *packet.Notice) {
	*h = append(*h, fmt.Sprintf("%s %s/%s %d %.3f: %s", user, n.Host, n.Plugin, n.Severity, n.Time.Unix(), n.Message))
}

// vectors gives the datagrams of testdata/vectors.txt by name.
func vectors(tb testing.TB) map[string][]byte {
	tb.Helper()
	f, err := os.Open("testdata/vectors.txt")
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	all := map[string][]byte{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		name, text, _ := strings.Cut(lines.Text(), " ")
		if name == "#" {
			continue
		}
		if all[name], err = hex.DecodeString(text); err != nil {
			tb.Fatal(err)
		}
	}
	if len(all) != 6 {
		tb.Fatalf("%d vectors, want 6", len(all))
	}
	return all
}

var alice = map[string]string{"alice": "s3cret", "bob": "other"}

func TestDatagramsOfTheRealCollectd(t *testing.T) {
	first := []string{
		" web1.example.org/interface-lo/if_dropped- 1795291680.083 every 1s: 2=0 2=0",
		" web1.example.org/load-/load- 1795291681.083 every 1s: 1=5.07 1=38.12 1=40.81",
		" web1.example.org/interface-lo/if_packets- 1795291681.084 every 1s: 2=121891063 2=121891063",
	}
	const notice = ` web1.example.org/load 2 1795291672.084: Host web1.example.org, plugin load type load: Data source "shortterm" is currently 5.164062. ` +
		"That is above the warning threshold of 0.000000."
	for name, datagram := range vectors(t) {
		t.Run(name, func(t *testing.T) {
			var h heard
			d := packet.Decoder{Passwords: alice}
			if err := d.Decode(datagram, &h); err != nil {
				t.Fatal(err)
			}
			user := ""
			if name[1] != '1' {
				user = "alice"
			}
			want := []string{user + notice}
			if name[0] == 'V' {
				want = nil
				for _, line := range first {
					want = append(want, user+line)
				}
				if len(h) != 16 {
					t.Fatalf("%d lists, want 16", len(h))
				}
				h = h[:3]
			}
			if diff := cmp.Diff(want, []string(h)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestLevelsTakeWhatTheyAskFor(t *testing.T) {
	all := vectors(t)
	wrong := map[string]string{"alice": "wrong"}
	stranger := map[string]string{"bob": "s3cret"}
	for _, tt := range []struct {
		vector    string
		level     packet.Level
		passwords map[string]string
		want      error
	}{
		{"V1", packet.None, nil, nil},
		{"V1", packet.None, alice, nil},
		{"V1", packet.Sign, alice, packet.ErrPlain},
		{"V1", packet.Encrypt, alice, packet.ErrPlain},
		{"V2", packet.None, nil, nil}, // nobody can look at the signature
		{"V2", packet.None, wrong, packet.ErrSignature},
		{"V2", packet.Sign, alice, nil},
		{"V2", packet.Sign, wrong, packet.ErrSignature},
		{"V2", packet.Sign, stranger, packet.ErrUser},
		{"V2", packet.Encrypt, alice, packet.ErrPlain},
		{"V3", packet.None, nil, packet.ErrUser},
		{"V3", packet.None, alice, nil},
		{"V3", packet.Sign, alice, nil},
		{"V3", packet.Encrypt, alice, nil},
		{"V3", packet.Encrypt, wrong, packet.ErrSignature},
		{"V3", packet.Encrypt, stranger, packet.ErrUser},
	} {
		var h heard
		d := packet.Decoder{Level: tt.level, Passwords: tt.passwords}
		if err := d.Decode(all[tt.vector], &h); !errors.Is(err, tt.want) {
			t.Errorf("%s at level %d: got %v, want %v", tt.vector, tt.level, err, tt.want)
		}
		if (len(h) > 0) != (tt.want == nil) {
			t.Errorf("%s at level %d: %d lists were taken", tt.vector, tt.level, len(h))
		}
	}
}

// No bit of a signed or encrypted datagram can be changed without it being noticed, but for those that say which user it is or
// that it is signed at all: then nothing of it is taken either.
func TestChangedBitsAreNoticed(t *testing.T) {
	for name, level := range map[string]packet.Level{"N2": packet.Sign, "N3": packet.Encrypt} {
		datagram := vectors(t)[name]
		d := packet.Decoder{Level: level, Passwords: alice}
		for i := range datagram {
			changed := append([]byte(nil), datagram...)
			changed[i] ^= 1 << (i % 8)
			var h heard
			if err := d.Decode(changed, &h); err == nil || len(h) > 0 {
				t.Errorf("%s, byte %d: %v, %q was taken", name, i, err, h)
			}
		}
	}
}

func TestCutOffDatagramsAreBroken(t *testing.T) {
	whole := vectors(t)["V1"]
	d := packet.Decoder{}
	var all heard
	if err := d.Decode(whole, &all); err != nil {
		t.Fatal(err)
	}
	broken := 0
	for n := range whole {
		var h heard
		err := d.Decode(whole[:n], &h)
		if len(h) > len(all) || len(h) > 0 && h[0] != all[0] {
			t.Fatalf("of %d bytes %q was made", n, h)
		}
		if err != nil {
			broken++
		}
	}
	if broken < len(whole)/2 {
		t.Errorf("only %d of %d were broken", broken, len(whole))
	}
}

func part(kind uint16, body string) string {
	n := len(body) + 4
	return string([]byte{byte(kind >> 8), byte(kind), byte(n >> 8), byte(n)}) + body
}

func TestPartsThatMakeNoSense(t *testing.T) {
	const host, plugin, kind, at = "web\x00", "load\x00", "load\x00", "\x00\x00\x00\x00\x65\x00\x00\x00"
	names := part(0, host) + part(2, plugin) + part(4, kind) + part(1, at)
	const gauge = "\x00\x01\x01\x00\x00\x00\x00\x00\x00\xf0\x3f"
	for name, tt := range map[string]struct {
		datagram string
		lists    int
		broken   bool
	}{
		"whole":                       {names + part(6, gauge), 1, false},
		"unknown parts are passed by": {part(0x7777, "abc") + names + part(6, gauge), 1, false},
		"no host":                     {part(2, plugin) + part(4, kind) + part(1, at) + part(6, gauge), 0, false},
		"no time":                     {part(0, host) + part(2, plugin) + part(4, kind) + part(6, gauge), 0, false},
		"no values":                   {names + part(6, "\x00\x00"), 0, false},
		"no end of a text":            {part(0, "web") + names + part(6, gauge), 0, true},
		"a NUL in a text":             {part(0, "w\x00b\x00") + names, 0, true},
		"a long text":                 {part(0, strings.Repeat("x", 128)+"\x00") + names, 0, true},
		"a short number":              {names + part(1, "abc"), 0, true},
		"too few values":              {names + part(6, "\x00\x02\x01\x00\x00\x00\x00\x00\x00\xf0\x3f"), 0, true},
		"a kind that there is not":    {names + part(6, "\x00\x01\x09\x00\x00\x00\x00\x00\x00\xf0\x3f"), 0, true},
		"a part without end":          {names + "\x00\x06\xff\xff", 0, true},
		"a part of no size":           {names + "\x00\x06\x00\x00", 0, true},
		"left over":                   {names + part(6, gauge) + "\x00", 1, true},
		"a signature without user":    {part(0x200, strings.Repeat("x", 32)) + names, 0, true},
		"a short encrypted part":      {part(0x210, "\x00\x05alice"), 0, true},
		"no severity":                 {names + part(0x100, "hello\x00"), 0, false},
		"a severity that there isn't": {names + part(0x101, "\x00\x00\x00\x00\x00\x00\x01\x04") + part(0x100, "hello\x00"), 0, false},
		"far in the future":           {names + part(8, strings.Repeat("\xff", 8)) + part(6, gauge), 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			var h heard
			d := packet.Decoder{}
			err := d.Decode([]byte(tt.datagram), &h)
			if len(h) != tt.lists || errors.Is(err, packet.ErrBroken) != tt.broken {
				t.Errorf("got %q and %v, want %d lists, broken: %v", h, err, tt.lists, tt.broken)
			}
		})
	}
}

// FuzzDecode looks for datagrams that end the decoder, or make it hand on what cannot be.
func FuzzDecode(f *testing.F) {
	for _, datagram := range vectors(f) {
		f.Add(datagram, true)
		f.Add(datagram[:len(datagram)/2], false)
	}
	f.Fuzz(func(t *testing.T, datagram []byte, known bool) {
		d := packet.Decoder{}
		if known {
			d.Passwords = alice
		}
		_ = d.Decode(datagram, sane{t})
	})
}

// sane looks whether what is handed on can be.
type sane struct{ t *testing.T }

func (s sane) List(_ string, l *packet.List) {
	if len(l.Host) == 0 || len(l.Host) > 127 || len(l.Values) == 0 || l.Time <= 0 || l.Interval < 0 {
		s.t.Fatalf("%+v", l)
	}
	for _, v := range l.Values {
		if v.Kind != packet.Gauge && v.Number != 0 || v.Kind == packet.Gauge && v.Count != 0 || v.Kind > packet.Absolute {
			s.t.Fatalf("%+v", v)
		}
		_ = math.Float64bits(v.Number)
	}
}

func (s sane) Notice(_ string, n *packet.Notice) {
	if len(n.Message) == 0 || len(n.Message) > 255 || n.Severity == 0 || n.Time <= 0 {
		s.t.Fatalf("%+v", n)
	}
}

type ignore struct{}

func (ignore) List(string, *packet.List)     {}
func (ignore) Notice(string, *packet.Notice) {}

// BenchmarkDecode reads 16 lists in about 1,000 bytes, plain, signed and encrypted.
func BenchmarkDecode(b *testing.B) {
	all := vectors(b)
	for _, name := range []string{"V1", "V2", "V3"} {
		b.Run(name, func(b *testing.B) {
			d := packet.Decoder{Passwords: alice}
			b.ReportAllocs()
			for b.Loop() {
				if err := d.Decode(all[name], ignore{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
