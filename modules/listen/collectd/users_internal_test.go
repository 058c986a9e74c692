package collectd

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/onbu/onbu/internal/serve/sinktest"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/listen/collectd/packet"
)

func listener(t *testing.T, lines ...string) *Listener {
	t.Helper()
	s := modules.Read(sinktest.Define("c", "collectd", lines...))
	l := New(s, sinktest.Env()).(*Listener)
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return l
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestUsersSpeakForTheirHosts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "users")
	write(t, file, "alice: a\nbob: b\n")
	l := listener(t, "auth_file "+file, "sender alice web*,db1", "sender * lab*")
	for _, tt := range []struct {
		user, host string
		want       bool
	}{
		{"alice", "web1", true},
		{"alice", "db1", true},
		{"alice", "lab1", false},
		{"bob", "web1", false},
		{"bob", "lab1", true},
		{"", "web1", false},
		{"", "lab1", true},
	} {
		if got := l.speaksFor(tt.user, &packet.ID{Host: []byte(tt.host)}); got != tt.want {
			t.Errorf("%q for %s: %v, want %v", tt.user, tt.host, got, tt.want)
		}
	}
	if l := listener(t); !l.speaksFor("", &packet.ID{Host: []byte("web1")}) {
		t.Error("without a sender line all may speak for all")
	}
}

func TestAnAuthFileIsReadAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "users")
	write(t, file, "alice: a\n")
	l := listener(t, "auth_file "+file)
	for _, tt := range []struct{ text, user, want string }{
		{"alice: other\nbob: b\n", "bob", "b"},
		{"carol without a password\n", "bob", "b"},
		{"carol: c\n", "bob", ""},
	} {
		write(t, file, tt.text)
		l.reread()
		if got := l.decoder.Passwords[tt.user]; got != tt.want {
			t.Errorf("after %q: %s has %q, want %q", tt.text, tt.user, got, tt.want)
		}
	}
}

func TestAllowedHosts(t *testing.T) {
	l := listener(t, "allowed_hosts 10.0.0.0/8,::1")
	for address, want := range map[string]bool{"10.1.2.3": true, "::1": true, "192.0.2.1": false} {
		if got := l.allowed(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
}
