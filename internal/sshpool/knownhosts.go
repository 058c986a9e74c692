package sshpool

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"

	"github.com/onbu/onbu/internal/sshpool/sshconfig"
)

// maxKnown bounds how much of a file of known hosts is read: a million lines.
const maxKnown = 256 << 20

// knownHosts is what files of known hosts say (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). x/crypto/ssh/knownhosts knows them
// too, but takes no file with a line that it cannot read, and looks at every line for each host.
type knownHosts struct {
	// names are the entries of one name, spelled "host" or "[host]:port"; others are those with patterns or several names.
	names   map[string][]knownKey
	others  []knownLine
	hashed  []hashedName
	revoked map[string]bool // by key, marshalled

	mu    sync.Mutex
	found map[string][]knownKey // of the hashed lines and those with patterns, by name
}

// knownKey is a key that a host is known by, or an authority's that its key may be certified by.
type knownKey struct {
	key       ssh.PublicKey
	authority bool
	where     string // "file:line"
}

type knownLine struct {
	patterns []string
	knownKey
}

type hashedName struct {
	salt, hash []byte
	knownKey
}

// knownHosts gives what a login's files say. They are read again when one changes.
func (p *Pool) knownHosts(l *spec) (*knownHosts, error) {
	files := list(l.known)
	return p.known.get(l.known, files, func() (*knownHosts, error) {
		k := newKnownHosts()
		for _, path := range files {
			if err := k.read(path); err != nil {
				return k, err
			}
		}
		return k, nil
	})
}

func newKnownHosts() *knownHosts {
	return &knownHosts{names: map[string][]knownKey{}, revoked: map[string]bool{}, found: map[string][]knownKey{}}
}

// read adds a file. One that is not there is empty, as is a line that cannot be understood: it may be of a newer ssh.
func (k *knownHosts) read(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxKnown))
	if err != nil {
		return err
	}
	n := 0
	for line := range bytes.Lines(text) {
		n++
		k.add(line, path+":"+strconv.Itoa(n))
	}
	return nil
}

func (k *knownHosts) add(line []byte, where string) {
	marker, hosts, key, _, _, err := ssh.ParseKnownHosts(line)
	if err != nil {
		return
	}
	entry := knownKey{key: key, authority: marker == "cert-authority", where: where}
	switch {
	case marker == "revoked":
		k.revoked[string(key.Marshal())] = true
	case marker != "" && !entry.authority:
	case len(hosts) == 1 && strings.HasPrefix(hosts[0], "|"):
		if h, ok := unhash(hosts[0]); ok {
			h.knownKey = entry
			k.hashed = append(k.hashed, h)
		}
	case len(hosts) == 1 && !strings.ContainsAny(hosts[0], "*?!"):
		name := strings.ToLower(hosts[0])
		k.names[name] = append(k.names[name], entry)
	default:
		k.others = append(k.others, knownLine{hosts, entry})
	}
}

// unhash reads "|1|salt|hash", the form of HashKnownHosts.
func unhash(text string) (h hashedName, ok bool) {
	parts := strings.Split(text, "|")
	if len(parts) != 4 || parts[1] != "1" {
		return h, false
	}
	var err, err2 error
	h.salt, err = base64.StdEncoding.DecodeString(parts[2])
	h.hash, err2 = base64.StdEncoding.DecodeString(parts[3])
	return h, err == nil && err2 == nil
}

// keys gives the keys of a name.
func (k *knownHosts) keys(name string) []knownKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	slow, ok := k.found[name]
	if !ok {
		slow = k.search(name)
		if len(k.found) >= maxCached {
			clear(k.found)
		}
		k.found[name] = slow
	}
	return append(k.names[name][:len(k.names[name]):len(k.names[name])], slow...)
}

// search looks at every line that has no plain name.
func (k *knownHosts) search(name string) []knownKey {
	var found []knownKey
	for _, l := range k.others {
		if fits(l.patterns, name) {
			found = append(found, l.knownKey)
		}
	}
	for _, h := range k.hashed {
		mac := hmac.New(sha1.New, h.salt)
		mac.Write([]byte(name))
		if hmac.Equal(mac.Sum(nil), h.hash) {
			found = append(found, h.knownKey)
		}
	}
	return found
}

// fits says whether a name fits one of the patterns, and none of those with a "!" in front.
func fits(patterns []string, name string) bool {
	fit := false
	for _, p := range patterns {
		p, not := strings.CutPrefix(strings.ToLower(p), "!")
		if !sshconfig.Match(p, name) {
			continue
		}
		if not {
			return false
		}
		fit = true
	}
	return fit
}

// names gives what a login's host is called in files of known hosts, the best name first.
func (s *spec) names() []string {
	switch {
	case s.alias != "":
		return []string{s.alias}
	case s.port == 22:
		return []string{s.host}
	}
	return []string{"[" + s.host + "]:" + strconv.Itoa(s.port), s.host} // ssh tries the name without the port last
}

// hostCheck decides whether a host's key is trusted.
type hostCheck struct {
	*attempt
	known   *knownHosts
	trouble error // of reading the files
}

// hostKeyError says that it is not.
type hostKeyError struct{ hint string }

func (e *hostKeyError) Error() string { return "host key verification failed: " + e.hint }

// algorithms gives what the server is asked to prove itself with: kinds of keys that it is known by, or nil for all.
func (h *hostCheck) algorithms() []string {
	var wanted []string
	for _, name := range h.spec.names() {
		for _, k := range h.known.keys(name) {
			if k.authority {
				return nil
			}
			switch kind := k.key.Type(); {
			case slices.Contains(wanted, kind):
			case kind == ssh.KeyAlgoRSA:
				wanted = append(wanted, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256, kind)
			default:
				wanted = append(wanted, kind)
			}
		}
		if len(wanted) > 0 {
			break
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	// The others come last, so that a server that has none of these is told apart from one with another key.
	for _, other := range ssh.SupportedAlgorithms().HostKeys {
		if !slices.Contains(wanted, other) {
			wanted = append(wanted, other)
		}
	}
	return wanted
}

// key is the callback of x/crypto/ssh: it is called with a key that the server has proved to have.
func (h *hostCheck) key(_ string, remote net.Addr, key ssh.PublicKey) error {
	if h.trouble != nil && h.spec.strict != "no" {
		return &hostKeyError{"the known hosts cannot be read: " + h.trouble.Error()}
	}
	checker := ssh.CertChecker{
		IsHostAuthority: func(authority ssh.PublicKey, _ string) bool { return h.has(authority, true) },
		IsRevoked: func(c *ssh.Certificate) bool {
			return h.known.revoked[string(c.Key.Marshal())] || h.known.revoked[string(c.SignatureKey.Marshal())]
		},
		HostKeyFallback: func(_ string, _ net.Addr, key ssh.PublicKey) error { return h.plain(key) },
	}
	name := h.spec.alias
	if name == "" {
		name = h.spec.host
	}
	err := checker.CheckHostKey(net.JoinHostPort(name, strconv.Itoa(h.spec.port)), remote, key)
	if _, ours := errors.AsType[*hostKeyError](err); err == nil || ours {
		return err
	}
	if cert, ok := key.(*ssh.Certificate); ok && h.plain(cert.Key) == nil {
		return nil // as ssh: a certificate that is good for nothing still holds a key
	}
	return &hostKeyError{strings.TrimPrefix(err.Error(), "ssh: ")}
}

// has says whether a key is among those of the host, as its own or as an authority's.
func (h *hostCheck) has(key ssh.PublicKey, authority bool) bool {
	for _, name := range h.spec.names() {
		for _, k := range h.known.keys(name) {
			if k.authority == authority && bytes.Equal(k.key.Marshal(), key.Marshal()) {
				return true
			}
		}
	}
	return false
}

// plain judges a key that is no certificate.
func (h *hostCheck) plain(key ssh.PublicKey) error {
	name := h.spec.names()[0]
	if h.known.revoked[string(key.Marshal())] {
		return &hostKeyError{fmt.Sprintf("the key that %s shows is revoked: the host has to get another one", name)}
	}
	if h.has(key, false) || h.spec.strict == "no" {
		return nil
	}
	for _, name := range h.spec.names() {
		for _, k := range h.known.keys(name) {
			if !k.authority && k.key.Type() == key.Type() {
				return &hostKeyError{fmt.Sprintf("the key of %s is another than in %s: somebody may listen in, or the host was installed anew; "+
					"it shows %s %s; if that is right: ssh-keygen -R '%s', and add it again", name, k.where, key.Type(), ssh.FingerprintSHA256(key), name)}
			}
		}
	}
	if h.spec.strict == "accept-new" && !h.isKnown() {
		return h.accept(name, key)
	}
	return &hostKeyError{fmt.Sprintf("%s shows the key %s %s, which no file of known hosts has; compare it and add it: ssh-keyscan -p %d %s >> %s",
		name, key.Type(), ssh.FingerprintSHA256(key), h.spec.port, h.spec.host, h.first())}
}

// isKnown says whether the host is known by any key.
func (h *hostCheck) isKnown() bool {
	for _, name := range h.spec.names() {
		for _, k := range h.known.keys(name) {
			if !k.authority {
				return true
			}
		}
	}
	return false
}

// first is the user's file of known hosts.
func (h *hostCheck) first() string {
	if files := list(h.spec.known); len(files) > 0 {
		return files[0]
	}
	return "known_hosts"
}

// accept adds a key to the user's file of known hosts.
func (h *hostCheck) accept(name string, key ssh.PublicKey) error {
	f, err := os.OpenFile(h.first(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return &hostKeyError{"its new key cannot be noted: " + err.Error()}
	}
	_, err = fmt.Fprintf(f, "%s %s", name, ssh.MarshalAuthorizedKey(key))
	if err = errors.Join(err, f.Close()); err != nil {
		return &hostKeyError{"its new key cannot be noted: " + err.Error()}
	}
	return nil
}
