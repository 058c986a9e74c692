// Package webhook knows how to tell other programs over HTTP: a notification command whose program is notify_webhook is
// not forked but posted as JSON, signed where a secret is given, and tried again while the other side is in trouble.
package webhook

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"path"

	"github.com/onbu/onbu/modules"
)

// program is what a command line names to be sent by this module.
const program = "notify_webhook"

// Module posts notifications. It keeps connections to servers that it used lately; any number of goroutines may use it.
type Module struct{ clients clients }

// New gives the module.
func New() *Module { return &Module{} }

// Name is "webhook".
func (*Module) Name() string { return "webhook" }

// Programs is notify_webhook alone.
func (*Module) Programs() []string { return []string{program} }

// Close ends the idle connections.
func (m *Module) Close() error {
	m.clients.close()
	return nil
}

// Usage is what the command line takes, one option a line.
const Usage = `  --url URL            where to post: http:// or https://
  --secret-file FILE   a file whose first line is the key of the HMAC signature
  --ca FILE            certificates to trust instead of the system's`

// sender is a command line, parsed.
type sender struct {
	module *Module
	url    *url.URL
	secret string // the path of its file
	ca     string
}

// Parse reads a command line of notify_webhook; see Usage.
func (m *Module) Parse(argv []string) (modules.Sender, error) {
	if len(argv) == 0 || path.Base(argv[0]) != program {
		return nil, modules.ErrNotMine
	}
	s := &sender{module: m}
	var to string
	f := flag.NewFlagSet(program, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&to, "url", "", "")
	f.StringVar(&s.secret, "secret-file", "", "")
	f.StringVar(&s.ca, "ca", "", "")
	if err := f.Parse(argv[1:]); err != nil {
		return nil, fmt.Errorf("%w; it takes\n%s", err, Usage)
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("%q is no option; it takes\n%s", f.Arg(0), Usage)
	}
	return s, s.setURL(to)
}

func (s *sender) setURL(text string) (err error) {
	if text == "" {
		return errors.New("no --url given; it takes\n" + Usage)
	}
	if s.url, err = url.Parse(text); err != nil {
		return errors.New("--url is no URL; write http://HOST/PATH or https://HOST/PATH") // its own text may hold a token
	}
	if s.url.Scheme != "http" && s.url.Scheme != "https" || s.url.Hostname() == "" {
		return errors.New("--url: write http://HOST/PATH or https://HOST/PATH")
	}
	return nil
}

// Target implements modules.Sender. A path or query may hold a token and is left out.
func (s *sender) Target() string { return "webhook " + s.url.Host }
