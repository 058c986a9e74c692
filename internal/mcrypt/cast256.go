package mcrypt

import (
	"encoding/binary"
	"math/bits"
)

// cast256 is CAST-256 with a key of 256 bits (RFC 2612). As in libmcrypt, words begin with their low
// byte; the RFC has it the other way round.
type cast256 struct {
	masking  [12][4]uint32
	rotation [12][4]int
}

func newCAST256(key []byte) (Block, error) {
	var k [8]uint32
	for i := range k {
		k[i] = binary.LittleEndian.Uint32(key[4*i:])
	}
	c := &cast256{}
	masking, rotation := uint32(0x5a827999), 19
	for i := range c.masking {
		for range 2 {
			for j := range k { // of ABCDEFGH: G by H, F by G, and so on down to A by B, then H by A
				at, by := (14-j)&7, (15-j)&7
				k[at] ^= castRound(j%3, k[by], masking, rotation)
				masking += 0x6ed9eba1
				rotation = (rotation + 17) & 31
			}
		}
		for j := range 4 {
			c.rotation[i][j] = int(k[2*j] & 31)
			c.masking[i][j] = k[7-2*j]
		}
	}
	return c, nil
}

// castRound is the RFC's f1, f2 or f3, for kind 0, 1 or 2.
func castRound(kind int, d, masking uint32, rotation int) uint32 {
	switch kind {
	case 0:
		i := bits.RotateLeft32(masking+d, rotation)
		return (castBoxes[0][i>>24] ^ castBoxes[1][byte(i>>16)]) - castBoxes[2][byte(i>>8)] + castBoxes[3][byte(i)]
	case 1:
		i := bits.RotateLeft32(masking^d, rotation)
		return (castBoxes[0][i>>24] - castBoxes[1][byte(i>>16)] + castBoxes[2][byte(i>>8)]) ^ castBoxes[3][byte(i)]
	}
	i := bits.RotateLeft32(masking-d, rotation)
	return (castBoxes[0][i>>24] + castBoxes[1][byte(i>>16)]) ^ castBoxes[2][byte(i>>8)] - castBoxes[3][byte(i)]
}

// BlockSize implements Block.
func (c *cast256) BlockSize() int { return 16 }

// Encrypt implements Block: six quad-rounds forwards, six backwards.
func (c *cast256) Encrypt(dst, src []byte) {
	w := [4]uint32{binary.LittleEndian.Uint32(src), binary.LittleEndian.Uint32(src[4:]), binary.LittleEndian.Uint32(src[8:]), binary.LittleEndian.Uint32(src[12:])}
	for i := range c.masking {
		m, r := &c.masking[i], &c.rotation[i]
		if i < 6 {
			w[2] ^= castRound(0, w[3], m[0], r[0])
			w[1] ^= castRound(1, w[2], m[1], r[1])
			w[0] ^= castRound(2, w[1], m[2], r[2])
			w[3] ^= castRound(0, w[0], m[3], r[3])
			continue
		}
		w[3] ^= castRound(0, w[0], m[3], r[3])
		w[0] ^= castRound(2, w[1], m[2], r[2])
		w[1] ^= castRound(1, w[2], m[1], r[1])
		w[2] ^= castRound(0, w[3], m[0], r[0])
	}
	for i, v := range w {
		binary.LittleEndian.PutUint32(dst[4*i:], v)
	}
}
