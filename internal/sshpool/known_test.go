package sshpool

import (
	"bytes"
	"crypto/ed25519"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// publicKey makes a key from a letter.
func publicKey(t testing.TB, letter byte) ssh.PublicKey {
	t.Helper()
	key, err := ssh.NewPublicKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{letter}, 32)).Public())
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func line(hosts string, key ssh.PublicKey) string {
	return hosts + " " + string(ssh.MarshalAuthorizedKey(key))
}

// judge says what a login makes of a key.
func judge(k *knownHosts, l spec, key ssh.PublicKey) error {
	check := hostCheck{attempt: &attempt{spec: &l}, known: k}
	return check.key("", &net.TCPAddr{}, key)
}

func known(text string) *knownHosts {
	k := newKnownHosts()
	for l := range bytes.Lines([]byte(text)) {
		k.add(l, "known_hosts:1")
	}
	return k
}

func TestWhichKeysAreTrusted(t *testing.T) {
	a, b := publicKey(t, 'a'), publicKey(t, 'b')
	hashed := knownhosts.HashHostname("web1")
	hashedPort := knownhosts.HashHostname("[web1]:2222")
	for _, c := range []struct {
		name, lines string
		spec        spec
		want        string // in the error; empty if the key is trusted
	}{
		{"plain", line("web1", a), spec{host: "web1", port: 22}, ""},
		{"in capitals", line("WEB1", a), spec{host: "web1", port: 22}, ""},
		{"another host", line("web2", a), spec{host: "web1", port: 22}, "no file of known hosts has"},
		{"several names", line("web2,web1", a), spec{host: "web1", port: 22}, ""},
		{"a pattern", line("web?", a), spec{host: "web1", port: 22}, ""},
		{"a pattern and an exception", line("web*,!web1", a), spec{host: "web1", port: 22}, "no file of known hosts has"},
		{"hashed", line(hashed, a), spec{host: "web1", port: 22}, ""},
		{"hashed, with its port", line(hashedPort, a), spec{host: "web1", port: 2222}, ""},
		{"hashed, another host", line(hashed, a), spec{host: "web2", port: 22}, "no file of known hosts has"},
		{"a port", line("[web1]:2222", a), spec{host: "web1", port: 2222}, ""},
		{"the port of another", line("[web1]:2222", a), spec{host: "web1", port: 22}, "no file of known hosts has"},
		{"no port, which is tried last", line("web1", a), spec{host: "web1", port: 2222}, ""},
		{"an alias", line("cluster", a), spec{host: "web1", port: 2222, alias: "cluster"}, ""},
		{"an alias instead of the name", line("web1", a), spec{host: "web1", port: 22, alias: "cluster"}, "no file of known hosts has"},
		{"a changed key", line("web1", b), spec{host: "web1", port: 22}, "another than in known_hosts:1"},
		{"one of two keys", line("web1", b) + line("web1", a), spec{host: "web1", port: 22}, ""},
		{"revoked", line("web1", a) + line("@revoked *", a), spec{host: "web1", port: 22}, "is revoked"},
		{"revoked, and nobody asks", line("@revoked *", a), spec{host: "web1", port: 22, strict: "no"}, "is revoked"},
		{"unknown, and nobody asks", "", spec{host: "web1", port: 22, strict: "no"}, ""},
		{"an authority's key is no host's", line("@cert-authority web1", a), spec{host: "web1", port: 22}, "no file of known hosts has"},
		{"lines of a newer ssh", "web1 ssh-new AAAA\n@new web1 x y\nrubbish\n|9|a|b ssh-ed25519 x\n" + line("web1", a), spec{host: "web1", port: 22}, ""},
	} {
		err := judge(known(c.lines), c.spec, a)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

// TestAHostsCertificateIsTrustedByItsAuthority checks @cert-authority.
func TestAHostsCertificateIsTrustedByItsAuthority(t *testing.T) {
	authority, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{'c'}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	cert := &ssh.Certificate{Key: publicKey(t, 'a'), CertType: ssh.HostCert, ValidPrincipals: []string{"web1"}, ValidBefore: ssh.CertTimeInfinity}
	if err := cert.SignCert(zeros{}, authority); err != nil {
		t.Fatal(err)
	}
	lines := line("@cert-authority *", authority.PublicKey())
	for host, trusted := range map[string]bool{"web1": true, "web2": false} {
		if err := judge(known(lines), spec{host: host, port: 22}, cert); (err == nil) != trusted {
			t.Errorf("%s: %v", host, err)
		}
	}
	if err := judge(known(lines+line("@revoked *", authority.PublicKey())), spec{host: "web1", port: 22}, cert); err == nil {
		t.Error("a revoked authority is trusted")
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// FuzzKnownHosts compares with x/crypto/ssh/knownhosts whatever that can read.
func FuzzKnownHosts(f *testing.F) {
	a := publicKey(f, 'a')
	for _, hosts := range []string{"web1", "web?,!web2", "*", "[web1]:22", "[web1]:2222", "!web1", "web1,,", "|1|a|b", "@revoked *", "@cert-authority web1", knownhosts.HashHostname("web1")} {
		f.Add(hosts)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, hosts string) {
		if strings.ContainsAny(hosts, "\r\n") {
			return
		}
		text := line(hosts, a)
		k := known(text)
		path := filepath.Join(dir, "known_hosts")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		theirs, err := knownhosts.New(path)
		if err != nil {
			return
		}
		// Ours follows ssh where theirs does not: names in small letters, "[web1]:22" is not "web1", and an authority's key is
		// no host's own.
		if strings.ToLower(hosts) != hosts || strings.ContainsAny(hosts, ":[@") {
			return
		}
		want := theirs("web1:22", &net.TCPAddr{}, a) == nil
		if got := judge(k, spec{host: "web1", port: 22}, a) == nil; got != want {
			t.Errorf("%q: trusted %v, x/crypto says %v", hosts, got, want)
		}
	})
}
