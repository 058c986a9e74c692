// Package mcrypt knows the ciphers of libmcrypt as NSCA uses them: each with its longest key, in a mode of cipher feedback that
// moves on by one byte at a time. Nothing here is for new protocols: the mode guards nothing against change.
package mcrypt

import (
	"crypto/aes"
	"crypto/cipher"
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

// algorithm is a cipher of libmcrypt.
type algorithm struct {
	// key is the length of its longest key in bytes.
	key int
	new func(key []byte) (cipher.Block, error)
}

// algorithms gives the ciphers by libmcrypt's names.
func algorithms() map[string]algorithm {
	return map[string]algorithm{
		"des":          {8, des.NewCipher},
		"tripledes":    {24, des.NewTripleDESCipher},
		"cast-128":     {16, as(cast5.NewCipher)},
		"xtea":         {16, as(xtea.NewCipher)},
		"blowfish":     {56, as(blowfish.NewCipher)},
		"twofish":      {32, as(twofish.NewCipher)},
		"rijndael-128": {32, aes.NewCipher},
	}
}

func as[B cipher.Block](build func([]byte) (B, error)) func([]byte) (cipher.Block, error) {
	return func(key []byte) (cipher.Block, error) { return build(key) }
}

// New gives a cipher by libmcrypt's name, with a password as its key: cut to the longest key that the cipher has, or filled up
// with zeros. Any number of goroutines may use it.
func New(name, password string) (cipher.Block, error) {
	a, ok := algorithms()[name]
	if !ok {
		return nil, fmt.Errorf("no cipher is called %s", name)
	}
	key := make([]byte, a.key)
	copy(key, password)
	return a.new(key)
}
