package link_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/link"
	"github.com/onbu/onbu/internal/realpeer"
)

// tree is how sites are joined: who listens, and who dials whom.
type tree struct {
	t     *testing.T
	sites map[string]*link.Link
}

func (s *tree) start(name string, plan link.Plan) {
	s.t.Helper()
	if plan.Tenants == nil {
		plan.Tenants = []bus.Tenant{{}}
	}
	l, err := link.Start(s.t.Context(), name, plan, slog.New(slog.DiscardHandler))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { l.Close() })
	s.sites[name] = l
}

func (s *tree) dial(to, user, tenant string, hub bool) link.Dial {
	return link.Dial{URL: &url.URL{Scheme: "nats", Host: s.sites[to].Address()}, User: user, Password: "of " + user, Tenant: tenant, Hub: hub}
}

func listens(users ...link.User) link.Plan {
	return link.Plan{Listen: "127.0.0.1:0", Users: users}
}

func user(name, tenant string) link.User {
	return link.User{Name: name, Password: "of " + name, Tenant: tenant}
}

// answer lets a site answer with its name.
func (s *tree) answer(name, tenant string) {
	s.t.Helper()
	stop, err := s.sites[name].Messenger(tenant).Subscribe(bus.AtSite(name), func(m bus.Msg) { m.Reply([]byte(name)) })
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(stop)
}

// hears says whether a question of one site reaches another within some seconds.
func (s *tree) hears(from, to, tenant string, patience time.Duration) bool {
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	for ctx.Err() == nil {
		ask, stop := context.WithTimeout(ctx, time.Second)
		answer, err := s.sites[from].Messenger(tenant).Request(ask, bus.AtSite(to), []byte("who are you?"))
		stop()
		if err == nil {
			return string(answer) == to
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
	return false
}

func (s *tree) all(names ...string) {
	s.t.Helper()
	for _, name := range names {
		s.answer(name, "")
	}
	for _, from := range names {
		for _, to := range names {
			if from != to && !s.hears(from, to, "", 10*time.Second) {
				s.t.Errorf("%s does not reach %s", from, to)
			}
		}
	}
}

func newTree(t *testing.T) *tree { return &tree{t, map[string]*link.Link{}} }

func TestEachReachesTheOtherWhoeverDials(t *testing.T) {
	t.Parallel()
	s := newTree(t)
	s.start("a", listens(user("b", "")))
	s.start("b", link.Plan{Dials: []link.Dial{s.dial("a", "b", "", false)}})
	s.all("a", "b")
}

func TestAThirdSiteIsReachedThroughTheOneInTheMiddle(t *testing.T) {
	t.Parallel()
	for name, build := range map[string]func(*tree){
		"both dial the middle": func(s *tree) {
			s.start("b", listens(user("a", ""), user("c", "")))
			s.start("a", link.Plan{Dials: []link.Dial{s.dial("b", "a", "", false)}})
			s.start("c", link.Plan{Dials: []link.Dial{s.dial("b", "c", "", false)}})
		},
		"a chain of dials": func(s *tree) {
			s.start("c", listens(user("b", "")))
			p := listens(user("a", ""))
			p.Dials = []link.Dial{s.dial("c", "b", "", false)}
			s.start("b", p)
			s.start("a", link.Plan{Dials: []link.Dial{s.dial("b", "a", "", false)}})
		},
		"the middle dials both": func(s *tree) {
			s.start("a", listens(user("b", "")))
			s.start("c", listens(user("b", "")))
			s.start("b", link.Plan{Dials: []link.Dial{s.dial("a", "b", "", true), s.dial("c", "b", "", true)}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTree(t)
			build(s)
			s.all("a", "b", "c")
		})
	}
}

func TestATenantSeesNothingOfAnother(t *testing.T) {
	t.Parallel()
	s := newTree(t)
	hub := listens(user("x", "xenon"), user("y", "yttrium"), user("x2", "xenon"))
	hub.Tenants = []bus.Tenant{{}, {Name: "xenon", Relay: true}, {Name: "yttrium", Relay: true}}
	s.start("hub", hub)
	s.start("x", link.Plan{Dials: []link.Dial{s.dial("hub", "x", "", false)}})
	s.start("x2", link.Plan{Dials: []link.Dial{s.dial("hub", "x2", "", false)}})
	s.start("y", link.Plan{Dials: []link.Dial{s.dial("hub", "y", "", false)}})
	for _, name := range []string{"x", "x2", "y", "hub"} {
		s.answer(name, "")
	}
	seen := make(chan bus.Msg, 100)
	for _, where := range []struct{ site, tenant string }{{"y", ""}, {"hub", ""}, {"hub", "yttrium"}} {
		stop, err := s.sites[where.site].Messenger(where.tenant).Subscribe(">", func(m bus.Msg) { seen <- m })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
	}
	if !s.hears("x", "x2", "", 10*time.Second) || !s.hears("x2", "x", "", 10*time.Second) {
		t.Fatal("the sites of a tenant do not reach each other through the one that relays")
	}
	select {
	case m := <-seen:
		t.Errorf("another tenant saw %s", m.Subject)
	default:
	}
	if s.hears("x", "y", "", 2*time.Second) || s.hears("y", "x", "", 2*time.Second) || s.hears("y", "hub", "", time.Second) {
		t.Error("a site reached one of another tenant")
	}
}

func TestAWrongPasswordIsLetInNowhere(t *testing.T) {
	t.Parallel()
	s := newTree(t)
	s.start("a", listens(user("b", "")))
	wrong := s.dial("a", "b", "", false)
	wrong.Password = "guessed"
	s.start("b", link.Plan{Dials: []link.Dial{wrong}})
	s.answer("a", "")
	if s.hears("b", "a", "", 3*time.Second) {
		t.Error("a site with a wrong password reached another")
	}
}

// A circle of dials is refused by whoever sees it, who lets that dial rest for half a minute; so two sites that dial each other
// reach each other in the end.
func TestTwoSitesThatDialEachOtherReachEachOther(t *testing.T) {
	t.Parallel()
	s := newTree(t)
	a, b := realpeer.Port(t), realpeer.Port(t)
	plan := func(own, other int, name string) link.Plan {
		return link.Plan{
			Listen: fmt.Sprint("127.0.0.1:", own), Users: []link.User{user("a", ""), user("b", "")},
			Dials: []link.Dial{{URL: &url.URL{Scheme: "nats", Host: fmt.Sprint("127.0.0.1:", other)}, User: name, Password: "of " + name}},
		}
	}
	s.start("a", plan(a, b, "a"))
	s.start("b", plan(b, a, "b"))
	s.answer("a", "")
	s.answer("b", "")
	if !s.hears("a", "b", "", 75*time.Second) || !s.hears("b", "a", "", 75*time.Second) {
		t.Error("the two do not reach each other")
	}
}

func TestTLSLetsInOnlyWhoShowsACertificateWhereThatIsAsked(t *testing.T) {
	t.Parallel()
	s := newTree(t)
	dir := t.TempDir()
	for _, name := range []string{"ours", "theirs"} {
		writeCertificate(t, dir, name)
	}
	read := func(text string) link.Plan {
		t.Helper()
		path := filepath.Join(dir, "links")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := link.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	s.start("a", read("listen 127.0.0.1:0 cert=ours.pem key=ours.key ca=ours.pem\nlet b password=x\n"))
	s.answer("a", "")
	to := s.sites["a"].Address()
	s.start("b", read("dial tls://"+to+" user=b password=x ca=ours.pem cert=ours.pem key=ours.key"))
	if !s.hears("b", "a", "", 10*time.Second) {
		t.Error("a site with the right certificate does not get in")
	}
	for name, options := range map[string]string{
		"nothing": "ca=ours.pem", "anothers": "ca=ours.pem cert=theirs.pem key=theirs.key", "doubter": "ca=theirs.pem cert=ours.pem key=ours.key",
	} {
		s.start(name, read("dial tls://"+to+" user=b password=x "+options))
		if s.hears(name, "a", "", 2*time.Second) {
			t.Errorf("%s got in", name)
		}
	}
}

// writeCertificate writes a certificate for 127.0.0.1 that is its own authority.
func writeCertificate(t *testing.T, dir, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{name + ".pem": {Type: "CERTIFICATE", Bytes: der}, name + ".key": {Type: "PRIVATE KEY", Bytes: text}} {
		if err := os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAPasswordMayBeStoredAsItsHash(t *testing.T) {
	t.Parallel()
	hash, err := bcrypt.GenerateFromPassword([]byte("of b"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	s := newTree(t)
	s.start("a", listens(link.User{Name: "b", Password: string(hash)}))
	s.start("b", link.Plan{Dials: []link.Dial{s.dial("a", "b", "", false)}})
	s.all("a", "b")
}
