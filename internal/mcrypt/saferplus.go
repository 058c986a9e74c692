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
		for range 3 {
			b = shuffled(transformed(b))
		}
		b = transformed(b)
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

// transformed is the pseudo-Hadamard transform of each pair.
func transformed(b [16]byte) [16]byte {
	for i := 0; i < 16; i += 2 {
		b[i+1] += b[i]
		b[i] += b[i+1]
	}
	return b
}

// shuffled is the "Armenian shuffle".
func shuffled(b [16]byte) [16]byte {
	return [16]byte{b[8], b[11], b[12], b[15], b[2], b[1], b[6], b[5], b[10], b[9], b[14], b[13], b[0], b[7], b[4], b[3]}
}

// reversed gives words of four bytes in reverse order.
func reversed(b []byte) []byte {
	var r [32]byte
	for i := 0; i < len(b); i += 4 {
		copy(r[len(b)-4-i:], b[i:i+4])
	}
	return r[:len(b)]
}
