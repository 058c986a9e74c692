package agent

import (
	"bufio"
	"cmp"
	"compress/zlib"
	"crypto/tls"
	"errors"
	"io"

	"github.com/onbu/onbu/internal/probe"
	"github.com/onbu/onbu/modules/check/agent/controller"
)

// converseTLS goes on with an agent controller, which has said that it wants TLS: both sides show certificates, and what it
// then sends is a version, a byte for the compression, and the output ("Checkmk agent protocol", section 2).
func (m *Module) converseTLS(c *command, name string, conn *probe.Conn, from *bufio.Reader, in *intake) (form string, err error) {
	if from.Buffered() > 2 {
		return "", failed("Communication failed: the agent says more than it may before TLS")
	}
	dir := cmp.Or(c.state, controller.DefaultDir)
	config, _, err := m.states.Or(dir, func() *controller.State { return controller.Open(dir) }).Config(name)
	switch {
	case errors.Is(err, controller.ErrNotRegistered):
		return "", failed("Agent controller not registered: %s is not on the list in %s", name, dir)
	case err != nil:
		return "", failed("TLS cannot be used: %v", err)
	}
	if err := conn.StartTLS(config, nil); err != nil {
		return "", tlsFailed(err)
	}
	return m.unpack(c, conn, in)
}

// tlsFailed gives the words for a handshake that came to nothing.
func tlsFailed(err error) error {
	if probe.TimedOut(err) {
		return err
	}
	if alert, ok := errors.AsType[tls.AlertError](err); ok {
		return failed("Communication failed: the agent refuses this site's certificate: %v: is it registered at this site?", alert)
	}
	if verify, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return failed("Communication failed: the agent's certificate is not of this site: %v", verify.Err)
	}
	return failed("Communication failed: TLS: %v", err)
}

// unpack reads what an agent controller sends under TLS.
func (m *Module) unpack(c *command, conn io.Reader, in *intake) (form string, err error) {
	var head [3]byte
	if _, err := io.ReadFull(conn, head[:]); err == io.EOF || err == io.ErrUnexpectedEOF {
		return "", nil // in.short says so
	} else if err != nil {
		return "", tlsFailed(err)
	}
	if head[0] != 0 || head[1] != 0 {
		return "", failed("Unknown protocol version of the agent controller: %x", head[:2])
	}
	body := conn
	switch head[2] {
	case 0:
	case 1:
		counted := &counting{from: conn}
		inflated, err := zlib.NewReader(counted)
		if err != nil {
			return "", unpackFailed(err)
		}
		body = &bounded{from: inflated, packed: counted}
	default:
		return "", failed("Unknown compression of the agent controller: %d", head[2])
	}
	from := bufio.NewReaderSize(body, 512)
	id, err := from.Peek(2)
	if err == io.EOF {
		return "", nil
	} else if err != nil {
		return "", unpackFailed(err)
	}
	form, err = m.plain(c, from, string(id), in)
	if err != nil {
		err = unpackFailed(err)
	}
	return "TLS, " + form, err
}

// unpackFailed gives the words for output that cannot be unpacked.
func unpackFailed(err error) error {
	if errors.Is(err, zlib.ErrHeader) || errors.Is(err, zlib.ErrChecksum) || errors.Is(err, io.ErrUnexpectedEOF) {
		return failed("Decompression of agent data failed: %v", err)
	}
	return err
}

// counting counts what is read.
type counting struct {
	from io.Reader
	n    int64
}

// Read implements io.Reader.
func (c *counting) Read(b []byte) (int, error) {
	n, err := c.from.Read(b)
	c.n += int64(n)
	return n, err
}

// mostRatio is how much larger than what was sent an output may be, once it is large at all: text is five to twenty times.
const mostRatio = 200

// bounded ends when an output grows beyond reason.
type bounded struct {
	from   io.Reader
	packed *counting
	n      int64
}

// Read implements io.Reader.
func (b *bounded) Read(to []byte) (int, error) {
	n, err := b.from.Read(to)
	if b.n += int64(n); b.n > free && b.n > mostRatio*b.packed.n {
		return 0, refused("Output grows to more than %d times of what was sent: no agent's does", mostRatio)
	}
	return n, err
}
