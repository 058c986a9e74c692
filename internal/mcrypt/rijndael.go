package mcrypt

import (
	"encoding/binary"
	"math/bits"
)

const rijndaelRounds = 14 // with a key of 32 bytes, or a block of 32

// rijndael is Rijndael with a key of 256 bits and one of the blocks that AES does not have: 24 or 32 bytes (Daemen and Rijmen,
// AES Proposal: Rijndael, 1999, sections 4.2 and 4.3).
type rijndael struct {
	columns int
	shift   [3]int // by how many columns the rows but the first move
	keys    []uint32
	sub     [256]byte
	mix     [256]uint32 // a byte after SubBytes, multiplied with the first column of MixColumns
}

// newRijndael gives what builds Rijndael with a block of so many columns of four bytes.
func newRijndael(columns int) func(key []byte) (Block, error) {
	return func(key []byte) (Block, error) {
		r := &rijndael{columns: columns, shift: [3]int{1, 2, 3}}
		if columns == 8 {
			r.shift = [3]int{1, 3, 4}
		}
		r.tables()
		r.expand(key)
		return r, nil
	}
}

// tables works out the S-box: the inverse in GF(2^8), then an affine map.
func (r *rijndael) tables() {
	p, q := byte(1), byte(1)
	for ok := true; ok; ok = p != 1 {
		p ^= double(p) // multiply p with 3, and divide q by 3
		q ^= q << 1
		q ^= q << 2
		q ^= q << 4
		if q&0x80 != 0 {
			q ^= 0x09
		}
		r.sub[p] = q ^ bits.RotateLeft8(q, 1) ^ bits.RotateLeft8(q, 2) ^ bits.RotateLeft8(q, 3) ^ bits.RotateLeft8(q, 4) ^ 0x63
	}
	r.sub[0] = 0x63
	for i, s := range r.sub {
		two := double(s)
		r.mix[i] = uint32(two)<<24 | uint32(s)<<16 | uint32(s)<<8 | uint32(two^s)
	}
}

// double multiplies with x in Rijndael's field.
func double(b byte) byte { return b<<1 ^ b>>7*0x1b }

// expand makes the round keys of a key of eight words.
func (r *rijndael) expand(key []byte) {
	const words = 8
	r.keys = make([]uint32, r.columns*(rijndaelRounds+1))
	for i := range words {
		r.keys[i] = binary.BigEndian.Uint32(key[4*i:])
	}
	round := byte(1)
	for i := words; i < len(r.keys); i++ {
		t := r.keys[i-1]
		switch i % words {
		case 0:
			t = r.word(bits.RotateLeft32(t, 8)) ^ uint32(round)<<24
			round = double(round)
		case words / 2:
			t = r.word(t)
		}
		r.keys[i] = r.keys[i-words] ^ t
	}
}

// word applies SubBytes to a column.
func (r *rijndael) word(w uint32) uint32 {
	return uint32(r.sub[w>>24])<<24 | uint32(r.sub[byte(w>>16)])<<16 | uint32(r.sub[byte(w>>8)])<<8 | uint32(r.sub[byte(w)])
}

// BlockSize implements Block.
func (r *rijndael) BlockSize() int { return 4 * r.columns }

// Encrypt implements Block.
func (r *rijndael) Encrypt(dst, src []byte) {
	// The columns stand here twice, one after the other, so that those that a row moves past the end need no modulo.
	var s, t [16]uint32
	n := r.columns
	k := r.keys
	for i := range n {
		s[i] = binary.BigEndian.Uint32(src[4*i:]) ^ k[i]
	}
	for range rijndaelRounds - 1 {
		copy(s[n:], s[:n])
		k = k[n:]
		for i := range n {
			a, b, c, d := s[i&15], s[(i+r.shift[0])&15], s[(i+r.shift[1])&15], s[(i+r.shift[2])&15]
			t[i&15] = r.mix[a>>24] ^ bits.RotateLeft32(r.mix[byte(b>>16)], -8) ^ bits.RotateLeft32(r.mix[byte(c>>8)], -16) ^ bits.RotateLeft32(r.mix[byte(d)], -24) ^ k[i]
		}
		s = t
	}
	copy(s[n:], s[:n])
	k = k[n:]
	for i := range n {
		w := s[i]&0xff000000 | s[i+r.shift[0]]&0xff0000 | s[i+r.shift[1]]&0xff00 | s[i+r.shift[2]]&0xff
		binary.BigEndian.PutUint32(dst[4*i:], r.word(w)^k[i])
	}
}
