package nrpe

import (
	"crypto/tls"
	"errors"
	"fmt"
	"strings"

	"github.com/onbu/onbu/internal/adh"
)

// mode is how a connection is protected.
type mode uint8

// Plain TCP, TLS without certificates, TLS with the server's certificate. Zero is none.
const (
	plain mode = iota + 1
	anonymous
	certified
)

// tlsSettings is what a command line says about TLS.
type tlsSettings struct {
	modes          []mode   // in the order to be tried
	suites         []uint16 // for anonymous
	minTLS, maxTLS uint16
	// minCertified is the lowest version with certificates: TLS 1.3 where the suites rule certificates out, as OpenSSL's
	// cipher lists do not reach TLS 1.3.
	minCertified uint16
	files        files
}

// files are the paths given by -A, -C and -K; empty if not given.
type files struct{ ca, cert, key string }

// takeVersion reads -S.
func (t *tlsSettings) takeVersion(value string) error {
	name, above := strings.CutSuffix(value, "+")
	switch name {
	case "TLSv1":
		t.minTLS = tls.VersionTLS10
	case "TLSv1.1":
		t.minTLS = tls.VersionTLS11
	case "TLSv1.2":
		t.minTLS = tls.VersionTLS12
	case "TLSv1.3":
		t.minTLS = tls.VersionTLS13
	case "SSLv3":
		if !above {
			return errors.New("-S SSLv3: only the plugin might still speak it")
		}
		t.minTLS = tls.VersionTLS10
	default:
		return fmt.Errorf("-S %s is not a version that check_nrpe knows", value)
	}
	t.maxTLS = tls.VersionTLS13
	if !above {
		t.maxTLS = t.minTLS
	}
	return nil
}

// chooseModes decides which kinds of connection are tried, and in which order. check_nrpe offers all at once and the
// server chooses; two clients cannot, so the likelier comes first and the other when the server refuses it.
func (t *tlsSettings) chooseModes(noSSL bool, adhChoice byte, list string) error {
	if noSSL {
		t.modes = []mode{plain}
		return nil
	}
	allowed, err := readCiphers(list)
	if err != nil {
		return err
	}
	switch adhChoice {
	case '0': // check_nrpe adds ":!ADH", which leaves ECDH
		allowed.dh = false
	case '2': // the list becomes "ADH@SECLEVEL=0"
		allowed = allowance{dh: true}
	}
	t.suites = allowed.suites()
	t.minCertified = t.minTLS
	if !allowed.certified {
		t.minCertified = max(t.minTLS, tls.VersionTLS13)
	}
	if t.files.ca == "" && len(t.suites) > 0 && t.minTLS <= tls.VersionTLS12 {
		t.modes = append(t.modes, anonymous)
	}
	if t.minCertified <= t.maxTLS {
		t.modes = append(t.modes, certified)
	}
	if len(t.modes) == 0 {
		return errors.New("-S, -L, -d and -A together leave no way to shake hands")
	}
	if t.modes[0] == anonymous && (t.files.cert != "" || adhChoice == '0') {
		t.modes = append(t.modes[1:], anonymous)
	}
	return nil
}

// defaultCiphers is check_nrpe's list (NRPE 4.1 with OpenSSL 1.1 or later).
const defaultCiphers = "ALL:!MD5:@STRENGTH:@SECLEVEL=0"

// allowance is what an OpenSSL cipher list lets through, as far as it matters here.
type allowance struct{ dh, ecdh, certified bool }

func (a allowance) suites() []uint16 {
	var ids []uint16
	for _, id := range adh.Suites() {
		ec := id == adh.ECDHAnonAES256CBCSHA || id == adh.ECDHAnonAES128CBCSHA
		if ec && a.ecdh || !ec && a.dh {
			ids = append(ids, id)
		}
	}
	return ids
}

// readCiphers reads lists of groups of ciphers, not of single ones: those only OpenSSL itself understands to the letter.
// At security levels above 0 OpenSSL drops anonymous suites; which level it has of itself nobody but it knows.
func readCiphers(list string) (allowance, error) {
	var on, off allowance
	level := -1
	for word := range strings.FieldsFuncSeq(strings.ReplaceAll(list, "@", ":@"), isSeparator) {
		name, sign := strings.TrimLeft(word, "!-"), word[0]
		group, ok := cipherGroup(name)
		switch {
		case word == "@STRENGTH":
		case strings.HasPrefix(word, "@SECLEVEL="):
			level = leadingNumber(word[len("@SECLEVEL="):], 5)
		case sign == '!' && ok:
			off = off.with(group)
		case sign == '!' && isWeak(name):
		case sign != '-' && ok:
			on = on.with(group)
		default:
			return on, fmt.Errorf("-L %s: only the plugin's OpenSSL knows what %q stands for", list, word)
		}
	}
	a := allowance{on.dh && !off.dh, on.ecdh && !off.ecdh, on.certified && !off.certified}
	if (a.dh || a.ecdh) && level < 0 {
		return a, fmt.Errorf("-L %s: without @SECLEVEL=0 only the plugin's OpenSSL knows whether anonymous suites are let through", list)
	}
	if level > 0 {
		a.dh, a.ecdh = false, false
	}
	return a, nil
}

func isSeparator(r rune) bool { return r == ':' || r == ',' || r == ' ' }

func (a allowance) with(b allowance) allowance {
	return allowance{a.dh || b.dh, a.ecdh || b.ecdh, a.certified || b.certified}
}

// cipherGroup gives what a group's name covers (openssl-ciphers(1)).
func cipherGroup(name string) (allowance, bool) {
	switch name {
	case "ALL", "HIGH", "AES":
		return allowance{true, true, true}, true
	case "DEFAULT", "aRSA", "aECDSA", "ECDSA":
		return allowance{certified: true}, true
	case "aNULL":
		return allowance{dh: true, ecdh: true}, true
	case "ADH":
		return allowance{dh: true}, true
	case "AECDH":
		return allowance{ecdh: true}, true
	}
	return allowance{}, false
}

// isWeak names groups that hold none of the suites used here, so that to exclude them changes nothing.
func isWeak(name string) bool {
	switch name {
	case "MD5", "eNULL", "NULL", "EXP", "EXPORT", "LOW", "DES", "3DES", "RC4", "RC2", "IDEA", "SEED", "SSLv2", "PSK", "SRP":
		return true
	}
	return false
}
