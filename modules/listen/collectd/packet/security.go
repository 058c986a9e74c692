package packet

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
)

// signed looks at a signature, which is for everything behind it, and gives who made it; nobody where no passwords are known.
// HMAC-SHA-256 with the password as key, over the name of the user and the rest of the datagram.
func (d *Decoder) signed(body, rest []byte) (user string, err error) {
	if len(body) <= sha256.Size {
		return "", fmt.Errorf("%w: a signature of %d bytes", ErrBroken, len(body))
	}
	if len(d.Passwords) == 0 {
		return "", nil
	}
	user = string(body[sha256.Size:])
	password, ok := d.Passwords[user]
	if !ok {
		return "", ErrUser
	}
	mac := hmac.New(sha256.New, []byte(password))
	mac.Write(body[sha256.Size:])
	mac.Write(rest)
	if !hmac.Equal(mac.Sum(nil), body[:sha256.Size]) {
		return "", ErrSignature
	}
	return user, nil
}

// encrypted reads what an encrypted part holds: AES-256 in output feedback mode, the key is the SHA-256 of the password, the SHA-1 of
// the parts stands in front of them. It is a checksum and no signature: who can change datagrams on their way can change single
// bits of them if he knows what they say.
func (d *Decoder) encrypted(body []byte, h Handler) error {
	if len(body) < 2 {
		return fmt.Errorf("%w: an encrypted part of %d bytes", ErrBroken, len(body))
	}
	n := int(binary.BigEndian.Uint16(body))
	body = body[2:]
	if n == 0 || len(body) < n+aes.BlockSize+sha1.Size {
		return fmt.Errorf("%w: an encrypted part that is too short", ErrBroken)
	}
	user := string(body[:n])
	password, ok := d.Passwords[user]
	if !ok {
		return ErrUser
	}
	key := sha256.Sum256([]byte(password))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return err
	}
	iv, secret := body[n:n+aes.BlockSize], body[n+aes.BlockSize:]
	d.plain = append(d.plain[:0], secret...)
	outputFeedback(block, iv, d.plain)
	sum := sha1.Sum(d.plain[sha1.Size:])
	if !hmac.Equal(sum[:], d.plain[:sha1.Size]) {
		return ErrSignature
	}
	return d.parts(d.plain[sha1.Size:], h, user, true, false)
}

// outputFeedback encrypts or decrypts in place. The standard library has the mode too, and advises against it.
func outputFeedback(block cipher.Block, iv, text []byte) {
	var key [aes.BlockSize]byte
	copy(key[:], iv)
	for len(text) > 0 {
		block.Encrypt(key[:], key[:])
		text = text[subtle.XORBytes(text, text, key[:]):]
	}
}
