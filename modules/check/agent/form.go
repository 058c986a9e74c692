package agent

import (
	"bufio"
	"io"
	"os"
	"strings"

	"github.com/onbu/onbu/internal/probe"
)

// converse reads what an agent that was connected to sends. It is asked nothing; its first two bytes say in which form the
// rest comes ("Checkmk agent protocol", as in cmk/fetchers/_agentprtcl.py).
func (m *Module) converse(c *command, name string, conn *probe.Conn, in *intake) (form string, err error) {
	from := bufio.NewReaderSize(conn, 512)
	id, err := from.Peek(2)
	switch {
	case err == io.EOF:
		in.bytes += int64(len(id))
		return "", nil
	case err != nil:
		return "", err
	case string(id) == "16":
		return m.converseTLS(c, name, conn, from, in)
	case c.way == byTLS:
		return "", failed("Refused: TLS is enforced but host is not using it")
	}
	return m.plain(c, from, string(id), in)
}

// plain reads output that is not under TLS, or that was.
func (m *Module) plain(c *command, from io.Reader, id string, in *intake) (form string, err error) {
	encrypted := c.key != "" || c.keyFile != ""
	switch {
	case id == "<<" && encrypted:
		return "", failed("Refused: Encryption is enforced but agent output is plaintext")
	case id == "<<":
		return "plain", pour(in, from)
	case id == "99":
		if _, err := io.CopyN(io.Discard, from, 2); err != nil {
			return "", err
		}
		return "plain", pour(in, from)
	case !isLegacy(id):
		return "", failed("Unknown transport protocol: %q", id)
	case !encrypted:
		return "", failed("Output is encrypted: --legacy-key or --legacy-key-file has the passphrase")
	}
	key, err := c.passphrase()
	if err != nil {
		return "", failed("%v", err)
	}
	return "encrypted", decrypt(in, from, key)
}

// passphrase gives that of the legacy encryption.
func (c *command) passphrase() (string, error) {
	if c.keyFile == "" {
		return c.key, nil
	}
	text, err := os.ReadFile(c.keyFile)
	return strings.TrimRight(string(text), "\r\n"), err
}
