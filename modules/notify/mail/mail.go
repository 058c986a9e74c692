// Package mail knows how to tell people by mail: a notification command whose program is notify_mail is not forked but sent
// over SMTP, with STARTTLS and AUTH where the server has them, all mails about one problem in one thread.
package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/mail"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// program is what a command line names to be sent by this module.
const program = "notify_mail"

// maxSecret bounds a password file.
const maxSecret = 64 << 10

// Module sends mails. It has no state; any number of goroutines may use it.
type Module struct{}

// New gives the module.
func New() *Module { return &Module{} }

// Name is "mail".
func (*Module) Name() string { return "mail" }

// Programs is notify_mail alone.
func (*Module) Programs() []string { return []string{program} }

// sender is a command line, parsed.
type sender struct {
	server       *url.URL
	user, secret string // secret is the path of the password's file
	from         *mail.Address
	to           []*mail.Address
	subject      string
	ca           string
	tls          string // required, optional or none
}

// Usage is what the command line takes, one option a line.
const Usage = `  --to ADDRESS[,ADDRESS…]   who gets it; the contact's email if it is not given
  --server URL              smtp://HOST[:PORT] (25, STARTTLS if the server has it) or smtps://HOST[:PORT] (465); smtp://localhost
  --from ADDRESS            onbu@<name of this machine>
  --user NAME               for AUTH; needs --password-file
  --password-file FILE      a file whose first line is the password
  --tls required|optional|none   whether STARTTLS must be there (optional)
  --ca FILE                 certificates to trust instead of the system's
  --subject TEXT            in place of "** PROBLEM Host Alert: web1 is DOWN **"`

// Parse reads a command line of notify_mail; see Usage.
func (*Module) Parse(argv []string) (modules.Sender, error) {
	if len(argv) == 0 || path.Base(argv[0]) != program {
		return nil, modules.ErrNotMine
	}
	s := &sender{}
	var server, from, to string
	f := flag.NewFlagSet(program, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&server, "server", "smtp://localhost", "")
	f.StringVar(&from, "from", "", "")
	f.StringVar(&to, "to", "", "")
	f.StringVar(&s.user, "user", "", "")
	f.StringVar(&s.secret, "password-file", "", "")
	f.StringVar(&s.tls, "tls", "optional", "")
	f.StringVar(&s.ca, "ca", "", "")
	f.StringVar(&s.subject, "subject", "", "")
	if err := f.Parse(argv[1:]); err != nil {
		return nil, fmt.Errorf("%w; it takes\n%s", err, Usage)
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("%q is no option; it takes\n%s", f.Arg(0), Usage)
	}
	return s, errors.Join(s.setServer(server), s.setAddresses(from, to), s.check())
}

func (s *sender) setServer(text string) (err error) {
	if s.server, err = url.Parse(text); err != nil {
		return fmt.Errorf("--server: %w", err)
	}
	if s.server.Scheme != "smtp" && s.server.Scheme != "smtps" || s.server.Hostname() == "" {
		return fmt.Errorf("--server %q: write smtp://HOST[:PORT] or smtps://HOST[:PORT]", text)
	}
	if s.server.User != nil || strings.Trim(s.server.Path, "/") != "" {
		return errors.New("--server: only a host and a port belong into it; user and password have options of their own")
	}
	_, err = s.port()
	return err
}

func (s *sender) port() (int, error) {
	switch text := s.server.Port(); {
	case text != "":
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil || n == 0 {
			return 0, fmt.Errorf("--server: %q is no port", text)
		}
		return int(n), nil
	case s.server.Scheme == "smtps":
		return 465, nil
	}
	return 25, nil
}

func (s *sender) setAddresses(from, to string) (err error) {
	if from == "" {
		name, err := os.Hostname()
		if err != nil || name == "" {
			name = "localhost"
		}
		from = "onbu@" + name
	}
	if s.from, err = mail.ParseAddress(from); err != nil {
		return fmt.Errorf("--from %q: %w", from, err)
	}
	if to == "" {
		return nil // the contact's, which only the notification knows
	}
	if s.to, err = mail.ParseAddressList(to); err != nil {
		return fmt.Errorf("--to %q: %w", to, err)
	}
	return nil
}

func (s *sender) check() error {
	switch {
	case (s.user == "") != (s.secret == ""):
		return errors.New("--user and --password-file belong together")
	case s.tls != "required" && s.tls != "optional" && s.tls != "none":
		return fmt.Errorf("--tls %q: write required, optional or none", s.tls)
	}
	return nil
}

// Target implements modules.Sender.
func (s *sender) Target() string { return "mail server " + s.server.Host }

// Send implements modules.Sender.
func (s *sender) Send(ctx context.Context, a *monitor.Action, again bool) error {
	m, err := s.message(a, again)
	if err != nil {
		return err
	}
	client, err := s.client(ctx)
	if err != nil {
		return err
	}
	return judge(client.DialAndSendWithContext(ctx, m))
}

// client makes the SMTP client for one mail: mails are rare, and a connection kept would be stale at the next one.
func (s *sender) client(ctx context.Context) (*gomail.Client, error) {
	port, err := s.port()
	if err != nil {
		return nil, err
	}
	conf, err := s.trust()
	if err != nil {
		return nil, err
	}
	opts := []gomail.Option{gomail.WithPort(port), gomail.WithTLSConfig(conf), gomail.WithTLSPolicy(s.policy())}
	if deadline, ok := ctx.Deadline(); ok {
		opts = append(opts, gomail.WithTimeout(max(time.Until(deadline), time.Millisecond)))
	}
	if s.server.Scheme == "smtps" {
		opts = append(opts, gomail.WithSSL())
	}
	if s.user != "" {
		password, err := secret(s.secret)
		if err != nil {
			return nil, err
		}
		opts = append(opts, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.user), gomail.WithPassword(password))
	}
	return gomail.NewClient(s.server.Hostname(), opts...)
}

func (s *sender) policy() gomail.TLSPolicy {
	switch {
	case s.server.Scheme == "smtps", s.tls == "none":
		return gomail.NoTLS
	case s.tls == "required":
		return gomail.TLSMandatory
	}
	return gomail.TLSOpportunistic
}

func (s *sender) trust() (*tls.Config, error) {
	conf := &tls.Config{ServerName: s.server.Hostname(), MinVersion: tls.VersionTLS12}
	if s.ca == "" {
		return conf, nil
	}
	text, err := os.ReadFile(s.ca)
	if err != nil {
		return nil, fmt.Errorf("--ca: %w", err)
	}
	conf.RootCAs = x509.NewCertPool()
	if !conf.RootCAs.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("--ca %s: no certificate in it; it must be PEM", s.ca)
	}
	return conf, nil
}

// secret reads the first line of a file.
func secret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("--password-file: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSecret))
	if err != nil {
		return "", fmt.Errorf("--password-file: %w", err)
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return strings.TrimRight(string(line), "\r"), nil
}

// judge tells what may be over soon from what the server will never take.
func judge(err error) error {
	if err == nil {
		return nil
	}
	var refused *gomail.SendError
	var network net.Error
	switch {
	case errors.As(err, &refused) && !refused.IsTemp() && refused.ErrorCode() >= 500:
		return err
	case errors.As(err, &refused), errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, context.DeadlineExceeded):
		return &modules.Later{Err: err}
	}
	return err
}
