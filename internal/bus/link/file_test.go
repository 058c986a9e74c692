package link

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/probe/probetest"
)

func written(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAFileOfLinksIsReadWhole(t *testing.T) {
	p, err := Read(written(t, "links", `# what berlin is joined with
listen 127.0.0.1:7422
let  paris  password=one
let  xs     password=two  tenant=xenon   # relayed only
let  ys     password=three tenant=yttrium
dial tls://oslo.example.org  user=berlin password=a=b
dial nats://[::1]:7423       user=berlin password=c   tenant=yttrium
tenant yttrium ours=^edge-.* theirs=y[0-9]+
`))
	if err != nil {
		t.Fatal(err)
	}
	if p.Listen != "127.0.0.1:7422" || p.TLS != nil || len(p.Users) != 3 || len(p.Dials) != 2 || len(p.Tenants) != 3 {
		t.Fatalf("got %+v", p)
	}
	if d := p.Dials[0]; d.URL.String() != "tls://oslo.example.org:7422" || d.TLS == nil || d.User != "berlin" || d.Password != "a=b" || d.Hub {
		t.Errorf("first dial %+v", d)
	}
	if x := p.Tenants[1]; x.Name != "xenon" || !x.Relay {
		t.Errorf("a tenant without a line of its own is %+v, want one that is relayed only", x)
	}
	y := p.Tenants[2]
	if y.Relay || !y.Ours("edge-1") || y.Ours("my-edge-1") || !y.Theirs("y12") || y.Theirs("y12x") {
		t.Errorf("patterns of yttrium are to fit whole names")
	}
}

func TestASiteThatDialsSeveralPassesOnBetweenThem(t *testing.T) {
	p, err := Read(written(t, "links", `
dial tls://a.example.org user=b password=x
dial tls://c.example.org user=b password=x
dial tls://a.example.org user=b password=x tenant=other
`))
	if err != nil {
		t.Fatal(err)
	}
	if !p.Dials[0].Hub || !p.Dials[1].Hub || p.Dials[2].Hub {
		t.Errorf("got %+v", p.Dials)
	}
}

func TestMistakesInAFileOfLinksAreToldAllAtOnceWithTheirLines(t *testing.T) {
	_, err := Read(written(t, "links", `listen 0.0.0.0:7422
let paris
dial https://x
dial nats://far.example.org user=a password=b
dial tls://user:secret@far.example.org
tenant t ours=(
open door
let paris password=x
let spaced password=x tenant=a/b
dial tls://x user=a password=b hurry
`))
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		":1: without cert=FILE key=FILE", ":2: let paris needs password=WORD", ":3: dial takes tls://", ":4: nats:// sends passwords",
		":5: user and password do not belong into the address", ":6: ours=(", `:7: "open" is not known`, ":8: let paris stands in line 2 already",
		`:9: the name "a/b"`, ":10: dial has no option hurry",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nlacks %s", err, want)
		}
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the error shows a password: %v", err)
	}
}

func TestWhatCannotJoinAnythingIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "joins nothing",
		"let a password=b":                      "let without listen",
		"listen 127.0.0.1:1":                    "listen without let",
		"dial tls://x user=a":                   "needs user=NAME password=WORD",
		"dial tls://x creds=missing":            "no such file",
		"dial tls://x user=a password=b ca=not": "no such file",
		"listen 127.0.0.1:1 cert=a\nlet a password=b": "belong together",
	} {
		if _, err := Read(written(t, "links", text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	path := written(t, "links", "dial tls://x user=a password=b")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a file that everybody may read: %v", err)
	}
}

func TestTheSumChangesWithACertificate(t *testing.T) {
	dir := t.TempDir()
	read := func() Plan {
		t.Helper()
		certificate(t, dir)
		path := filepath.Join(dir, "links")
		if err := os.WriteFile(path, []byte("listen 0.0.0.0:7422 cert=cert.pem key=key.pem\nlet a password=b\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if first, second := read(), read(); first.Sum == second.Sum || first.TLS == nil {
		t.Error("a new certificate leaves the sum as it was")
	}
}

func FuzzReadingLinks(f *testing.F) {
	f.Add("listen 127.0.0.1:7422\nlet a password=b tenant=c\ndial tls://x:1 user=a password=b hub\ntenant c ours=.* theirs=x")
	f.Add("dial nats://[::1]:0 user=a password=b plain")
	f.Add("let a password=\nlisten [::]:x cert= key=")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parse("/nowhere/links", []byte(text))
		if err != nil {
			return
		}
		if p.Listen == "" && len(p.Dials) == 0 || p.Listen != "" && len(p.Users) == 0 {
			t.Errorf("%q joins nothing and is taken", text)
		}
		for _, d := range p.Dials {
			if d.URL.User != nil || d.URL.Port() == "" || d.Creds == "" && d.Password == "" {
				t.Errorf("%q: dial %+v", text, d)
			}
		}
	})
}

// certificate writes cert.pem and key.pem, new each time.
func certificate(t *testing.T, dir string) {
	t.Helper()
	c := probetest.Certificate(t, "hub", time.Hour)
	key, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: c.Certificate[0]},
		"key.pem":  {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
