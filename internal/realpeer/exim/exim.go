// Package exim knows how to run Exim as a mail server of a test: on free loopback ports, with STARTTLS, TLS from the start
// and AUTH as asked for, delivering into a folder.
package exim

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/mail"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/realpeer"
)

// User and Password are what AUTH takes.
const (
	User     = "onbu"
	Password = "s3cret-of-a-test"
)

// Options is what a server offers.
type Options struct {
	STARTTLS bool
	AUTH     bool // and takes mail from nobody else
	// Port and TLSPort are where it listens; 0 for any.
	Port, TLSPort int
}

// Server is a running Exim. Mail to …@example.org is delivered; to nobody@ it answers 550, to later@ 451, and a sender
// refused@ gets 550.
type Server struct {
	// Plain and TLS are its addresses, TLS for TLS from the start.
	Plain, TLS string
	// CA is the file of the certificate of 127.0.0.1 and localhost.
	CA string

	process *realpeer.Process
	inbox   string
}

// Start starts a server, which ends with the test.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	program := realpeer.Program(t, "exim4", "exim4-daemon-light")
	realpeer.Root(t, "exim takes a configuration of ours from root only")
	owner, err := user.Lookup("Debian-exim")
	if err != nil {
		t.Fatal(err)
	}
	dir := realpeer.Dir(t)
	if o.Port == 0 {
		o.Port = realpeer.Port(t)
	}
	if o.TLSPort == 0 {
		o.TLSPort = realpeer.Port(t)
	}
	s := &Server{
		Plain: net.JoinHostPort("127.0.0.1", strconv.Itoa(o.Port)), TLS: net.JoinHostPort("127.0.0.1", strconv.Itoa(o.TLSPort)),
		CA: filepath.Join(dir, "cert.pem"), inbox: filepath.Join(dir, "inbox"),
	}
	certify(t, s.CA)
	file := realpeer.File(t, dir, "exim.conf", configuration(dir, o, owner.Username))
	own(t, dir, owner)
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(file, 0, 0); err != nil {
		t.Fatal(err)
	}
	s.process = realpeer.Start(t, program, "-C", file, "-bdf", "-q1m")
	s.process.Listening(t, s.Plain)
	s.process.Listening(t, s.TLS)
	return s
}

// Stop ends the server.
func (s *Server) Stop() { s.process.Stop() }

// Log gives what the server has logged so far.
func (s *Server) Log() string {
	text, _ := os.ReadFile(filepath.Join(filepath.Dir(s.inbox), "log-main"))
	return string(text)
}

func own(t testing.TB, dir string, owner *user.User) {
	t.Helper()
	if out, err := exec.Command("chown", "-R", owner.Uid+":"+owner.Gid, dir).CombinedOutput(); err != nil {
		t.Fatalf("chown: %v: %s", err, out)
	}
}

func configuration(dir string, o Options, owner string) string {
	advertise, relay := "", "accept"
	if o.STARTTLS {
		advertise = "*"
	}
	if o.AUTH {
		relay = "accept authenticated = *"
	}
	return fmt.Sprintf(`exim_user = %[2]s
exim_group = %[2]s
never_users =
deliver_drop_privilege
spool_directory = %[1]s/spool
log_file_path = %[1]s/log-%%s
pid_file_path = %[1]s/pid
primary_hostname = mail.example.org
domainlist local_domains = example.org
daemon_smtp_ports = %[3]d : %[4]d
tls_on_connect_ports = %[4]d
local_interfaces = 127.0.0.1
tls_advertise_hosts = %[5]s
tls_certificate = %[1]s/cert.pem
tls_privatekey = %[1]s/cert.pem
acl_smtp_mail = mailing
acl_smtp_rcpt = recipients
rfc1413_query_timeout = 0s
host_lookup =
smtp_accept_max = 100
begin acl
mailing:
  deny senders = refused@example.org
       message = this sender is not welcome
  accept
recipients:
  deny local_parts = nobody
       message = no such mailbox
  defer local_parts = later
       message = 451 greylisted, come again
  %[6]s
  deny message = say who you are first
begin routers
inbox:
  driver = accept
  domains = +local_domains
  transport = inbox
begin transports
inbox:
  driver = appendfile
  directory = %[1]s/inbox
  create_directory
  maildir_format
  delivery_date_add
  envelope_to_add
  return_path_add
  user = %[2]s
begin authenticators
`, dir, owner, o.Port, o.TLSPort, advertise, relay) + authenticators(o)
}

func authenticators(o Options) string {
	if !o.AUTH {
		return ""
	}
	return fmt.Sprintf(`plain:
  driver = plaintext
  public_name = PLAIN
  server_condition = ${if and{{eq{$auth2}{%[1]s}}{eq{$auth3}{%[2]s}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = <| Username: | Password:
  server_condition = ${if and{{eq{$auth1}{%[1]s}}{eq{$auth2}{%[2]s}}}}
  server_set_id = $auth1
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${if eq{$auth1}{%[1]s}{%[2]s}fail}
  server_set_id = $auth1
`, User, Password)
}

// certify writes a certificate for loopback and its key into a file.
func certify(t testing.TB, path string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	for _, block := range []*pem.Block{{Type: "CERTIFICATE", Bytes: der}, {Type: "PRIVATE KEY", Bytes: private}} {
		if err := pem.Encode(&text, block); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Mail is a mail as it was delivered.
type Mail struct {
	mail.Header
	Body string // as it came, still in its transfer encoding
	Raw  string
}

// Mails waits until a mailbox of example.org has at least n mails, and gives them in the order in which they came.
func (s *Server) Mails(t testing.TB, mailbox string, n int) []Mail {
	t.Helper()
	var mails []Mail
	s.process.Until(t, fmt.Sprintf("delivered %d mails to %s", n, mailbox), func() error {
		if mails = s.delivered(t, mailbox); len(mails) < n {
			return fmt.Errorf("there are %d; the log says\n%s", len(mails), s.Log())
		}
		return nil
	})
	return mails
}

func (s *Server) delivered(t testing.TB, mailbox string) (mails []Mail) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(s.inbox, "new", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if m := read(t, path); strings.EqualFold(m.Get("Envelope-To"), mailbox+"@example.org") {
			mails = append(mails, m)
		}
	}
	return mails
}

func read(t testing.TB, path string) Mail {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	_, body, _ := strings.Cut(string(raw), "\n\n")
	return Mail{Header: m.Header, Body: body, Raw: string(raw)}
}
