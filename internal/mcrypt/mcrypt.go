// Package mcrypt knows the ciphers of libmcrypt as NSCA uses them: each with its longest key, in a mode of cipher feedback that
// moves on by one byte at a time. Nothing here is for new protocols: the mode guards nothing against change.
package mcrypt

import (
	"crypto/aes"
	"crypto/des"
	"fmt"

	//lint:ignore SA1019 what old senders have
	"golang.org/x/crypto/blowfish"
	//lint:ignore SA1019 what old senders have
	"golang.org/x/crypto/cast5"
	//lint:ignore SA1019 what old senders have
	"golang.org/x/crypto/twofish"
	//lint:ignore SA1019 what old senders have
	"golang.org/x/crypto/xtea"
)

// Block is a cipher for one block. Feedback needs its one direction only: that of encryption, for decryption too.
type Block interface {
	BlockSize() int
	// Encrypt encrypts the first block of src into dst. They do not overlap.
	Encrypt(dst, src []byte)
}

// algorithm is a cipher of libmcrypt.
type algorithm struct {
	// key is the length of its longest key in bytes.
	key int
	new func(key []byte) (Block, error)
}

// algorithms gives the ciphers by libmcrypt's names.
func algorithms() map[string]algorithm {
	return map[string]algorithm{
		"des":          {8, as(des.NewCipher)},
		"tripledes":    {24, as(des.NewTripleDESCipher)},
		"cast-128":     {16, as(cast5.NewCipher)},
		"xtea":         {16, as(xtea.NewCipher)},
		"blowfish":     {56, as(blowfish.NewCipher)},
		"twofish":      {32, as(twofish.NewCipher)},
		"rijndael-128": {32, as(aes.NewCipher)},
		"rijndael-192": {32, newRijndael(6)},
		"rijndael-256": {32, newRijndael(8)},
		"cast-256":     {32, newCAST256},
		"loki97":       {32, newLOKI97},
		"rc2":          {128, newRC2},
		"serpent":      {32, newSerpent},
		"gost":         {32, newGOST},
		"saferplus":    {32, newSaferPlus},
	}
}

func as[B Block](build func([]byte) (B, error)) func([]byte) (Block, error) {
	return func(key []byte) (Block, error) { return build(key) }
}

// New gives a cipher by libmcrypt's name, with a password as its key: cut to the longest key that the cipher has, or filled up
// with zeros. Any number of goroutines may use it.
func New(name, password string) (Block, error) {
	a, ok := algorithms()[name]
	if !ok {
		return nil, fmt.Errorf("no cipher is called %s", name)
	}
	key := make([]byte, a.key)
	copy(key, password)
	return a.new(key)
}
