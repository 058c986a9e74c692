package agent_test

import (
	"bytes"
	"compress/zlib"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/probe/probetest"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/agent/controller"
	"github.com/onbu/onbu/monitor"
)

const uuid = "cf771eeb-b666-4673-95c9-683960fb2939"

// agentController is what Checkmk's agent controller keeps and does: it registers, and answers who shows the certificate of the
// site that it is registered at.
type agentController struct {
	root *x509.CertPool
	cert tls.Certificate
	says func(w io.Writer) // under TLS
}

// request makes a key and a certificate request, as "cmk-agent-ctl register" does.
func request(t *testing.T, name string) (csr string, key *rsa.PrivateKey) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: name}}, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: raw})), key
}

// receiver runs the service at which agents register, and gives its address.
func receiver(t *testing.T, dir string) string {
	t.Helper()
	if err := controller.Create(dir, "onbu"); err != nil {
		t.Fatal(err)
	}
	r, err := controller.NewReceiver(dir, map[string]string{"registrar": "secret"})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(r)
	if s.TLS, err = r.TLS(); err != nil {
		t.Fatal(err)
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL + "/mysite/agent-receiver/"
}

// post sends what an agent sends, under the certificates that it has.
func post(t *testing.T, config *tls.Config, method, url, user string, body any) (status int, answer map[string]any) {
	t.Helper()
	text, _ := json.Marshal(body)
	q, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if user != "" {
		q.SetBasicAuth(user, "secret")
	}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	defer client.CloseIdleConnections()
	resp, err := client.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	_ = json.NewDecoder(resp.Body).Decode(&answer)
	return resp.StatusCode, answer
}

var blind = &tls.Config{InsecureSkipVerify: true}

// registered gives an agent controller that is registered as a host.
func registered(t *testing.T, url, host string) *agentController {
	t.Helper()
	csr, key := request(t, uuid)
	status, answer := post(t, blind, http.MethodPost, url+"register_existing", "registrar", map[string]string{"uuid": uuid, "csr": csr, "host_name": host})
	if status != http.StatusOK || answer["connection_mode"] != "pull-agent" {
		t.Fatalf("register_existing: %d %v", status, answer)
	}
	a := &agentController{root: x509.NewCertPool()}
	if !a.root.AppendCertsFromPEM([]byte(answer["root_cert"].(string))) {
		t.Fatal("no root certificate")
	}
	block, _ := pem.Decode([]byte(answer["agent_cert"].(string)))
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	// The agent looks its certificate up by the name that the site asks for.
	if err := leaf.VerifyHostname(uuid); err != nil {
		t.Errorf("the agent's certificate: %v", err)
	}
	a.cert = tls.Certificate{Certificate: [][]byte{block.Bytes}, PrivateKey: key, Leaf: leaf}
	return a
}

// serve answers as the sheet says that the agent controller does.
func (a *agentController) serve(c net.Conn) {
	defer c.Close()
	_, _ = io.WriteString(c, "16")
	secure := tls.Server(c, &tls.Config{
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: a.root, MinVersion: tls.VersionTLS12,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if hello.ServerName != uuid {
				return nil, fmt.Errorf("nobody is called %q here", hello.ServerName)
			}
			return &a.cert, nil
		},
		VerifyConnection: func(s tls.ConnectionState) error {
			if name := s.PeerCertificates[0].Subject.CommonName; len(name) == 36 {
				return fmt.Errorf("CN in client certificate is a valid UUID: %s", name)
			}
			return nil
		},
	})
	if secure.Handshake() == nil {
		a.says(secure)
		_ = secure.Close()
	}
}

// packed is what an agent controller sends under TLS.
func packed(text string) func(io.Writer) {
	return func(w io.Writer) {
		_, _ = w.Write([]byte{0, 0, 1})
		z := zlib.NewWriter(w)
		_, _ = io.WriteString(z, text)
		_ = z.Close()
	}
}

func TestAnAgentThatIsRegisteredIsAskedUnderTLS(t *testing.T) {
	dir := t.TempDir()
	a := registered(t, receiver(t, dir), "Web1")
	m := module(t, nil)
	for about, c := range map[string]struct {
		says        func(io.Writer)
		state       monitor.State
		host, want  string
		withoutFlag bool
	}{
		"compressed":       {says: packed(output), want: "Version: 2.3.0p10"},
		"another case":     {says: packed(output), host: "WEB1", want: "Version: 2.3.0p10"},
		"without --tls":    {says: packed(output), want: "Version: 2.3.0p10", withoutFlag: true},
		"not compressed":   {says: func(w io.Writer) { _, _ = io.WriteString(w, "\x00\x00\x00"+output) }, want: "Version: 2.3.0p10"},
		"encrypted within": {says: packed("03Salted__12345678xxxxxxxxxxxxxxxx"), state: monitor.Critical, want: "--legacy-key"},
		"another version":  {says: func(w io.Writer) { _, _ = io.WriteString(w, "\x00\x01\x00"+output) }, state: monitor.Critical, want: "Unknown protocol version"},
		"another packer":   {says: func(w io.Writer) { _, _ = io.WriteString(w, "\x00\x00\x07"+output) }, state: monitor.Critical, want: "Unknown compression of the agent controller: 7"},
		"no zlib":          {says: func(w io.Writer) { _, _ = io.WriteString(w, "\x00\x00\x01"+output) }, state: monitor.Critical, want: "Decompression of agent data failed"},
		"nothing":          {says: func(io.Writer) {}, state: monitor.Critical, want: "Empty output from host"},
		"cut":              {says: func(w io.Writer) { _, _ = io.WriteString(w, "\x00\x00\x01\x78\x9c") }, state: monitor.Critical, want: "Decompression of agent data failed"},
		"a zlib bomb":      {says: bomb, state: monitor.Unknown, want: "more than 200 times"},
		"somebody else":    {says: packed(output), host: "other", state: monitor.Critical, want: "Agent controller not registered: other is not on the list"},
	} {
		a.says = c.says
		port := probetest.Serve(t, a.serve)
		line := "-H 127.0.0.1 -p " + port + " --tls-state " + dir
		if !c.withoutFlag {
			line += " --tls"
		}
		host := "web1"
		if c.host != "" {
			host = c.host
		}
		var got monitor.Outcome
		more := growth(func() { got = run(t, m, modules.Object{Host: host, Forced: true}, line) })
		if got.State != c.state || !strings.Contains(got.Output, c.want) {
			t.Errorf("%s: %v %s", about, got.State, got.Output)
		}
		if more > 64e6 {
			t.Errorf("%s took %d MB", about, more/1e6)
		}
	}
}

// bomb is a gigabyte of the same line.
func bomb(w io.Writer) {
	_, _ = w.Write([]byte{0, 0, 1})
	z := zlib.NewWriter(w)
	block := bytes.Repeat([]byte("<<<a>>>\n"), 8192)
	for range 1 << 14 {
		if _, err := z.Write(block); err != nil {
			return
		}
	}
	_ = z.Close()
}

func TestAStrangersCertificateIsRefusedOnBothSides(t *testing.T) {
	ours, theirs := t.TempDir(), t.TempDir()
	registered(t, receiver(t, ours), "web1")
	stranger := registered(t, receiver(t, theirs), "web1")
	stranger.says = packed(output)
	got := run(t, module(t, nil), modules.Object{Host: "web1"}, "-H 127.0.0.1 --tls --tls-state "+ours+" -p "+probetest.Serve(t, stranger.serve))
	if got.State != monitor.Critical || !strings.Contains(got.Output, "not of this site") && !strings.Contains(got.Output, "refuses this site's certificate") {
		t.Errorf("got %v %s", got.State, got.Output)
	}
}

func TestOnlyWhoMayRegistersAgents(t *testing.T) {
	dir := t.TempDir()
	url := receiver(t, dir)
	csr, _ := request(t, uuid)
	named, _ := request(t, "onbu")
	for _, c := range []struct {
		what, user string
		body       map[string]string
		want       int
		says       string
	}{
		{"register_existing", "", map[string]string{"uuid": uuid, "csr": csr, "host_name": "a"}, 401, "credentials"},
		{"register_existing", "somebody", map[string]string{"uuid": uuid, "csr": csr, "host_name": "a"}, 401, "credentials"},
		{"register_existing", "registrar", map[string]string{"uuid": uuid, "csr": named, "host_name": "a"}, 400, "no UUID"},
		{"register_existing", "registrar", map[string]string{"uuid": "cf771eeb-b666-4673-95c9-683960fb2938", "csr": csr, "host_name": "a"}, 400, "does not match"},
		{"register_existing", "registrar", map[string]string{"uuid": uuid, "csr": "rubbish", "host_name": "a"}, 400, "no PEM"},
		{"register_existing", "registrar", map[string]string{"uuid": uuid, "csr": csr, "host_name": "a\nb"}, 400, "no name of a host"},
		{"register_existing", "registrar", map[string]string{"uuid": uuid, "csr": strings.Repeat("x", 100_000), "host_name": "a"}, 400, "too large"},
		{"register_new", "registrar", map[string]string{"uuid": uuid, "csr": csr}, 501, "not supported"},
		{"pairing", "registrar", map[string]string{"csr": csr}, 200, ""},
		{"register_with_hostname", "registrar", map[string]string{"uuid": uuid, "host_name": "old"}, 204, ""},
		{"nothing", "registrar", nil, 404, "Not Found"},
	} {
		status, answer := post(t, blind, http.MethodPost, url+c.what, c.user, c.body)
		if detail := fmt.Sprint(answer["detail"]); status != c.want || c.says != "" && !strings.Contains(detail, c.says) {
			t.Errorf("%s by %q with %.80v: %d %s, want %d %s", c.what, c.user, c.body, status, detail, c.want, c.says)
		}
	}
}

func TestAnAgentAsksForItsState(t *testing.T) {
	url := receiver(t, t.TempDir())
	a := registered(t, url, "web1")
	known := &tls.Config{RootCAs: a.root, ServerName: "onbu", Certificates: []tls.Certificate{a.cert}}
	status, answer := post(t, known, http.MethodGet, url+"registration_status_v2/"+uuid, "", nil)
	if status != 200 || answer["status"] != "Registered" || answer["hostname"] != "web1" || answer["connection_mode"] != "pull-agent" {
		t.Errorf("registration_status_v2: %d %v", status, answer)
	}
	csr, _ := request(t, uuid)
	if status, answer := post(t, known, http.MethodPost, url+"renew_certificate/"+uuid, "", map[string]string{"csr": csr}); status != 200 || answer["agent_cert"] == nil {
		t.Errorf("renew_certificate: %d %v", status, answer)
	}
	other := "cf771eeb-b666-4673-95c9-683960fb2938"
	if status, _ := post(t, known, http.MethodGet, url+"registration_status_v2/"+other, "", nil); status != 400 {
		t.Errorf("an agent asks for the state of another one: %d", status)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	forged, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: a.cert.Leaf.SerialNumber, Subject: pkix.Name{CommonName: uuid}, NotAfter: a.cert.Leaf.NotAfter},
		&x509.Certificate{Subject: pkix.Name{CommonName: "x"}}, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	liar := &tls.Config{RootCAs: a.root, ServerName: "onbu", Certificates: []tls.Certificate{{Certificate: [][]byte{forged}, PrivateKey: key}}}
	for _, config := range []*tls.Config{blind, liar} {
		if status, _ := post(t, config, http.MethodPost, url+"renew_certificate/"+uuid, "", map[string]string{"csr": csr}); status != 400 {
			t.Errorf("somebody who is not that agent gets a certificate: %d", status)
		}
	}
}
