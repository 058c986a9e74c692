//go:build !linux

package snmp

import "net"

// forceBuffer does nothing here.
func forceBuffer(*net.UDPConn, int) {}
