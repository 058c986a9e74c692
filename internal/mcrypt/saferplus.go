package mcrypt

const saferRounds = 16 // with a key of 32 bytes

// saferPlus is SAFER+ with a key of 256 bits (Massey, Khachatrian and Kuregian, Nomination of SAFER+ as Candidate Algorithm for
// the AES, 1998). As in libmcrypt, the four-byte words of keys and blocks stand in reverse order.
type saferPlus struct {
	keys     [2*saferRounds + 1][16]byte
	exp, log [256]byte
}

func newSaferPlus(key []byte) (Block, error) {
	s := &saferPlus{}
	power := 1
	for i := range 256 {
		s.exp[i] = byte(power) // 256 is 0
		s.log[byte(power)] = byte(i)
		power = power * 45 % 257
	}
	s.schedule(key)
	return s, nil
}

// schedule makes the subkeys: the key's bytes and their sum, turned by three bits each time, plus a bias.
func (s *saferPlus) schedule(key []byte) {
	var k [33]byte
	copy(k[:], reversed(key))
	for _, b := range key {
		k[32] ^= b
	}
	copy(s.keys[0][:], k[:16])
	for p := 1; p < len(s.keys); p++ {
		for i := range k {
			k[i] = k[i]<<3 | k[i]>>5
		}
		for i := range 16 {
			s.keys[p][i] = k[(p+i)%len(k)] + s.bias(p+1, i+1)
		}
	}
}

// bias gives byte i of the bias of subkey p, both counted from 1.
func (s *saferPlus) bias(p, i int) byte {
	b := s.power(17*p + i)
	if p <= 17 {
		b = s.power(b)
	}
	return byte(b)
}

// power gives 45 to the power of n modulo 257.
func (s *saferPlus) power(n int) int {
	v := int(s.exp[n&255])
	if v == 0 {
		v = 256
	}
	return v
}

// BlockSize implements Block.
func (s *saferPlus) BlockSize() int { return 16 }

// exponent says where bytes are added to the first key and exponentiated, in fours; the others are logarithms.
func exponent(i int) bool { return i&3 == 0 || i&3 == 3 }

// Encrypt implements Block.
func (s *saferPlus) Encrypt(dst, src []byte) {
	b := [16]byte(reversed(src[:16]))
	for r := 0; r < 2*saferRounds; r += 2 {
		first, second := &s.keys[r], &s.keys[r+1]
		for i := range b {
			if exponent(i) {
				b[i] = s.exp[b[i]^first[i]] + second[i]
			} else {
				b[i] = s.log[b[i]+first[i]] ^ second[i]
			}
		}
		mixLinearly(&b)
	}
	last := &s.keys[2*saferRounds]
	for i := range b {
		if exponent(i) {
			b[i] ^= last[i]
		} else {
			b[i] += last[i]
		}
	}
	copy(dst, reversed(b[:]))
}

// mixLinearly is four times the pseudo-Hadamard transform of each pair of bytes, with the "Armenian shuffle" in between. The first
// bytes of all pairs lie in one word, the second ones in another; the shuffle leaves each in its word.
func mixLinearly(b *[16]byte) {
	var first, second uint64
	for i := range 8 {
		first |= uint64(b[2*i]) << (8 * i)
		second |= uint64(b[2*i+1]) << (8 * i)
	}
	for range 3 {
		second = addBytes(second, first)
		first = addBytes(first, second)
		first = first>>32&0xff | first>>40&(0xff<<8) | first<<8&(0xff<<16) | first&(0xff<<24) |
			first>>8&(0xff<<32) | first>>16&(0xff<<40) | first<<48&(0xff<<48) | first<<40&(0xff<<56)
		second = second>>40&0xff | second>>48&(0xff<<8) | second<<16&(0xff<<16) | second<<8&(0xff<<24) |
			second&(0xff<<32) | second>>8&(0xff<<40) | second<<24&(0xff<<48) | second<<48&(0xff<<56)
	}
	second = addBytes(second, first)
	first = addBytes(first, second)
	for i := range 8 {
		b[2*i], b[2*i+1] = byte(first>>(8*i)), byte(second>>(8*i))
	}
}

// addBytes adds eight bytes to eight others.
func addBytes(a, b uint64) uint64 {
	const low = 0x7f7f7f7f7f7f7f7f
	return a&low + b&low ^ (a^b)&^low
}

// reversed gives words of four bytes in reverse order.
func reversed(b []byte) []byte {
	var r [32]byte
	for i := 0; i < len(b); i += 4 {
		copy(r[len(b)-4-i:], b[i:i+4])
	}
	return r[:len(b)]
}
