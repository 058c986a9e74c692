package nrpe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/adh"
	"github.com/onbu/onbu/internal/probe"
)

// open connects and shakes hands, in the first mode that the server does not refuse. The connection's deadline is set.
func (c *call) open(modes []mode) (conn net.Conn, used mode, err error) {
	for _, m := range modes {
		conn, err = c.try(m)
		if isSession(err) && !c.late(err) {
			conn, err = c.try(m) // a whole handshake this time
		}
		if err == nil || !refused(err) {
			return conn, m, c.plugins(err)
		}
	}
	return nil, 0, c.plugins(err)
}

// isSession says whether a handshake failed that offered to take a session up. An nrpe that asks for client certificates
// gives tickets and then answers them with alert 80, because it names no session context
// (SSL_CTX_set_session_id_context(3)).
func isSession(err error) bool {
	if _, ok := errors.AsType[*adh.SessionError](err); ok {
		return true
	}
	_, ok := errors.AsType[*probe.SessionError](err)
	return ok
}

// try connects and shakes hands in one mode.
func (c *call) try(m mode) (net.Conn, error) {
	tcp, err := c.connect()
	if err != nil {
		return nil, err
	}
	c.release = context.AfterFunc(c.ctx, func() { _ = tcp.SetDeadline(time.Unix(1, 0)) })
	conn, err := c.secure(tcp, m)
	if err != nil {
		c.release()
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
	d := net.Dialer{KeepAlive: -1, FallbackDelay: -1}
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
		case isOurs(err) && i+1 == len(c.addresses):
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
	if err := c.module.doors.Enter(ctx, to); err != nil {
		return nil, err
	}
	conn, err := d.DialContext(ctx, "tcp", to.String())
	c.module.doors.Leave(to, err)
	return conn, err
}

// secure shakes hands.
func (c *call) secure(tcp net.Conn, m mode) (net.Conn, error) {
	c.stage = "shaking hands for TLS"
	switch m {
	case anonymous:
		conn := adh.Client(tcp, adh.Config{
			MinVersion: c.minTLS, MaxVersion: c.maxTLS, Suites: c.suites, MinPrimeBits: c.module.opts.MinPrimeBits,
			Sessions: c.module.sessions, SessionKey: tcp.RemoteAddr().String(), Shares: c.module.shares,
		})
		return conn, conn.Handshake()
	case certified:
		conn, err := c.module.trust.shake(tcp, trustKey{c.files, c.minCertified, c.maxTLS})
		if f, ok := errors.AsType[*filesError](err); ok {
			return nil, &failure{state: c.trouble, text: "Error: " + f.Error()}
		}
		return conn, err
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
