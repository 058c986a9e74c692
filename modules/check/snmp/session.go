package snmp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"time"
)

// refusal is a report by which an agent refuses a SNMPv3 request, or the lack of an engine to ask, in net-snmp's words.
type refusal string

func (r refusal) Error() string { return string(r) }

// errNoEngine says that the agent did not even answer the question for its engine id.
const errNoEngine = refusal("Timeout")

// knownEngine is an engine as it was at a moment.
type knownEngine struct {
	engine
	seen time.Time
}

// now gives the engine with its clock moved on.
func (k *knownEngine) now() engine {
	e := k.engine
	e.time += int32(time.Since(k.seen) / time.Second)
	return e
}

// engineKey names what is known of an engine. It is kept per user, since that it answered somebody else says nothing of
// whether it will answer us.
type engineKey struct {
	agent netip.AddrPort
	user  userKey
}

// session asks one agent the questions of one check.
type session struct {
	link    *link
	agent   netip.AddrPort
	line    *command
	keys    *keyRing
	engines *recent[engineKey, knownEngine]
}

// ask sends a GET or GETNEXT for names and gives the agent's response. Errors: errNoAnswer, refusal, ctx's.
func (s *session) ask(ctx context.Context, kind byte, names []oid) (pdu, error) {
	if s.line.version == version3 {
		return s.askSecurely(ctx, kind, names)
	}
	id := newID()
	var answer pdu
	msg := encodeCommunity(s.line.version, s.line.community, request(kind, id, names))
	err := s.exchange(ctx, msg, func(datagram []byte) (err error) {
		answer, err = decodeCommunity(s.line.version, datagram)
		if err == nil && (answer.request != id || answer.kind != tagResponse) {
			err = errStray
		}
		return err
	})
	return answer, err
}

// exchange is link.exchange with the line's tries and with a net under the decoders: whatever an agent sends, a panic
// costs one datagram, not the daemon. When no better answer comes, the error says that there was a panic.
func (s *session) exchange(ctx context.Context, msg []byte, take func([]byte) error) error {
	var broken error
	err := s.link.exchange(ctx, msg, s.line.retries+1, s.line.timeout, func(datagram []byte) (err error) {
		defer func() {
			if p := recover(); p != nil {
				broken = fmt.Errorf("decoding an answer of %s panicked, which is our mistake: %v", s.agent, p)
				err = broken
			}
		}()
		return take(datagram)
	})
	if errors.Is(err, errNoAnswer) && broken != nil {
		return broken
	}
	return err
}

// newID gives a request id: 31 random bits, since they are what tells an answer from a forgery.
func newID() int32 { return rand.Int32N(math.MaxInt32) + 1 }

// askSecurely asks over SNMPv3. It learns the agent's engine first, or uses what it learned in an earlier check, and
// follows at most three hints of the agent that engine or clock are others than we thought.
func (s *session) askSecurely(ctx context.Context, kind byte, names []oid) (pdu, error) {
	key := engineKey{s.agent, s.line.user.key()}
	known, cached := s.engines.get(key)
	if !cached {
		var err error
		if known, err = s.discover(ctx); err != nil {
			return pdu{}, err
		}
	}
	for range 3 {
		u := usm{&s.line.user, known.now(), s.keys}
		m, err := s.round(ctx, &u, request(kind, newID(), names))
		if errors.Is(err, errNoAnswer) && cached {
			s.engines.drop(key)
			return pdu{}, errNoEngine
		}
		if err != nil {
			return pdu{}, err
		}
		if m.pdu.kind == tagResponse {
			s.engines.put(key, knownEngine{m.engine, time.Now()})
			return m.pdu, nil
		}
		why := reportText(m.pdu)
		switch {
		case why == notInTime && m.flags&flagAuth != 0:
			known = knownEngine{m.engine, time.Now()}
		case why == unknownEngine && cached:
			s.engines.drop(key)
			cached = false
			if known, err = s.discover(ctx); err != nil {
				return pdu{}, err
			}
		default:
			return pdu{}, refusal(why)
		}
	}
	return pdu{}, refusal(notInTime)
}

// round sends one request and gives the response or report to it.
func (s *session) round(ctx context.Context, u *usm, p pdu) (secureMessage, error) {
	id := newID()
	var answer secureMessage
	err := s.exchange(ctx, u.encode(id, p), func(datagram []byte) (err error) {
		answer, err = u.decode(id, datagram)
		if err == nil && answer.pdu.kind == tagResponse && answer.pdu.request != p.request {
			err = errStray
		}
		return err
	})
	return answer, err
}

// discover asks the agent for its engine (RFC 3414, 4).
func (s *session) discover(ctx context.Context) (knownEngine, error) {
	id := newID()
	u := usm{user: &user{}, keys: s.keys}
	var answer secureMessage
	msg := u.encode(id, request(tagGet, newID(), nil))
	err := s.exchange(ctx, msg, func(datagram []byte) (err error) {
		answer, err = u.decode(id, datagram)
		if err == nil && !answer.engine.valid() {
			err = errStray
		}
		return err
	})
	if errors.Is(err, errNoAnswer) {
		err = errNoEngine
	}
	return knownEngine{answer.engine, time.Now()}, err
}

// What net-snmp says of reports (snmp_api.c, api_errors).
const (
	notInTime     = "Not in time window"
	unknownEngine = "Unknown engine ID"
)

// reportText names a report's reason. The counters are those of RFC 3412, 5 and RFC 3414, 5.
func reportText(p pdu) string {
	if len(p.bindings) == 0 || len(p.bindings[0].name) != 11 {
		return "Unknown Report message"
	}
	name := p.bindings[0].name
	switch {
	case name.startsWith(oid{1, 3, 6, 1, 6, 3, 15, 1, 1}):
		return usmReport(name[9])
	case name.startsWith(oid{1, 3, 6, 1, 6, 3, 11, 2, 1}) && name[9] == 2:
		return "Invalid message (e.g. msgFlags)"
	}
	return "Unknown Report message"
}

func usmReport(counter uint32) string {
	switch counter {
	case 1:
		return "Unsupported security level"
	case 2:
		return notInTime
	case 3:
		return "Unknown user name"
	case 4:
		return unknownEngine
	case 5:
		return "Authentication failure (incorrect password, community or key)"
	case 6:
		return "Decryption error"
	}
	return "Unknown Report message"
}
