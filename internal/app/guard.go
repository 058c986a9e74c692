package app

import (
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"

	"golang.org/x/net/netutil"
)

const (
	// connectionsAtOnce bounds the API's connections; further ones wait to be accepted. Each open page holds one for its updates, which
	// costs some 50 kB, and a browser that opens a page has six for a moment.
	connectionsAtOnce = 1024
	// writeChunk must leave for the client within writeWait: an answer of any size gets through as long as it is read.
	writeChunk = 64 << 10
	writeWait  = 30 * time.Second
)

// guarded bounds how many connections a listener has, and how long one may be held by a client that does not read.
func guarded(l net.Listener) net.Listener {
	return impatient{netutil.LimitListener(l, connectionsAtOnce), writeWait}
}

// impatient gives connections that wait for their readers only so long.
type impatient struct {
	net.Listener
	wait time.Duration
}

// Accept implements net.Listener.
func (l impatient) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return rolling{c, l.wait}, nil
}

// rolling is a connection whose deadline for writes goes forward with every chunk that leaves.
type rolling struct {
	net.Conn
	wait time.Duration
}

// Write implements net.Conn.
func (c rolling) Write(data []byte) (int, error) {
	written := 0
	for {
		chunk := data[written:min(written+writeChunk, len(data))]
		if err := c.SetWriteDeadline(time.Now().Add(c.wait)); err != nil {
			return written, err
		}
		n, err := c.Conn.Write(chunk)
		if written += n; err != nil || written == len(data) {
			return written, err
		}
	}
}

// hostsOnly serves those who ask for this machine by a name of its own. A page in somebody's browser can make any name of
// its own lead to 127.0.0.1 and then read what only this machine may see (DNS rebinding): the name in its requests gives
// it away.
func hostsOnly(listen string, next http.Handler) http.Handler {
	own, _, _ := net.SplitHostPort(listen)
	machine, _ := os.Hostname() // without one, one name fewer is good
	short, _, _ := strings.Cut(machine, ".")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch host := hostOf(r.Host); {
		case host == "", isAddress(host), strings.EqualFold(host, "localhost"),
			strings.EqualFold(host, own), strings.EqualFold(host, machine), strings.EqualFold(host, short):
			next.ServeHTTP(w, r)
		default:
			http.Error(w, "this API is for this machine only: ask for it as localhost, not as "+host, http.StatusForbidden)
		}
	})
}

// hostOf takes the port, the brackets of an IPv6 address and the last dot from a Host header.
func hostOf(header string) string {
	if host, _, err := net.SplitHostPort(header); err == nil {
		header = host
	}
	return strings.TrimSuffix(strings.Trim(header, "[]"), ".")
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}
