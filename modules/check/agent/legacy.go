package agent

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/sha256"
	"hash"
	"io"
	"slices"

	"github.com/onbu/onbu/monitor"
)

// The forms of encryption that agents had before TLS, by the first two bytes of the output. All are AES-256-CBC with PKCS #7
// padding; they differ in how key and IV are made of the passphrase ("Checkmk agent protocol", section 1).
const (
	withMD5       = "00" // EVP_BytesToKey with MD5
	withSHA256    = "02" // EVP_BytesToKey with SHA-256
	withPBKDF2    = "03" // "Salted__", salt, PBKDF2 with 10,000 rounds
	withMAC       = "04" // salt, MAC over IV and ciphertext with the AES key, EVP_BytesToKey with SHA-256
	withPBKDF2MAC = "05" // salt, MAC, PBKDF2 with 600,000 rounds
	saltSize      = 8
	ivAndKey      = 32 + aes.BlockSize
	saltMagic     = "Salted__"
	roundsOf03    = 10_000
	roundsOf05    = 600_000
)

func isLegacy(id string) bool {
	return slices.Contains([]string{withMD5, withSHA256, withPBKDF2, withMAC, withPBKDF2MAC}, id)
}

var errWrongKey = &failure{monitor.Critical, "Failed to decrypt agent data: the passphrase is another one, or the output is not whole"}

// decrypt reads an encrypted output, two bytes and all, to its end, and writes what it says to out, piece by piece. What it wrote
// is worth something only if there is no error: that the passphrase is right shows at the end.
func decrypt(out io.Writer, from io.Reader, passphrase string) error {
	d, err := newDecrypter(from, passphrase)
	if err != nil {
		return err
	}
	b := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(b)
	for {
		n, err := io.ReadFull(from, b[:])
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return err
		}
		if n%aes.BlockSize != 0 {
			return errWrongKey
		}
		if err := d.write(out, b[:n]); err != nil {
			return err
		}
		if err != nil {
			return d.end(out)
		}
	}
}

// decrypter is in the middle of an output.
type decrypter struct {
	blocks cipher.BlockMode
	last   []byte    // the last block so far, decrypted: its end may be padding
	mac    []byte    // that of the output; nil for none
	seen   hash.Hash // of what was read, nil without a MAC
}

// newDecrypter reads what stands before the ciphertext.
func newDecrypter(from io.Reader, passphrase string) (*decrypter, error) {
	var id, salt, mac []byte
	for _, part := range []struct {
		to   *[]byte
		size func() int
	}{
		{&id, func() int { return 2 }},
		{&salt, func() int { return saltOf(string(id)) }},
		{&mac, func() int { return macSizeOf(string(id)) }},
	} {
		*part.to = make([]byte, part.size())
		if _, err := io.ReadFull(from, *part.to); err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil, errWrongKey
		} else if err != nil {
			return nil, err
		}
	}
	if string(id) == withPBKDF2 {
		var ok bool
		if salt, ok = bytes.CutPrefix(salt, []byte(saltMagic)); !ok {
			return nil, errWrongKey
		}
	}
	keys, err := keysOf(string(id), passphrase, salt)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(keys[:32])
	if err != nil {
		return nil, err
	}
	d := &decrypter{blocks: cipher.NewCBCDecrypter(block, keys[32:])}
	if len(mac) > 0 {
		d.mac, d.seen = mac, hmac.New(sha256.New, keys[:32])
		d.seen.Write(keys[32:])
	}
	return d, nil
}

func saltOf(id string) int {
	switch id {
	case withPBKDF2:
		return len(saltMagic) + saltSize
	case withMAC, withPBKDF2MAC:
		return saltSize
	}
	return 0
}

func macSizeOf(id string) int {
	if id == withMAC || id == withPBKDF2MAC {
		return sha256.Size
	}
	return 0
}

// write decrypts whole blocks, in place, and hands on all but the last one.
func (d *decrypter) write(out io.Writer, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if d.seen != nil {
		d.seen.Write(b)
	}
	d.blocks.CryptBlocks(b, b)
	if _, err := out.Write(d.last); err != nil {
		return err
	}
	rest := len(b) - aes.BlockSize
	d.last = append(d.last[:0], b[rest:]...)
	_, err := out.Write(b[:rest])
	return err
}

// end checks MAC and padding, and hands on what is in front of the padding.
func (d *decrypter) end(out io.Writer) error {
	if d.seen != nil && !hmac.Equal(d.mac, d.seen.Sum(nil)) || len(d.last) == 0 {
		return errWrongKey
	}
	padding := int(d.last[len(d.last)-1])
	if padding == 0 || padding > aes.BlockSize {
		return errWrongKey
	}
	for _, c := range d.last[len(d.last)-padding:] {
		if int(c) != padding {
			return errWrongKey
		}
	}
	_, err := out.Write(d.last[:len(d.last)-padding])
	return err
}

// keysOf makes key and IV of a passphrase.
func keysOf(id, passphrase string, salt []byte) ([]byte, error) {
	switch id {
	case withMD5:
		return bytesToKey(md5.New(), passphrase, nil), nil
	case withSHA256:
		return bytesToKey(sha256.New(), passphrase, nil), nil
	case withMAC:
		return bytesToKey(sha256.New(), passphrase, salt), nil
	case withPBKDF2:
		return pbkdf2.Key(sha256.New, passphrase, salt, roundsOf03, ivAndKey)
	}
	return pbkdf2.Key(sha256.New, passphrase, salt, roundsOf05, ivAndKey)
}

// bytesToKey is EVP_BytesToKey(3) of OpenSSL with one round: hashes of the hash before, the passphrase and the salt.
func bytesToKey(h hash.Hash, passphrase string, salt []byte) []byte {
	var keys, last []byte
	for len(keys) < ivAndKey {
		h.Reset()
		h.Write(last)
		h.Write([]byte(passphrase))
		h.Write(salt)
		last = h.Sum(nil)
		keys = append(keys, last...)
	}
	return keys[:ivAndKey]
}
