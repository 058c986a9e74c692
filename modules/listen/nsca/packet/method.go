// Package packet knows what goes over the wire between send_nsca and its server (protocol version 3): the packet that the
// server greets with, data packets of both sizes, and how they are encrypted.
package packet

import (
	"crypto/subtle"
	"fmt"
	"strconv"
	"strings"

	"github.com/onbu/onbu/internal/mcrypt"
)

// Method is a way of encrypting, by the number that encryption_method and decryption_method have in NSCA's files.
type Method int

// The methods that need no cipher.
const (
	// None leaves packets in clear.
	None Method = 0
	// XOR covers packets with the server's greeting and the password. Whoever sees one can forge others.
	XOR Method = 1
)

// method says what a number stands for: the cipher, by libmcrypt's name, or why there is none.
type method struct{ name, cipher, not string }

// methods is NSCA's table, by number. What Debian's send_nsca cannot do is not done here either.
func methods() []method {
	const (
		mode    = "libmcrypt has it in no mode that NSCA uses"
		invalid = "NSCA itself knows it only by name"
		gone    = "libmcrypt has it no more"
	)
	return []method{
		{name: "none"},
		{name: "xor"},
		{name: "des", cipher: "des"},
		{name: "3des", cipher: "tripledes"},
		{name: "cast-128", cipher: "cast-128"},
		{name: "cast-256", cipher: "cast-256"},
		{name: "xtea", cipher: "xtea"},
		{name: "3way", not: mode},
		{name: "blowfish", cipher: "blowfish"},
		{name: "twofish", cipher: "twofish"},
		{name: "loki97", cipher: "loki97"},
		{name: "rc2", cipher: "rc2"},
		{name: "arcfour", not: mode},
		{name: "rc6", not: invalid},
		{name: "rijndael-128", cipher: "rijndael-128"},
		{name: "rijndael-192", cipher: "rijndael-192"},
		{name: "rijndael-256", cipher: "rijndael-256"},
		{name: "mars", not: invalid},
		{name: "panama", not: invalid},
		{name: "wake", not: mode},
		{name: "serpent", cipher: "serpent"},
		{name: "idea", not: invalid},
		{name: "enigma", not: mode},
		{name: "gost", cipher: "gost"},
		{name: "safer64", not: gone},
		{name: "safer128", not: gone},
		{name: "safer+", cipher: "saferplus"},
	}
}

// Methods gives all methods that work.
func Methods() []Method {
	var all []Method
	for i, m := range methods() {
		if m.not == "" {
			all = append(all, Method(i))
		}
	}
	return all
}

// ParseMethod reads a method as people write it: its number, or its name.
func ParseMethod(text string) (Method, error) {
	table := methods()
	n, err := strconv.Atoi(text)
	for i := range table {
		if err != nil && strings.EqualFold(text, table[i].name) {
			n, err = i, nil
		}
	}
	switch {
	case err != nil || n < 0 || n >= len(table):
		return 0, fmt.Errorf("%q is no method: write its number as in nsca.cfg, 0 to %d, such as 14 for rijndael-128", text, len(table)-1)
	case table[n].not != "":
		return 0, fmt.Errorf("method %d (%s) works with no send_nsca: %s; write another one here and in send_nsca.cfg, such as 14 (rijndael-128)", n, table[n].name, table[n].not)
	}
	return Method(n), nil
}

// String gives the number and the name.
func (m Method) String() string {
	if table := methods(); m >= 0 && int(m) < len(table) {
		return fmt.Sprintf("%d (%s)", int(m), table[m].name)
	}
	return strconv.Itoa(int(m))
}

// Key is a method with a password, ready for any number of connections at once.
type Key struct {
	method Method
	cover  []byte // of XOR: the password again and again, as long as a packet
	block  mcrypt.Block
}

// NewKey makes a key. An error says that there is no such method.
func NewKey(m Method, password string) (*Key, error) {
	table := methods()
	if m < 0 || int(m) >= len(table) || table[m].not != "" {
		return nil, fmt.Errorf("there is no method %d", int(m))
	}
	k := &Key{method: m}
	switch {
	case m == XOR && password != "":
		k.cover = []byte(strings.Repeat(password, Long/len(password)+1)[:Long])
	case table[m].cipher != "":
		var err error
		if k.block, err = mcrypt.New(table[m].cipher, password); err != nil {
			return nil, fmt.Errorf("method %s: %w", m, err)
		}
	}
	return k, nil
}

// Method gives the method.
func (k *Key) Method() Method { return k.method }

// stream is the encryption of one connection, one way.
type stream struct {
	key *Key
	iv  [ivSize]byte
	cfb *mcrypt.CFB // of methods with a cipher
}

func (k *Key) stream(iv []byte) stream {
	s := stream{key: k}
	copy(s.iv[:], iv)
	if k.block != nil {
		s.cfb = mcrypt.NewCFB(k.block, iv)
	}
	return s
}

// decrypt decrypts in its place what stands from the offset at in a packet.
func (s *stream) decrypt(b []byte, at int) {
	if s.cfb != nil {
		s.cfb.Decrypt(b)
		return
	}
	s.xor(b, at)
}

func (s *stream) encrypt(b []byte) {
	if s.cfb != nil {
		s.cfb.Encrypt(b)
		return
	}
	s.xor(b, 0)
}

// xor covers or uncovers b. In each packet it begins anew, with the greeting's bytes and the password's.
func (s *stream) xor(b []byte, at int) {
	if s.key.method != XOR {
		return
	}
	if s.key.cover != nil {
		subtle.XORBytes(b, b, s.key.cover[at:])
	}
	for len(b) > 0 {
		n := subtle.XORBytes(b, b, s.iv[at%ivSize:])
		b, at = b[n:], at+n
	}
}
