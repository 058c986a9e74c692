package adh

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/tls"
	"hash"
	"slices"
)

const (
	masterLen   = 48
	finishedLen = 12
)

// expand is the pseudo-random function of the version: P_hash of the suite's hash in TLS 1.2 (RFC 5246, 5), P_MD5 xor
// P_SHA1 over the halves of the secret before (RFC 2246, 5).
func (s *suite) expand(version uint16, secret []byte, label string, seed []byte, n int) []byte {
	seed = append([]byte(label), seed...)
	if version >= tls.VersionTLS12 {
		return pHash(s.prf, secret, seed, n)
	}
	half := (len(secret) + 1) / 2
	out := pHash(md5.New, secret[:half], seed, n)
	for i, b := range pHash(sha1.New, secret[len(secret)-half:], seed, n) {
		out[i] ^= b
	}
	return out
}

func pHash(h func() hash.Hash, secret, seed []byte, n int) []byte {
	mac := hmac.New(h, secret)
	sum := func(parts ...[]byte) []byte {
		mac.Reset()
		for _, p := range parts {
			mac.Write(p)
		}
		return mac.Sum(nil)
	}
	var out []byte
	for a := sum(seed); len(out) < n; a = sum(a) {
		out = append(out, sum(a, seed)...)
	}
	return out[:n]
}

// master makes the master secret of the premaster secret (RFC 5246, 8.1).
func (s *suite) master(version uint16, premaster, clientRandom, serverRandom []byte) []byte {
	return s.expand(version, premaster, "master secret", slices.Concat(clientRandom, serverRandom), masterLen)
}

// keys are what both directions are protected with (RFC 5246, 6.3).
type keys struct {
	clientMAC, serverMAC, clientKey, serverKey, clientIV, serverIV []byte
}

// ivLen gives how many bytes of IV the key block holds: GCM's fixed part, or the first IV of TLS 1.0's CBC. Later
// versions send CBC's IVs with the records.
func (s *suite) ivLen(version uint16) int {
	switch {
	case s.mac == nil:
		return gcmFixedLen
	case version == tls.VersionTLS10:
		return aes.BlockSize
	}
	return 0
}

func (s *suite) keyBlock(version uint16, master, clientRandom, serverRandom []byte) []byte {
	n := 2 * (s.macLen + s.keyLen + s.ivLen(version))
	return s.expand(version, master, "key expansion", slices.Concat(serverRandom, clientRandom), n)
}

// split cuts a key block into keys.
func (s *suite) split(version uint16, block []byte) keys {
	next := func(n int) []byte {
		part := block[:n:n]
		block = block[n:]
		return part
	}
	iv := s.ivLen(version)
	return keys{
		clientMAC: next(s.macLen), serverMAC: next(s.macLen),
		clientKey: next(s.keyLen), serverKey: next(s.keyLen),
		clientIV: next(iv), serverIV: next(iv),
	}
}

// protect makes the cipher of one direction.
func (s *suite) protect(version uint16, macKey, key, iv []byte) recordCipher {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("adh: key of a wrong size") // the table of suites says the sizes
	}
	if s.mac == nil {
		aead, err := cipher.NewGCM(block)
		if err != nil {
			panic("adh: " + err.Error()) // AES has the block size that GCM wants
		}
		return &gcmCipher{aead: aead, fixed: iv}
	}
	c := &cbcCipher{block: block, mac: hmac.New(s.mac, macKey), explicit: version >= tls.VersionTLS11}
	if !c.explicit {
		c.iv = bytes.Clone(iv)
	}
	return c
}

// finished makes the verify_data of one side over the handshake messages so far (RFC 5246, 7.4.9).
func (s *suite) finished(version uint16, master []byte, label string, transcript []byte) []byte {
	var digest []byte
	if version >= tls.VersionTLS12 {
		h := s.prf()
		h.Write(transcript)
		digest = h.Sum(nil)
	} else {
		m, sh := md5.Sum(transcript), sha1.Sum(transcript)
		digest = append(m[:], sh[:]...)
	}
	return s.expand(version, master, label, digest, finishedLen)
}

const (
	clientFinished = "client finished"
	serverFinished = "server finished"
)
