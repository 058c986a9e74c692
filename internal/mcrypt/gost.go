package mcrypt

import (
	"encoding/binary"
	"math/bits"
)

// gost is GOST 28147-89, with the S-boxes that Schneier's Applied Cryptography names those of the Central Bank of Russia. Where
// libmcrypt differs from everybody else this follows libmcrypt: the last 12 of the first S-box is a 2 there, and the words of a
// block, unlike those of the key, begin with their high byte.
type gost struct {
	keys  [8]uint32
	boxes [4][256]uint32 // two S-boxes each, with the rotation that follows them
}

func newGOST(key []byte) (Block, error) {
	small := [8][16]uint32{
		{1, 15, 13, 0, 5, 7, 10, 4, 9, 2, 3, 14, 6, 11, 8, 2},
		{13, 11, 4, 1, 3, 15, 5, 9, 0, 10, 14, 7, 6, 8, 2, 12},
		{4, 11, 10, 0, 7, 2, 1, 13, 3, 6, 8, 5, 9, 12, 15, 14},
		{6, 12, 7, 1, 5, 15, 13, 8, 4, 10, 9, 14, 0, 3, 11, 2},
		{7, 13, 10, 1, 0, 8, 9, 15, 14, 4, 6, 12, 11, 2, 5, 3},
		{5, 8, 1, 13, 10, 3, 4, 2, 14, 15, 12, 7, 6, 0, 9, 11},
		{14, 11, 4, 12, 6, 13, 15, 10, 2, 3, 8, 1, 0, 7, 5, 9},
		{4, 10, 9, 2, 13, 8, 0, 14, 6, 11, 1, 12, 7, 15, 5, 3},
	}
	g := &gost{}
	for i := range g.keys {
		g.keys[i] = binary.LittleEndian.Uint32(key[4*i:])
	}
	for i := range g.boxes {
		for b := range 256 {
			v := small[2*i][b&15] | small[2*i+1][b>>4]<<4
			g.boxes[i][b] = bits.RotateLeft32(v<<(8*i), 11)
		}
	}
	return g, nil
}

// BlockSize implements Block.
func (g *gost) BlockSize() int { return 8 }

// Encrypt implements Block: three times through the keys forwards, once backwards.
func (g *gost) Encrypt(dst, src []byte) {
	a, b := binary.BigEndian.Uint32(src), binary.BigEndian.Uint32(src[4:])
	for range 3 {
		for i := 0; i < 8; i += 2 {
			b ^= g.round(a + g.keys[i])
			a ^= g.round(b + g.keys[i+1])
		}
	}
	for i := 7; i > 0; i -= 2 {
		b ^= g.round(a + g.keys[i])
		a ^= g.round(b + g.keys[i-1])
	}
	binary.BigEndian.PutUint32(dst, b)
	binary.BigEndian.PutUint32(dst[4:], a)
}

func (g *gost) round(x uint32) uint32 {
	return g.boxes[0][byte(x)] ^ g.boxes[1][byte(x>>8)] ^ g.boxes[2][byte(x>>16)] ^ g.boxes[3][x>>24]
}
