// Package adh knows TLS 1.0 to 1.2 with anonymous Diffie-Hellman keys (RFC 2246, 4346, 5246; ECDH: RFC 8422): the
// suites without certificates that NRPE speaks by default and that crypto/tls does not have.
//
// Such a connection hides what it carries from those who only listen. It proves nothing about who is at the other end:
// whoever can change packets can sit in the middle. Use crypto/tls wherever there is a certificate.
//
// No renegotiation, no compression, no client certificates.
package adh

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// ErrCertificateWanted is in the error of a handshake whose server asked for a client certificate, which has no place
// among anonymous suites. Try crypto/tls.
var ErrCertificateWanted = errors.New("server asks for a client certificate")

// AlertError is a fatal alert that the other side sent, by its number in the TLS registry.
type AlertError uint8

// The alerts that say "not like this": no common suite, no common version.
const (
	HandshakeFailure AlertError = 40
	ProtocolVersion  AlertError = 70
)

func (a AlertError) Error() string {
	return fmt.Sprintf("the other side sent TLS alert %d (%s)", uint8(a), a.text())
}

// Config says what is offered and accepted. The zero value is good.
type Config struct {
	// MinVersion and MaxVersion bound the protocol, as crypto/tls numbers it; 0 means TLS 1.0 and TLS 1.2.
	MinVersion, MaxVersion uint16
	// Suites are offered in this order, or, by a server, taken in this order; nil means all of Suites().
	Suites []uint16
	// MinPrimeBits is the smallest Diffie-Hellman group that is taken; 0 means 512, the group of NRPE 2.x.
	MinPrimeBits int
	// Prime is the group that a server uses, with generator 2; nil means the 2,048 bits of RFC 3526, 3.
	Prime []byte
	// Sessions keeps sessions to be taken up again; nil means that each handshake is a full one. SessionKey is the
	// client's name for the server in it.
	Sessions   *Sessions
	SessionKey string
	// Shares keeps Diffie-Hellman secrets to be used again; nil means that each handshake has its own.
	Shares *Shares
	// Rand gives randomness; nil means crypto/rand.
	Rand io.Reader
}

func (c Config) withDefaults() Config {
	if c.MinVersion == 0 {
		c.MinVersion = tls.VersionTLS10
	}
	if c.MaxVersion == 0 || c.MaxVersion > tls.VersionTLS12 {
		c.MaxVersion = tls.VersionTLS12
	}
	if c.Suites == nil {
		c.Suites = Suites()
	}
	if c.MinPrimeBits == 0 {
		c.MinPrimeBits = 512
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	return c
}

// Conn is one TLS connection, of either side. One goroutine may read while another writes; the handshake comes first,
// by Handshake, HandshakeContext or the first Read or Write.
type Conn struct {
	conn      net.Conn
	cfg       Config
	handshake func() error
	once      sync.Once
	failed    error       // what the handshake ended with
	open      atomic.Bool // there are keys

	version uint16 // 0 until agreed
	suite   *suite
	tried   *session // that the client offered to take up
	earned  *session // to be kept if the handshake succeeds
	resumed bool

	in         direction
	raw        []byte // records as they came; raw[:rawUsed] is done with
	rawUsed    int
	appData    []byte // decrypted and not yet read; points into raw
	inErr      error
	messages   []byte // handshake bytes not yet taken as messages
	transcript []byte // handshake messages so far, for Finished; nil when done
	idle       int    // records in a row that carried nothing

	mu     sync.Mutex // guards, after the handshake, what follows
	out    direction
	unsent []byte // records queued
}

// Client gives the client's side of a connection over conn. Nothing is sent yet.
func Client(conn net.Conn, cfg Config) *Conn {
	c := &Conn{conn: conn, cfg: cfg.withDefaults()}
	c.handshake = c.clientHandshake
	return c
}

// Server gives the server's side.
func Server(conn net.Conn, cfg Config) *Conn {
	if cfg.Prime == nil {
		cfg.Prime = modp2048()
	}
	c := &Conn{conn: conn, cfg: cfg.withDefaults()}
	c.handshake = c.serverHandshake
	return c
}

// Handshake agrees on keys. It ends with the connection's deadline; otherwise it is HandshakeContext.
func (c *Conn) Handshake() error { return c.ready() }

// HandshakeContext agrees on keys. When ctx ends first it ends with ctx's error, and the connection is of no more use.
// The error of a handshake that the other side refused is an AlertError. Later calls give the first call's answer.
func (c *Conn) HandshakeContext(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = c.conn.SetDeadline(time.Unix(1, 0)) })
	err := c.ready()
	if !stop() {
		return ctx.Err()
	}
	return err
}

func (c *Conn) ready() error {
	c.once.Do(func() {
		c.failed = c.handshake()
		c.settle()
		c.transcript, c.messages = nil, nil
		c.open.Store(c.failed == nil)
	})
	return c.failed
}

// settle keeps the session that the handshake gave, or forgets the one that did not work.
func (c *Conn) settle() {
	switch {
	case c.failed == nil && c.earned != nil:
		c.cfg.Sessions.put(c.cfg.SessionKey, c.earned)
	case c.failed != nil && c.tried != nil:
		c.cfg.Sessions.put(c.cfg.SessionKey, nil)
		c.failed = &SessionError{c.failed}
	}
}

// SessionError is the error of a handshake that tried to take a session up. The session is forgotten: the next
// handshake will be a full one.
type SessionError struct{ Err error }

func (e *SessionError) Error() string { return "taking a session up: " + e.Err.Error() }

// Unwrap gives the handshake's error.
func (e *SessionError) Unwrap() error { return e.Err }

// Resumed says whether the handshake took a session up.
func (c *Conn) Resumed() bool { return c.open.Load() && c.resumed }

// Agreed gives the version and the suite of the connection; zeros before the handshake.
func (c *Conn) Agreed() (version, suite uint16) {
	if c.suite == nil {
		return 0, 0
	}
	return c.version, c.suite.id
}

// Read reads what the other side sent. It gives io.EOF after the other side's close_notify, and io.ErrUnexpectedEOF
// when the connection ended without one.
func (c *Conn) Read(b []byte) (int, error) {
	if err := c.ready(); err != nil {
		return 0, err
	}
	for len(c.appData) == 0 && len(b) > 0 {
		if c.inErr == nil {
			c.inErr = c.nextAppData()
		}
		if c.inErr != nil {
			return 0, c.inErr
		}
	}
	n := copy(b, c.appData)
	c.appData = c.appData[n:]
	return n, nil
}

// Write sends b, in records of at most 16 KiB.
func (c *Conn) Write(b []byte) (int, error) {
	if err := c.ready(); err != nil {
		return 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	done := 0
	for done < len(b) {
		part := b[done:min(len(b), done+maxPlaintext)]
		if err := c.queue(recordAppData, part); err != nil {
			return done, err
		}
		if err := c.flush(); err != nil {
			return done, err
		}
		done += len(part)
	}
	return done, nil
}

// Close says goodbye if there was a handshake, and closes the connection under it. A Write that hangs is cut off.
func (c *Conn) Close() error {
	if c.open.Swap(false) && c.mu.TryLock() {
		_ = c.conn.SetWriteDeadline(time.Now().Add(goodbye))
		if c.queue(recordAlert, []byte{alertWarning, alertCloseNotify}) == nil {
			_ = c.flush()
		}
		c.mu.Unlock()
	}
	return c.conn.Close()
}

// goodbye is how long Close waits for room to send its close_notify.
const goodbye = time.Second

// LocalAddr is the address of the connection underneath, as the methods that follow are the connection's too.
func (c *Conn) LocalAddr() net.Addr { return c.conn.LocalAddr() }

// RemoteAddr is the address of the other side.
func (c *Conn) RemoteAddr() net.Addr { return c.conn.RemoteAddr() }

// SetDeadline bounds Read, Write and the handshake.
func (c *Conn) SetDeadline(t time.Time) error { return c.conn.SetDeadline(t) }

// SetReadDeadline bounds Read.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.conn.SetReadDeadline(t) }

// SetWriteDeadline bounds Write.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.conn.SetWriteDeadline(t) }

// NetConn gives the connection underneath. Reading or writing it breaks this one; closing it skips the goodbye.
func (c *Conn) NetConn() net.Conn { return c.conn }
