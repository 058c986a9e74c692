package mcrypt

import (
	"encoding/binary"
)

const (
	lokiRounds = 16
	lokiDelta  = 0x9e3779b97f4a7c15
)

// loki97 is LOKI97 with a key of 256 bits (Brown and Pieprzyk, Introducing the new LOKI97 Block Cipher, 1998). As in
// libmcrypt, the halves of 64-bit words begin with their low byte.
type loki97 struct {
	keys [3 * lokiRounds]uint64
	s1   [1 << 13]byte
	s2   [1 << 11]byte
	// spread is the permutation P: where the bits of the last byte go. Those of the bytes before go one place lower each.
	spread [256]uint64
}

func newLOKI97(key []byte) (Block, error) {
	l := &loki97{}
	for x := range l.s1 {
		l.s1[x] = byte(cube(uint32(x)^0x1fff, 0x2911, 13))
	}
	for x := range l.s2 {
		l.s2[x] = byte(cube(uint32(x)^0x7ff, 0xaa7, 11))
	}
	for b := range l.spread {
		for bit := range 8 {
			l.spread[b] |= uint64(b>>bit&1) << (8*bit + 7)
		}
	}
	l.schedule(key)
	return l, nil
}

// cube gives x to the power of three in GF(2^degree).
func cube(x, polynomial uint32, degree int) uint32 {
	times := func(a, b uint32) (product uint32) {
		for ; b != 0; b >>= 1 {
			if b&1 != 0 {
				product ^= a
			}
			if a <<= 1; a>>degree != 0 {
				a ^= polynomial
			}
		}
		return product
	}
	return times(times(x, x), x)
}

func (l *loki97) schedule(key []byte) {
	k4, k3, k2, k1 := lokiWord(key), lokiWord(key[8:]), lokiWord(key[16:]), lokiWord(key[24:])
	for i := range l.keys {
		k4, k3, k2, k1 = k3, k2, k1, k4^l.f(k1+k3+lokiDelta*uint64(i+1), k2)
		l.keys[i] = k1
	}
}

// f is the paper's f(A, B): a keyed permutation, an expansion into the first S-boxes, a permutation, the second S-boxes.
func (l *loki97) f(a, b uint64) uint64 {
	high, low := uint32(a>>32), uint32(a)
	swap := (high ^ low) & uint32(b)
	x := uint64(high^swap)<<32 | uint64(low^swap)
	first := [8]byte{
		l.s1[(x<<8|x>>56)&0x1fff], l.s2[x>>48&0x7ff], l.s1[x>>40&0x1fff], l.s2[x>>32&0x7ff],
		l.s2[x>>24&0x7ff], l.s1[x>>16&0x1fff], l.s2[x>>8&0x7ff], l.s1[x&0x1fff],
	}
	var p uint64
	for i, s := range first {
		p |= l.spread[s] >> (7 - i)
	}
	k := uint32(b >> 32)
	return uint64(l.s2[uint32(p>>56)|k>>21&0x700])<<56 |
		uint64(l.s2[uint32(p>>48)&0xff|k>>18&0x700])<<48 |
		uint64(l.s1[uint32(p>>40)&0xff|k>>13&0x1f00])<<40 |
		uint64(l.s1[uint32(p>>32)&0xff|k>>8&0x1f00])<<32 |
		uint64(l.s2[uint32(p>>24)&0xff|k>>5&0x700])<<24 |
		uint64(l.s2[uint32(p>>16)&0xff|k>>2&0x700])<<16 |
		uint64(l.s1[uint32(p>>8)&0xff|k<<3&0x1f00])<<8 |
		uint64(l.s1[uint32(p)&0xff|k<<8&0x1f00])
}

// BlockSize implements Block.
func (l *loki97) BlockSize() int { return 16 }

// Encrypt implements Block.
func (l *loki97) Encrypt(dst, src []byte) {
	left, right := lokiWord(src), lokiWord(src[8:])
	for i := 0; i < len(l.keys); i += 3 {
		sum := right + l.keys[i]
		left, right = sum+l.keys[i+2], left^l.f(sum, l.keys[i+1])
	}
	for i, w := range [4]uint32{uint32(right >> 32), uint32(right), uint32(left >> 32), uint32(left)} {
		binary.LittleEndian.PutUint32(dst[4*i:], w)
	}
}

func lokiWord(b []byte) uint64 {
	return uint64(binary.LittleEndian.Uint32(b))<<32 | uint64(binary.LittleEndian.Uint32(b[4:]))
}
