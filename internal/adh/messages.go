package adh

import (
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
)

// Handshake message types (RFC 5246, 7.4).
const (
	msgHelloRequest       = 0
	msgClientHello        = 1
	msgServerHello        = 2
	msgNewSessionTicket   = 4
	msgServerKeyExchange  = 12
	msgCertificateRequest = 13
	msgServerHelloDone    = 14
	msgClientKeyExchange  = 16
	msgFinished           = 20
)

// maxMessage bounds a handshake message: three numbers of the largest group are 3 KiB; a CertificateRequest that names
// many authorities is the longest there is.
const maxMessage = 32 << 10

// Extensions (RFC 8422, 5.1; RFC 5077, 3.2; RFC 5746, 3.2) and the curves that ECDH may use.
const (
	extSupportedGroups = 10
	extPointFormats    = 11
	extSessionTicket   = 35
	extRenegotiation   = 0xff01

	namedCurve       = 3
	groupP256  group = 23
	groupX     group = 29
)

const randomLen = 32

var errMalformed = errors.New("malformed message")

// message puts the header of a handshake message before a body.
func message(typ byte, body []byte) []byte {
	n := len(body)
	return append([]byte{typ, byte(n >> 16), byte(n >> 8), byte(n)}, body...)
}

func isHelloRequest(b []byte) bool { return string(b) == "\x00\x00\x00\x00" }

// clientHello is what a client offers. Without groups and tickets it has no extensions.
type clientHello struct {
	version   uint16
	random    []byte
	sessionID []byte // made up by the client that offers a ticket; the server repeats it if it takes the session up
	suites    []uint16
	groups    []group
	tickets   bool   // takes tickets
	ticket    []byte // of the session to take up
	// renegotiation says, of a hello that was parsed, that the client wants to hear that its server has RFC 5746. A client
	// of ours says so among the suites.
	renegotiation bool
}

func (h clientHello) marshal() []byte {
	var b cryptobyte.Builder
	b.AddUint16(h.version)
	b.AddBytes(h.random)
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(h.sessionID) })
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
		for _, id := range h.suites {
			b.AddUint16(id)
		}
	})
	b.AddBytes([]byte{1, 0}) // no compression
	if h.groups != nil || h.tickets {
		b.AddUint16LengthPrefixed(h.addExtensions)
	}
	return message(msgClientHello, b.BytesOrPanic())
}

func (h clientHello) addExtensions(b *cryptobyte.Builder) {
	if h.tickets {
		b.AddUint16(extSessionTicket)
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(h.ticket) })
	}
	if h.groups == nil {
		return
	}
	b.AddUint16(extPointFormats)
	b.AddBytes([]byte{0, 2, 1, 0}) // uncompressed
	b.AddUint16(extSupportedGroups)
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			for _, g := range h.groups {
				b.AddUint16(uint16(g))
			}
		})
	})
}

func parseClientHello(body []byte) (clientHello, error) {
	var h clientHello
	var suites, compression, extensions cryptobyte.String
	s := cryptobyte.String(body)
	if !s.ReadUint16(&h.version) || !s.ReadBytes(&h.random, randomLen) || !s.ReadUint8LengthPrefixed((*cryptobyte.String)(&h.sessionID)) ||
		!s.ReadUint16LengthPrefixed(&suites) || !s.ReadUint8LengthPrefixed(&compression) || len(suites)%2 != 0 {
		return h, errMalformed
	}
	for !suites.Empty() {
		var id uint16
		suites.ReadUint16(&id)
		h.suites = append(h.suites, id)
		h.renegotiation = h.renegotiation || id == renegotiationInfo
	}
	if s.Empty() {
		return h, nil
	}
	if !s.ReadUint16LengthPrefixed(&extensions) || !s.Empty() {
		return h, errMalformed
	}
	return h, h.readExtensions(extensions)
}

func (h *clientHello) readExtensions(s cryptobyte.String) error {
	for !s.Empty() {
		var typ uint16
		var data, list cryptobyte.String
		if !s.ReadUint16(&typ) || !s.ReadUint16LengthPrefixed(&data) {
			return errMalformed
		}
		switch typ {
		case extSessionTicket:
			h.tickets, h.ticket = true, data
		case extRenegotiation:
			h.renegotiation = true
		}
		if typ != extSupportedGroups {
			continue
		}
		if !data.ReadUint16LengthPrefixed(&list) || len(list)%2 != 0 {
			return errMalformed
		}
		for !list.Empty() {
			var g uint16
			list.ReadUint16(&g)
			h.groups = append(h.groups, group(g))
		}
	}
	return nil
}

// serverHello is what a server chose.
type serverHello struct {
	version   uint16
	random    []byte
	sessionID []byte
	suite     uint16
	ticket    bool // a NewSessionTicket will come; no other extension that was offered changes anything
	// renegotiation has a client told that its server has RFC 5746, without which OpenSSL 3 turns away.
	renegotiation bool
}

func (h serverHello) marshal() []byte {
	var b cryptobyte.Builder
	b.AddUint16(h.version)
	b.AddBytes(h.random)
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(h.sessionID) })
	b.AddUint16(h.suite)
	b.AddUint8(0)
	if h.ticket || h.renegotiation {
		b.AddUint16LengthPrefixed(h.addExtensions)
	}
	return message(msgServerHello, b.BytesOrPanic())
}

func (h serverHello) addExtensions(b *cryptobyte.Builder) {
	if h.ticket {
		b.AddUint16(extSessionTicket)
		b.AddUint16(0)
	}
	if h.renegotiation {
		b.AddUint16(extRenegotiation)
		b.AddBytes([]byte{0, 1, 0}) // no handshake came before
	}
}

func parseServerHello(body []byte) (serverHello, error) {
	var h serverHello
	var compression uint8
	s := cryptobyte.String(body)
	if !s.ReadUint16(&h.version) || !s.ReadBytes(&h.random, randomLen) || !s.ReadUint8LengthPrefixed((*cryptobyte.String)(&h.sessionID)) ||
		!s.ReadUint16(&h.suite) || !s.ReadUint8(&compression) {
		return h, errMalformed
	}
	if compression != 0 {
		return h, fmt.Errorf("server chose compression %d, which was not offered", compression)
	}
	var extensions cryptobyte.String
	if s.Empty() {
		return h, nil
	}
	if !s.ReadUint16LengthPrefixed(&extensions) || !s.Empty() {
		return h, errMalformed
	}
	for !extensions.Empty() {
		var typ uint16
		var data cryptobyte.String
		if !extensions.ReadUint16(&typ) || !extensions.ReadUint16LengthPrefixed(&data) {
			return h, errMalformed
		}
		h.ticket = h.ticket || typ == extSessionTicket
	}
	return h, nil
}

// dhParams is a server's DH share: RFC 5246, 7.4.3. The numbers are big-endian.
type dhParams struct{ p, g, share []byte }

func (d dhParams) marshal() []byte {
	var b cryptobyte.Builder
	for _, n := range [][]byte{d.p, d.g, d.share} {
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(n) })
	}
	return message(msgServerKeyExchange, b.BytesOrPanic())
}

func parseDHParams(body []byte) (dhParams, error) {
	s := cryptobyte.String(body)
	var p, g, share cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&p) || !s.ReadUint16LengthPrefixed(&g) || !s.ReadUint16LengthPrefixed(&share) || !s.Empty() {
		return dhParams{}, errMalformed
	}
	return dhParams{p: p, g: g, share: share}, nil
}

// ecParams is a server's ECDH share: RFC 8422, 5.4.
type ecParams struct {
	group group
	share []byte
}

func (e ecParams) marshal() []byte {
	var b cryptobyte.Builder
	b.AddUint8(namedCurve)
	b.AddUint16(uint16(e.group))
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(e.share) })
	return message(msgServerKeyExchange, b.BytesOrPanic())
}

func parseECParams(body []byte) (ecParams, error) {
	s := cryptobyte.String(body)
	var kind uint8
	var id uint16
	var share cryptobyte.String
	if !s.ReadUint8(&kind) || !s.ReadUint16(&id) || !s.ReadUint8LengthPrefixed(&share) || !s.Empty() {
		return ecParams{}, errMalformed
	}
	if kind != namedCurve {
		return ecParams{}, fmt.Errorf("server sent a curve of type %d, not a named one", kind)
	}
	return ecParams{group: group(id), share: share}, nil
}

// clientShare is the body of a ClientKeyExchange: a length of two bytes for DH, of one for ECDH.
func marshalClientShare(share []byte, ec bool) []byte {
	var b cryptobyte.Builder
	add := func(b *cryptobyte.Builder) { b.AddBytes(share) }
	if ec {
		b.AddUint8LengthPrefixed(add)
	} else {
		b.AddUint16LengthPrefixed(add)
	}
	return message(msgClientKeyExchange, b.BytesOrPanic())
}

func parseClientShare(body []byte, ec bool) ([]byte, error) {
	s := cryptobyte.String(body)
	var share cryptobyte.String
	ok := false
	if ec {
		ok = s.ReadUint8LengthPrefixed(&share)
	} else {
		ok = s.ReadUint16LengthPrefixed(&share)
	}
	if !ok || !s.Empty() {
		return nil, errMalformed
	}
	return share, nil
}
