package keys

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Token is what a new machine needs to get a certificate, once: where to ask, whom to trust there, and a secret.
type Token struct {
	Address     string // HOST:PORT of `onbu keys serve`
	Fingerprint [sha256.Size]byte
	secret      [32]byte
}

// String hides the token, which is a secret. Line gives it.
func (Token) String() string { return "***" }

// GoString hides it too.
func (Token) GoString() string { return "***" }

// Line is the token as it is handed on.
func (t Token) Line() string {
	text := base64.RawURLEncoding.EncodeToString
	return t.Address + "/" + text(t.Fingerprint[:]) + "/" + text(t.secret[:])
}

// ParseToken reads what Line made. No error shows any of it.
func ParseToken(line string) (t Token, err error) {
	parts := strings.Split(strings.TrimSpace(line), "/")
	if len(parts) != 3 {
		return t, errors.New("this is no token: `onbu keys token` prints one line, all of which is wanted")
	}
	t.Address = parts[0]
	if _, _, err := net.SplitHostPort(t.Address); err != nil {
		return t, errors.New("this is no token: it does not begin with HOST:PORT")
	}
	for i, to := range [][]byte{t.Fingerprint[:], t.secret[:]} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i+1])
		if err != nil || len(raw) != len(to) {
			return t, errors.New("this is no whole token: some of its line is missing")
		}
		copy(to, raw)
	}
	return t, nil
}

// waiting is a token as it waits in a vault's folder. The secret itself is not there.
type waiting struct {
	Hash      []byte    `json:"sha256"`
	Identity  string    `json:"identity"` // what is behind the scheme of its URI
	Addresses []string  `json:"addresses,omitempty"`
	Life      string    `json:"life"`
	Until     time.Time `json:"until"`
}

const (
	// mostTokens bounds how many wait to be used.
	mostTokens = 1000
	// MostTTL bounds how long a token waits.
	MostTTL = 7 * 24 * time.Hour
)

// NewToken makes a token for a certificate; it waits in the vault's folder until it is used or its time is over.
func (v *Vault) NewToken(g Grant, address string, ttl time.Duration, now time.Time) (t Token, err error) {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return t, fmt.Errorf("where `onbu keys serve` is reached: %w", err)
	}
	if ttl < time.Second || ttl > MostTTL {
		return t, fmt.Errorf("a token that waits for %s: a second to %s are wanted", ttl, MostTTL)
	}
	if _, err := v.template(g, now); err != nil {
		return t, err
	}
	t = Token{Address: address, Fingerprint: Fingerprint(v.cert)}
	if _, err := rand.Read(t.secret[:]); err != nil {
		return t, err
	}
	hash := sha256.Sum256(t.secret[:])
	life := DaemonLife
	if g.Life > 0 {
		life = g.Life
	}
	text, err := json.Marshal(waiting{hash[:], g.Identity.URI().Opaque, g.Addresses, life.String(), now.Add(ttl)})
	if err != nil {
		return t, err
	}
	return t, locked(v.dir, func() error { return v.wait(hex.EncodeToString(hash[:8]), text, now) })
}

// wait stores a token, after those whose time is over were removed.
func (v *Vault) wait(name string, text []byte, now time.Time) error {
	dir := filepath.Join(v.dir, tokensDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	all, err := v.tokens()
	if err != nil {
		return err
	}
	n := 0
	for file, w := range all {
		if n++; !w.Until.After(now) {
			n--
			if err := os.Remove(file); err != nil {
				return err
			}
		}
	}
	if n >= mostTokens {
		return fmt.Errorf("%d tokens wait in %s already: let some be used, or remove their files", n, dir)
	}
	return writeFile(filepath.Join(dir, name), text)
}

// tokens reads all that wait, by their files.
func (v *Vault) tokens() (map[string]waiting, error) {
	dir := filepath.Join(v.dir, tokensDir)
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	all := map[string]waiting{}
	for _, f := range files {
		path := filepath.Join(dir, f.Name())
		text, err := readFile(path)
		if err != nil || strings.HasPrefix(f.Name(), ".") {
			continue // it went meanwhile, or is half written
		}
		var w waiting
		if err := json.Unmarshal(text, &w); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all[path] = w
	}
	return all, nil
}

// errToken is the answer to every token that counts not, so that none can be told from another.
var errToken = errors.New("this token does not count: it was used, its time is over, or it was never given out; `onbu keys token` where the authority is makes a new one")

// Redeem gives what a secret is good for, and makes it count no more, also after a crash: its file is gone from the disk
// before anything is signed. All tokens are looked at, so that the time tells nothing.
func (v *Vault) Redeem(secret []byte, now time.Time) (g Grant, err error) {
	hash := sha256.Sum256(secret)
	err = locked(v.dir, func() error {
		all, err := v.tokens()
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		var file string
		var found waiting
		for path, w := range all {
			if subtle.ConstantTimeCompare(w.Hash, hash[:]) == 1 && w.Until.After(now) {
				file, found = path, w
			}
		}
		if file == "" {
			return errToken
		}
		if err := errors.Join(os.Remove(file), syncDir(filepath.Dir(file))); err != nil {
			return err
		}
		g, err = found.grant()
		return err
	})
	return g, err
}

func (w *waiting) grant() (Grant, error) {
	roles, name, _ := strings.Cut(w.Identity, "/")
	who, err := NewIdentity(name, ParseRoles(strings.ReplaceAll(roles, "+", ","))...)
	if err != nil {
		return Grant{}, err
	}
	life, err := time.ParseDuration(w.Life)
	return Grant{Identity: who, Addresses: w.Addresses, Life: life}, err
}
