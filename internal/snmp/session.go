package snmp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/onbu/onbu/internal/recent"
)

// Refusal is a report by which an agent refuses a SNMPv3 request, or the lack of an engine to ask, in net-snmp's words.
type Refusal string

func (r Refusal) Error() string { return string(r) }

// errNoEngine says that the agent did not even answer the question for its engine id.
const errNoEngine = Refusal("Timeout")

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
	user  User
}

// session asks one agent the questions of one request, over SNMPv3.
type session struct {
	link    *link
	to      *Device
	user    *user
	keys    *keyRing
	engines *recent.Map[engineKey, knownEngine]
}

// exchange is link.exchange with the device's tries and with a net under the decoders: whatever an agent sends, a panic
// costs one datagram, not the daemon. When no better answer comes, the error says that there was a panic.
func (s *session) exchange(ctx context.Context, msg []byte, take func([]byte) error) error {
	var broken error
	err := s.link.exchange(ctx, msg, s.to.Retries+1, s.to.Timeout, func(datagram []byte) (err error) {
		defer func() {
			if p := recover(); p != nil {
				broken = fmt.Errorf("decoding an answer of %s panicked, which is our mistake: %v", s.to.Addr, p)
				err = broken
			}
		}()
		return take(datagram)
	})
	if errors.Is(err, ErrNoAnswer) && broken != nil {
		return broken
	}
	return err
}

// newID gives a request id: 31 random bits, since they are what tells an answer from a forgery.
func newID() int32 { return rand.Int32N(math.MaxInt32) + 1 }

// ask sends a request and gives the agent's response. It learns the agent's engine first, or uses what it learned in an
// earlier request, and follows at most three hints of the agent that engine or clock are others than we thought. Errors:
// ErrNoAnswer, a Refusal, ctx's.
func (s *session) ask(ctx context.Context, p pdu) (pdu, error) {
	key := engineKey{s.to.Addr, s.user.User}
	known, cached := s.engines.Get(key)
	if !cached {
		var err error
		if known, err = s.discover(ctx); err != nil {
			return pdu{}, err
		}
	}
	for range 3 {
		u := usm{s.user, known.now(), s.keys}
		m, err := s.round(ctx, &u, p)
		if errors.Is(err, ErrNoAnswer) && cached {
			s.engines.Drop(key)
			return pdu{}, errNoEngine
		}
		if err != nil {
			return pdu{}, err
		}
		if m.pdu.kind == tagResponse {
			s.engines.Put(key, knownEngine{m.engine, time.Now()})
			return m.pdu, nil
		}
		why := reportText(m.pdu)
		switch {
		case why == notInTime && m.flags&flagAuth != 0:
			known = knownEngine{m.engine, time.Now()}
		case why == unknownEngine && cached:
			s.engines.Drop(key)
			cached = false
			if known, err = s.discover(ctx); err != nil {
				return pdu{}, err
			}
		default:
			return pdu{}, Refusal(why)
		}
	}
	return pdu{}, Refusal(notInTime)
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
	u := usm{user: newUser(User{}), keys: s.keys}
	var answer secureMessage
	msg := u.encode(id, request(tagGet, newID(), nil))
	err := s.exchange(ctx, msg, func(datagram []byte) (err error) {
		answer, err = u.decode(id, datagram)
		if err == nil && !answer.engine.valid() {
			err = errStray
		}
		return err
	})
	if errors.Is(err, ErrNoAnswer) {
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
	if len(p.bindings) == 0 || p.bindings[0].Name.arcs() != 11 {
		return "Unknown Report message"
	}
	name := p.bindings[0].Name
	switch {
	case name.Under("\x2b\x06\x01\x06\x03\x0f\x01\x01"):
		return usmReport(name[8])
	case name.Under("\x2b\x06\x01\x06\x03\x0b\x02\x01\x02"):
		return "Invalid message (e.g. msgFlags)"
	}
	return "Unknown Report message"
}

func usmReport(counter byte) string {
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
