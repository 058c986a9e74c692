package nrpe

import (
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// bindLate lets the kernel choose the port of a bound socket when it knows where it connects to: chosen before, a port
// is taken for all servers at once, and there are only 28,000.
func bindLate(network, _ string, c syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	return c.Control(func(fd uintptr) {
		// Kernels before 4.2 do not know the option; they bind as they always did.
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	})
}

// acknowledge sends the acknowledgement that the kernel holds back for up to 40 ms. A TLS server's goodbye waits for it:
// it is a second small write (RFC 896).
func acknowledge(conn syscall.Conn) {
	c, err := conn.SyscallConn()
	if err != nil {
		return
	}
	_ = c.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1)
	})
}
