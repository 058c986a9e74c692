package mcrypt

import (
	"encoding/binary"
	"math/bits"
)

// rc2 is RC2 with a key of 128 bytes, all of which count (RFC 2268).
type rc2 struct{ keys [64]uint16 }

func newRC2(key []byte) (Block, error) {
	var l [128]byte
	copy(l[:], key) // as long as the expanded key is: nothing to expand
	l[0] = piTable[l[0]]
	for i := len(l) - 1 - len(key); i >= 0; i-- {
		l[i] = piTable[l[i+1]^l[i+len(key)]]
	}
	c := &rc2{}
	for i := range c.keys {
		c.keys[i] = binary.LittleEndian.Uint16(l[2*i:])
	}
	return c, nil
}

// BlockSize implements Block.
func (c *rc2) BlockSize() int { return 8 }

// Encrypt implements Block.
func (c *rc2) Encrypt(dst, src []byte) {
	var r [4]uint16
	for i := range r {
		r[i] = binary.LittleEndian.Uint16(src[2*i:])
	}
	for round := range 16 {
		if round == 5 || round == 11 {
			c.mash(&r)
		}
		k := c.keys[4*round:]
		r[0] = bits.RotateLeft16(r[0]+k[0]+r[3]&r[2]+^r[3]&r[1], 1)
		r[1] = bits.RotateLeft16(r[1]+k[1]+r[0]&r[3]+^r[0]&r[2], 2)
		r[2] = bits.RotateLeft16(r[2]+k[2]+r[1]&r[0]+^r[1]&r[3], 3)
		r[3] = bits.RotateLeft16(r[3]+k[3]+r[2]&r[1]+^r[2]&r[0], 5)
	}
	for i := range r {
		binary.LittleEndian.PutUint16(dst[2*i:], r[i])
	}
}

func (c *rc2) mash(r *[4]uint16) {
	for i := range r {
		r[i] += c.keys[r[(i+3)&3]&63]
	}
}
