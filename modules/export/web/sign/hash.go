package sign

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Work is what it costs to try a password with argon2id.
type Work struct {
	Memory  uint32 // KiB
	Passes  uint32
	Threads uint8
}

// DefaultWork is the first choice of OWASP's Password Storage Cheat Sheet: some 25 ms of one core.
func DefaultWork() Work { return Work{Memory: 19 << 10, Passes: 2, Threads: 1} }

// What a line of the users file may ask of this machine at most, and what is too little to be a hash.
const (
	mostMemory  = 256 << 10 // KiB
	mostPasses  = 32
	mostThreads = 16
	saltBytes   = 16
	sumBytes    = 32
	// MostPassword bounds a password, in bytes.
	MostPassword = 1024
)

// hash is a password as it is kept.
type hash struct {
	work      Work
	salt, sum []byte
}

// Hash gives a password as it is kept in the users file, in the PHC string format:
// $argon2id$v=19$m=KiB,t=PASSES,p=THREADS$SALT$SUM.
func Hash(password string, w Work) string {
	h := hash{work: w, salt: make([]byte, saltBytes)}
	rand.Read(h.salt) // crypto/rand never fails
	h.sum = h.of(password)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, w.Memory, w.Passes, w.Threads,
		base64.RawStdEncoding.EncodeToString(h.salt), base64.RawStdEncoding.EncodeToString(h.sum))
}

func (h *hash) of(password string) []byte {
	return argon2.IDKey([]byte(password), h.salt, h.work.Passes, h.work.Memory, h.work.Threads, sumBytes)
}

// fits says whether it is the hash of a password, in a time that does not tell how much of it is right.
func (h *hash) fits(password string) bool {
	return subtle.ConstantTimeCompare(h.of(password), h.sum) == 1
}

// parseHash reads what Hash gives. Its errors show nothing of it.
func parseHash(text string) (*hash, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return nil, errors.New("the password is not written as $argon2id$v=19$m=…,t=…,p=…$salt$hash: set it with `onbu user passwd`")
	}
	var (
		h       hash
		version int
	)
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return nil, fmt.Errorf("the password's hash is not of argon2's version %d", argon2.Version)
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.work.Memory, &h.work.Passes, &h.work.Threads); n != 3 || err != nil || fmt.Sprintf("m=%d,t=%d,p=%d", h.work.Memory, h.work.Passes, h.work.Threads) != parts[3] {
		return nil, errors.New("the costs of the password's hash are not written as m=…,t=…,p=…")
	}
	if err := h.work.check(); err != nil {
		return nil, err
	}
	var err [2]error
	h.salt, err[0] = base64.RawStdEncoding.DecodeString(parts[4])
	h.sum, err[1] = base64.RawStdEncoding.DecodeString(parts[5])
	if err[0] != nil || err[1] != nil || len(h.salt) < 8 || len(h.salt) > 64 || len(h.sum) != sumBytes {
		return nil, fmt.Errorf("the salt or sum of the password's hash is damaged: they are base64 without =, of 8 to 64 and of %d bytes", sumBytes)
	}
	return &h, nil
}

func (w Work) check() error {
	if w.Memory < 8*uint32(w.Threads) || w.Memory > mostMemory || w.Passes < 1 || w.Passes > mostPasses || w.Threads < 1 || w.Threads > mostThreads {
		return fmt.Errorf("the costs of the password's hash are out of bounds: m from 8 for each thread to %d, t from 1 to %d, p from 1 to %d", mostMemory, mostPasses, mostThreads)
	}
	return nil
}
