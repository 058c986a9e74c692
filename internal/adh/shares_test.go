package adh

import (
	"bytes"
	"crypto/rand"
	"math/big"
	"testing"
	"testing/synctest"
	"time"
)

func TestASecretIsUsedForAMinuteInItsGroupOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewShares()
		share := func(p []byte, g byte) []byte {
			k, err := s.key(p, []byte{g}, 512, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			return k.share
		}
		other := new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 600), big.NewInt(3)).Bytes()
		first := share(modp2048(), 2)
		time.Sleep(shareLife - 1)
		if !bytes.Equal(share(modp2048(), 2), first) {
			t.Error("a new secret within a minute")
		}
		if bytes.Equal(share(other, 2), first) {
			t.Error("another group has the same share")
		}
		time.Sleep(time.Nanosecond)
		if bytes.Equal(share(modp2048(), 2), first) {
			t.Error("an old secret after a minute")
		}
		second := share(modp2048(), 2)
		if bytes.Equal(share(modp2048(), 5), second) {
			t.Error("another generator has the same share")
		}
	})
}

// TestASmallGroupIsNotTakenFromMemory: what one took with a low limit, another with a higher one refuses.
func TestASmallGroupIsNotTakenFromMemory(t *testing.T) {
	s := NewShares()
	p, err := rand.Prime(rand.Reader, 512)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.key(p.Bytes(), []byte{2}, 512, rand.Reader); err != nil {
		t.Fatal(err)
	}
	if _, err := s.key(p.Bytes(), []byte{2}, 1024, rand.Reader); err == nil {
		t.Error("a group of 512 bits was taken where 1024 are wanted")
	}
}

func TestSharesAreBounded(t *testing.T) {
	s := NewShares()
	for i := range 2 * maxShares {
		s.put([]byte{byte(i >> 8), byte(i)}, keptShare{})
	}
	if len(s.of) != maxShares {
		t.Errorf("%d groups are kept, want %d", len(s.of), maxShares)
	}
}
