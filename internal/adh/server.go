package adh

import (
	"fmt"
	"slices"
)

const alertFatal = 2

// serverHandshake is the server's side of RFC 5246, 7.3, without certificates.
func (c *Conn) serverHandshake() error {
	body, err := c.expect(msgClientHello)
	if err != nil {
		return err
	}
	client, err := parseClientHello(body)
	if err != nil {
		return fmt.Errorf("ClientHello: %w", err)
	}
	random, err := c.random()
	if err != nil {
		return err
	}
	if old := c.known(client); old != nil {
		c.resumed = true
		return c.serverResumes(client, old, random)
	}
	curve, err := c.choose(client)
	if err != nil {
		return err
	}
	tickets := client.tickets && c.cfg.Sessions != nil
	hello := serverHello{version: c.version, random: random, suite: c.suite.id, ticket: tickets, renegotiation: client.renegotiation}
	if err := c.say(hello.marshal()); err != nil {
		return err
	}
	premaster, err := c.exchange(curve)
	if err != nil {
		return err
	}
	s := c.derive(premaster, client.random, random)
	if err := c.hearFinished(s, clientFinished, c.suite.protect(c.version, s.clientMAC, s.clientKey, s.clientIV)); err != nil {
		return err
	}
	if tickets {
		if err := c.sayTicket(s.master); err != nil {
			return err
		}
	}
	return c.sayFinished(s, serverFinished, c.suite.protect(c.version, s.serverMAC, s.serverKey, s.serverIV))
}

// choose takes the version and the suite, by the server's taste, and the curve, by the client's.
func (c *Conn) choose(client clientHello) (group, error) {
	version := min(client.version, c.cfg.MaxVersion)
	if version < c.cfg.MinVersion {
		return 0, c.refuse(ProtocolVersion, fmt.Errorf("client speaks TLS version %#x at most", client.version))
	}
	var curve group
	for _, g := range client.groups {
		if _, err := g.curve(); err == nil {
			curve = g
			break
		}
	}
	for _, id := range c.cfg.Suites {
		s := suiteByID(id)
		if s == nil || !s.fits(version) || !slices.Contains(client.suites, id) {
			continue
		}
		if !s.ec || curve != 0 {
			c.version, c.suite = version, s
			return curve, nil
		}
	}
	return 0, c.refuse(HandshakeFailure, fmt.Errorf("client offers no suite that would do: %#04x", client.suites))
}

// refuse tells the client why, and gives why back.
func (c *Conn) refuse(alert AlertError, why error) error {
	if err := c.queue(recordAlert, []byte{alertFatal, byte(alert)}); err == nil {
		_ = c.flush()
	}
	return why
}

// exchange sends the server's share, waits for the client's, and gives the premaster secret.
func (c *Conn) exchange(curve group) ([]byte, error) {
	share, agree, err := c.draw(curve)
	if err != nil {
		return nil, err
	}
	if err := c.say(share); err != nil {
		return nil, err
	}
	if err := c.say(message(msgServerHelloDone, nil)); err != nil {
		return nil, err
	}
	if err := c.flush(); err != nil {
		return nil, err
	}
	body, err := c.expect(msgClientKeyExchange)
	if err != nil {
		return nil, err
	}
	peer, err := parseClientShare(body, c.suite.ec)
	if err != nil {
		return nil, fmt.Errorf("ClientKeyExchange: %w", err)
	}
	return agree(peer)
}

// draw makes a fresh key: the message that carries its share, and what turns the client's share into the premaster
// secret.
func (c *Conn) draw(curve group) (msg []byte, agree func(share []byte) ([]byte, error), err error) {
	if !c.suite.ec {
		key, err := c.cfg.Shares.key(c.cfg.Prime, []byte{2}, c.cfg.MinPrimeBits, c.cfg.Rand)
		return dhParams{p: c.cfg.Prime, g: []byte{2}, share: key.share}.marshal(), key.agree, err
	}
	key, err := ecKey(curve, c.cfg.Rand)
	if err != nil {
		return nil, nil, err
	}
	agree = func(share []byte) ([]byte, error) { return ecAgree(key, share) }
	return ecParams{group: curve, share: key.PublicKey().Bytes()}.marshal(), agree, nil
}
