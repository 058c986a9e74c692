package nrpe_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/probe/probetest"
	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/modules/check/nrpe"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/plugin"
)

// commands is what the test servers run.
const commands = `
command[ok]=/bin/echo 'OK - fine|a=1;2;3'
command[warning]=/bin/sh -c 'echo WARNING - hm; exit 1'
command[critical]=/bin/sh -c 'echo CRITICAL - ouch; exit 2'
command[unknown]=/bin/sh -c 'echo UNKNOWN - what; exit 3'
command[seven]=/bin/sh -c 'echo odd; exit 7'
command[silent]=/bin/true
command[long]=/usr/bin/printf 'OK - first|a=1\nsecond\nthird|b=2\nc=3\n'
command[big]=/bin/sh -c 'head -c 40000 /dev/zero | tr "\\0" x'
command[slow]=/bin/sleep 30
`

// daemon starts nrpe with more lines for its configuration, and gives its port.
func daemon(t testing.TB, lines string, flags ...string) (port string) {
	t.Helper()
	program := realpeer.Program(t, "nrpe", "nagios-nrpe-server")
	realpeer.Root(t, "nrpe gives root up to nagios")
	port = fmt.Sprint(realpeer.Port(t))
	config := realpeer.File(t, realpeer.Dir(t), "nrpe.cfg", fmt.Sprintf(
		"server_address=127.0.0.1\nserver_port=%s\nnrpe_user=nagios\nnrpe_group=nagios\nallowed_hosts=127.0.0.1\n%s%s", port, lines, commands))
	realpeer.Start(t, program, append([]string{"-c", config, "-f"}, flags...)...).Listening(t, "127.0.0.1:"+port)
	return port
}

// native runs a command line in the module.
func native(t testing.TB, m *nrpe.Module, args string) monitor.Outcome {
	t.Helper()
	p, err := m.Parse(append([]string{"/usr/lib/nagios/plugins/check_nrpe"}, strings.Fields(args)...))
	if err != nil {
		t.Fatalf("check_nrpe %s: %v", args, err)
	}
	o, err := p.Run(t.Context())
	if err != nil {
		t.Fatalf("check_nrpe %s: %v", args, err)
	}
	return o
}

// forked runs a command line in the real plugin.
func forked(t testing.TB, args string) monitor.Outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), realpeer.Program(t, "check_nrpe", "nagios-nrpe-plugin"), strings.Fields(args)...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return plugin.Outcome(stdout.Bytes(), stderr.Bytes(), code, plugin.DefaultLimit)
}

// compare runs a command line both ways: the states must be the same, and the texts too unless like says what natively
// they must hold.
type compare struct {
	name, args string
	state      monitor.State
	like       string
}

func (c compare) run(t *testing.T, m *nrpe.Module) {
	t.Helper()
	want := forked(t, c.args)
	if want.State != c.state {
		t.Errorf("the plugin's state is %s, want %s; %+v", want.State.ServiceName(), c.state.ServiceName(), want)
	}
	for _, round := range []string{"first", "again"} { // the second time with what was learnt
		got := native(t, m, c.args)
		if got.State != c.state {
			t.Errorf("%s: state %s, want %s; %+v", round, got.State.ServiceName(), c.state.ServiceName(), got)
		}
		if c.like == "" && got != want {
			t.Errorf("%s: got  %+v\nwant %+v", round, got, want)
		}
		if !strings.Contains(got.Output+"\n"+got.LongOutput, c.like) {
			t.Errorf("%s: %+v does not say %q; the plugin: %+v", round, got, c.like, want)
		}
	}
}

// answers are the cases that every way of connecting must get right.
func answers(at string) []compare {
	return []compare{
		{name: "version", args: at},
		{name: "ok", args: at + " -c ok"},
		{name: "warning", args: at + " -c warning", state: monitor.Warning},
		{name: "critical", args: at + " -c critical", state: monitor.Critical},
		{name: "unknown", args: at + " -c unknown", state: monitor.Unknown},
		{name: "exit status 7", args: at + " -c seven", state: monitor.Unknown},
		{name: "no output", args: at + " -c silent", state: monitor.Unknown},
		{name: "many lines with perfdata", args: at + " -c long"},
		{name: "40000 bytes", args: at + " -c big"},
		{name: "unknown command", args: at + " -c nonsense", state: monitor.Unknown},
		{name: "version 2 packets", args: at + " -2 -c long"},
		{name: "version 3 packets first", args: at + " -3 -c ok", like: "OK - fine"},
		{name: "timeout", args: at + " -t 1 -c slow", state: monitor.Critical, like: "CHECK_NRPE STATE CRITICAL: Socket timeout after 1 seconds."},
		{name: "arguments that the server refuses", args: at + " -c ok -a x", state: monitor.Unknown, like: "CHECK_NRPE: "},
	}
}

// TestAgreesWithCheckNRPE runs the same command lines natively and in Debian's check_nrpe against Debian's nrpe.
func TestAgreesWithCheckNRPE(t *testing.T) {
	cert, key := certificate(t)
	withCert := fmt.Sprintf("ssl_cert_file=%s\nssl_privatekey_file=%s\nssl_cacert_file=%s\n", cert, key, cert)
	for _, s := range []struct {
		name, lines, flags, args string
	}{
		{name: "as installed"},
		{name: "plain", flags: "-n", args: " -n"},
		{name: "ECDH only", lines: "ssl_use_adh=0\n"},
		{name: "ADH only", lines: "ssl_use_adh=2\n", args: " -d 2"},
		{name: "TLS 1.0", lines: "ssl_version=TLSv1\n"},
		{name: "TLS 1.1", lines: "ssl_version=TLSv1.1\n"},
		{name: "certificate", lines: withCert + "ssl_use_adh=0\n"},
		{name: "certificate, TLS 1.2", lines: withCert + "ssl_use_adh=0\nssl_version=TLSv1.2\n"},
		{name: "certificate asked for and verified", lines: withCert, args: " -d 0 -A " + cert},
		{name: "client certificate asked for", lines: withCert + "ssl_client_certs=1\n"},
		{name: "client certificate", lines: withCert + "ssl_client_certs=2\n", args: " -C " + cert + " -K " + key},
		{name: "client certificate, verified, no ADH", lines: withCert + "ssl_client_certs=2\nssl_use_adh=0\n", args: " -A " + cert + " -C " + cert + " -K " + key},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			at := "-H 127.0.0.1 -p " + daemon(t, s.lines, strings.Fields(s.flags)...) + s.args
			m := nrpe.New(nrpe.Options{})
			for _, c := range answers(at) {
				t.Run(c.name, func(t *testing.T) { c.run(t, m) })
			}
		})
	}
}

// TestTroubleAgreesWithCheckNRPE does the same where no answer comes.
func TestTroubleAgreesWithCheckNRPE(t *testing.T) {
	cert, key := certificate(t)
	other, _ := certificate(t)
	withCert := fmt.Sprintf("ssl_cert_file=%s\nssl_privatekey_file=%s\nssl_cacert_file=%s\n", cert, key, cert)
	at := "-H 127.0.0.1 -p "
	adh := at + daemon(t, "")
	open := at + daemon(t, "", "-n")
	strict := at + daemon(t, withCert+"ssl_client_certs=2\n")
	certified := at + daemon(t, withCert+"ssl_use_adh=0\n")
	closed := at + probetest.Closed(t)
	for _, c := range []compare{
		{name: "closed port", args: closed + " -E", state: monitor.Critical},
		{name: "closed port, -u", args: closed + " -E -u", state: monitor.Unknown},
		{name: "closed port, -t :OK", args: closed + " -E -t :OK", state: monitor.OK},
		{name: "unknown name", args: "-H nosuch.invalid -E", state: monitor.Warning, like: "Could not resolve hostname nosuch.invalid: "},
		{name: "IPv4 address for -6", args: closed + " -6 -E", state: monitor.Warning, like: "Address family for hostname not supported"},
		{name: "host not allowed", args: adh + " -b 127.0.0.2", state: monitor.Critical, like: "CHECK_NRPE: Error - Could not connect to 127.0.0.1: "},
		{name: "host not allowed, plain", args: open + " -n -b 127.0.0.2", state: monitor.Unknown, like: "CHECK_NRPE: "},
		{name: "plain to a TLS server", args: adh + " -n", state: monitor.Unknown, like: "CHECK_NRPE: "},
		{name: "TLS to a plain server", args: open, state: monitor.Critical, like: "CHECK_NRPE: Error - Could not connect to 127.0.0.1: "},
		{name: "TLS to a plain server, -u", args: open + " -u", state: monitor.Unknown, like: "CHECK_NRPE: Error - Could not connect to 127.0.0.1: "},
		{name: "TLS 1.3 without certificate", args: adh + " -S TLSv1.3", state: monitor.Critical, like: "Could not complete SSL handshake with 127.0.0.1: "},
		{name: "client certificate missing", args: strict, state: monitor.Unknown, like: "CHECK_NRPE: Error "},
		{name: "wrong authority", args: certified + " -A " + other, state: monitor.Critical, like: "Could not complete SSL handshake with 127.0.0.1: "},
		{name: "authority's file missing", args: certified + " -A /nonexistent", state: monitor.Critical, like: "could not use CA certificate '/nonexistent'"},
		{name: "client certificate's file missing", args: certified + " -u -C /nonexistent -K " + key, state: monitor.Unknown, like: "could not use certificate file '/nonexistent'"},
		{name: "timeout with a state", args: adh + " -t 1:warning -c slow", state: monitor.Warning, like: "CHECK_NRPE STATE WARNING: Socket timeout after 1 seconds."},
		{name: "-d 0 and no certificate", args: adh + " -d 0 -c ok"},
		{name: "-d 2 and a certificate", args: certified + " -d 2 -c ok"},
		{name: "-L ADH", args: adh + " -L ADH:@SECLEVEL=0 -c ok"},
		{name: "-L AECDH, old version", args: adh + " -L AECDH:@SECLEVEL=0 -S TLSv1 -c ok"},
		{name: "bound address", args: adh + " -b 127.0.0.1 -c ok"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, nrpe.New(nrpe.Options{}))
		})
	}
}

// TestAuthorityNeedsACertificate checks the difference to check_nrpe that the package comment names.
func TestAuthorityNeedsACertificate(t *testing.T) {
	cert, _ := certificate(t)
	got := native(t, nrpe.New(nrpe.Options{}), "-H 127.0.0.1 -A "+cert+" -p "+daemon(t, ""))
	if got.State != monitor.Critical || !strings.Contains(got.Output, "Could not complete SSL handshake") {
		t.Errorf("an anonymous server was taken for a verified one: %+v", got)
	}
}

// TestTheRealServerGetsItsTimeWaits: whoever closes first keeps the port for a minute. After its goodbye over TLS nrpe waits for
// ours.
func TestTheRealServerGetsItsTimeWaits(t *testing.T) {
	for _, flags := range []string{"", "-n"} {
		port := daemon(t, "", strings.Fields(flags)...)
		m := nrpe.New(nrpe.Options{})
		for range 20 {
			native(t, m, strings.TrimSpace("-H 127.0.0.1 -p "+port+" "+flags))
		}
		out, err := exec.Command(realpeer.Program(t, "ss", "iproute2"), "-Htn", "state", "time-wait", "dport", "=", port).CombinedOutput()
		if err != nil {
			t.Fatalf("ss: %v\n%s", err, out)
		}
		if n := bytes.Count(out, []byte("\n")); n > 3 { // that of whoever waited for the server is one
			t.Errorf("%q: %d of 20 checks left their port in TIME_WAIT", flags, n)
		}
	}
}

// certificate makes a certificate for itself and gives its files.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "onbu test " + serial.String()}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := realpeer.Dir(t)
	block := func(typ string, b []byte) string { return string(pem.EncodeToMemory(&pem.Block{Type: typ, Bytes: b})) }
	return realpeer.File(t, dir, "cert.pem", block("CERTIFICATE", der)), realpeer.File(t, dir, "key.pem", block("PRIVATE KEY", pkcs8))
}

// BenchmarkDebian makes the same check natively and by forking check_nrpe, against Debian's nrpe, one after the other.
func BenchmarkDebian(b *testing.B) {
	at := "-H 127.0.0.1 -p " + daemon(b, "")
	open := "-H 127.0.0.1 -n -p " + daemon(b, "", "-n")
	m := nrpe.New(nrpe.Options{})
	for name, run := range map[string]func() monitor.Outcome{
		"ADH native":   func() monitor.Outcome { return native(b, m, at) },
		"ADH forked":   func() monitor.Outcome { return forked(b, at) },
		"plain native": func() monitor.Outcome { return native(b, m, open) },
		"plain forked": func() monitor.Outcome { return forked(b, open) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if o := run(); o.Output != "NRPE v4.1.0" {
					b.Fatalf("got %+v", o)
				}
			}
		})
	}
}
