package packet_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/onbu/onbu/modules/listen/nsca/packet"
)

// FuzzDecoder feeds anything to a connection of any method, in one piece and in two: both must give the same packets, and none
// larger than what came.
func FuzzDecoder(f *testing.F) {
	methods := packet.Methods()
	keys := make([]*packet.Key, len(methods))
	for i, m := range methods {
		keys[i] = key(f, m, password)
	}
	for _, v := range vectors(f) {
		for i, m := range methods {
			if m == v.method {
				f.Add(uint8(i), uint16(700), v.raw)
			}
		}
	}
	f.Add(uint8(0), uint16(0), []byte{0, 3})
	f.Fuzz(func(t *testing.T, method uint8, cut uint16, raw []byte) {
		k := keys[int(method)%len(keys)]
		if len(raw) > 3*packet.Long {
			return
		}
		whole := decode(t, k, bytes.Clone(raw))
		first := min(int(cut), len(raw))
		if pieces := decode(t, k, bytes.Clone(raw[:first]), bytes.Clone(raw[first:])); pieces != whole {
			t.Errorf("in one piece %s, in two %s", whole, pieces)
		}
	})
}

// decode tells what a connection makes of pieces.
func decode(t *testing.T, k *packet.Key, pieces ...[]byte) string {
	d := packet.NewDecoder(k, greeting(), within)
	said := ""
	var buf []byte
	for _, piece := range pieces {
		buf = append(buf, piece...)
		for {
			p, n, err := d.Next(buf)
			if err != nil {
				return said + err.Error()
			}
			if n == 0 {
				break
			}
			if n > len(buf) || len(p.Host)+len(p.Service)+len(p.Output) > n {
				t.Fatalf("%d bytes of %d: %s", n, len(buf), show(p))
			}
			said += fmt.Sprintln(n, show(p))
			buf = buf[n:]
		}
	}
	return said
}
