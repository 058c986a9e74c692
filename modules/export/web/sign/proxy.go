package sign

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// mostHops is how many proxies one behind another are believed.
const mostHops = 16

// Proxy says which reverse proxies are believed, and how they say who somebody is. The zero value believes none.
type Proxy struct {
	// Trusted says whose word about others counts; nil is nobody's.
	Trusted func(netip.Addr) bool
	// Header holds the name of whom the proxy has asked; empty for none. RoleHeader holds his role, if the users file does not.
	Header, RoleHeader string
	// Role is that of somebody whose role nobody tells.
	Role Role
}

// direct is the address that a request's connection comes from; invalid if it has none.
func direct(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap().WithZone("")
}

// Trusts says whether what comes from an address is believed.
func (p *Proxy) Trusts(a netip.Addr) bool { return p.Trusted != nil && a.IsValid() && p.Trusted(a) }

// from is the address that a request comes from: what the nearest proxy that is believed says of the one before it, and so on.
func (p *Proxy) from(r *http.Request) netip.Addr {
	at := direct(r)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	slices.Reverse(hops)
	for _, hop := range hops[:min(len(hops), mostHops)] {
		if !p.Trusts(at) {
			break
		}
		before, err := address(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		at = before
	}
	return at
}

// address reads one with or without a port.
func address(text string) (netip.Addr, error) {
	if host, _, err := net.SplitHostPort(text); err == nil {
		text = host
	}
	a, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return a.Unmap().WithZone(""), err
}

// secure says that the browser speaks TLS, with us or with a proxy that is believed.
func (p *Proxy) secure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	said := strings.Split(r.Header.Get("X-Forwarded-Proto"), ",")
	return p.Trusts(direct(r)) && strings.EqualFold(strings.TrimSpace(said[len(said)-1]), "https")
}

// brought says that a request comes through a proxy: one that says who people are, or one that says by itself that it hands on.
func (p *Proxy) brought(r *http.Request) bool {
	for _, name := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via"} {
		if r.Header.Get(name) != "" {
			return true
		}
	}
	return p.Header != "" && p.Trusts(direct(r))
}

// named gives who a believed proxy says that it is; ok is false if it says nothing, or nothing that can be a name.
func (p *Proxy) named(r *http.Request) (name string, ok bool) {
	values := r.Header.Values(p.Header)
	if len(values) != 1 || CheckName(values[0]) != nil {
		return "", false
	}
	return values[0], true
}

// role is that of somebody whom the users file does not name.
func (p *Proxy) role(r *http.Request) Role {
	if p.RoleHeader != "" {
		if role, err := ParseRole(r.Header.Get(p.RoleHeader)); err == nil {
			return role
		}
	}
	return p.Role
}
