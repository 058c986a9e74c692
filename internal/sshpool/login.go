package sshpool

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unique"

	"github.com/onbu/onbu/internal/sshpool/sshconfig"
)

// Login says where a connection goes, as whom, and what both sides prove themselves with. Equal logins share connections.
// It takes eight bytes; what it stands for is kept once.
type Login struct{ handle unique.Handle[spec] }

func (l Login) spec() spec { return l.handle.Value() }

// spec is what a Login stands for. Lists are joined by NUL.
type spec struct {
	given   string // the host as it was named
	host    string // what it is reached by
	port    int
	network string
	bind    string
	user    string
	alias   string // in the files of known hosts; empty for host
	// named are the identities whose absence is said, which are those of -i; further ones are tried silently.
	named, further string
	only           bool   // no other keys of the agent
	agent          string // socket; empty for none
	known          string // files
	strict         string
	timeout        time.Duration
}

// errToken is a % that is not understood.
var errToken = errors.New("has a % that only ssh itself understands")

// Login gives the login for a host: s is what the options and configurations say, identities are the files of -i. The error
// is for what only ssh itself can do.
func (p *Pool) Login(host string, s *sshconfig.Settings, identities []string) (Login, error) {
	l := spec{
		given: host, host: host, port: s.Port, network: s.Network, bind: s.Bind, user: s.User, alias: strings.ToLower(s.Alias),
		only: s.IdentitiesOnly, agent: s.Agent, strict: s.Strict, timeout: s.ConnectTimeout,
	}
	if l.port == 0 {
		l.port = 22
	}
	if l.network == "" {
		l.network = "tcp"
	}
	if l.user == "" {
		l.user = p.user
	}
	e := expander{home: p.o.Home, local: p.user, spec: &l}
	if s.HostName != "" {
		l.host = e.one(s.HostName)
	}
	l.host = strings.ToLower(l.host)
	switch l.agent {
	case "":
		l.agent = os.Getenv("SSH_AUTH_SOCK")
	case "none":
		l.agent = ""
	default:
		l.agent = e.one(l.agent)
	}
	further := s.Identities
	if len(further) == 0 && len(identities) == 0 {
		further = []string{"~/.ssh/id_rsa", "~/.ssh/id_ecdsa", "~/.ssh/id_ed25519"} // in the order of readconf.c of OpenSSH
	}
	l.named, l.further = e.all(identities), e.all(further)
	l.known = e.all(append(orUsual(s.UserKnown, "~/.ssh/known_hosts", "~/.ssh/known_hosts2"),
		orUsual(s.GlobalKnown, "/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")...))
	if e.err != nil {
		return Login{}, e.err
	}
	return Login{unique.Make(l)}, nil
}

func orUsual(given []string, usual ...string) []string {
	if given == nil {
		return usual
	}
	return given[:len(given):len(given)]
}

// expander replaces ~ and % in the values of options.
type expander struct {
	home, local string
	spec        *spec
	err         error
}

func (e *expander) all(values []string) string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = e.one(v)
	}
	return strings.Join(list, "\x00")
}

func (e *expander) one(v string) string {
	if rest, ok := strings.CutPrefix(v, "~/"); ok {
		v = filepath.Join(e.home, rest)
	}
	if strings.HasPrefix(v, "~") || strings.Contains(v, "${") || strings.IndexByte(v, 0) >= 0 {
		e.err = fmt.Errorf("%q: only ssh itself understands that", v)
		return ""
	}
	before, rest, found := strings.Cut(v, "%")
	var b strings.Builder
	for b.WriteString(before); found; b.WriteString(before) {
		if rest == "" {
			e.err = fmt.Errorf("%q %w", v, errToken)
			return ""
		}
		text, ok := e.token(rest[0])
		if !ok {
			e.err = fmt.Errorf("%q %w", v, errToken)
			return ""
		}
		b.WriteString(text)
		before, rest, found = strings.Cut(rest[1:], "%")
	}
	return b.String()
}

// token gives what a letter behind % stands for (ssh_config(5), TOKENS).
func (e *expander) token(letter byte) (string, bool) {
	switch letter {
	case '%':
		return "%", true
	case 'd':
		return e.home, true
	case 'h':
		return e.spec.host, true
	case 'n':
		return e.spec.given, true
	case 'p':
		return strconv.Itoa(e.spec.port), true
	case 'r':
		return e.spec.user, true
	case 'u':
		return e.local, true
	}
	return "", false
}

// list parts what expander.all joined.
func list(joined string) []string {
	if joined == "" {
		return nil
	}
	return strings.Split(joined, "\x00")
}

// address is where the connection goes.
func (s *spec) address() string { return net.JoinHostPort(s.host, strconv.Itoa(s.port)) }

// whoAmI gives the name and the home of the user of this process, as passwd has them.
func whoAmI(home string) (name, dir string) {
	u, err := user.Current()
	if err != nil {
		return strconv.Itoa(os.Getuid()), home
	}
	if home == "" {
		home = u.HomeDir
	}
	return u.Username, home
}
