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
	boxes := [8]func(a, b, c, d uint32) (uint32, uint32, uint32, uint32){serpent0, serpent1, serpent2, serpent3, serpent4, serpent5, serpent6, serpent7}
	for i := range s.keys {
		k := &s.keys[i]
		k[0], k[1], k[2], k[3] = boxes[(3-i)&7](w[8+4*i], w[9+4*i], w[10+4*i], w[11+4*i])
	}
	return s, nil
}

// BlockSize implements Block.
func (s *serpent) BlockSize() int { return 16 }

// Encrypt implements cipher.Block.
func (s *serpent) Encrypt(dst, src []byte) {
	a, b, c, d := binary.LittleEndian.Uint32(src), binary.LittleEndian.Uint32(src[4:]), binary.LittleEndian.Uint32(src[8:]), binary.LittleEndian.Uint32(src[12:])
	for r := 0; ; r += 8 {
		a, b, c, d = linear(serpent0(mixed(a, b, c, d, &s.keys[r])))
		a, b, c, d = linear(serpent1(mixed(a, b, c, d, &s.keys[r+1])))
		a, b, c, d = linear(serpent2(mixed(a, b, c, d, &s.keys[r+2])))
		a, b, c, d = linear(serpent3(mixed(a, b, c, d, &s.keys[r+3])))
		a, b, c, d = linear(serpent4(mixed(a, b, c, d, &s.keys[r+4])))
		a, b, c, d = linear(serpent5(mixed(a, b, c, d, &s.keys[r+5])))
		a, b, c, d = linear(serpent6(mixed(a, b, c, d, &s.keys[r+6])))
		a, b, c, d = serpent7(mixed(a, b, c, d, &s.keys[r+7]))
		if r+8 == serpentRounds {
			break
		}
		a, b, c, d = linear(a, b, c, d)
	}
	a, b, c, d = mixed(a, b, c, d, &s.keys[serpentRounds])
	binary.LittleEndian.PutUint32(dst, a)
	binary.LittleEndian.PutUint32(dst[4:], b)
	binary.LittleEndian.PutUint32(dst[8:], c)
	binary.LittleEndian.PutUint32(dst[12:], d)
}

func mixed(a, b, c, d uint32, key *[4]uint32) (uint32, uint32, uint32, uint32) {
	return a ^ key[0], b ^ key[1], c ^ key[2], d ^ key[3]
}

// linear is the linear transformation between the rounds.
func linear(a, b, c, d uint32) (uint32, uint32, uint32, uint32) {
	a, c = bits.RotateLeft32(a, 13), bits.RotateLeft32(c, 3)
	b, d = bits.RotateLeft32(b^a^c, 1), bits.RotateLeft32(d^c^a<<3, 7)
	return bits.RotateLeft32(a^b^d, 5), b, bits.RotateLeft32(c^d^b<<7, 22), d
}
