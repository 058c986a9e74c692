package nrpe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/adh"
	"github.com/onbu/onbu/monitor"
)

const (
	// maxAddresses is how many addresses of a name are tried.
	maxAddresses = 8
	// farewell is how long a server may take to close after its answer, so that the port in TIME_WAIT is its own.
	farewell = 250 * time.Millisecond
)

// call is one run of a probe.
type call struct {
	*probe
	ctx       context.Context
	stage     string // what is waited for, after "It was "
	addresses []netip.Addr
}

// ask resolves, connects and asks, with every packet version and mode that may do, those that did last time first.
func (c *call) ask() (monitor.Outcome, error) {
	if err := c.resolve(); err != nil {
		return monitor.Outcome{}, err
	}
	who := server{c.host, c.port}
	last := c.module.known.recall(who)
	modes := inOrder(c.modes, last.mode)
	var trouble error
	for _, version := range inOrder(c.versions, last.version) {
		conn, m, err := c.open(modes)
		if err != nil {
			trouble = err
			break
		}
		o, err := c.converse(conn, version)
		if err == nil {
			if now := (habit{version, m}); now != last {
				c.module.known.learn(who, now)
			}
			return o, nil
		}
		trouble = tellingOf(trouble, err)
		bad, ok := errors.AsType[*badAnswer](err)
		if !ok || bad.final {
			break
		}
		modes = []mode{m}
	}
	if last != (habit{}) {
		c.module.known.learn(who, habit{})
	}
	return monitor.Outcome{}, c.blame(trouble)
}

// tellingOf gives the more telling of two errors, the earlier if they are alike.
func tellingOf(before, now error) error {
	a, ok := errors.AsType[*badAnswer](before)
	b, bad := errors.AsType[*badAnswer](now)
	if ok && bad && b.weight <= a.weight {
		return before
	}
	return now
}

// blame turns a bad answer into a failure.
func (c *call) blame(err error) error {
	if bad, ok := errors.AsType[*badAnswer](err); ok {
		return &failure{state: monitor.Unknown, text: bad.text, detail: bad.detail}
	}
	return err
}

// resolve finds the addresses of the host.
func (c *call) resolve() error {
	c.stage = "looking up the name"
	if a, err := netip.ParseAddr(c.host); err == nil {
		a = a.Unmap()
		if c.network == "ip4" && !a.Is4() || c.network == "ip6" && a.Is4() {
			return c.unresolved("Address family for hostname not supported", "")
		}
		c.addresses = []netip.Addr{a}
		return nil
	}
	found, err := c.module.opts.Resolver.LookupNetIP(c.ctx, c.network, c.host)
	if err != nil {
		if c.ctx.Err() != nil {
			return c.ctx.Err()
		}
		if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
			return c.unresolved("Name or service not known", "")
		}
		return c.unresolved("Temporary failure in name resolution", err.Error())
	}
	for _, a := range found[:min(len(found), maxAddresses)] {
		c.addresses = append(c.addresses, a.Unmap())
	}
	return nil
}

// unresolved is check_nrpe's answer to a bad name: it exits with 1, whatever -u and -t say (netutils.c, my_connect).
func (c *call) unresolved(why, detail string) error {
	return &failure{state: monitor.Warning, text: fmt.Sprintf("Could not resolve hostname %s: %s", c.host, why), detail: detail}
}

// open connects and shakes hands, in the first mode that the server does not refuse. The connection's deadline is set.
func (c *call) open(modes []mode) (conn net.Conn, used mode, err error) {
	for _, m := range modes {
		conn, err = c.try(m)
		if _, old := errors.AsType[*adh.SessionError](err); old && !c.late(err) {
			conn, err = c.try(m) // a full handshake this time
		}
		if err == nil || !refused(err) {
			return conn, m, c.plugins(err)
		}
	}
	return nil, 0, c.plugins(err)
}

// try connects and shakes hands in one mode.
func (c *call) try(m mode) (net.Conn, error) {
	tcp, err := c.connect()
	if err != nil {
		return nil, err
	}
	conn, err := c.secure(tcp, m)
	if err != nil {
		slam(tcp)
		return nil, &shakeError{tcp.RemoteAddr().String(), err}
	}
	return conn, nil
}

// shakeError is a handshake that came to nothing.
type shakeError struct {
	address string
	err     error
}

func (e *shakeError) Error() string { return e.address + ": " + e.err.Error() }

func (e *shakeError) Unwrap() error { return e.err }

// connect tries the host's addresses in turn; all share the time that is left.
func (c *call) connect() (net.Conn, error) {
	c.stage = "connecting"
	d := net.Dialer{KeepAlive: -1}
	if c.bind.IsValid() {
		d.LocalAddr = &net.TCPAddr{IP: c.bind.AsSlice(), Zone: c.bind.Zone()}
		d.Control = bindLate
	}
	var lines []string
	var last error
	for i, a := range c.addresses {
		conn, err := c.dial(&d, netip.AddrPortFrom(a, c.port), len(c.addresses)-i)
		switch {
		case err == nil:
			deadline, _ := c.ctx.Deadline()
			return conn, conn.SetDeadline(deadline)
		case c.ctx.Err() != nil || i+1 == len(c.addresses) && c.late(err):
			return nil, os.ErrDeadlineExceeded
		case isOurs(err):
			return nil, fmt.Errorf("connecting to %s: %w", a, err)
		}
		last = err
		lines = append(lines, fmt.Sprintf("connect to address %s port %d: %s", a, c.port, reason(err)))
	}
	lines = append(lines, fmt.Sprintf("connect to host %s port %d: %s", c.host, c.port, reason(last)))
	return nil, &failure{state: c.trouble, text: lines[0], detail: strings.Join(lines[1:], "\n")}
}

// dial connects to one address, within its share of the time: one of left.
func (c *call) dial(d *net.Dialer, to netip.AddrPort, left int) (net.Conn, error) {
	ctx := c.ctx
	if left > 1 {
		deadline, _ := ctx.Deadline()
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/time.Duration(left))
		defer cancel()
	}
	return d.DialContext(ctx, "tcp", to.String())
}

// secure shakes hands.
func (c *call) secure(tcp net.Conn, m mode) (net.Conn, error) {
	c.stage = "shaking hands for TLS"
	switch m {
	case anonymous:
		conn := adh.Client(tcp, adh.Config{
			MinVersion: c.minTLS, MaxVersion: c.maxTLS, Suites: c.suites, MinPrimeBits: c.module.opts.MinPrimeBits,
			Sessions: c.module.sessions, SessionKey: tcp.RemoteAddr().String(),
		})
		return conn, conn.HandshakeContext(c.ctx)
	case certified, anew:
		config, err := c.module.trust.config(trustKey{c.files, c.minCertified, c.maxTLS, m == certified})
		if err != nil {
			return nil, &failure{state: c.trouble, text: "Error: " + err.Error()}
		}
		conn := tls.Client(tcp, config)
		return conn, conn.HandshakeContext(c.ctx)
	}
	return tcp, nil
}

// refused says whether a server declined a handshake, and may like another.
func refused(err error) bool {
	if _, ok := errors.AsType[adh.AlertError](err); ok || errors.Is(err, adh.ErrCertificateWanted) {
		return true
	}
	return isAlert(err)
}

// isAlert says whether crypto/tls got an alert: its own errors of the kind are not exported.
func isAlert(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "remote error"
}

// plugins puts a handshake's error in check_nrpe's words; others it leaves as they are.
func (c *call) plugins(err error) error {
	shake, ok := errors.AsType[*shakeError](err)
	if !ok {
		return err
	}
	if c.late(err) {
		return os.ErrDeadlineExceeded
	}
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	address, _, _ := net.SplitHostPort(shake.address)
	text := "CHECK_NRPE: Error - Could not complete SSL handshake with %s: %s"
	if isCut(err) {
		text = "CHECK_NRPE: Error - Could not connect to %s: %s"
	}
	return &failure{state: c.trouble, text: fmt.Sprintf(text, address, reason(shake.err))}
}

// isCut says whether the connection, not what came over it, was at fault.
func isCut(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op != "remote error" || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// converse sends the query and reads the answer. The connection is closed.
func (c *call) converse(conn net.Conn, version uint16) (monitor.Outcome, error) {
	stop := context.AfterFunc(c.ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	buf := c.module.buffers.Get().(*[]byte)
	defer func() {
		if cap(*buf) <= 4*bufferSize {
			c.module.buffers.Put(buf)
		}
	}()
	c.stage = "sending the query"
	*buf = appendQuery((*buf)[:0], version, c.query, c.payload)
	if _, err := conn.Write(*buf); err != nil {
		slam(conn)
		return monitor.Outcome{}, c.lost("CHECK_NRPE: Error sending query to host", err, true)
	}
	c.stage = "waiting for the answer"
	p := packet{from: conn, buf: (*buf)[:0]}
	a, err := p.read(version, c.payload)
	*buf = p.buf
	if err != nil {
		slam(conn)
		if _, ok := errors.AsType[*badAnswer](err); !ok {
			err = c.lost("CHECK_NRPE: Error receiving data from daemon", err, refused(err))
		}
		return monitor.Outcome{}, err
	}
	o := a.reported()
	part(conn, (*buf)[:cap(*buf)])
	return o, nil
}

// lost puts the error of a connection that broke on the way in check_nrpe's words. A server that gets a packet version
// that it does not know, or a command that it does not like, may close so hard that the connection is reset.
func (c *call) lost(text string, err error, final bool) error {
	if c.late(err) {
		return os.ErrDeadlineExceeded
	}
	return &badAnswer{text: text + ": " + reason(err), final: final}
}

// late says whether an error came of the time limit.
func (c *call) late(err error) bool {
	return c.ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)
}

// part waits a moment for the server to close first, and closes. scratch is written over.
func part(conn net.Conn, scratch []byte) {
	_ = conn.SetReadDeadline(time.Now().Add(farewell))
	if _, err := conn.Read(scratch); ended(err) {
		_ = raw(conn).Close()
		return
	}
	slam(conn)
}

// slam closes at once, without leaving the port in TIME_WAIT: whoever closes first would keep it for a minute.
func slam(conn net.Conn) {
	tcp := raw(conn)
	if t, ok := tcp.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = tcp.Close()
}

// raw gives the TCP connection under a TLS one: after the server's goodbye, or in anger, there is nothing left to say.
func raw(conn net.Conn) net.Conn {
	if under, ok := conn.(interface{ NetConn() net.Conn }); ok {
		return under.NetConn()
	}
	return conn
}
