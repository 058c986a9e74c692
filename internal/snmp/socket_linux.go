package snmp

import (
	"net"

	"golang.org/x/sys/unix"
)

// forceBuffer sets the receive buffer past net.core.rmem_max, where the process may do that.
func forceBuffer(conn *net.UDPConn, octets int) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, octets)
	})
}
