package nrpe

import (
	"net"
	"syscall"
	"time"
)

// farewell is how long a server may take to close after its answer, so that the port in TIME_WAIT is its own.
const farewell = 250 * time.Millisecond

// part waits a moment, until end at most, for the server to close first, and closes. A TLS server says goodbye, and then
// keeps the connection open until it hears the same, or anything. scratch is written over.
func part(conn net.Conn, end time.Time, scratch []byte) {
	tcp := raw(conn)
	secure := tcp != conn
	if t, ok := tcp.(syscall.Conn); ok && secure {
		acknowledge(t)
	}
	if soon := time.Now().Add(farewell); soon.Before(end) {
		end = soon
	}
	_ = conn.SetReadDeadline(end)
	if _, err := conn.Read(scratch); ended(err) && !secure {
		_ = tcp.Close()
		return
	}
	slam(conn)
}

// slam closes at once, without leaving the port in TIME_WAIT: whoever closes first would keep it for a minute.
func slam(conn net.Conn) {
	tcp := raw(conn)
	if t, ok := tcp.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = tcp.Close()
}

// raw gives the TCP connection under a TLS one: after the server's goodbye, or in anger, there is nothing left to say.
func raw(conn net.Conn) net.Conn {
	if under, ok := conn.(interface{ NetConn() net.Conn }); ok {
		return under.NetConn()
	}
	return conn
}
