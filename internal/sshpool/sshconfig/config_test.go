package sshconfig_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/onbu/onbu/internal/sshpool/sshconfig"
)

func write(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheFirstValueCounts(t *testing.T) {
	home := t.TempDir()
	write(t, filepath.Join(home, ".ssh/conf.d/a"), "Host web*\n  BindAddress 127.0.0.9\n")
	user := write(t, filepath.Join(home, ".ssh/config"), `
# a comment
Include conf.d/*
Port=2222
Host web* !web9
	HostName "%h.example"   # behind a value too
	IdentityFile ~/.ssh/one
	UserKnownHostsFile a "b c"
Host web1
	Port 1
	User late
	IdentityFile ~/.ssh/two
Host db
	ProxyJump gateway
`)
	system := write(t, filepath.Join(home, "system"), "User system\nSendEnv LANG\nHost *\nConnectTimeout 7\nStrictHostKeyChecking off\nAddressFamily inet6\n")
	c, err := sshconfig.Read(home, user, filepath.Join(home, "none"), system)
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]sshconfig.Settings{
		"web1": {
			HostName: "%h.example", Port: 2222, User: "late", Identities: []string{"~/.ssh/zero", "~/.ssh/one", "~/.ssh/two"}, UserKnown: []string{"a", "b c"},
			ConnectTimeout: 7 * time.Second, Strict: "no", Network: "tcp6", Bind: "127.0.0.9",
		},
		"web9": {
			Port: 2222, User: "system", Identities: []string{"~/.ssh/zero"}, ConnectTimeout: 7 * time.Second, Strict: "no", Network: "tcp6", Bind: "127.0.0.9",
		},
	} {
		var got sshconfig.Settings
		if err := got.Option("IdentityFile=~/.ssh/zero"); err != nil {
			t.Fatal(err)
		}
		if err := c.Apply(&got, host); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(sshconfig.Settings{})); diff != "" {
			t.Errorf("%s: want (-), got (+):\n%s", host, diff)
		}
	}
	var s sshconfig.Settings
	if err := c.Apply(&s, "db"); err == nil || !strings.Contains(err.Error(), "config line 14: ssh option proxyjump gateway: only ssh itself") {
		t.Errorf("db: %v", err)
	}
}

func TestAChangedFileIsNoticed(t *testing.T) {
	home := t.TempDir()
	path := write(t, filepath.Join(home, ".ssh/config"), "Include more/*\n")
	write(t, filepath.Join(home, ".ssh/more/a"), "Port 1\n")
	c, err := sshconfig.Read(home, path)
	if err != nil || c.Changed() {
		t.Fatalf("changed already, or %v", err)
	}
	write(t, filepath.Join(home, ".ssh/more/a"), "Port 12\n")
	if !c.Changed() {
		t.Error("an included file changed, and nobody noticed")
	}
}

func TestOptionsThatOnlySshKnows(t *testing.T) {
	for text, ok := range map[string]bool{
		"BatchMode=yes": true, "batchmode yes": true, "Ciphers aes128-ctr": true, "ProxyCommand none": true, "Port=70000": false, "Port": false, "": false,
		"ProxyJump=gateway": false, "PubkeyAuthentication no": false, "PreferredAuthentications=password": false, "PreferredAuthentications password,publickey": true,
		"LogLevel DEBUG": false, "VerifyHostKeyDNS yes": false, "NoSuchOption 1": false, `IdentityFile "open`: false, "StrictHostKeyChecking=maybe": false,
	} {
		var s sshconfig.Settings
		if err := s.Option(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzConfig(f *testing.F) {
	for _, text := range []string{"Host a*b\nPort 1", "Match all\nUser \"x", "Include ~/x *", "Host", "Match originalhost a,!b\nHostName %h", "=", "a = b # c"} {
		f.Add(text, "web1")
	}
	home := f.TempDir()
	f.Fuzz(func(t *testing.T, text, host string) {
		if strings.Contains(strings.ToLower(text), "include") { // it reads whatever is named
			return
		}
		c, err := sshconfig.Read(home, write(t, filepath.Join(home, "config"), text))
		if err != nil {
			return
		}
		var s sshconfig.Settings
		_ = c.Apply(&s, host)
	})
}

func FuzzMatch(f *testing.F) {
	f.Add("a*b?c", "axxbyc")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if sshconfig.Match(pattern, text) && !strings.ContainsAny(pattern, "*?") && pattern != text {
			t.Errorf("%q fits %q", text, pattern)
		}
	})
}
