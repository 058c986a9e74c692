package mcrypt

import (
	"encoding/binary"
	"math/bits"
)

const serpentRounds = 32

// serpent is Serpent with a key of 256 bits, 32 S-boxes at once in the bits of four words (Anderson, Biham and Knudsen, Serpent:
// A Proposal for the Advanced Encryption Standard, 1998).
type serpent struct{ keys [serpentRounds + 1][4]uint32 }

func newSerpent(key []byte) (Block, error) {
	var w [8 + 4*(serpentRounds+1)]uint32
	for i := range 8 {
		w[i] = binary.LittleEndian.Uint32(key[4*i:])
	}
	for i := 8; i < len(w); i++ {
		w[i] = bits.RotateLeft32(w[i-8]^w[i-5]^w[i-3]^w[i-1]^0x9e3779b9^uint32(i-8), 11)
	}
	s := &serpent{}
	for i := range s.keys {
		s.keys[i] = substitute((3-i)&7, [4]uint32(w[8+4*i:]))
	}
	return s, nil
}

// substitute applies S-box n to all bits of four words.
func substitute(n int, x [4]uint32) [4]uint32 {
	switch n {
	case 0:
		return serpent0(x[0], x[1], x[2], x[3])
	case 1:
		return serpent1(x[0], x[1], x[2], x[3])
	case 2:
		return serpent2(x[0], x[1], x[2], x[3])
	case 3:
		return serpent3(x[0], x[1], x[2], x[3])
	case 4:
		return serpent4(x[0], x[1], x[2], x[3])
	case 5:
		return serpent5(x[0], x[1], x[2], x[3])
	case 6:
		return serpent6(x[0], x[1], x[2], x[3])
	}
	return serpent7(x[0], x[1], x[2], x[3])
}

// BlockSize implements Block.
func (s *serpent) BlockSize() int { return 16 }

// Encrypt implements Block.
func (s *serpent) Encrypt(dst, src []byte) {
	var x [4]uint32
	for i := range x {
		x[i] = binary.LittleEndian.Uint32(src[4*i:])
	}
	for r := range serpentRounds {
		x = substitute(r&7, mixed(x, s.keys[r]))
		if r < serpentRounds-1 {
			x = linear(x)
		}
	}
	for i, v := range mixed(x, s.keys[serpentRounds]) {
		binary.LittleEndian.PutUint32(dst[4*i:], v)
	}
}

func mixed(x, key [4]uint32) [4]uint32 {
	return [4]uint32{x[0] ^ key[0], x[1] ^ key[1], x[2] ^ key[2], x[3] ^ key[3]}
}

// linear is the linear transformation between the rounds.
func linear(x [4]uint32) [4]uint32 {
	a, c := bits.RotateLeft32(x[0], 13), bits.RotateLeft32(x[2], 3)
	b, d := bits.RotateLeft32(x[1]^a^c, 1), bits.RotateLeft32(x[3]^c^a<<3, 7)
	a, c = bits.RotateLeft32(a^b^d, 5), bits.RotateLeft32(c^d^b<<7, 22)
	return [4]uint32{a, b, c, d}
}
