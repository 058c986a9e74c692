package sshpool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// maxBanner bounds what is kept of what a server says before somebody logs in.
const maxBanner = 16 << 10

// dialing is a connection that is being made.
type dialing struct {
	until time.Time
	stage atomic.Pointer[string]
}

func (d *dialing) at(stage string) { d.stage.Store(&stage) }

// dial connects and logs in.
func (p *Pool) dial(g *group, d *dialing) (*conn, error) {
	l := g.login.spec()
	ctx, cancel := context.WithDeadline(p.ctx, d.until)
	defer cancel()
	a := attempt{pool: p, spec: &l, dialing: d}
	if l.timeout > 0 {
		ctx, cancel = context.WithTimeoutCause(ctx, l.timeout, errConnectTimeout)
		defer cancel()
	}
	socket, err := a.connect(ctx)
	if err != nil {
		return nil, a.explain(ctx, err)
	}
	defer context.AfterFunc(ctx, func() { socket.Close() })()
	until, _ := ctx.Deadline()
	d.at("waiting for the server's greeting")
	greeted := &greeted{Conn: socket}
	greeted.wait(until)
	d.at("waiting for others to log in")
	select {
	case p.logins <- struct{}{}:
	case <-ctx.Done():
		return nil, a.explain(ctx, ctx.Err())
	}
	defer func() { <-p.logins }()
	d.at("logging in")
	s, channels, requests, err := ssh.NewClientConn(greeted, l.address(), a.config())
	a.hangUp()
	if err != nil {
		return nil, a.explain(ctx, err)
	}
	_ = socket.SetDeadline(time.Time{})
	c := p.opened(g, s, channels, requests)
	c.notes, c.banner = a.notes, a.banner
	return c, nil
}

// patienceOfGreeting is how long a server may take to say who it is before it is taken for one that wants to hear us first.
const patienceOfGreeting = time.Second

// greeted is a connection of which the beginning was read. Servers that take connections and say nothing are kept from those
// that log in: that is work for the processor, and bounded.
type greeted struct {
	net.Conn
	first []byte
	err   error
	buf   [256]byte
}

// wait reads the first of what the server says.
func (g *greeted) wait(until time.Time) {
	_ = g.SetDeadline(earlier(until, time.Now().Add(patienceOfGreeting)))
	n, err := g.Conn.Read(g.buf[:])
	g.first = g.buf[:n]
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		g.err = err
	}
	_ = g.SetDeadline(until)
}

// Read gives what was read before, first.
func (g *greeted) Read(b []byte) (int, error) {
	switch {
	case len(g.first) > 0:
		n := copy(b, g.first)
		g.first = g.first[n:]
		return n, nil
	case g.err != nil:
		return 0, g.err
	}
	return g.Conn.Read(b)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// errConnectTimeout is the end of ConnectTimeout.
var errConnectTimeout = errors.New("connect timeout")

// attempt is one try to log in.
type attempt struct {
	*dialing
	pool *Pool
	spec *spec
	// notes are warnings, hints what may be wrong if it comes to nothing.
	notes, hints []string
	// offered names the keys that the server may have, for people.
	offered []string
	banner  string
	methods []string // that the server allows
	agent   net.Conn
}

// connect opens the socket. The kernel sees to it that the other side is still there, and that nothing in between forgets
// the connection.
func (a *attempt) connect(ctx context.Context) (net.Conn, error) {
	dialer := net.Dialer{
		Resolver:        a.pool.o.Resolver,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 15 * time.Second, Count: 3},
	}
	if a.spec.bind != "" {
		addr, err := net.ResolveTCPAddr(a.spec.network, net.JoinHostPort(a.spec.bind, "0"))
		if err != nil {
			return nil, err
		}
		dialer.LocalAddr = addr
	}
	return dialer.DialContext(ctx, a.spec.network, a.spec.address())
}

// config is what x/crypto/ssh is told.
func (a *attempt) config() *ssh.ClientConfig {
	known, err := a.pool.knownHosts(a.spec)
	check := hostCheck{attempt: a, known: known, trouble: err}
	return &ssh.ClientConfig{
		User:              a.spec.user,
		Auth:              []ssh.AuthMethod{ssh.PublicKeysCallback(a.signers)},
		HostKeyCallback:   check.key,
		HostKeyAlgorithms: check.algorithms(),
		BannerCallback: func(text string) error {
			a.banner += text[:min(len(text), maxBanner-len(a.banner))]
			return nil
		},
		AuthCallback: func(c *ssh.ClientAuthContext) (ssh.AuthMethod, error) {
			a.methods = c.AllowedMethods
			return nil, nil
		},
		ClientVersion: "SSH-2.0-Onbu",
	}
}

// signers gives the keys to log in with: those of files first, then those of the agent. ssh asks the agent first; but a
// server counts the keys that it refuses (MaxAuthTries), and an agent may have many.
func (a *attempt) signers() ([]ssh.Signer, error) {
	var found []ssh.Signer
	var wanted []string // public keys of files that are not to be had otherwise
	for i, path := range append(list(a.spec.named), list(a.spec.further)...) {
		k, err := a.pool.identity(path)
		if err == nil {
			found = append(found, k.signer)
			a.offered = append(a.offered, fmt.Sprintf("%s (%s)", path, ssh.FingerprintSHA256(k.signer.PublicKey())))
			continue
		}
		a.complain(path, err, i < len(list(a.spec.named)))
		if k != nil && k.public != nil {
			wanted = append(wanted, string(k.public.Marshal()))
		}
	}
	if a.spec.agent == "" {
		return found, nil
	}
	socket, err := net.DialTimeout("unix", a.spec.agent, time.Until(a.until))
	if err != nil {
		a.hints = append(a.hints, fmt.Sprintf("the agent at %s does not answer: %v", a.spec.agent, err))
		return found, nil
	}
	_ = socket.SetDeadline(a.until)
	a.agent = socket
	loaded, err := agent.NewClient(socket).Signers()
	if err != nil {
		a.hints = append(a.hints, fmt.Sprintf("the agent at %s gives no keys: %v", a.spec.agent, err))
	}
	for _, s := range loaded {
		if !a.spec.only || slices.Contains(wanted, string(s.PublicKey().Marshal())) {
			found = append(found, s)
			a.offered = append(a.offered, "from the agent "+ssh.FingerprintSHA256(s.PublicKey()))
		}
	}
	return found, nil
}

// complain notes what is wrong with a file of keys, in ssh's words where it has any.
func (a *attempt) complain(path string, err error, named bool) {
	open, _ := errors.AsType[*keyError](err)
	switch {
	case errors.Is(err, os.ErrNotExist) && !named:
	case open == nil && named:
		a.notes = append(a.notes, fmt.Sprintf("Warning: Identity file %s not accessible: %s.", path, strerror(err)))
	case open == nil:
		a.hints = append(a.hints, fmt.Sprintf("%s: %v", path, err))
	case open.note != "":
		a.notes = append(a.notes, open.note)
	default:
		a.hints = append(a.hints, open.hint)
	}
}

// maxNamed is how many refused keys are named.
const maxNamed = 5

// keys says which keys a server refused.
func (a *attempt) keys() string {
	switch n := len(a.offered); {
	case n == 0:
		return "there was no key to offer: name one with -i, or start an agent"
	case n > maxNamed:
		return fmt.Sprintf("offered %s and %d more keys; the server knows none of them for this user", strings.Join(a.offered[:maxNamed], ", "), n-maxNamed)
	}
	return "offered " + strings.Join(a.offered, ", ") + "; the server does not know it for this user"
}

// hangUp ends the talk with the agent.
func (a *attempt) hangUp() {
	if a.agent != nil {
		a.agent.Close()
	}
}

// explain puts the error of an attempt into ssh's words.
func (a *attempt) explain(ctx context.Context, err error) error {
	stage := *a.stage.Load()
	refuse := func(hint, format string, args ...any) error {
		return &Refused{Said: fmt.Sprintf(format, args...), Hint: hint, Notes: a.notes, Banner: a.banner}
	}
	if key, ok := errors.AsType[*hostKeyError](err); ok {
		return refuse(key.hint, "Host key verification failed.")
	}
	switch cause := context.Cause(ctx); {
	case cause == errConnectTimeout && stage == "connecting":
		return refuse("", "ssh: connect to host %s port %d: Connection timed out", a.spec.host, a.spec.port)
	case cause == errConnectTimeout:
		return refuse("", "Connection timed out during banner exchange")
	case a.pool.ctx.Err() != nil:
		return errClosed
	case cause != nil || errors.Is(err, os.ErrDeadlineExceeded):
		return &Late{Stage: stage, Err: context.DeadlineExceeded}
	case stage == "connecting":
		return a.unreachable(err, refuse)
	case a.methods != nil:
		return refuse(strings.Join(append(a.hints, a.keys()), "; "), "%s@%s: Permission denied (%s).", a.spec.user, a.spec.given, strings.Join(a.methods, ","))
	case errors.Is(err, io.EOF):
		return refuse("the server may have too many logins under way (MaxStartups)", "kex_exchange_identification: Connection closed by remote host")
	case errors.Is(err, syscall.ECONNRESET):
		return refuse("", "kex_exchange_identification: read: Connection reset by peer")
	}
	return refuse("", "ssh: %v", err)
}

// unreachable explains why no connection came about. What is this machine's trouble stays an error.
func (a *attempt) unreachable(err error, refuse func(hint, format string, args ...any) error) error {
	if name, ok := errors.AsType[*net.DNSError](err); ok {
		reason := "Name or service not known"
		if !name.IsNotFound && (name.IsTemporary || name.IsTimeout) {
			reason = "Temporary failure in name resolution"
		}
		return refuse("", "ssh: Could not resolve hostname %s: %s", a.spec.host, reason)
	}
	if _, ok := errors.AsType[*net.AddrError](err); ok {
		return refuse("", "ssh: Could not resolve hostname %s: Address family for hostname not supported", a.spec.host)
	}
	errno, ok := errors.AsType[syscall.Errno](err)
	if !ok || slices.Contains([]syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRINUSE, syscall.EPERM}, errno) {
		return fmt.Errorf("connecting to %s: %w", a.spec.address(), err)
	}
	return refuse("", "ssh: connect to host %s port %d: %s", a.spec.host, a.spec.port, strerror(errno))
}

// strerror gives the text of strerror(3), which Go has with a small first letter.
func strerror(err error) string {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		text := errno.Error()
		return strings.ToUpper(text[:1]) + text[1:]
	}
	return err.Error()
}
