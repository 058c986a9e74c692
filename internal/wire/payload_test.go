package wire_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

func payload(data string) monitor.Payload {
	return monitor.Payload{Target: "vm1", Source: "esx1", Site: "north", At: 1_700_000_000_123, Raw: "VM1\nvm1", Data: []byte(data), Origin: "ssh"}
}

func TestAPayloadComesOutAsItWentIn(t *testing.T) {
	var c wire.Compressor
	for name, data := range map[string]string{
		"nothing": "", "what does not shrink": "a", "text": strings.Repeat("<<<df>>>\n/dev/sda1 ext4 100 20 80 20% /\n", 200),
	} {
		want := payload(data)
		var d wire.Decoder
		got, err := wire.DecodePayload(&d, c.AppendPayload(nil, &want))
		if diff := cmp.Diff(want, got, cmp.Comparer(bytes.Equal)); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
		head, size, err := wire.DecodePayloadHead(&d, wire.AppendPayload(nil, &want))
		want.Data = nil
		if diff := cmp.Diff(want, head); err != nil || diff != "" || size != len(data) {
			t.Errorf("the head of %s: %d bytes, %v %s", name, size, err, diff)
		}
	}
}

func TestTextShrinks(t *testing.T) {
	p := payload(strings.Repeat("<<<df>>>\n/dev/sda1 ext4 100 20 80 20% /\n", 200))
	if n := len(wire.AppendPayload(nil, &p)); n > len(p.Data)/4 {
		t.Errorf("%d of %d bytes", n, len(p.Data))
	}
}

func TestAPayloadThatInflatesBeyondItsBoundIsRefused(t *testing.T) {
	p := payload(strings.Repeat("a", wire.MaxPayload))
	message := wire.AppendPayload(nil, &p)
	var d wire.Decoder
	if _, err := wire.DecodePayload(&d, message); err != nil {
		t.Fatalf("at the bound: %v", err)
	}
	// The block's own length stands before its first literal, as a varint.
	was, big := binary.AppendUvarint(nil, wire.MaxPayload), binary.AppendUvarint(nil, wire.MaxPayload+1)
	bomb := bytes.Replace(message, append(was, 0), append(big, 0), 1)
	if bytes.Equal(bomb, message) {
		t.Fatal("the length was not found")
	}
	allocated := testing.AllocsPerRun(1, func() {
		if _, err := wire.DecodePayload(&d, bomb); !errors.Is(err, wire.ErrPayload) {
			t.Errorf("got %v", err)
		}
	})
	if allocated > 20 {
		t.Errorf("%v allocations", allocated)
	}
	p.Data = append(p.Data, 'a')
	if _, err := wire.DecodePayload(&d, wire.AppendPayload(nil, &p)); !errors.Is(err, wire.ErrPayload) {
		t.Errorf("one byte too many: got %v", err)
	}
}

func FuzzDecodePayload(f *testing.F) {
	for _, data := range []string{"", "a", strings.Repeat("<<<df>>>\n", 20)} {
		p := payload(data)
		f.Add(wire.AppendPayload(nil, &p))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var d wire.Decoder
		p, err := wire.DecodePayload(&d, b)
		head, size, headErr := wire.DecodePayloadHead(&d, b)
		if err != nil {
			return
		}
		if headErr != nil || size != len(p.Data) || head.Target != p.Target || size > wire.MaxPayload {
			t.Fatalf("the head says %d bytes, %v, there are %d", size, headErr, len(p.Data))
		}
		again, err := wire.DecodePayload(&d, wire.AppendPayload(nil, &p))
		if diff := cmp.Diff(p, again, cmp.Comparer(bytes.Equal)); err != nil || diff != "" {
			t.Fatal(err, diff)
		}
	})
}

func BenchmarkPayload(b *testing.B) {
	p := payload(strings.Repeat("<<<df>>>\n/dev/sda1 ext4 100 20 80 20% /\n", 100))
	var c wire.Compressor
	message := c.AppendPayload(nil, &p)
	b.Run("encode", func(b *testing.B) {
		b.SetBytes(int64(len(p.Data)))
		b.ReportAllocs()
		for b.Loop() {
			message = c.AppendPayload(message[:0], &p)
		}
	})
	b.Run("decode", func(b *testing.B) {
		var d wire.Decoder
		b.SetBytes(int64(len(p.Data)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := wire.DecodePayload(&d, message); err != nil {
				b.Fatal(err)
			}
		}
	})
}
