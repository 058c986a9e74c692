package nrpe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/onbu/onbu/monitor"
)

// maxAddresses is how many addresses of a name are tried.
const maxAddresses = 8

// call is one run of a probe.
type call struct {
	*check
	ctx       context.Context
	stage     string // what is waited for, after "It was "
	addresses []netip.Addr
	// release ends the connection's tie to ctx.
	release func() bool
}

// ask resolves, connects and asks, with every packet version and mode that may do, those that did last time first.
func (c *call) ask() (monitor.Outcome, error) {
	if err := c.resolve(); err != nil {
		return monitor.Outcome{}, err
	}
	q := question{server{c.host, c.port, habit{c.versions[0], c.modes[0]}}, c.query}
	last, vain := c.module.known.recall(q)
	modes := inOrder(c.modes, last.mode)
	var trouble error
	for _, version := range order(c.versions, last, vain) {
		conn, m, err := c.open(modes)
		if err != nil {
			trouble = err
			break
		}
		o, err := c.converse(conn, version)
		if err == nil {
			c.module.known.worked(q, last, habit{version, m}, vain)
			return o, nil
		}
		trouble = tellingOf(trouble, err)
		bad, ok := errors.AsType[*badAnswer](err)
		if !ok || bad.final {
			break
		}
		modes = []mode{m}
	}
	if bad, ok := errors.AsType[*badAnswer](trouble); ok && !bad.final {
		c.module.known.doubt(q)
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
	if a := c.literal; a.IsValid() {
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
	if len(found) == 0 {
		return c.unresolved("No address associated with hostname", "")
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

// converse sends the query and reads the answer. The connection is closed.
func (c *call) converse(conn net.Conn, version uint16) (monitor.Outcome, error) {
	defer c.release()
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
	end, _ := c.ctx.Deadline()
	part(conn, end, (*buf)[:cap(*buf)])
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
