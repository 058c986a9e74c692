package keys

import (
	"bufio"
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Vault is the folder of an authority: its key, what it issued, what was revoked, and tokens that wait to be used. It never
// leaves its machine. Several processes may use it at once.
type Vault struct {
	dir string
	*Authority
}

// Create makes an authority in a folder. One that has an authority already is an error: nobody would be let in any more.
func Create(dir string, now time.Time) (*Vault, error) {
	a, err := NewAuthority(now)
	if err != nil {
		return nil, err
	}
	key, err := encodeKey(a.key)
	if err != nil {
		return nil, err
	}
	if err := writeAll(dir, false, named{caKeyFile, key}, named{CAFile, encode(pemCertificate, a.cert.Raw)}); err != nil {
		return nil, fmt.Errorf("making an authority: %w", err)
	}
	v := &Vault{dir, a}
	return v, v.storeRevoked(nil, now)
}

// OpenVault opens the folder of an authority.
func OpenVault(dir string) (*Vault, error) {
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, CAFile), filepath.Join(dir, caKeyFile))
	if err != nil {
		return nil, fmt.Errorf("the authority in %s: %w; name its folder with --ca, or make one with `onbu keys init %s`", dir, err, dir)
	}
	key, ok := pair.PrivateKey.(crypto.Signer)
	if !ok || !pair.Leaf.IsCA {
		return nil, fmt.Errorf("the authority in %s: %s is no authority's certificate", dir, CAFile)
	}
	return &Vault{dir, &Authority{pair.Leaf, key}}, nil
}

// Issued is a certificate that the authority made.
type Issued struct {
	Serial    *big.Int
	Identity  Identity
	Addresses []string
	At, Until time.Time
	Revoked   bool
}

// Sign issues a certificate for a public key and remembers it.
func (v *Vault) Sign(g Grant, public crypto.PublicKey, now time.Time) (*x509.Certificate, error) {
	c, err := v.Issue(g, public, now)
	if err != nil {
		return nil, err
	}
	words := []string{
		c.SerialNumber.Text(16), g.Identity.URI().Opaque, now.UTC().Format(time.RFC3339), c.NotAfter.UTC().Format(time.RFC3339),
	}
	if err := appendLine(filepath.Join(v.dir, issuedFile), strings.Join(append(words, Addresses(c)...), " ")); err != nil {
		return nil, fmt.Errorf("remembering a certificate: %w", err)
	}
	return c, nil
}

// Hand makes a key and a certificate and writes both, with whom to trust, into a folder for a daemon or server.
func (v *Vault) Hand(dir string, g Grant, force bool, now time.Time) error {
	key, err := NewKey()
	if err != nil {
		return err
	}
	text, err := encodeKey(key)
	if err != nil {
		return err
	}
	if err := writeAll(dir, force, named{KeyFile, text}); err != nil {
		return err
	}
	c, err := v.Sign(g, key.Public(), now)
	if err != nil {
		return err
	}
	return v.give(dir, c)
}

// give writes what is no secret.
func (v *Vault) give(dir string, c *x509.Certificate) error {
	revoked, err := readFile(filepath.Join(v.dir, RevokedFile))
	if err != nil {
		return err
	}
	return writeAll(dir, true, named{CertFile, encode(pemCertificate, c.Raw)},
		named{CAFile, encode(pemCertificate, v.cert.Raw)}, named{RevokedFile, revoked})
}

// List gives what was issued, oldest first.
func (v *Vault) List() ([]Issued, error) {
	text, err := readFile(filepath.Join(v.dir, issuedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	revoked, err := v.revoked()
	if err != nil {
		return nil, err
	}
	var all []Issued
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		one, err := parseIssued(lines.Text())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(v.dir, issuedFile), err)
		}
		one.Revoked = slices.ContainsFunc(revoked, func(r Revoked) bool { return r.Serial.Cmp(one.Serial) == 0 })
		all = append(all, one)
	}
	return all, nil
}

func parseIssued(line string) (Issued, error) {
	words := strings.Fields(line)
	if len(words) < 4 {
		return Issued{}, fmt.Errorf("the line %.80q has too few words", line)
	}
	one := Issued{Addresses: words[4:]}
	var ok bool
	if one.Serial, ok = new(big.Int).SetString(words[0], 16); !ok {
		return Issued{}, fmt.Errorf("the line %.80q begins with no serial number", line)
	}
	roles, name, _ := strings.Cut(words[1], "/")
	id, err1 := NewIdentity(name, ParseRoles(strings.ReplaceAll(roles, "+", ","))...)
	at, err2 := time.Parse(time.RFC3339, words[2])
	until, err3 := time.Parse(time.RFC3339, words[3])
	one.Identity, one.At, one.Until = id, at, until
	return one, errors.Join(err1, err2, err3)
}

// Revoke makes every certificate of a name count no more, and says how many there were. Servers see it once they have the
// file RevokedFile.
func (v *Vault) Revoke(name string, now time.Time) (n int, err error) {
	err = locked(v.dir, func() error {
		all, err := v.List()
		if err != nil {
			return err
		}
		var revoked []Revoked
		before, err := v.revoked()
		if err != nil {
			return err
		}
		for _, one := range all {
			switch old := slices.IndexFunc(before, func(r Revoked) bool { return r.Serial.Cmp(one.Serial) == 0 }); {
			case !one.Until.After(now): // it counts no more anyhow
			case old >= 0:
				revoked = append(revoked, before[old])
			case one.Identity.Name == name:
				revoked = append(revoked, Revoked{one.Serial, now})
				n++
			}
		}
		if n == 0 {
			return nil
		}
		return v.storeRevoked(revoked, now)
	})
	if err != nil {
		return 0, fmt.Errorf("revoking the certificates of %s: %w", name, err)
	}
	return n, nil
}

func (v *Vault) storeRevoked(all []Revoked, now time.Time) error {
	number := big.NewInt(1)
	if old, err := v.list(); err == nil {
		number.Add(old.Number, number)
	}
	list, err := v.Authority.Revoke(all, number, now)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(v.dir, RevokedFile), encode(pemRevoked, list.Raw))
}

func (v *Vault) list() (*x509.RevocationList, error) {
	text, err := readFile(filepath.Join(v.dir, RevokedFile))
	if err != nil {
		return nil, err
	}
	return parseRevoked(text, []*x509.Certificate{v.cert})
}

func (v *Vault) revoked() ([]Revoked, error) {
	list, err := v.list()
	if err != nil {
		return nil, err
	}
	all := make([]Revoked, len(list.RevokedCertificateEntries))
	for i, e := range list.RevokedCertificateEntries {
		all[i] = Revoked{e.SerialNumber, e.RevocationTime}
	}
	return all, nil
}

// parseRevoked reads a list that one of some authorities signed.
func parseRevoked(text []byte, by []*x509.Certificate) (*x509.RevocationList, error) {
	raw, err := decode(pemRevoked, text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", RevokedFile, err)
	}
	list, err := x509.ParseRevocationList(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", RevokedFile, err)
	}
	for _, ca := range by {
		if list.CheckSignatureFrom(ca) == nil {
			return list, nil
		}
	}
	return nil, fmt.Errorf("%s: no authority in %s has signed it", RevokedFile, CAFile)
}

// Dir is the vault's folder.
func (v *Vault) Dir() string { return v.dir }

// Revocations gives the list as it is, in PEM.
func (v *Vault) Revocations() ([]byte, error) { return os.ReadFile(filepath.Join(v.dir, RevokedFile)) }
