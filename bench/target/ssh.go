package target

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"net"
	"sync"

	"golang.org/x/crypto/ssh"
)

// sshKey is the key of every fake SSH server. It is known to everybody, and what it guards runs no commands.
func sshKey() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte("fake"), 8)) }

// SSHKnownHosts gives the line of a file of known hosts for the fake SSH servers on a port.
func SSHKnownHosts(port int) (string, error) {
	key, err := ssh.NewPublicKey(sshKey().Public())
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("[127.*]:%d %s", port, ssh.MarshalAuthorizedKey(key)), nil
}

// sshd is the kind that takes everybody in, and answers every command with a line and status 0.
func sshd(ctx context.Context, ready func(port int)) error {
	host, err := ssh.NewSignerFromKey(sshKey())
	if err != nil {
		return err
	}
	config := &ssh.ServerConfig{NoClientAuth: true, ServerVersion: "SSH-2.0-Fake"}
	config.AddHostKey(host)
	return listen(ctx, ready, func(c net.Conn) { sshServe(c, config) })
}

func sshServe(socket net.Conn, config *ssh.ServerConfig) {
	defer socket.Close()
	c := &corked{Conn: socket}
	_, channels, requests, err := ssh.NewServerConn(c, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for n := range channels {
		if channel, requests, err := n.Accept(); err == nil {
			go sshSession(c, channel, requests)
		}
	}
}

// corked is a connection that can hold back what is written, as OpenSSH's server does while it has more to say.
type corked struct {
	net.Conn
	mu   sync.Mutex
	held int // how many want it held back
	buf  []byte
}

func (c *corked) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.buf = append(c.buf, b...)
	return len(b), c.flushLocked()
}

func (c *corked) flushLocked() error {
	if c.held > 0 || len(c.buf) == 0 {
		return nil
	}
	_, err := c.Conn.Write(c.buf)
	c.buf = c.buf[:0]
	return err
}

// hold moves the number of those who want it held back.
func (c *corked) hold(by int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held += by
	_ = c.flushLocked()
}

// sshSession answers the one command of a session.
func sshSession(c *corked, channel ssh.Channel, requests <-chan *ssh.Request) {
	for r := range requests {
		if r.Type != "exec" {
			_ = r.Reply(false, nil)
			continue
		}
		c.hold(1)
		defer c.hold(-1)
		defer channel.Close()
		_ = r.Reply(true, nil)
		_, _ = channel.Write([]byte("OK - load average: 0.42, 0.37, 0.35|load1=0.420;5;10;0;\n"))
		_, _ = channel.SendRequest("exit-status", false, []byte{0, 0, 0, 0})
		return
	}
}
