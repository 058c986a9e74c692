package adh

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"golang.org/x/crypto/cryptobyte"
)

// Sessions keeps sessions that may be taken up again with a ticket (RFC 5077), which spares both sides the costly part of
// a handshake. It holds a bounded number; when it is full, whichever goes. Any goroutine may use it; a nil *Sessions
// keeps nothing.
//
// A client has them by server, a server by ticket: do not use one for both.
type Sessions struct {
	limit int

	mu  sync.Mutex // guards what follows
	all map[string]*session
}

// NewSessions gives room for limit sessions, of about 400 bytes each.
func NewSessions(limit int) *Sessions {
	return &Sessions{limit: limit, all: map[string]*session{}}
}

// session is what a ticket stands for. It is not changed.
type session struct {
	version uint16
	suite   *suite
	master  []byte
	ticket  []byte
}

func (s *Sessions) get(key string) *session {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[key]
}

// put keeps a session; nil forgets it.
func (s *Sessions) put(key string, v *session) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if v == nil {
		delete(s.all, key)
		return
	}
	if _, known := s.all[key]; !known && len(s.all) >= s.limit {
		for other := range s.all {
			delete(s.all, other)
			break
		}
	}
	s.all[key] = v
}

// lifetimeHint is how long a client should keep a ticket of ours, in seconds; it is only a hint.
const lifetimeHint = 7200

func marshalTicket(ticket []byte) []byte {
	var b cryptobyte.Builder
	b.AddUint32(lifetimeHint)
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(ticket) })
	return message(msgNewSessionTicket, b.BytesOrPanic())
}

func parseTicket(body []byte) ([]byte, error) {
	s := cryptobyte.String(body)
	var lifetime uint32
	var ticket cryptobyte.String
	if !s.ReadUint32(&lifetime) || !s.ReadUint16LengthPrefixed(&ticket) || !s.Empty() {
		return nil, errMalformed
	}
	return ticket, nil
}

// usable gives the session that a client may offer to take up.
func (c *Conn) usable() *session {
	s := c.cfg.Sessions.get(c.cfg.SessionKey)
	if s == nil || s.version < c.cfg.MinVersion || s.version > c.cfg.MaxVersion {
		return nil
	}
	for _, id := range c.cfg.Suites {
		if id == s.suite.id {
			return s
		}
	}
	return nil
}

// hearTicket reads the ticket that a ServerHello announced, and keeps it.
func (c *Conn) hearTicket(master []byte) error {
	body, err := c.expect(msgNewSessionTicket)
	if err != nil {
		return err
	}
	ticket, err := parseTicket(body)
	if err != nil {
		return fmt.Errorf("NewSessionTicket: %w", err)
	}
	if len(ticket) > 0 { // an empty one means: none after all
		c.earned = &session{version: c.version, suite: c.suite, master: master, ticket: bytes.Clone(ticket)}
	}
	return nil
}

// clientResumes is the rest of a handshake whose server takes the session up: the server finishes first.
func (c *Conn) clientResumes(hello clientHello, server serverHello) error {
	if c.version != c.tried.version || c.suite != c.tried.suite {
		return fmt.Errorf("server took up a session of suite %s with suite %s", c.tried.suite.name, c.suite.name)
	}
	c.earned = c.tried
	s := c.expand(c.tried.master, hello.random, server.random)
	if server.ticket {
		if err := c.hearTicket(s.master); err != nil {
			return err
		}
	}
	if err := c.hearFinished(s, serverFinished, c.suite.protect(c.version, s.serverMAC, s.serverKey, s.serverIV)); err != nil {
		return err
	}
	return c.sayFinished(s, clientFinished, c.suite.protect(c.version, s.clientMAC, s.clientKey, s.clientIV))
}

// serverResumes is the rest of a handshake whose session the server has found.
func (c *Conn) serverResumes(client clientHello, old *session, random []byte) error {
	c.version, c.suite = old.version, old.suite
	hello := serverHello{
		version: c.version, random: random, suite: c.suite.id, sessionID: client.sessionID, renegotiation: client.renegotiation,
	}
	if err := c.say(hello.marshal()); err != nil {
		return err
	}
	s := c.expand(old.master, client.random, random)
	if err := c.sayFinished(s, serverFinished, c.suite.protect(c.version, s.serverMAC, s.serverKey, s.serverIV)); err != nil {
		return err
	}
	return c.hearFinished(s, clientFinished, c.suite.protect(c.version, s.clientMAC, s.clientKey, s.clientIV))
}

// known gives the session that a client's ticket stands for.
func (c *Conn) known(client clientHello) *session {
	if len(client.ticket) == 0 || len(client.sessionID) == 0 {
		return nil
	}
	s := c.cfg.Sessions.get(string(client.ticket))
	if s == nil || s.version != min(client.version, c.cfg.MaxVersion) {
		return nil
	}
	return s
}

// sayTicket gives the client a ticket.
func (c *Conn) sayTicket(master []byte) error {
	ticket := make([]byte, 32)
	if _, err := io.ReadFull(c.cfg.Rand, ticket); err != nil {
		return fmt.Errorf("reading randomness: %w", err)
	}
	c.cfg.Sessions.put(string(ticket), &session{version: c.version, suite: c.suite, master: master, ticket: ticket})
	return c.say(marshalTicket(ticket))
}
