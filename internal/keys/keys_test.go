package keys_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/keys"
	"github.com/onbu/onbu/internal/realpeer"
)

func vault(t *testing.T) *keys.Vault {
	t.Helper()
	v, err := keys.Create(filepath.Join(t.TempDir(), "ca"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func identity(t *testing.T, name string, roles ...bus.Role) keys.Identity {
	t.Helper()
	who, err := keys.NewIdentity(name, roles...)
	if err != nil {
		t.Fatal(err)
	}
	return who
}

func hand(t *testing.T, v *keys.Vault, who keys.Identity, life time.Duration, addresses ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), who.Name)
	if err := v.Hand(dir, keys.Grant{Identity: who, Addresses: addresses, Life: life}, false, time.Now()); err != nil {
		t.Fatal(err)
	}
	return dir
}

func open(t *testing.T, dir string) *keys.Ring {
	t.Helper()
	r, err := keys.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestACertificateSaysWhoItIsForAndNothingElseIsTakenForThat(t *testing.T) {
	who := identity(t, "p1.example", bus.Scheduler, bus.Poller, bus.Poller)
	r := open(t, hand(t, vault(t), who, 0))
	if got := r.Identity(); !got.Equal(who) || got.String() != "p1.example (poller, scheduler)" || got.URI().String() != "onbu:poller+scheduler/p1.example" {
		t.Errorf("got %s, %s", got, got.URI())
	}
	for _, bad := range []string{"", ".x", "a b", "a/b", "ä", "a\nb", "*", strings.Repeat("x", 64)} {
		if _, err := keys.NewIdentity(bad, bus.Poller); err == nil {
			t.Errorf("%q is taken for a name", bad)
		}
	}
	for _, roles := range [][]bus.Role{nil, {"root"}, {bus.Poller, ""}} {
		if _, err := keys.NewIdentity("p1", roles...); err == nil {
			t.Errorf("%q are taken for roles", roles)
		}
	}
}

func TestFilesAreForTheirOwnerAndAreNotOverwritten(t *testing.T) {
	v := vault(t)
	who := identity(t, "p1", bus.Poller)
	dir := hand(t, v, who, 0)
	for _, folder := range []string{dir, v.Dir()} {
		files, err := os.ReadDir(folder)
		if err != nil || len(files) < 3 {
			t.Fatal(len(files), err)
		}
		for _, f := range files {
			info, err := f.Info()
			if err != nil || !f.IsDir() && info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %v, %v", f.Name(), info.Mode(), err)
			}
		}
	}
	before := open(t, dir).Certificate().SerialNumber
	if err := v.Hand(dir, keys.Grant{Identity: who}, false, time.Now()); err == nil {
		t.Error("keys were overwritten")
	}
	if open(t, dir).Certificate().SerialNumber.Cmp(before) != 0 {
		t.Error("the certificate is another one")
	}
	if err := v.Hand(dir, keys.Grant{Identity: who}, true, time.Now()); err != nil {
		t.Error(err)
	}
	if _, err := keys.Create(v.Dir(), time.Now()); err == nil {
		t.Error("an authority was overwritten")
	}
	if err := os.Chmod(filepath.Join(dir, keys.KeyFile), 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Open(dir, nil); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that others may read: got %v", err)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	if _, err := keys.Open(dir, nil); err != nil {
		t.Errorf("a key of systemd's, with an access list: %v", err)
	}
}

// meet has a client and a server with some settings make a connection, and says how that went for the client.
func meet(t *testing.T, server, client *tls.Config) error {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if c, err := l.Accept(); err == nil {
			_, _ = c.Write([]byte("x"))
			c.Close()
		}
	}()
	c, err := tls.Dial("tcp", l.Addr().String(), client)
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = io.ReadFull(c, make([]byte, 1))
	return err
}

func TestWhoMayConnectToWhom(t *testing.T) {
	v, other := vault(t), vault(t)
	server := open(t, hand(t, v, identity(t, "bus1", keys.Server), 0, "127.0.0.1"))
	second := open(t, hand(t, v, identity(t, "bus2", keys.Server, bus.Scheduler), 0, "127.0.0.1"))
	elsewhere := open(t, hand(t, v, identity(t, "bus3", keys.Server), 0, "bus3.example.org"))
	poller := open(t, hand(t, v, identity(t, "p1", bus.Poller), 0))
	stranger := open(t, hand(t, other, identity(t, "p1", bus.Poller), 0))
	for name, c := range map[string]struct {
		server, client *tls.Config
		want           bool
	}{
		"a daemon to a server":                        {server.Server(), poller.Client(), true},
		"a server to another":                         {server.Route(), second.Route(), true},
		"a daemon to the port between servers":        {server.Route(), poller.Client(), false},
		"to a server with other names":                {elsewhere.Server(), poller.Client(), false},
		"to a daemon that plays server":               {poller.Server(), second.Client(), false},
		"a daemon of another authority":               {server.Server(), stranger.Client(), false},
		"to a server of another authority":            {stranger.Server(), poller.Client(), false},
		"somebody without a certificate":              {server.Server(), &tls.Config{RootCAs: poller.Client().RootCAs}, false},
		"a daemon that speaks an older TLS":           {server.Server(), older(poller.Client()), false},
		"somebody without one, between servers":       {server.Route(), &tls.Config{RootCAs: poller.Client().RootCAs}, false},
		"a server of another authority among servers": {server.Route(), stranger.Route(), false},
	} {
		if c.client.ServerName = "127.0.0.1"; (meet(t, c.server, c.client) == nil) != c.want {
			t.Errorf("%s: want success %t", name, c.want)
		}
	}
}

func older(c *tls.Config) *tls.Config {
	c.MinVersion, c.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	return c
}

func TestRevokedCertificatesStayOutAndAnOlderListDoesNotBringThemBack(t *testing.T) {
	v := vault(t)
	dir := hand(t, v, identity(t, "bus1", keys.Server), 0, "127.0.0.1")
	poller := open(t, hand(t, v, identity(t, "p1", bus.Poller), 0))
	before, err := v.Revocations()
	if err != nil {
		t.Fatal(err)
	}
	if n, err := v.Revoke("p1", time.Now()); n != 1 || err != nil {
		t.Fatalf("revoked %d, %v", n, err)
	}
	if n, err := v.Revoke("p1", time.Now()); n != 0 || err != nil {
		t.Errorf("revoked %d again, %v", n, err)
	}
	now, err := v.Revocations()
	if err != nil {
		t.Fatal(err)
	}
	put := func(text []byte, age time.Duration) {
		path := filepath.Join(dir, keys.RevokedFile)
		at := time.Now().Add(-age)
		if err := errors.Join(os.WriteFile(path, text, 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	put(now, time.Hour)
	complaints := make(chan struct{}, 100)
	server, err := keys.Open(dir, slog.New(slog.NewTextHandler(complaining(complaints), nil)))
	if err != nil {
		t.Fatal(err)
	}
	if !server.Revoked(poller.Certificate()) || server.Revoked(server.Certificate()) {
		t.Error("the list names another one")
	}
	client := poller.Client()
	client.ServerName = "127.0.0.1"
	if meet(t, server.Server(), client) == nil {
		t.Error("a revoked certificate is let in")
	}
	put(before, time.Minute)
	for len(complaints) == 0 { // until it has looked at its files again
		if !server.Revoked(poller.Certificate()) {
			t.Fatal("an older list let it in again")
		}
	}
	if !server.Revoked(poller.Certificate()) {
		t.Error("an older list let it in again")
	}
	forged := vault(t)
	text, err := forged.Revocations()
	if err != nil {
		t.Fatal(err)
	}
	put(text, 0)
	if _, err := keys.Open(dir, nil); err == nil || !strings.Contains(err.Error(), "signed") {
		t.Errorf("a list that another authority signed: got %v", err)
	}
	list, err := v.List()
	if err != nil || len(list) != 2 || list[0].Revoked || !list[1].Revoked {
		t.Errorf("the list of what was issued: %+v, %v", list, err)
	}
}

// complaining is where a log goes of which only counts that something was written.
type complaining chan struct{}

func (c complaining) Write(text []byte) (int, error) {
	c <- struct{}{}
	return len(text), nil
}

// desk starts a desk and gives its address.
func desk(t *testing.T, v *keys.Vault) string {
	t.Helper()
	address := fmt.Sprint("127.0.0.1:", realpeer.Port(t))
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- keys.NewDesk(v, slog.New(slog.DiscardHandler)).Listen(ctx, address) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	for {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
			return address
		}
		select {
		case err := <-ended:
			t.Fatal(err)
		default:
		}
	}
}

func token(t *testing.T, v *keys.Vault, address string, ttl time.Duration, now time.Time) keys.Token {
	t.Helper()
	g := keys.Grant{Identity: identity(t, "p1", bus.Poller)}
	made, err := v.NewToken(g, address, ttl, now)
	if err != nil {
		t.Fatal(err)
	}
	read, err := keys.ParseToken(made.Line() + "\n")
	if err != nil || read != made {
		t.Fatalf("got %v", err)
	}
	return read
}

func TestATokenMakesOneMachineWhatItWasMadeFor(t *testing.T) {
	v := vault(t)
	address := desk(t, v)
	one := token(t, v, address, time.Hour, time.Now())
	dir := filepath.Join(t.TempDir(), "keys")
	who, err := keys.Join(t.Context(), one, dir, false)
	if err != nil || who.String() != "p1 (poller)" {
		t.Fatalf("got %s, %v", who, err)
	}
	ring := open(t, dir)
	client := ring.Client()
	client.ServerName = "127.0.0.1"
	if err := meet(t, open(t, hand(t, v, identity(t, "bus1", keys.Server), 0, "127.0.0.1")).Server(), client); err != nil {
		t.Error(err)
	}
	if _, err := keys.Join(t.Context(), one, dir, false); err == nil || !strings.Contains(err.Error(), "has keys already") {
		t.Errorf("over keys that are there: got %v", err)
	}
	first := ring.Certificate().SerialNumber
	if _, err := keys.Renew(t.Context(), dir, ""); err != nil {
		t.Fatal(err)
	}
	if again := open(t, dir); again.Certificate().SerialNumber.Cmp(first) == 0 || !again.Identity().Equal(who) {
		t.Errorf("renewed: %s", again.Identity())
	}
	if _, err := v.Revoke("p1", time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Renew(t.Context(), dir, ""); err == nil || !strings.Contains(err.Error(), "revoked") {
		t.Errorf("a revoked certificate was renewed: %v", err)
	}
}

func TestTokensThatDoNotCountGetOneAnswer(t *testing.T) {
	v, other := vault(t), vault(t)
	address := desk(t, v)
	used := token(t, v, address, time.Hour, time.Now())
	if _, err := keys.Join(t.Context(), used, t.TempDir(), false); err != nil {
		t.Fatal(err)
	}
	old := token(t, v, address, time.Hour, time.Now().Add(-2*time.Hour))
	unknown := token(t, other, address, time.Hour, time.Now())
	unknown.Fingerprint = used.Fingerprint
	answers := map[string]bool{}
	for name, one := range map[string]keys.Token{"used": used, "old": old, "unknown": unknown} {
		dir := filepath.Join(t.TempDir(), "keys")
		_, err := keys.Join(t.Context(), one, dir, false)
		if err == nil {
			t.Fatalf("%s: it was given a certificate", name)
		}
		answers[err.Error()] = true
		if !strings.Contains(err.Error(), "`onbu keys token` where the authority is makes a new one") {
			t.Errorf("%s: it does not say what to do: %v", name, err)
		}
		if _, err := os.Stat(filepath.Join(dir, keys.KeyFile)); err == nil {
			t.Errorf("%s: a key was left behind", name)
		}
	}
	if len(answers) != 1 {
		t.Errorf("%d different answers: %v", len(answers), answers)
	}
}

func TestOfManyThatHaveTheSameTokenOneGetsACertificate(t *testing.T) {
	v := vault(t)
	address := desk(t, v)
	one := token(t, v, address, time.Hour, time.Now())
	var wg sync.WaitGroup
	errs := make(chan error, 6)
	for range cap(errs) {
		wg.Go(func() {
			_, err := keys.Join(t.Context(), one, filepath.Join(t.TempDir(), "keys"), false)
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	won := 0
	for err := range errs {
		if err == nil {
			won++
		}
	}
	if list, err := v.List(); won != 1 || err != nil || len(list) != 1 {
		t.Errorf("%d got a certificate, %d were made, %v", won, len(list), err)
	}
}

func TestATokenIsShownToNobodyButTheAuthorityThatMadeIt(t *testing.T) {
	v, other := vault(t), vault(t)
	one := token(t, v, desk(t, other), time.Hour, time.Now())
	if _, err := keys.Join(t.Context(), one, filepath.Join(t.TempDir(), "keys"), false); err == nil || !strings.Contains(err.Error(), "another authority") {
		t.Errorf("got %v", err)
	}
	// A server of the bus has a certificate of the right authority, and is no desk all the same.
	server := open(t, hand(t, v, identity(t, "bus1", keys.Server), 0, "127.0.0.1")).Server()
	server.ClientAuth = tls.NoClientCert
	pair, err := server.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	withCA := *pair
	withCA.Certificate = append(withCA.Certificate, v.Certificate().Raw)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{withCA}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	heard := make(chan int, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		n, _ := c.Read(make([]byte, 100))
		heard <- n
		c.Close()
	}()
	one = token(t, v, l.Addr().String(), time.Hour, time.Now())
	if _, err := keys.Join(t.Context(), one, filepath.Join(t.TempDir(), "keys"), false); err == nil || !strings.Contains(err.Error(), "onbu keys serve") {
		t.Errorf("got %v", err)
	}
	if n := <-heard; n != 0 {
		t.Errorf("it was told %d bytes", n)
	}
}

func TestATokenHidesItselfAndBadOnesAreNotRepeated(t *testing.T) {
	one := token(t, vault(t), "127.0.0.1:4223", time.Hour, time.Now())
	secret := one.Line()[strings.LastIndexByte(one.Line(), '/')+1:]
	for _, format := range []string{"%v", "%s", "%+v", "%#v"} {
		if text := fmt.Sprintf(format, one); strings.Contains(text, secret) || text != "***" {
			t.Errorf("%s shows %s", format, text)
		}
	}
	for _, bad := range []string{"", "x", one.Line()[1:40], one.Line()[:len(one.Line())-1], one.Line() + "/x", "nohost/" + secret + "/" + secret} {
		if _, err := keys.ParseToken(bad); err == nil || strings.Contains(err.Error(), secret[:8]) {
			t.Errorf("%.20q: got %v", bad, err)
		}
	}
}

func TestACertificateThatEndsSoonIsToldOf(t *testing.T) {
	v := vault(t)
	for life, want := range map[time.Duration]string{40 * 24 * time.Hour: "", 20 * 24 * time.Hour: "renew it"} {
		r := open(t, hand(t, v, identity(t, "p1", bus.Poller), life))
		if got := r.Ending(time.Now()); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: got %q", life, got)
		}
		if got := r.Ending(time.Now().Add(life + time.Second)); !strings.Contains(got, "ended") {
			t.Errorf("after %s: got %q", life, got)
		}
		ctx, cancel := context.WithCancel(t.Context())
		told := ""
		cancel()
		r.Watch(ctx, func(text string) { told = text })
		if (told == "") != (want == "") {
			t.Errorf("%s: told %q", life, told)
		}
	}
}

// openssl is another reader of all that is written.
func TestOpenSSLUnderstandsTheFiles(t *testing.T) {
	program := realpeer.Program(t, "openssl", "openssl")
	v := vault(t)
	dir := hand(t, v, identity(t, "bus1", keys.Server, bus.Poller), 0, "bus1.example.org", "192.0.2.1", "2001:db8::1")
	ca := filepath.Join(dir, keys.CAFile)
	for _, args := range [][]string{
		{"verify", "-CAfile", ca, "-CRLfile", filepath.Join(dir, keys.RevokedFile), "-crl_check", "-purpose", "sslserver", filepath.Join(dir, keys.CertFile)},
		{"verify", "-CAfile", ca, "-purpose", "sslclient", "-verify_hostname", "bus1.example.org", filepath.Join(dir, keys.CertFile)},
		{"pkey", "-in", filepath.Join(dir, keys.KeyFile), "-noout", "-check"},
	} {
		p := realpeer.Start(t, program, args...)
		<-p.Ended()
		if p.ProcessState.ExitCode() != 0 {
			t.Errorf("openssl %s: %s", strings.Join(args, " "), p.Output())
		}
	}
}

// A server that got another address has to have a certificate for it, else the others do not take it.
func TestACertificateThatLacksAnAddressOfItsServerIsToldOf(t *testing.T) {
	v := vault(t)
	dir := hand(t, v, identity(t, "beta", keys.Server), time.Hour*24*365, "beta.example", "127.0.0.12")
	r := open(t, dir)
	for _, c := range []struct {
		reached []string
		want    string
	}{
		{nil, ""},
		{[]string{"127.0.0.12:6222", "0.0.0.0:4222", ":4222", "[::]:4222", "beta.example:1"}, ""},
		{[]string{"127.0.0.22:6222", "127.0.0.22:4222", "new.example:4222"}, "not for 127.0.0.22, new.example, where this server listens: " +
			"others refuse it there; make another: `onbu keys server beta --addr beta.example,127.0.0.12,127.0.0.22,new.example --force`"},
	} {
		r.ReachedAt(c.reached...)
		if got := r.Unnamed(); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%v: %q", c.reached, got)
		}
	}
	grant := keys.Grant{Identity: r.Identity(), Addresses: []string{"127.0.0.22", "new.example"}}
	if err := v.Hand(dir, grant, true, time.Now()); err != nil {
		t.Fatal(err)
	}
	r = open(t, dir)
	r.ReachedAt("127.0.0.22:6222", "new.example:4222")
	if got := r.Unnamed(); got != "" {
		t.Errorf("with the new certificate: %q", got)
	}
}
