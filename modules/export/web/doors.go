package web

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/export/web/sign"
)

// doors are the two ways to the pages, and what somebody may do there who has not signed in.
type doors struct {
	// local is the port of the broker's process while it is reached on loopback; own the module's own.
	local, own sign.Role
	// open says that somebody has written that everybody may look; otherwise, at most, those may who ask the local port from this
	// machine and by themselves.
	open bool
	// names are those that the own port is asked for by; empty for any.
	names []string
	// host is what the own port listens on.
	host string
}

// readDoors reads anonymous and names.
func readDoors(s *modules.Settings, address string) doors {
	d := doors{local: sign.Read, own: sign.Nobody, names: s.Words("names")}
	d.host, _, _ = net.SplitHostPort(address)
	d.open = s.Bool("allow_anonymous", false) // Shinken's
	switch s.Choice("anonymous", "", "none", "read") {
	case "none":
		d.local, d.open = sign.Nobody, false
	case "read":
		d.open = true
	}
	if d.open {
		d.own = sign.Read
	}
	return d
}

// through has what comes by a door be judged so.
func through(w http.ResponseWriter, r *http.Request, anonymous sign.Role, next http.Handler) {
	next.ServeHTTP(w, sign.Through(r, anonymous))
}

// locally is what the broker's process serves. Those sign in whom a reverse proxy on this machine brings, and, where it listens on other
// addresses than loopback, those who come from elsewhere, or by a name that is not this machine's, unless it is written that everybody
// may look.
func (m *Module) locally(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		anonymous := m.doors.local
		if at, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok && (!at.IP.IsLoopback() || !m.doors.plain(r.Host)) {
			anonymous = m.doors.asked(r)
		} else if !m.doors.open && m.gate.Brought(r) {
			anonymous = sign.Nobody
		}
		through(w, r, anonymous, next)
	})
}

// owned is what the module's own port serves: to allowed hosts, and under its names.
func (m *Module) owned(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !m.allowed(r):
			log.Debug("refused: not among allowed_hosts", "from", r.RemoteAddr)
			http.Error(w, "this machine is not among the allowed_hosts", http.StatusForbidden)
			return
		case len(m.doors.names) > 0 && !m.doors.named(r.Host):
			http.Error(w, "these pages are not here under that name: names says which there are", http.StatusMisdirectedRequest)
			return
		}
		through(w, onOwnPort(r), m.doors.asked(r), next)
	})
}

func (m *Module) allowed(r *http.Request) bool {
	if m.port.Allow == nil {
		return true
	}
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && m.port.Allow(at.Addr().Unmap())
}

// asked is what somebody may do who reaches the pages from elsewhere: nothing under a name that a page of another site can have.
func (d *doors) asked(r *http.Request) sign.Role {
	ours := d.named(r.Host)
	if len(d.names) == 0 {
		ours = r.TLS != nil || d.plain(r.Host)
	}
	if !ours {
		return sign.Nobody
	}
	return d.own
}

// named says whether the pages are asked for by a name of theirs. A page in somebody's browser can make any name of its own lead here,
// and then read what he may see (DNS rebinding): the name in its requests gives it away.
func (d *doors) named(host string) bool {
	host = bare(host)
	for _, name := range d.names {
		if strings.EqualFold(name, host) {
			return true
		}
	}
	return false
}

// plain says whether the pages are asked for by what no page of another site can have lead here: an address, or a name of this machine.
func (d *doors) plain(host string) bool {
	host = bare(host)
	if _, err := netip.ParseAddr(host); err == nil || host == "" {
		return true
	}
	machine, _ := os.Hostname() // without one, one name fewer is good
	short, _, _ := strings.Cut(machine, ".")
	for _, name := range []string{"localhost", d.host, machine, short} {
		if strings.EqualFold(name, host) {
			return true
		}
	}
	return false
}

// bare takes the port, the brackets of an IPv6 address and the last dot from a Host header.
func bare(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.TrimSuffix(strings.Trim(host, "[]"), ".")
}
