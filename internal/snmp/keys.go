package snmp

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"strings"

	"github.com/onbu/onbu/internal/recent"
)

// authProtocol is a way to authenticate SNMPv3 messages: RFC 3414 for MD5 and SHA, RFC 7860 for the others.
type authProtocol struct {
	name string
	hash func() hash.Hash
	mac  int // octets of the code in the message
}

// authNamed gives the protocol for a name that snmpget 5.9.3 takes after -a, in any case.
// It gives nil for others.
func authNamed(name string) *authProtocol {
	switch strings.ToUpper(name) {
	case "MD5":
		return &authProtocol{"MD5", md5.New, 12}
	case "SHA", "SHA1", "SHA-1":
		return &authProtocol{"SHA", sha1.New, 12}
	case "SHA224", "SHA-224":
		return &authProtocol{"SHA-224", sha256.New224, 16}
	case "SHA256", "SHA-256":
		return &authProtocol{"SHA-256", sha256.New, 24}
	case "SHA384", "SHA-384":
		return &authProtocol{"SHA-384", sha512.New384, 32}
	case "SHA512", "SHA-512":
		return &authProtocol{"SHA-512", sha512.New, 48}
	}
	return nil
}

// extension is how a localised key is made longer when the hash is shorter than the cipher's key.
type extension uint8

const (
	noExtension extension = iota
	blumenthal            // draft-blumenthal-aes-usm-04, 3.1.2.1
	reeder                // draft-reeder-snmpv3-usm-3desede-00, 2.1; Cisco's devices
)

// privProtocol is a way to encrypt: DES of RFC 3414, AES of RFC 3826 and its two unofficial kinds of longer keys.
type privProtocol struct {
	name   string
	des    bool
	key    int // octets of the localised key; for DES the second half is not key but IV
	extend extension
}

// privNamed gives the protocol for a name that snmpget 5.9.3, as Debian builds it, takes after -x, in any case.
// It gives nil for others.
func privNamed(name string) *privProtocol {
	switch strings.ToUpper(name) {
	case "DES":
		return &privProtocol{name: "DES", des: true, key: 16}
	case "AES", "AES128", "AES-128":
		return &privProtocol{name: "AES", key: 16}
	case "AES192", "AES-192":
		return &privProtocol{name: "AES-192", key: 24, extend: blumenthal}
	case "AES256", "AES-256":
		return &privProtocol{name: "AES-256", key: 32, extend: blumenthal}
	case "AES192C", "AES-192-C":
		return &privProtocol{name: "AES-192-C", key: 24, extend: reeder}
	case "AES256C", "AES-256-C":
		return &privProtocol{name: "AES-256-C", key: 32, extend: reeder}
	}
	return nil
}

// keyID names a key in the key ring: without an engine it is the password's own, before it is localised.
type keyID struct {
	auth     string
	password string
	engine   string
}

// keyRing makes the keys of RFC 3414, A.2 and keeps them, since a password's hash costs a megabyte of hashing. Any
// goroutine may use it.
type keyRing struct{ keys *recent.Map[keyID, []byte] }

func newKeyRing(size int) *keyRing { return &keyRing{recent.New[keyID, []byte](size)} }

// localised gives the key of a password for one engine. The caller must not change it.
func (k *keyRing) localised(auth *authProtocol, password, engine string) []byte {
	id := keyID{auth.name, password, engine}
	if key, ok := k.keys.Get(id); ok {
		return key
	}
	h := auth.hash()
	user := k.user(auth, password)
	h.Write(user)
	h.Write([]byte(engine))
	h.Write(user)
	key := h.Sum(nil)
	k.keys.Put(id, key)
	return key
}

// user gives the hash of a password repeated to one mebibyte.
func (k *keyRing) user(auth *authProtocol, password string) []byte {
	id := keyID{auth: auth.name, password: password}
	if key, ok := k.keys.Get(id); ok {
		return key
	}
	key := passwordHash(auth, password)
	k.keys.Put(id, key)
	return key
}

func passwordHash(auth *authProtocol, password string) []byte {
	const total = 1 << 20
	h := auth.hash()
	block := []byte(strings.Repeat(password, 4096/len(password)+1))
	for n := 0; n < total; n += len(block) {
		h.Write(block[:min(len(block), total-n)])
	}
	return h.Sum(nil)
}

// private gives the localised key of a privacy password, as long as the cipher wants it.
func (k *keyRing) private(auth *authProtocol, priv *privProtocol, password, engine string) []byte {
	key := k.localised(auth, password, engine)
	if len(key) >= priv.key {
		return key[:priv.key]
	}
	long := append(make([]byte, 0, 2*len(key)), key...)
	switch priv.extend {
	case blumenthal:
		h := auth.hash()
		h.Write(key)
		long = h.Sum(long)
	case reeder:
		long = append(long, k.localised(auth, string(key), engine)...)
	}
	return long[:min(priv.key, len(long))]
}
