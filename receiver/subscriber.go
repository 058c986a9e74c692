package receiver

import (
	"net/netip"
	"strings"
)

// subscriber gives who a source is, for what each may have: "nsca 10.0.0.7" is itself, and of an IPv6 address it is the /64, since one
// machine may speak from every address there.
func subscriber(source string) string {
	kind, address, two := strings.Cut(source, " ")
	if !two || !strings.Contains(address, ":") {
		return source
	}
	a, err := netip.ParseAddr(address)
	if at, portErr := netip.ParseAddrPort(address); portErr == nil {
		a, err = at.Addr(), nil
	}
	if err != nil {
		return source
	}
	if a = a.Unmap().WithZone(""); a.Is4() {
		return kind + " " + a.String()
	}
	return kind + " " + netip.PrefixFrom(a, 64).Masked().String()
}
