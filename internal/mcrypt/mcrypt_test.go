package mcrypt_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/mcrypt"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBlocksAsLibmcrypt(t *testing.T) {
	text, err := os.ReadFile("testdata/blocks.txt")
	if err != nil {
		t.Fatal(err)
	}
	tried := map[string]int{}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if f[0] == "#" {
			continue
		}
		b, err := mcrypt.New(f[0], string(unhex(t, f[1])))
		if err != nil {
			t.Fatal(err)
		}
		src, want := unhex(t, f[2]), unhex(t, f[3])
		got := make([]byte, b.BlockSize())
		b.Encrypt(got, src)
		if !bytes.Equal(got, want) {
			t.Errorf("%s: got %x, want %x", f[0], got, want)
		}
		tried[f[0]]++
	}
	for _, name := range []string{"cast-256", "loki97", "rc2", "rijndael-192", "rijndael-256", "serpent", "gost", "saferplus"} {
		if tried[name] != 4 {
			t.Errorf("%d blocks of %s were tried, want 4", tried[name], name)
		}
	}
}

func BenchmarkFeedback(b *testing.B) {
	for _, name := range []string{
		"des", "tripledes", "cast-128", "cast-256", "xtea", "blowfish", "twofish", "loki97", "rc2", "rijndael-128", "rijndael-192", "rijndael-256", "serpent", "gost", "saferplus",
	} {
		b.Run(name, func(b *testing.B) {
			block, err := mcrypt.New(name, "password")
			if err != nil {
				b.Fatal(err)
			}
			text := make([]byte, 4096)
			c := mcrypt.NewCFB(block, make([]byte, 32))
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				c.Decrypt(text)
			}
		})
	}
}
