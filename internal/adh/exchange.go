package adh

import (
	"crypto/ecdh"
	"errors"
	"fmt"
	"io"
	"math/big"
)

const (
	// maxPrimeBits bounds the work that a server can put on a client.
	maxPrimeBits = 8192
	// exponentLen is the length of a secret exponent; 256 bits are twice what a group of 3,072 bits is worth.
	exponentLen = 32
)

// group is a curve's number in the TLS registry.
type group uint16

func (g group) curve() (ecdh.Curve, error) {
	switch g {
	case groupX:
		return ecdh.X25519(), nil
	case groupP256:
		return ecdh.P256(), nil
	}
	return nil, fmt.Errorf("curve %d was not offered", g)
}

// dhKey is one side's secret in a group, with the share that the other side gets. It is not changed.
type dhKey struct {
	p, x  *big.Int
	share []byte
}

// newDHKey checks the group and draws a secret.
func newDHKey(p, g []byte, minBits int, random io.Reader) (dhKey, error) {
	k := dhKey{p: new(big.Int).SetBytes(p)}
	base := new(big.Int).SetBytes(g)
	bits := k.p.BitLen()
	switch {
	case bits < minBits || bits > maxPrimeBits:
		return k, fmt.Errorf("DH group of %d bits is not between %d and %d", bits, minBits, maxPrimeBits)
	case k.p.Bit(0) == 0:
		return k, errors.New("DH group is not a prime: it is even")
	case !inside(base, k.p):
		return k, errors.New("DH generator is outside 2 to p-2")
	}
	secret := make([]byte, exponentLen)
	if _, err := io.ReadFull(random, secret); err != nil {
		return k, fmt.Errorf("reading randomness: %w", err)
	}
	k.x = new(big.Int).SetBytes(secret)
	k.share = new(big.Int).Exp(base, k.x, k.p).Bytes()
	return k, nil
}

// agree gives the premaster secret: without leading zeros, as TLS before 1.3 wants it (RFC 5246, 8.1.2).
func (k dhKey) agree(share []byte) ([]byte, error) {
	y := new(big.Int).SetBytes(share)
	if !inside(y, k.p) {
		return nil, errors.New("DH share is outside 2 to p-2")
	}
	return new(big.Int).Exp(y, k.x, k.p).Bytes(), nil
}

// inside says whether n lies in 2..p-2: the rest are elements of groups of one or two.
func inside(n, p *big.Int) bool {
	two := big.NewInt(2)
	return n.Cmp(two) >= 0 && n.Cmp(new(big.Int).Sub(p, two)) <= 0
}

// ecKey gives a fresh key on a curve.
func ecKey(g group, random io.Reader) (*ecdh.PrivateKey, error) {
	curve, err := g.curve()
	if err != nil {
		return nil, err
	}
	return curve.GenerateKey(random)
}

// ecAgree gives the premaster secret: the x coordinate, zeros and all (RFC 8422, 5.10).
func ecAgree(key *ecdh.PrivateKey, share []byte) ([]byte, error) {
	peer, err := key.Curve().NewPublicKey(share)
	if err != nil {
		return nil, fmt.Errorf("ECDH share: %w", err)
	}
	return key.ECDH(peer)
}

// modp2048 is the prime of RFC 3526, 3: 2^2048 - 2^1984 - 1 + 2^64 * (floor(2^1918 pi) + 124476).
func modp2048() []byte {
	const text = "" +
		"FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" +
		"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
		"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F" +
		"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
		"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510" +
		"15728E5A8AACAA68FFFFFFFFFFFFFFFF"
	n, ok := new(big.Int).SetString(text, 16)
	if !ok {
		panic("adh: the prime of RFC 3526 is not a number")
	}
	return n.Bytes()
}
