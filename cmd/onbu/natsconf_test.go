package main_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/natsbus"
	"github.com/onbu/onbu/internal/keys"
)

// A nats-server of one's own gives daemons the same rights, by what onbu keys prints for it.
func TestANatsServerUnderstandsTheRights(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca, folder := filepath.Join(dir, "ca"), filepath.Join(dir, "bus")
	for _, args := range [][]string{
		{"init", ca},
		{"server", "bus1", "--addr", "127.0.0.1", "--ca", ca, "--out", folder},
		{"daemon", "a1", "--role", "arbiter", "--ca", ca, "--out", filepath.Join(dir, "a1")},
		{"daemon", "p1", "--role", "poller", "--ca", ca, "--out", filepath.Join(dir, "p1")},
		{"daemon", "p2", "--role", "poller", "--ca", ca, "--out", filepath.Join(dir, "p2")},
		{"revoke", "p2", "--ca", ca},
	} {
		if out, code := call(t, append([]string{"keys"}, args...)...); code != 0 {
			t.Fatalf("onbu keys %v: exit status %d: %s", args, code, out)
		}
	}
	out, code := call(t, "keys", "nats-conf", "--ca", ca)
	conf := filepath.Join(folder, "nats.conf")
	if err := os.WriteFile(conf, []byte("listen: 127.0.0.1:-1\njetstream { store_dir: \""+t.TempDir()+"\" }\n"+out), 0o600); err != nil || code != 0 {
		t.Fatal(code, err)
	}
	s := natsServer(t, conf, folder)
	open := func(name string) (*natsbus.Conn, error) {
		ring, err := keys.Open(filepath.Join(dir, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		c, err := natsbus.Connect(t.Context(), s.ClientURL(), natsbus.Options{Name: name, Keys: ring})
		if err == nil {
			t.Cleanup(func() { c.Close() })
		}
		return c, err
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	a, err := open("a1")
	if err == nil {
		err = a.Prepare(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	p, err := open("p1")
	if err == nil {
		err = p.Append(ctx, bus.Results(3, "p1"), []byte("r"), "")
	}
	if err != nil {
		t.Fatal(err)
	}
	short, stop := context.WithTimeout(ctx, time.Second)
	defer stop()
	if err := p.Append(short, bus.Commands(3), []byte("r"), ""); err == nil || p.Refused() == 0 {
		t.Errorf("a poller gave a command: %v", err)
	}
	if _, err := open("p2"); err == nil {
		t.Error("a poller that was revoked is let in")
	}
}

// natsServer starts a server whose configuration names files beside it.
func natsServer(t *testing.T, conf, folder string) *server.Server {
	t.Helper()
	text, err := os.ReadFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{keys.CAFile, keys.CertFile, keys.KeyFile} {
		text = bytes.Replace(text, []byte(`"`+name+`"`), []byte(`"`+filepath.Join(folder, name)+`"`), 1)
	}
	if err := os.WriteFile(conf, text, 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := server.ProcessConfigFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	o.NoSigs, o.NoLog = true, true
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(s.Shutdown)
	if !s.ReadyForConnections(patience) {
		t.Fatal("the server does not start")
	}
	return s
}
