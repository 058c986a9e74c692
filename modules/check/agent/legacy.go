package agent

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"slices"
)

// The forms of encryption that agents had before TLS, by the first two bytes of the output. All are AES-256-CBC with PKCS #7
// padding; they differ in how key and IV are made of the passphrase ("Checkmk agent protocol", section 1).
const (
	withMD5        = "00" // EVP_BytesToKey with MD5
	withSHA256     = "02" // EVP_BytesToKey with SHA-256
	withPBKDF2     = "03" // "Salted__", salt, PBKDF2 with 10,000 rounds
	withMAC        = "04" // salt, MAC, EVP_BytesToKey with SHA-256
	withPBKDF2MAC  = "05" // salt, MAC, PBKDF2 with 600,000 rounds
	saltSize       = 8
	ivAndKey       = 32 + aes.BlockSize
	saltMagic      = "Salted__"
	roundsOf03     = 10_000
	roundsOf05     = 600_000
	blockTolerance = 1 << 20 // by how much the encrypted form may be larger than what may be in it
)

func isLegacy(id string) bool {
	return slices.Contains([]string{withMD5, withSHA256, withPBKDF2, withMAC, withPBKDF2MAC}, id)
}

var errWrongKey = errors.New("Failed to decrypt agent data: wrong passphrase, or not the agent's")

// decryptTo reads an encrypted output to its end and hands on what it says. It can be read only as a whole.
func decryptTo(in *intake, from io.Reader, passphrase string) error {
	var whole bytes.Buffer
	most := int64(in.own) + blockTolerance
	n, err := io.Copy(&whole, io.LimitReader(from, most+1))
	in.bytes += n
	switch {
	case err != nil:
		return err
	case n > most:
		return failed("Output is larger than %s: --max-size sets the limit", inMiB(in.own))
	}
	text, err := decrypt(whole.Bytes(), passphrase)
	if err != nil {
		return failed("%v", err)
	}
	in.bytes -= int64(len(text)) // Write counts them again
	return pour(in, bytes.NewReader(text))
}

// decrypt gives the text of a whole output, which begins with the two bytes. It overwrites message.
func decrypt(message []byte, passphrase string) ([]byte, error) {
	if len(message) < 2 {
		return nil, errWrongKey
	}
	id, rest := string(message[:2]), message[2:]
	var keys, mac []byte
	var salt []byte
	var ok bool
	switch id {
	case withPBKDF2:
		if rest, ok = bytes.CutPrefix(rest, []byte(saltMagic)); !ok || len(rest) < saltSize {
			return nil, errWrongKey
		}
		salt, rest = rest[:saltSize], rest[saltSize:]
	case withMAC, withPBKDF2MAC:
		if len(rest) < saltSize+sha256.Size {
			return nil, errWrongKey
		}
		salt, mac, rest = rest[:saltSize], rest[saltSize:saltSize+sha256.Size], rest[saltSize+sha256.Size:]
	}
	keys, err := keysOf(id, passphrase, salt)
	if err != nil {
		return nil, err
	}
	if mac != nil && !hmac.Equal(mac, macOf(keys, rest)) {
		return nil, errWrongKey
	}
	return decryptCBC(keys, rest)
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

// macOf is the HMAC over IV and ciphertext, with the AES key.
func macOf(keys, ciphertext []byte) []byte {
	h := hmac.New(sha256.New, keys[:32])
	h.Write(keys[32:])
	h.Write(ciphertext)
	return h.Sum(nil)
}

// decryptCBC decrypts in place and takes the padding off.
func decryptCBC(keys, text []byte) ([]byte, error) {
	if len(text) == 0 || len(text)%aes.BlockSize != 0 {
		return nil, errWrongKey
	}
	block, err := aes.NewCipher(keys[:32])
	if err != nil {
		return nil, err
	}
	cipher.NewCBCDecrypter(block, keys[32:]).CryptBlocks(text, text)
	padding := int(text[len(text)-1])
	if padding == 0 || padding > aes.BlockSize {
		return nil, errWrongKey
	}
	for _, c := range text[len(text)-padding:] {
		if int(c) != padding {
			return nil, errWrongKey
		}
	}
	return text[:len(text)-padding], nil
}
