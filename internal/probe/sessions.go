package probe

import (
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// relearn is how long something is taken for granted of a TLS server, which may be upgraded, or mended: from half of it to all
// of it, so that not all servers are asked anew in the same minute.
const relearn = time.Hour

// Sessions keeps the TLS sessions of a bounded number of servers, so that most handshakes need no new keys and no
// certificate. When it is full, whichever goes: checks come in turn, so that one that was not used for the longest time is
// the next that will be. Any number of goroutines may use it; a nil *Sessions keeps nothing.
//
// A session brings the certificate of its first handshake with it. Whoever judges certificates must not take one up.
type Sessions struct {
	limit int

	mu sync.Mutex // guards what follows
	of map[server]session
}

// server is whom a session belongs to.
type server struct {
	address string
	name    string // that was sent, or none
	max     uint16 // version that was offered
}

// session is what is known of a server.
type session struct {
	state   *tls.ClientSessionState // nil: it cannot stand its own tickets
	version uint16                  // of the last handshake
	since   time.Time               // when everything was offered last
}

// SessionsKept is how many sessions a module keeps that has no reason to keep another number.
const SessionsKept = 1 << 14

// NewSessions gives room for limit sessions, of about 3 KiB each.
func NewSessions(limit int) *Sessions {
	return &Sessions{limit: limit, of: map[server]session{}}
}

// SessionError is the error of a handshake that offered a session. The next handshake with that server will be a whole one,
// and if it refused the session rather than went away, so will be all for an hour.
type SessionError struct{ Err error }

func (e *SessionError) Error() string { return "taking a TLS session up: " + e.Err.Error() }

// Unwrap gives the handshake's error.
func (e *SessionError) Unwrap() error { return e.Err }

// Handshake shakes hands as a client over conn, whose deadline bounds it. base is not changed. One Sessions goes with one
// way to verify servers: what was not verified would be taken up where it should be.
func (s *Sessions) Handshake(conn net.Conn, base *tls.Config) (*tls.Conn, error) {
	v := visit{sessions: s, server: server{conn.RemoteAddr().String(), base.ServerName, base.MaxVersion}}
	known, fresh := s.recall(v.server)
	if s == nil || fresh && known.state == nil {
		secure := tls.Client(conn, base)
		return secure, secure.Handshake()
	}
	config := base.Clone()
	config.ClientSessionCache = &v
	if fresh {
		v.known = known
		if known.version == tls.VersionTLS12 {
			// A hello that may lead to TLS 1.3 needs a key made for it, which costs more than all the rest of taking up a
			// session of TLS 1.2.
			config.MaxVersion = tls.VersionTLS12
		}
	}
	secure := tls.Client(conn, config)
	if err := secure.Handshake(); err != nil {
		return secure, v.failed(err)
	}
	v.done(secure.ConnectionState())
	return secure, nil
}

// recall gives what is known of a server, and whether it still counts.
func (s *Sessions) recall(of server) (known session, fresh bool) {
	if s == nil {
		return session{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	known, ok := s.of[of]
	return known, ok && time.Since(known.since) <= relearn
}

func (s *Sessions) keep(of server, v session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.of[of]; !known && len(s.of) >= s.limit {
		for other := range s.of {
			delete(s.of, other)
			break
		}
	}
	s.of[of] = v
}

func (s *Sessions) forget(of server) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.of, of)
}

// visit is the cache that one connection sees: crypto/tls itself would take all servers of one name for the same.
type visit struct {
	sessions *Sessions
	server   server
	known    session // that is offered, or nothing
	ended    bool    // the handshake has
	next     session // to be known from now on
}

// Get implements tls.ClientSessionCache.
func (v *visit) Get(string) (*tls.ClientSessionState, bool) {
	return v.known.state, v.known.state != nil
}

// Put implements tls.ClientSessionCache. Tickets of TLS 1.2 come before the end of the handshake, others after it, when
// the answer is read.
func (v *visit) Put(_ string, state *tls.ClientSessionState) {
	if v.next.state = state; state != nil && v.ended {
		v.sessions.keep(v.server, v.next)
	}
}

// failed forgets what did not work.
func (v *visit) failed(err error) error {
	if v.known.state == nil {
		return err
	}
	if refused(err) {
		v.sessions.keep(v.server, session{since: time.Now()})
	} else {
		v.sessions.forget(v.server)
	}
	return &SessionError{err}
}

// refused says whether an error of crypto/tls is an alert that came: its own errors of the kind are not exported.
func refused(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "remote error"
}

// done notes how the handshake ended.
func (v *visit) done(s tls.ConnectionState) {
	v.ended, v.next.version, v.next.since = true, s.Version, v.known.since
	if v.known.state == nil {
		v.next.since = time.Now().Add(-rand.N(relearn / 2))
	}
	if v.next.state != nil {
		v.sessions.keep(v.server, v.next)
	}
}
