package adh

import (
	"bytes"
	"crypto/hmac"
	"errors"
	"fmt"
	"io"
	"slices"
)

// nextMessage reads one handshake message and notes it in the transcript. The body stays as it is.
func (c *Conn) nextMessage() (typ byte, body []byte, err error) {
	for {
		if m := c.messages; len(m) >= 4 {
			n := 4 + (int(m[1])<<16 | int(m[2])<<8 | int(m[3]))
			if n > maxMessage {
				return 0, nil, fmt.Errorf("handshake message of %d bytes, more than %d", n, maxMessage)
			}
			if len(m) >= n {
				c.messages = m[n:]
				c.transcript = append(c.transcript, m[:n]...)
				return m[0], m[4:n], nil
			}
		}
		plain, err := c.nextOf(recordHandshake)
		if err != nil {
			return 0, nil, err
		}
		c.messages = append(c.messages, plain...)
	}
}

// nextOf reads the next record that must be of a type; warnings may come between.
func (c *Conn) nextOf(want byte) ([]byte, error) {
	for {
		typ, plain, err := c.receive()
		switch {
		case err != nil:
			return nil, err
		case typ == want && len(plain) > 0:
			c.idle = 0
			return plain, nil
		case typ == recordAlert:
			if err := readAlert(plain); err == io.EOF {
				return nil, io.ErrUnexpectedEOF
			} else if err != nil {
				return nil, err
			}
		case typ != want:
			return nil, fmt.Errorf("TLS record of type %d where %d was due", typ, want)
		}
		if err := c.waste(); err != nil {
			return nil, err
		}
	}
}

// expect reads the next message, which must be of a type.
func (c *Conn) expect(want byte) ([]byte, error) {
	typ, body, err := c.nextMessage()
	if err == nil && typ != want {
		err = fmt.Errorf("handshake message of type %d where %d was due", typ, want)
	}
	return body, err
}

// say queues a handshake message and notes it in the transcript.
func (c *Conn) say(msg []byte) error {
	c.transcript = append(c.transcript, msg...)
	return c.queue(recordHandshake, msg)
}

// random draws a hello's random bytes.
func (c *Conn) random() ([]byte, error) {
	b := make([]byte, randomLen)
	if _, err := io.ReadFull(c.cfg.Rand, b); err != nil {
		return nil, fmt.Errorf("reading randomness: %w", err)
	}
	return b, nil
}

// secrets is what both sides have once the shares are exchanged.
type secrets struct {
	keys
	master []byte
}

// derive makes the secrets of a full handshake, expand those of a session's master secret.
func (c *Conn) derive(premaster, clientRandom, serverRandom []byte) secrets {
	return c.expand(c.suite.master(c.version, premaster, clientRandom, serverRandom), clientRandom, serverRandom)
}

func (c *Conn) expand(master, clientRandom, serverRandom []byte) secrets {
	block := c.suite.keyBlock(c.version, master, clientRandom, serverRandom)
	return secrets{keys: c.suite.split(c.version, block), master: master}
}

// sayFinished turns the outgoing keys on and proves that the transcript was read.
func (c *Conn) sayFinished(s secrets, label string, cipher recordCipher) error {
	if err := c.queue(recordChangeCipherSpec, []byte{1}); err != nil {
		return err
	}
	c.out = direction{cipher: cipher}
	proof := c.suite.finished(c.version, s.master, label, c.transcript)
	if err := c.say(message(msgFinished, proof)); err != nil {
		return err
	}
	return c.flush()
}

// hearFinished turns the incoming keys on and checks the other side's proof.
func (c *Conn) hearFinished(s secrets, label string, cipher recordCipher) error {
	if _, err := c.nextOf(recordChangeCipherSpec); err != nil {
		return fmt.Errorf("waiting for the change of keys: %w", err)
	}
	if len(c.messages) > 0 {
		return fmt.Errorf("%d bytes of handshake before the change of keys", len(c.messages))
	}
	c.in = direction{cipher: cipher}
	want := c.suite.finished(c.version, s.master, label, c.transcript)
	got, err := c.expect(msgFinished)
	if err != nil {
		return fmt.Errorf("waiting for Finished: %w", err)
	}
	if !hmac.Equal(got, want) {
		return errors.New("the other side's Finished does not match: the handshake was changed on its way")
	}
	return nil
}

// clientHandshake is the client's side of RFC 5246, 7.3, without certificates.
func (c *Conn) clientHandshake() error {
	hello, err := c.offer()
	if err != nil {
		return err
	}
	server, err := c.hearServerHello(hello)
	if err != nil {
		return err
	}
	if c.tried != nil && bytes.Equal(server.sessionID, hello.sessionID) {
		c.resumed = true
		return c.clientResumes(hello, server)
	}
	premaster, share, err := c.agree()
	if err != nil {
		return err
	}
	if err := c.say(marshalClientShare(share, c.suite.ec)); err != nil {
		return err
	}
	s := c.derive(premaster, hello.random, server.random)
	if err := c.sayFinished(s, clientFinished, c.suite.protect(c.version, s.clientMAC, s.clientKey, s.clientIV)); err != nil {
		return err
	}
	if server.ticket {
		if err := c.hearTicket(s.master); err != nil {
			return err
		}
	}
	return c.hearFinished(s, serverFinished, c.suite.protect(c.version, s.serverMAC, s.serverKey, s.serverIV))
}

// offer sends the ClientHello.
func (c *Conn) offer() (clientHello, error) {
	hello := clientHello{version: c.cfg.MaxVersion}
	for _, id := range c.cfg.Suites {
		if s := suiteByID(id); s != nil && s.fits(c.cfg.MaxVersion) {
			hello.suites = append(hello.suites, id)
			if s.ec {
				hello.groups = []group{groupX, groupP256}
			}
		}
	}
	if len(hello.suites) == 0 {
		return hello, fmt.Errorf("no suite to offer in TLS version %#x", c.cfg.MaxVersion)
	}
	hello.suites = append(hello.suites, renegotiationInfo)
	var err error
	if hello.random, err = c.random(); err != nil {
		return hello, err
	}
	if hello.tickets = c.cfg.Sessions != nil; hello.tickets {
		if c.tried = c.usable(); c.tried != nil {
			hello.ticket = c.tried.ticket
			if hello.sessionID, err = c.random(); err != nil {
				return hello, err
			}
		}
	}
	if err := c.say(hello.marshal()); err != nil {
		return hello, err
	}
	return hello, c.flush()
}

func (c *Conn) hearServerHello(offered clientHello) (serverHello, error) {
	body, err := c.expect(msgServerHello)
	if err != nil {
		return serverHello{}, err
	}
	h, err := parseServerHello(body)
	if err != nil {
		return h, fmt.Errorf("ServerHello: %w", err)
	}
	if h.ticket && !offered.tickets {
		return h, errors.New("server announced a ticket, which was not asked for")
	}
	if h.version < c.cfg.MinVersion || h.version > c.cfg.MaxVersion {
		return h, fmt.Errorf("server speaks TLS version %#x only, not %#x to %#x", h.version, c.cfg.MinVersion, c.cfg.MaxVersion)
	}
	c.suite = suiteByID(h.suite)
	if c.suite == nil || !slices.Contains(offered.suites, h.suite) || !c.suite.fits(h.version) {
		return h, fmt.Errorf("server chose suite %#04x, which was not offered for its version", h.suite)
	}
	c.version = h.version
	return h, nil
}

// agree reads the server's share and the end of its hello; it gives the premaster secret and the client's share.
func (c *Conn) agree() (premaster, share []byte, err error) {
	body, err := c.expect(msgServerKeyExchange)
	if err != nil {
		return nil, nil, err
	}
	if c.suite.ec {
		premaster, share, err = c.agreeEC(body)
	} else {
		premaster, share, err = c.agreeDH(body)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("server's key: %w", err)
	}
	typ, _, err := c.nextMessage()
	switch {
	case err != nil:
	case typ == msgCertificateRequest:
		err = ErrCertificateWanted
	case typ != msgServerHelloDone:
		err = fmt.Errorf("handshake message of type %d where %d was due", typ, msgServerHelloDone)
	}
	return premaster, share, err
}

func (c *Conn) agreeDH(body []byte) (premaster, share []byte, err error) {
	params, err := parseDHParams(body)
	if err != nil {
		return nil, nil, err
	}
	key, err := c.cfg.Shares.key(params.p, params.g, c.cfg.MinPrimeBits, c.cfg.Rand)
	if err != nil {
		return nil, nil, err
	}
	premaster, err = key.agree(params.share)
	return premaster, key.share, err
}

func (c *Conn) agreeEC(body []byte) (premaster, share []byte, err error) {
	params, err := parseECParams(body)
	if err != nil {
		return nil, nil, err
	}
	key, err := ecKey(params.group, c.cfg.Rand)
	if err != nil {
		return nil, nil, err
	}
	premaster, err = ecAgree(key, params.share)
	return premaster, key.PublicKey().Bytes(), err
}
