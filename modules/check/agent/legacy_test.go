package agent

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"testing/iotest"
)

const (
	passphrase = "test-pass"
	plainText  = "<<<check_mk>>>\nVersion: 2.0.0p11\n"
)

// vectors were made with the openssl commands that the agents use.
var vectors = map[string]string{
	"00": "30302c6458c281de534c153ddfe4e8defdc5eccddefba752558ca74d75e8a5e7cacd61774c28450f523ab59285e134356984",
	"02": "3032f21a0c2a65349bfce09d55da99ce09856a0479ed1d478dc6d6b05783a35be418265b5c51af8a5a549911e0e0c0f978a9",
	"03": "303353616c7465645f5f0102030405060708e5237c4c80775c28a6c1ebe665c830fcc3fa06d1b3fbd571bc04f8bea4062aa9d7cd1721fd96a3d15fc6c4e9dfa841a2",
}

// encrypt makes a message as an agent does that has the forms 04 and 05.
func encrypt(t testing.TB, id, text string) []byte {
	t.Helper()
	salt := []byte("saltsalt")
	keys, err := keysOf(id, passphrase, salt)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(keys[:32])
	if err != nil {
		t.Fatal(err)
	}
	padding := aes.BlockSize - len(text)%aes.BlockSize
	sealed := append([]byte(text), bytes.Repeat([]byte{byte(padding)}, padding)...)
	cipher.NewCBCEncrypter(block, keys[32:]).CryptBlocks(sealed, sealed)
	message := append([]byte(id), salt...)
	mac := hmac.New(sha256.New, keys[:32])
	mac.Write(keys[32:])
	mac.Write(sealed)
	message = mac.Sum(message)
	return append(message, sealed...)
}

// messages gives one of each form.
func messages(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{"04": encrypt(t, "04", plainText), "05": encrypt(t, "05", plainText)}
	for id, text := range vectors {
		message, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		all[id] = message
	}
	return all
}

// read decrypts a message, which comes in small pieces.
func read(message []byte, passphrase string) (string, error) {
	var text strings.Builder
	err := decrypt(&text, iotest.HalfReader(bytes.NewReader(message)), passphrase)
	return text.String(), err
}

func TestEveryFormOfEncryptionIsRead(t *testing.T) {
	for id, message := range messages(t) {
		text, err := read(message, passphrase)
		if text != plainText || err != nil {
			t.Errorf("%s: got %q, error %v", id, text, err)
		}
		if id == withPBKDF2MAC {
			continue // takes long
		}
		if text, err := read(message, "another"); err == nil && text == plainText {
			t.Errorf("%s: any passphrase opens it", id)
		}
	}
}

func TestAMessageThatWasChangedIsRefused(t *testing.T) {
	whole := encrypt(t, withMAC, plainText)
	for _, at := range []int{2, 9, 10, 41, 42, len(whole) - 1} {
		changed := bytes.Clone(whole)
		changed[at] ^= 1
		if _, err := read(changed, passphrase); err == nil {
			t.Errorf("a bit at %d was changed and nobody says so", at)
		}
	}
}

func FuzzDecrypt(f *testing.F) {
	for id, message := range messages(f) {
		if id != "05" { // takes too long
			f.Add(message)
		}
	}
	f.Add([]byte("00"))
	f.Fuzz(func(t *testing.T, message []byte) {
		if len(message) > 1 && string(message[:2]) == withPBKDF2MAC {
			return
		}
		_, _ = read(message, passphrase)
	})
}

func TestALongMessageIsReadPieceByPiece(t *testing.T) {
	for _, size := range []int{0, 1, 15, 16, 17, 32<<10 - 1, 32 << 10, 32<<10 + 1, 100_000} {
		want := strings.Repeat("x", size)
		if got, err := read(encrypt(t, withMAC, want), passphrase); got != want || err != nil {
			t.Errorf("%d bytes: got %d, error %v", size, len(got), err)
		}
	}
}
