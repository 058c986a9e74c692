// Package mail knows how to tell people by mail: a notification command whose program is notify_mail is not forked but sent
// over SMTP, with STARTTLS and AUTH where the server has them, all mails about one problem in one thread. go-mail writes the
// mail and knows SMTP's commands; what is asked of the server in which order, and what its answers mean, is decided here.
package mail

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/mail"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/onbu/onbu/modules"
)

// program is what a command line names to be sent by this module.
const program = "notify_mail"

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
  --tls required|optional|none   whether STARTTLS must be there (optional); what is optional goes to servers with any certificate,
                            unless --user or --ca is given
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
		return errors.New("--server: write smtp://HOST[:PORT] or smtps://HOST[:PORT]") // its own text may hold a password
	}
	if s.server.Scheme != "smtp" && s.server.Scheme != "smtps" || s.server.Hostname() == "" {
		return fmt.Errorf("--server %q: write smtp://HOST[:PORT] or smtps://HOST[:PORT]", s.server.Redacted())
	}
	if s.server.User != nil || strings.Trim(s.server.Path, "/") != "" || s.server.RawQuery != "" {
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
	if s.from, err = address(from); err != nil {
		return fmt.Errorf("--from %q: %w", from, err)
	}
	if to == "" {
		return nil // the contact's, which only the notification knows
	}
	if s.to, err = addresses(to); err != nil {
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
	case s.server != nil && s.server.Scheme == "smtps" && s.tls == "none":
		return errors.New("--tls none: smtps:// has TLS from the start; write smtp://")
	}
	return nil
}

// Target implements modules.Sender.
func (s *sender) Target() string { return "mail server " + s.server.Host }
